"""The steps that most tests take on their way in."""

from __future__ import annotations

from typing import Any

from tests.support.browser_rtp import JOIN, audio
from tests.support.protoo_client import ProtooClient

CLASSIC = {"send": {"producing": True, "consuming": False}, "recv": {"producing": False, "consuming": True}}
TYPESCRIPT = {"send": {"appData": {"direction": "producer"}}, "recv": {"appData": {"direction": "consumer"}}}


async def come_in(client: ProtooClient, dialect: dict[str, Any] = CLASSIC) -> tuple[str, str]:
    """Make both transports and join; return the transports' ids."""
    send = await client.request("createWebRtcTransport", {"forceTcp": False, **dialect["send"]})
    recv = await client.request("createWebRtcTransport", {"forceTcp": False, **dialect["recv"]})
    await client.request("join", JOIN)
    return send["id"], recv["id"]


async def produce(client: ProtooClient, transport_id: str) -> str:
    """Send audio and return the producer's id."""
    asked = {"transportId": transport_id, "kind": "audio", "rtpParameters": audio(), "appData": {"source": "audio"}}
    answer = await client.request("produce", asked)
    return str(answer["id"])

"""Sound from one client to another, through signaling, placement, two workers and a pipe."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.integration.signaling.conftest import Enter, Serve
from tests.integration.signaling.real import SPREAD, RunCluster
from tests.integration.signaling.steps import CLASSIC, TYPESCRIPT
from tests.support.protoo_client import PATIENCE, ProtooClient

with warnings.catch_warnings():
    # What these libraries do on import is none of our business.
    warnings.simplefilter("ignore")
    from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack
    from pymediasoup import AiortcHandler, Device
    from pymediasoup.rtp_parameters import RtpCapabilities

pytestmark = [pytest.mark.timeout(90), pytest.mark.filterwarnings("ignore")]


class HeadlessPeer:
    """mediasoup-client's Python cousin on top of a protoo client."""

    def __init__(self, protoo: ProtooClient, dialect: dict[str, Any], tracks: list[MediaStreamTrack]) -> None:
        self._protoo = protoo
        self._dialect = dialect
        self._device = Device(handlerFactory=AiortcHandler.createFactory(tracks=tracks))
        self.consumers: asyncio.Queue[Any] = asyncio.Queue()
        self.transports: dict[str, Any] = {}

    async def come_in(self) -> None:
        """Load the device, make both transports, join."""
        answer = await self._protoo.request("getRouterRtpCapabilities")
        await self._device.load(RtpCapabilities(**answer["routerRtpCapabilities"]))
        self.transports["send"] = await self._transport("send", self._device.createSendTransport)
        self.transports["recv"] = await self._transport("recv", self._device.createRecvTransport)
        self._protoo.answer = self._take
        capabilities = self._device.rtpCapabilities.model_dump(exclude_none=True)
        await self._protoo.request("join", {"displayName": "Headless", "rtpCapabilities": capabilities})

    async def close(self) -> None:
        """Hang up."""
        for transport in self.transports.values():
            await transport.close()

    async def _transport(self, direction: str, create: Any) -> Any:
        answer = await self._protoo.request("createWebRtcTransport", {"forceTcp": False, **self._dialect[direction]})
        transport = create(
            id=answer["transportId"],
            iceParameters=answer["iceParameters"],
            iceCandidates=answer["iceCandidates"],
            dtlsParameters=answer["dtlsParameters"],
            sctpParameters=None,
        )

        async def connect(dtls_parameters: Any) -> None:
            given = {"transportId": transport.id, "dtlsParameters": dtls_parameters.model_dump(exclude_none=True)}
            await self._protoo.request("connectWebRtcTransport", given)

        async def produce(kind: str, rtp_parameters: Any, app_data: Any) -> str:
            given = {
                "transportId": transport.id,
                "kind": kind,
                "rtpParameters": rtp_parameters.model_dump(exclude_none=True),
                "appData": app_data,
            }
            return str((await self._protoo.request("produce", given))["producerId"])

        transport.on("connect", connect)
        transport.on("produce", produce)
        return transport

    async def _take(self, _method: str, data: dict[str, Any]) -> dict[str, Any]:
        consumer = await self.transports["recv"].consume(
            id=data["consumerId"],
            producerId=data["producerId"],
            kind=data["kind"],
            rtpParameters=data["rtpParameters"],
        )
        self.consumers.put_nowait((consumer, data))
        return {}


@asynccontextmanager
async def headless(
    protoo: ProtooClient, dialect: dict[str, Any], *tracks: MediaStreamTrack
) -> AsyncIterator[HeadlessPeer]:
    """Bring a headless peer into the room, and hang up afterwards."""
    peer = HeadlessPeer(protoo, dialect, list(tracks))
    try:
        await peer.come_in()
        yield peer
    finally:
        await peer.close()


async def test_sound_crosses_workers(run_cluster: RunCluster, signaling: Serve, enter: Enter) -> None:
    """A classic client sends, a TypeScript one on another worker receives packets and decodes them."""
    await run_cluster(1, 2)
    url = await signaling(room_policy=SPREAD)
    microphone = AudioStreamTrack()
    async with (
        headless(await enter(url, "alice"), CLASSIC, microphone) as alice,
        headless(await enter(url, "bob"), TYPESCRIPT) as bob,
    ):
        await alice.transports["send"].produce(microphone, appData={})
        async with asyncio.timeout(PATIENCE):
            consumer, offer = await bob.consumers.get()
            assert offer["served"]["workerId"] != offer["source"]["workerId"]
            for _ in range(20):
                frame = await consumer.track.recv()
                assert frame.sample_rate == 48000

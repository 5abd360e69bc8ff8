"""The second fence: what the server does should a service ever answer where it must not."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.permissions.conftest import SignIn

from tureen.bus import Bus, Service, payload
from tureen.bus.bucket import Bucket
from tureen.contract import subjects
from tureen.contract.registry import commands_of

FORGED = (
    "$JS.API.STREAM.DELETE.KV_tureen-rooms",
    "$JS.API.STREAM.PURGE.KV_tureen-rooms",
    "$KV.other.room",
    "tureen.v1.system.heartbeat.n2",
    "tureen.v1.b.node.n2.router.dump",
    "tureen.v1.system.placement.node.drain",
    "$SRV.PING",
)
"""Where no service may publish."""
SERVED = {
    "node-n1": ("node", subjects.node_commands("n1"), "tureen.v1.a.node.n1.router.dump"),
    "placement": ("placement", subjects.service_commands("placement"), "tureen.v1.a.placement.room.get"),
    "metrics": ("metrics", subjects.service_commands("metrics"), "tureen.v1.a.metrics.room.get"),
    "signaling": ("signaling", subjects.service_commands("signaling"), "tureen.v1.a.signaling.room.get"),
}


@pytest.mark.parametrize("name", SERVED)
async def test_the_server_denies_what_the_runtime_let_through(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """With the runtime's own check gone each service's answer to a forged reply subject is denied, and counted."""
    monkeypatch.setattr(subjects, "inboxes_of", lambda _: ("",))
    bus, tenant, store = await sign_in(name), await sign_in("tenant-a"), await sign_in("placement")
    bucket = await Bucket.open(store, subjects.ROOMS_BUCKET)
    await bucket.create("room", {"kept": True})
    service = await serve(bus, name)
    # Signaling is the one that acts for tenants; what it may send for them it could be made to send.
    forged = [reply for reply in FORGED if not (name == "signaling" and reply.startswith("tureen.v1.b."))]
    client = tenant._connection.client
    assert client is not None
    for reply in forged:
        client.send(SERVED[name][2], reply, b"", payload.encode({}))
    assert await tenant.barrier()
    await service.drain()
    assert bus.dropped["denied_publish"] == len(forged)
    entry = await bucket.get("room")
    assert entry is not None
    assert entry.value == {"kept": True}


async def serve(bus: Bus, name: str) -> Service:
    """Answer a service's commands, each with an error: an answer is all that counts here."""
    kind, subject, _ = SERVED[name]
    nothing: dict[str, Any] = {}
    discovered = "node-agent" if kind == "node" else kind
    service = Service(
        bus, name=discovered, version="1.0.0", commands=commands_of(kind), handlers=nothing, subject=subject
    )
    await service.start()
    return service

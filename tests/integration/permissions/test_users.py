"""What each user may do on NATS and what not, asked of a real nats-server."""

from __future__ import annotations

import logging

import pytest
from tests.integration.permissions.conftest import USERS, SignIn
from tests.support.nats_server import NatsServer

from tureen.bus import Bus, BusSettings, headers
from tureen.bus.parser import Delivery
from tureen.contract.errors import Unauthorized

AGENTS = "node-n1 node-n2"
SERVICES = f"{AGENTS} placement signaling metrics"
OPERATORS = "operator local"
DEFAULT = "tenant-default local"

PUBLISHERS = {
    # What nodes tell.
    "tureen.v1.system.heartbeat.n1": "node-n1",
    "tureen.v1.system.heartbeat.n2": "node-n2",
    "tureen.v1.system.inventory.n1": "node-n1",
    "tureen.v1.system.inventory.n2": "node-n2",
    "tureen.v1.system.event.nodeGone": f"{AGENTS} placement",
    "tureen.v1.a.event.room.router.producer.p.score": AGENTS,
    "tureen.v1.b.event.room.router.producer.p.score": AGENTS,
    # Tenants' commands.
    "tureen.v1.a.node.n1.router.createWebRtcTransport": "tenant-a signaling",
    "tureen.v1.b.node.n1.router.createWebRtcTransport": "tenant-b signaling",
    "tureen.v1.default.node.n1.transport.produce": f"{DEFAULT} signaling",
    "tureen.v1.a.node.n1.worker.createRouter": "tenant-a signaling",
    "tureen.v1.a.node.n1.router.close": "tenant-a signaling placement",
    "tureen.v1.a.placement.room.create": "tenant-a signaling",
    "tureen.v1.b.placement.room.create": "tenant-b signaling",
    "tureen.v1.default.placement.room.create": f"{DEFAULT} signaling",
    "tureen.v1.a.placement.room.route": f"tenant-a signaling {AGENTS}",
    "tureen.v1.a.placement.worker.place": "tenant-a",
    "tureen.v1.a.signaling.peer.list": "tenant-a",
    "tureen.v1.a.metrics.node.get": "tenant-a",
    # The operator's.
    "tureen.v1.system.placement.node.drain": OPERATORS,
    "tureen.v1.system.placement.room.create": OPERATORS,
    "tureen.v1.system.placement.room.route": f"{OPERATORS} {AGENTS}",
    "tureen.v1.system.node.n1.pipe.pull": f"{OPERATORS} {AGENTS} placement",
    "tureen.v1.system.node.n1.room.update": f"{OPERATORS} placement",
    "tureen.v1.system.node.n1.inventory.get": f"{OPERATORS} placement metrics",
    "tureen.v1.system.node.n1.worker.createRouter": f"{OPERATORS} placement",
    "tureen.v1.system.node.n1.worker.close": f"{OPERATORS} placement",
    "tureen.v1.system.metrics.node.get": OPERATORS,
    "$SRV.PING": OPERATORS,
    "$SRV.STATS.placement": OPERATORS,
    "$SYS.REQ.USER.INFO": OPERATORS,
    "$SYS.ACCOUNT.$G.CONNECT": "",
    # Answers.
    "tureen.v1.a.inbox.tenant-a.x": SERVICES,
    "tureen.v1.b.inbox.tenant-b.x": SERVICES,
    "tureen.v1.system.inbox.placement.x": SERVICES,
    "_INBOX.x.y": SERVICES,
    "_R_.x": SERVICES,
    # The store.
    "$KV.tureen-rooms.a.room": "placement",
    "$KV.other.a.room": "",
    "$JS.API.STREAM.INFO.KV_tureen-rooms": "placement",
    "$JS.API.STREAM.CREATE.KV_tureen-rooms": "placement",
    "$JS.API.STREAM.CREATE.other": "",
    "$JS.API.STREAM.UPDATE.KV_tureen-rooms": "",
    "$JS.API.STREAM.DELETE.KV_tureen-rooms": "",
    "$JS.API.STREAM.PURGE.KV_tureen-rooms": "",
    "$JS.API.STREAM.LIST": "",
    "$JS.API.STREAM.MSG.GET.KV_tureen-rooms": "placement",
    "$JS.API.STREAM.MSG.DELETE.KV_tureen-rooms": "",
    "$JS.API.DIRECT.GET.KV_tureen-rooms": "",
    "$JS.API.CONSUMER.CREATE.KV_tureen-rooms": "placement",
    "$JS.API.CONSUMER.CREATE.other": "",
    "$JS.API.CONSUMER.DELETE.KV_tureen-rooms.c": "placement",
    "$JS.FC.KV_tureen-rooms.c.x": "placement",
    "$JS.ACK.KV_tureen-rooms.c.1.1.1.1.0": "",
    # What is nobody's.
    "anything": "",
    "tureen.v2.a.placement.room.create": "",
}
"""Subjects, and who may publish there; everybody else may not."""

HEARERS = {
    ">": "",
    "*.>": "",
    "tureen.>": "",
    "tureen.v1.a.>": "",
    "tureen.v1.system.>": "",
    # Commands are heard by those alone who answer them.
    "tureen.v1.*.node.*.>": "",
    "tureen.v1.*.node.n1.>": "node-n1",
    "tureen.v1.*.node.n2.>": "node-n2",
    "tureen.v1.a.node.n1.>": "node-n1",
    "tureen.v1.a.node.n1.router.createWebRtcTransport": "node-n1",
    "tureen.v1.*.placement.>": "placement",
    "tureen.v1.a.placement.>": "placement",
    "tureen.v1.*.signaling.>": "signaling",
    "tureen.v1.*.metrics.>": "metrics",
    # What is told.
    "tureen.v1.a.event.>": f"tenant-a signaling {OPERATORS}",
    "tureen.v1.a.event.room.>": f"tenant-a signaling {OPERATORS}",
    "tureen.v1.b.event.>": f"tenant-b signaling {OPERATORS}",
    "tureen.v1.default.event.>": f"tenant-default signaling {OPERATORS}",
    "tureen.v1.*.event.>": f"signaling {OPERATORS}",
    "tureen.v1.system.event.>": f"placement signaling metrics {OPERATORS}",
    "tureen.v1.system.heartbeat.*": f"placement metrics {OPERATORS}",
    "tureen.v1.system.inventory.*": f"placement metrics {OPERATORS}",
    "tureen.v1.system.inventory.>": f"placement metrics {OPERATORS}",
    "$SYS.>": OPERATORS,
    # Inboxes.
    "tureen.v1.*.inbox.>": "",
    "tureen.v1.a.inbox.>": "",
    "tureen.v1.a.inbox.tenant-a.>": "tenant-a",
    "tureen.v1.b.inbox.tenant-b.>": "tenant-b",
    "tureen.v1.default.inbox.local.>": "local",
    "tureen.v1.system.inbox.>": "",
    **{f"tureen.v1.system.inbox.{name}.>": name for name in f"{SERVICES} {OPERATORS}".split()},
    "_INBOX.>": DEFAULT,
    "_R_.>": "",
    # Discovery and the store.
    # The server takes the wild card `>` for a word that the last `*` of what is allowed covers.
    "$SRV.>": SERVICES,
    "$SRV.*": SERVICES,
    "$SRV.*.placement": "placement",
    "$SRV.*.placement.*": "placement",
    "$SRV.*.node-agent": AGENTS,
    "$SRV.*.signaling": "signaling",
    "$SRV.*.metrics": "metrics",
    "$JS.>": "",
    "$JS.API.>": "",
    "$KV.tureen-rooms.>": "",
}
"""Subscriptions, and who may have them; everybody else may not."""


@pytest.mark.parametrize("name", USERS)
async def test_what_a_user_may_publish(sign_in: SignIn, name: str) -> None:
    """The server takes exactly what the user is there for, and denies all else."""
    bus = await sign_in(name)
    allowed = {subject for subject in PUBLISHERS if await may_publish(bus, subject)}
    assert allowed == {subject for subject, users in PUBLISHERS.items() if name in users.split()}


@pytest.mark.parametrize("name", USERS)
@pytest.mark.parametrize("queue", ["", "q"])
async def test_what_a_user_may_hear(sign_in: SignIn, name: str, queue: str) -> None:
    """The server lets the user hear exactly what it is there for, in a queue group as well."""
    bus = await sign_in(name)
    allowed = {subject for subject in HEARERS if await may_hear(bus, subject, queue)}
    assert allowed == {subject for subject, users in HEARERS.items() if name in users.split()}


@pytest.mark.parametrize(("user", "password_of"), [("", ""), ("placement", ""), ("placement", "tenant-a")])
async def test_nobody_comes_in_without_his_password(
    guarded_server: tuple[NatsServer, dict[str, str]], user: str, password_of: str
) -> None:
    """Neither without a name, nor with a name alone, nor with the password of another."""
    server, passwords = guarded_server
    password = passwords.get(password_of, "")
    settings = BusSettings.model_validate({"servers": [server.url], "user": user, "password": password})
    with pytest.raises(Unauthorized, match="refuses these credentials"):
        await Bus.connect(settings)


async def test_a_denied_request_fails_at_once(sign_in: SignIn) -> None:
    """Who asks on another tenant's subject is told so, and does not wait for an answer."""
    bus = await sign_in("tenant-a")
    with pytest.raises(Unauthorized, match=r"tureen\.v1\.b\.placement\.room\.get"):
        await bus.request("tureen.v1.b.placement.room.get", {"roomId": "r"}, timeout=60)


async def test_the_server_sends_no_trace_where_its_sender_may_not(
    sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    """A message whose header has the server report its way somewhere makes it publish nothing in another's name."""
    tenant, placement = await sign_in("tenant-a"), await sign_in("placement")
    heard: list[Delivery] = []
    await placement.listen("tureen.v1.system.heartbeat.*", heard.append)
    block = headers.encode({"Nats-Trace-Dest": "tureen.v1.system.heartbeat.n1"})
    with caplog.at_level(logging.WARNING):
        tenant.send("tureen.v1.a.placement.room.get", b"", block)
        await tenant.barrier()
        await placement.barrier()
    assert not heard
    assert "permissions violation" in caplog.text.lower() or "denies" in caplog.text


async def may_publish(bus: Bus, subject: str) -> bool:
    """Tell whether the server takes a message on a subject."""
    before = bus.dropped["denied_publish"]
    assert bus.send(subject, b"")
    assert await bus.barrier()
    return bus.dropped["denied_publish"] == before


async def may_hear(bus: Bus, subject: str, queue: str) -> bool:
    """Tell whether the server takes a subscription."""
    try:
        subscription = await bus.listen(subject, lambda _: None, queue=queue)
    except Unauthorized:
        return False
    await subscription.unsubscribe()
    return True

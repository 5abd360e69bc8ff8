"""`tureen why`, run as people and scripts run it."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.integration.node_agent.conftest import Run
from tests.integration.placement.conftest import StartReplica, until
from tests.support.nats_server import NatsServer
from tests.support.terminal import on_terminal, tureen

from tureen.bus import Bus

pytestmark = pytest.mark.timeout(180)


async def test_why(run_node: Run, start_replica: StartReplica, nats_server: NatsServer, bus: Bus) -> None:
    """A room's and a transport's decisions are shown on a terminal and told in JSON; what is unknown is refused."""
    node, placement = await run_node("node-1", workers=2), await start_replica()
    await until(lambda: placement.state.picture.is_complete(node.id))
    await bus.command("placement", "room.create", {"roomId": "hall"}, tenant="default")
    placed = await bus.command("placement", "room.place", {"roomId": "hall", "direction": "send"}, tenant="default")
    made = await node.ask("router.createWebRtcTransport", routerId=placed["routerId"], grant=placed["grant"])
    room, transport, told, unknown = await asyncio.gather(
        on_terminal("why", "hall", url=nats_server.url),
        on_terminal("why", made["id"], url=nats_server.url),
        tureen("why", "hall", "--inputs", url=nats_server.url),
        tureen("why", "nowhere", url=nats_server.url),
    )
    assert (room.status, transport.status, told.status, unknown.status) == (0, 0, 0, 1)
    for shown in (room, transport):
        assert f"a transport to send → worker {placed['workerId'][:8]} of node-1" in shown.plain
        assert "first: the room's first worker" in " ".join(shown.plain.split())
    assert f"transport {made['id']} of room hall" in transport.plain
    answer = json.loads(told.out)
    assert answer["decisions"][0]["inputs"]["record"]["roomId"] == "hall"
    assert json.loads(unknown.err)["type"] == "NotFoundError"

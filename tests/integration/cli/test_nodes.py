"""`tureen nodes`, run as people and scripts run it."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from tests.integration.cli.conftest import until_listed
from tests.integration.node_agent.conftest import Run
from tests.integration.placement.conftest import StartReplica
from tests.support.nats_server import NatsServer
from tests.support.terminal import on_terminal, terminal, tureen

from tureen.bus import Bus

pytestmark = pytest.mark.timeout(180)


async def test_nodes(run_node: Run, start_replica: StartReplica, bus: Bus, nats_server: NatsServer) -> None:
    """Each node has a paragraph and each worker a row; scripts get each node's heartbeat as a line."""
    node = await run_node("node-1", workers=2)
    await run_node("node-2", region="north")
    await start_replica()
    await until_listed(bus, "node-1", "node-2")
    for _ in range(3):
        await node.router()
    shown, told = await asyncio.gather(on_terminal("nodes", url=nats_server.url), tureen("nodes", url=nats_server.url))
    assert (shown.status, told.status) == (0, 0)
    first, second = map(json.loads, told.out.splitlines())
    assert [each["workerId"] for each in first["workers"]] == node.worker_ids
    assert (second["nodeId"], second["region"]) == ("node-2", "north")
    assert "node-2 in north" in shown.plain
    row = next(line for line in shown.plain.splitlines() if node.worker_ids[0][:8] in line)
    assert re.search(r" %  +\d+ MB +\d +0 +0 +0 +0", row)


async def test_no_node(nats_server: NatsServer) -> None:
    """Where no node is heard the status is 3, and what to do is said."""
    ran = await tureen("nodes", "--timeout", "0.3", url=nats_server.url)
    assert (ran.status, json.loads(ran.err)["type"]) == (3, "Unavailable")
    assert "tureen up" in ran.err


async def test_watching(run_node: Run, nats_server: NatsServer) -> None:
    """With `--watch` the table follows the heartbeats until Ctrl-C."""
    node = await run_node("node-1")
    async with terminal("nodes", "--watch", url=nats_server.url) as session:
        await session.shows(node.worker_ids[0][:8])
        for _ in range(17):
            await node.router()
        await session.shows(" 17 ")
        session.type(b"\x03")
        assert (await session.ended()).status == 0

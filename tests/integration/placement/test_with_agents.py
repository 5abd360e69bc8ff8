"""Placement with real node agents and real workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from tests.integration.conftest import Connect
from tests.integration.placement.conftest import Ask, StartReplica, until
from tests.support.nats_server import NatsServer

from tureen.bus import Bus, BusSettings
from tureen.contract.errors import Conflict, NoCapacity, NotFound
from tureen.node_agent.agent import NodeAgent
from tureen.node_agent.settings import NodeAgentSettings
from tureen.placement.service import Placement

StartNode = Callable[..., Awaitable[NodeAgent]]


@pytest.fixture
async def start_node(nats_server: NatsServer, connect: Connect) -> AsyncIterator[StartNode]:
    """Give a function that runs a node agent with real workers in this process."""
    async with AsyncExitStack() as stack:
        first_ports = iter(range(31_000, 32_000, 200))

        async def start(node_id: str, workers: int) -> NodeAgent:
            first = next(first_ports)
            settings = NodeAgentSettings(
                nats=BusSettings(servers=[nats_server.url]),
                node_id=node_id,
                workers=workers,
                min_port=first,
                max_port=first + 199,
            )
            agent = NodeAgent(settings, await connect(name=node_id))
            stack.push_async_callback(agent.close)
            await agent.start()
            return agent

        yield start


async def _transport(bus: Bus, placed: dict[str, object]) -> str:
    """Make a transport where placement said."""
    made = await bus.command(
        "node",
        "router.createPlainTransport",
        {
            "routerId": placed["routerId"],
            "listenInfo": {"protocol": "udp", "ip": "default"},
            "grant": placed["grant"],
        },
        tenant="default",
        node_id=str(placed["nodeId"]),
    )
    return str(made["id"])


def _is_known(placement: Placement, agent: NodeAgent) -> bool:
    return placement.state.picture.is_complete(agent.state.settings.node_id)


async def test_transports_are_counted(start_replica: StartReplica, start_node: StartNode, ask: Ask, bus: Bus) -> None:
    """What agents really hold, not what was offered, decides where the next transport goes."""
    agent, placement = await start_node("a", 2), await start_replica()
    await until(lambda: _is_known(placement, agent))
    await ask("room.create", roomId="r", policy={"maxTransportsPerWorker": 1})
    first, second = await ask("room.place", roomId="r"), await ask("room.place", roomId="r")
    assert first["workerId"] != second["workerId"]
    transport = await _transport(bus, first)
    await _transport(bus, second)
    cluster, holdings = placement.state.picture.cluster, placement.state.picture.holdings
    await until(lambda: len(cluster.bookings) == 0)
    with pytest.raises(NoCapacity):
        await ask("room.place", roomId="r")
    await bus.command("node", "transport.close", {"transportId": transport}, tenant="default", node_id="a")
    await until(lambda: (held := holdings.router(first["routerId"])) is not None and held.transports == 0)
    assert (await ask("room.place", roomId="r"))["routerId"] == first["routerId"]


async def test_agents_keep_the_record(start_replica: StartReplica, start_node: StartNode, ask: Ask) -> None:
    """However updates and the making of routers cross each other, every agent ends with the newest record."""
    agents, placement = [await start_node("a", 1), await start_node("b", 1)], await start_replica()
    await until(lambda: all(_is_known(placement, agent) for agent in agents))
    for number in range(10):
        room_id = f"r{number}"
        await ask("room.create", roomId=room_id, policy={"maxTransportsPerWorker": 1})
        await asyncio.gather(*(ask("room.place", roomId=room_id) for _ in range(2)))
        await placement.state.updates.settled()
        newest = placement.state.store.peek("default", room_id)
        assert newest is not None
        for agent in agents:
            (held,) = [router for router in agent.state.objects.routers.all() if router.room_id == room_id]
            assert agent.state.objects.record_of(held) == newest


async def test_the_agent_has_the_last_word(
    start_replica: StartReplica, start_node: StartNode, ask: Ask, bus: Bus
) -> None:
    """A router that is used though nobody knows of it yet is not closed; when it is empty it is."""
    agent, placement = await start_node("a", 1), await start_replica(empty_router_after=0.2)
    await until(lambda: _is_known(placement, agent))
    await ask("room.create", roomId="r")
    placed = await ask("room.place", roomId="r")
    transport = await _transport(bus, placed)
    with pytest.raises(Conflict):
        await bus.command(
            "node",
            "router.close",
            {"routerId": placed["routerId"], "ifEmpty": True},
            tenant="default",
            node_id="a",
        )
    await bus.command("node", "transport.close", {"transportId": transport}, tenant="default", node_id="a")
    await until(lambda: not list(agent.state.objects.routers.all()), 15)
    await until(lambda: placement.state.store.all()[0].routers == [])
    await ask("room.close", roomId="r")
    with pytest.raises(NotFound):
        await ask("room.get", roomId="r")


async def test_a_grant_is_valid_for_ten_seconds(
    start_replica: StartReplica, start_node: StartNode, ask: Ask, bus: Bus
) -> None:
    """It expires by the agent's own clock, which its heartbeats tell, so that hosts' clocks may differ."""
    agent, placement = await start_node("a", 1), await start_replica()
    await until(lambda: _is_known(placement, agent))
    await ask("room.create", roomId="r")
    placed = await ask("room.place", roomId="r")
    clock = agent.state.now() * 1000
    # Placement's picture of that clock is late by what a heartbeat takes on its way, on a busy machine for a while.
    assert clock + 5_000 < placed["grant"]["expiresAt"] <= clock + 10_001
    await _transport(bus, placed)
    with pytest.raises(Conflict):
        await _transport(bus, placed)

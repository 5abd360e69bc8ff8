"""What goes wrong while a place is looked for: a coded error or another decision, and nothing half-made."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.placement.agents import SimulatedAgent
from tests.integration.placement.conftest import Ask, StartAgent, StartReplica, knows, until

from tureen.bus import Bus
from tureen.contract.errors import InvalidType, NoCapacity, NotFound, TureenError, Unavailable, UnknownField
from tureen.contract.subjects import ROOMS_BUCKET
from tureen.placement.service import Placement


def _nothing_left(placement: Placement, *agents: SimulatedAgent) -> bool:
    """Tell whether no record lists a router, no agent holds one, and nothing is booked or on offer."""
    state = placement.state
    listed = [router for record in state.store.all() for router in record.routers]
    held = [router for agent in agents for router in agent.routers]
    loads = [worker.pending_cost for node in state.picture.cluster.nodes.values() for worker in node.workers.values()]
    return not (listed or held or len(state.picture.cluster.bookings) or any(loads) or len(state.offers))


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({"roomId": "nowhere"}, NotFound),
        ({"roomId": "r", "surprise": 1}, UnknownField),
        ({"roomId": "r", "expectedConsumers": -1}, InvalidType),
        ({"roomId": "r", "direction": "sideways"}, InvalidType),
        ({"roomId": "r", "exclude": ["no worker\n"]}, InvalidType),
        ({"roomId": "r", "nodeId": "nowhere"}, NoCapacity),
        ({"roomId": "r", "exclude": ["a-w1", "a-w2"]}, NoCapacity),
    ],
)
async def test_nonsense(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask, payload: dict[str, Any], error: type[TureenError]
) -> None:
    """A request that cannot be granted is refused with its reason, and leaves no trace."""
    agent, placement = await start_agent("a", 2), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    with pytest.raises(error):
        await ask("room.place", **payload)
    assert _nothing_left(placement, agent)


async def test_every_node_refuses(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """Where every agent refuses to make the router the caller gets their error, and no record lists one."""
    agents, placement = [await start_agent("a"), await start_agent("b")], await start_replica()
    await knows(placement, *agents)
    for agent in agents:
        agent.failing["worker.createRouter"] = NoCapacity("full")
    await ask("room.create", roomId="r")
    with pytest.raises(NoCapacity, match="full"):
        await ask("room.place", roomId="r")
    assert [agent.count("worker.createRouter") for agent in agents] == [1, 1]
    assert _nothing_left(placement, *agents)


async def test_a_node_vanishes_after_the_offer(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask, bus: Bus
) -> None:
    """A node that is gone when the offer is to be taken costs a second decision, well within the caller's deadline."""
    first, second, placement = await start_agent("a"), await start_agent("b"), await start_replica()
    await knows(placement, first, second)
    await ask("room.create", roomId="r", policy={"firstNodeId": "a", "limit": "spill"})
    placed = await ask("room.place", roomId="r")
    assert placed["nodeId"] == "a"
    await first.stop()
    with pytest.raises(Unavailable):
        await bus.command(
            "node",
            "router.createWebRtcTransport",
            {"routerId": placed["routerId"], "grant": placed["grant"]},
            tenant="default",
            node_id="a",
            timeout=2.0,
        )
    again = await ask("room.place", roomId="r", exclude=[placed["workerId"]], timeout=2.0)
    assert again["nodeId"] == "b"


async def test_a_failed_node_is_left_alone(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A node that did not make a router gets no other room for a while, as long as there is another node."""
    first, second, placement = await start_agent("a"), await start_agent("b"), await start_replica()
    await knows(placement, first, second)
    first.failing["worker.createRouter"] = asyncio.Event()
    await ask("room.create", roomId="r", policy={"firstNodeId": "a", "limit": "spill"})
    assert (await ask("room.place", roomId="r", timeout=10.0))["nodeId"] == "b"
    for number in range(8):
        await ask("room.create", roomId=f"s{number}")
        assert (await ask("room.place", roomId=f"s{number}", direction="send"))["nodeId"] == "b"
    assert first.count("worker.createRouter") == 1


async def test_a_room_is_closed_while_its_router_is_made(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """Who waits for a place in a room that is closed meanwhile is told so, and the router does not stay."""
    agent, placement = await start_agent("a"), await start_replica(create_router_timeout=3.0)
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    agent.failing["worker.createRouter"] = hanging = asyncio.Event()
    asking = asyncio.ensure_future(ask("room.place", roomId="r", timeout=8.0))
    await until(lambda: agent.count("worker.createRouter") == 1)
    await ask("room.close", roomId="r")
    agent.failing.clear()
    hanging.set()
    with pytest.raises(TureenError):
        await asking
    await until(lambda: _nothing_left(placement, agent), 20)


async def test_a_room_is_closed_before_its_agent_hears_of_it(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """Nobody is sent to a router of a closed room, also where its agent made it and has not heard of that yet."""
    agent, placement = await start_agent("a"), await start_replica(create_router_timeout=3.0)
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    agent.failing["worker.createRouter"] = hanging = asyncio.Event()
    agent.failing["room.update"] = unheard = asyncio.Event()
    asking = asyncio.ensure_future(ask("room.place", roomId="r", timeout=8.0))
    await until(lambda: agent.count("worker.createRouter") == 1)
    await ask("room.close", roomId="r")
    hanging.set()
    with pytest.raises(NotFound):
        await asking
    unheard.set()
    await until(lambda: _nothing_left(placement, agent), 20)


async def test_a_wiped_bucket(start_replica: StartReplica, start_agent: StartAgent, ask: Ask, bus: Bus) -> None:
    """While the store is wiped under them requests end in a place or a coded error; then records and routers agree."""
    agent, placement = await start_agent("a", 2), await start_replica(listen=0.3)
    await knows(placement, agent)
    for number in range(3):
        await ask("room.create", roomId=f"r{number}")
        await ask("room.place", roomId=f"r{number}")
    await bus.exchange(f"$JS.API.STREAM.DELETE.KV_{ROOMS_BUCKET}", b"", {}, timeout=2)
    asked = [ask("room.place", roomId=f"r{number % 4}", timeout=3.0) for number in range(12)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, (dict, TureenError)) for answer in answers)
    await until(lambda: placement.state.store.incarnation is None or len(placement.state.store) == 3, 20)
    await until(lambda: placement.state.store.incarnation is not None, 20)
    for number in range(3):
        placed = await ask("room.place", roomId=f"r{number}")
        assert placed["routerId"] in agent.routers
    await until(lambda: _agree(placement, agent), 20)


def _agree(placement: Placement, agent: SimulatedAgent) -> bool:
    listed = {router.router_id for record in placement.state.store.all() for router in record.routers}
    return listed == set(agent.routers)

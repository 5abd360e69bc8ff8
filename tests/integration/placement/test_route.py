"""`room.route`, from what agents announce and what they answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.placement.agents import SimulatedAgent
from tests.integration.placement.conftest import Ask, StartAgent, StartReplica, knows, until

from tureen.contract.errors import NotFound, Unavailable
from tureen.placement.service import Placement


@pytest.fixture
async def room(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> Any:
    """Give a replica, three agents and the room's router on each."""
    agents = [await start_agent(name) for name in "abc"]
    placement = await start_replica()
    await knows(placement, *agents)
    await ask("room.create", roomId="r")
    routers = [(await ask("room.place", roomId="r", nodeId=agent.node_id))["routerId"] for agent in agents]
    return placement, agents, routers


Room = tuple[Placement, list[SimulatedAgent], list[str]]


async def _route(ask: Ask, router_id: str, producer_id: str = "p", **more: Any) -> list[str]:
    answer = await ask("room.route", roomId="r", routerId=router_id, producerId=producer_id, **more)
    return [hop["routerId"] for hop in answer["path"]]


def _holds(placement: Placement, router_id: str, producer_id: str = "p") -> bool:
    return router_id in placement.state.picture.holdings.holders(producer_id)


async def test_from_events(room: Room, ask: Ask) -> None:
    """A producer that its agent announced is found without asking anybody."""
    placement, (first, _, _), (a, b, _) = room
    first.produce(a, "p")
    await until(lambda: _holds(placement, a))
    assert await _route(ask, b) == [a, b]
    assert first.count("pipe.find") == 0


async def test_grows_the_tree(room: Room, ask: Ask) -> None:
    """What a router pulled counts, and who refused is left out."""
    placement, (first, second, _), (a, b, c) = room
    first.produce(a, "p")
    second.produce(b, "p", (a, "a"))
    await until(lambda: _holds(placement, a) and _holds(placement, b))
    assert await _route(ask, c, exclude=[a]) == [a, b, c]
    assert await _route(ask, b) == [a, b]


async def test_asks_who_holds_it(room: Room, ask: Ask) -> None:
    """A producer whose announcement was lost is found by asking the room's agents."""
    _, (first, _, _), (a, b, _) = room
    first.routers[a].producers["p"] = None
    assert await _route(ask, b) == [a, b]
    assert first.count("pipe.find") == 1
    assert await _route(ask, b) == [a, b]
    assert first.count("pipe.find") == 1


async def test_nobody_holds_it(room: Room, ask: Ask) -> None:
    """A producer is not found only when every agent of the room says that it does not hold it."""
    _, agents, (_, b, _) = room
    with pytest.raises(NotFound):
        await _route(ask, b)
    assert [agent.count("pipe.find") for agent in agents] == [1, 1, 1]


async def test_an_agent_does_not_answer(room: Room, ask: Ask) -> None:
    """While one agent does not answer, nobody knows: that is no `NotFoundError`."""
    _, (_, _, third), (_, b, _) = room
    third.failing["pipe.find"] = asyncio.Event()
    with pytest.raises(Unavailable, match="c did not answer"):
        await _route(ask, b)


async def test_what_was_closed_unnoticed(room: Room, ask: Ask) -> None:
    """A holder that refused and does not hold the producer any more is forgotten."""
    placement, (first, _, _), (a, b, _) = room
    first.produce(a, "p")
    await until(lambda: _holds(placement, a))
    first.routers[a].producers.clear()
    with pytest.raises(NotFound):
        await _route(ask, b, exclude=[a])
    assert not _holds(placement, a)


async def test_not_through_silent_nodes(room: Room, ask: Ask) -> None:
    """A producer that lives on a suspect node is unavailable at once."""
    placement, (first, _, _), (a, b, _) = room
    first.produce(a, "p")
    first.silence()
    await until(lambda: placement.state.picture.cluster.nodes["a"].state == "suspect")
    with pytest.raises(Unavailable, match="no way"):
        await _route(ask, b)


async def test_a_stranger_asks(room: Room, ask: Ask) -> None:
    """A router that is not of the room gets no path, nor does another tenant."""
    _, (first, _, _), (a, _, _) = room
    first.produce(a, "p")
    with pytest.raises(NotFound):
        await _route(ask, "stranger")
    with pytest.raises(NotFound):
        await _route(ask, a, tenant="acme")


async def test_a_router_that_was_just_added(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A replica whose mirror is behind reads the record before it says that a router is not of the room."""
    agent = await start_agent("a", 2)
    placement, other = await start_replica(), await start_replica()
    await knows(placement, agent)
    await knows(other, agent)
    await ask("room.create", roomId="r", policy={"maxTransportsPerWorker": 1})
    first = (await ask("room.place", roomId="r"))["routerId"]
    agent.produce(first, "p")
    second = (await ask("room.place", roomId="r"))["routerId"]
    paths = await asyncio.gather(*(_route(ask, second) for _ in range(10)))
    assert paths == [[first, second]] * 10

"""What is tidied up, with agents that have the last word."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.placement.conftest import Ask, StartAgent, StartReplica, knows, until

from tureen.contract.cluster import RouterEntry
from tureen.contract.errors import Conflict, NotFound
from tureen.contract.rooms import RoomRouter

SOON: dict[str, Any] = {"empty_router_after": 0.2, "unlisted_after": 0.2, "vanished_after": 0.2}


async def test_an_unused_router_is_closed(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A router that nobody came to is closed when the offer has expired, and can be made anew."""
    agent, placement = await start_agent("a"), await start_replica(**SOON)
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    placed = await ask("room.place", roomId="r")
    placement.state.picture.cluster.unbook(placed["workerId"], placed["grant"]["grantId"])
    await until(lambda: not agent.routers)
    await until(lambda: placement.state.store.all()[0].routers == [])
    close = next(command for name, command in agent.asked if name == "router.close")
    assert close.if_empty
    assert (await ask("room.place", roomId="r"))["routerId"] in agent.routers


async def test_a_used_router_is_listed_again(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """An agent that finds the router in use keeps it, and the record lists it again."""
    agent, placement = await start_agent("a"), await start_replica(**SOON)
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    placed = await ask("room.place", roomId="r")
    agent.failing["router.close"] = Conflict("in use")
    before = placement.state.store.all()[0].generation
    placement.state.picture.cluster.unbook(placed["workerId"], placed["grant"]["grantId"])
    await until(lambda: agent.count("router.close"))
    agent.routers[placed["routerId"]].transports = 1
    agent.beat()
    await until(lambda: placement.state.store.all()[0].generation >= before + 2)
    await until(lambda: [router.router_id for router in placement.state.store.all()[0].routers] == [placed["routerId"]])
    assert placed["routerId"] in agent.routers


async def test_a_deserted_room_is_closed(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A room with an empty timeout is closed after it, with its routers."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r", policy={"emptyTimeout": 0.3})
    placed = await ask("room.place", roomId="r")
    placement.state.picture.cluster.unbook(placed["workerId"], placed["grant"]["grantId"])
    await until(lambda: not agent.routers)
    with pytest.raises(NotFound):
        await ask("room.get", roomId="r")


async def test_an_unlisted_router_is_closed(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A router that its room's record does not list is closed, though nobody told the agent before."""
    agent, placement = await start_agent("a", 2), await start_replica(**SOON)
    await knows(placement, agent)
    await ask("room.create", roomId="r", policy={"maxTransportsPerWorker": 1})
    placed = await ask("room.place", roomId="r")
    agent.routers[placed["routerId"]].transports = 1
    record = agent.routers[placed["routerId"]].record
    stray = RouterEntry(router_id="stray", worker_id="a-w2", tenant="default", record=record)
    agent.routers["stray"] = type(agent.routers[placed["routerId"]])("stray", "a-w2", stray.record or record)
    agent.version += 1
    agent.announce()
    await until(lambda: "stray" not in agent.routers)
    assert placed["routerId"] in agent.routers


async def test_a_router_that_is_made_after_its_room_was_closed(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """A router that an agent makes late, when it has forgotten that the room was closed, is closed."""
    agent, placement = await start_agent("a"), await start_replica(**SOON)
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    slow = agent.failing["worker.createRouter"] = asyncio.Event()
    placing = asyncio.ensure_future(ask("room.place", roomId="r"))
    await until(lambda: agent.count("worker.createRouter"))
    await ask("room.close", roomId="r")
    await until(lambda: agent.count("room.update"))
    # As agents do with rooms of which they hold nothing.
    await placement.state.updates.settled()
    agent.rooms.clear()
    slow.set()
    with pytest.raises(NotFound):
        await placing
    assert agent.routers
    await until(lambda: not agent.routers)


async def test_a_router_that_is_closed_before_its_making_is_answered(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """A router of a closed room that its agent has closed again at once is not looked after for ever."""
    agent, placement = await start_agent("a"), await start_replica(**SOON)
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    slow = agent.answering["worker.createRouter"] = asyncio.Event()
    placing = asyncio.ensure_future(ask("room.place", roomId="r"))
    await until(lambda: agent.routers)
    await ask("room.close", roomId="r")
    await until(lambda: not agent.routers)
    slow.set()
    with pytest.raises(NotFound):
        await placing
    assert not list(placement.state.picture.holdings.routers())


async def test_a_vanished_router_leaves_the_record(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """A router that the agent does not hold leaves the record, though nobody said that it was closed."""
    agent, placement = await start_agent("a"), await start_replica(**SOON)
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    lost = RoomRouter(router_id="lost", node_id="a", worker_id="a-w1")
    known = await placement.state.store.get("default", "r")
    await placement.state.routers.enlist(known, lost)
    await until(lambda: placement.state.store.all()[0].routers == [])


async def test_a_closed_router_leaves_the_record(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """A router that somebody closed leaves the record as soon as its agent says so."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    placed = await ask("room.place", roomId="r")
    agent.close_router(placed["routerId"])
    await until(lambda: placement.state.store.all()[0].routers == [])


async def test_an_older_copy_is_brought_up_to_date(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """An inventory that shows an older record is answered with the newest."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    placed = await ask("room.place", roomId="r")
    await placement.state.updates.settled()
    router = agent.routers[placed["routerId"]]
    newest = router.record
    agent.rooms["r"] = router.record = newest.model_copy(update={"generation": newest.generation - 1})
    agent.version += 1
    agent.announce()
    await until(lambda: agent.rooms["r"].version == newest.version)

"""`room.place`: the record first, then the router, whatever happens between."""

from __future__ import annotations

import asyncio

import pytest
from tests.integration.placement.conftest import Ask, StartAgent, StartReplica, knows, until

from tureen.contract.errors import Conflict, NoCapacity, NotFound, Stale, Timeout, TureenError


async def test_makes_the_first_router(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """The first transport of a room gets a router, made with the record that lists it."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    placed = await ask("room.place", roomId="r", direction="send", why=True)
    router = agent.routers[placed["routerId"]]
    assert placed["nodeId"] == "a"
    assert placed["workerId"] == router.worker_id == "a-w1"
    assert placed["grant"]["roomId"] == "r"
    assert placed["why"]["rule"] == "first"
    assert router.record.routers[0].router_id == router.id
    assert (await ask("room.get", roomId="r"))["routers"] == [
        {"routerId": router.id, "nodeId": "a", "workerId": "a-w1"}
    ]


async def test_packs_then_spills_within_limits(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A worker takes as many transports of the room as its policy says, then another one is used, then none is left."""
    agent, placement = await start_agent("a", 2), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r", policy={"maxTransportsPerWorker": 2})
    workers = [(await ask("room.place", roomId="r"))["workerId"] for _ in range(4)]
    assert workers == [workers[0]] * 2 + [workers[2]] * 2
    assert len(set(workers)) == 2
    with pytest.raises(NoCapacity) as refused:
        await ask("room.place", roomId="r")
    assert refused.value.details["refusals"] == {"max-transports": 2}


async def test_two_replicas_make_one_router(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """Whoever loses the race for a room's first router uses the winner's."""
    agent = await start_agent("a", 4)
    replicas = [await start_replica(), await start_replica()]
    for placement in replicas:
        await knows(placement, agent)
    await ask("room.create", roomId="r")
    placed = await asyncio.gather(*(ask("room.place", roomId="r") for _ in range(20)))
    assert len({place["routerId"] for place in placed}) == 1
    assert len(agent.routers) == 1


async def test_a_refusal_leads_elsewhere(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A router that an agent refuses to make leaves the record, and another node is used."""
    first, second = await start_agent("a"), await start_agent("b")
    placement = await start_replica()
    await knows(placement, first, second)
    first.failing["worker.createRouter"] = NoCapacity("full")
    await ask("room.create", roomId="r", policy={"firstNodeId": "a", "limit": "spill"})
    placed = await ask("room.place", roomId="r")
    assert placed["nodeId"] == "b"
    assert [router["nodeId"] for router in (await ask("room.get", roomId="r"))["routers"]] == ["b"]


async def test_a_timeout_keeps_the_router_listed(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """A router that may have been made stays in the record, and is used once it is there."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    agent.failing["worker.createRouter"] = hanging = asyncio.Event()
    await ask("room.create", roomId="r")
    with pytest.raises(Timeout):
        await ask("room.place", roomId="r")
    (listed,) = (await ask("room.get", roomId="r"))["routers"]
    hanging.set()
    placed = await ask("room.place", roomId="r")
    assert placed["routerId"] == listed["routerId"]
    assert list(agent.routers) == [listed["routerId"]]


async def test_an_agent_vanishes_between_record_and_router(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """A node that is away before it makes the router costs a second decision, within the caller's deadline."""
    first, second = await start_agent("a"), await start_agent("b")
    placement = await start_replica()
    await knows(placement, first, second)
    await ask("room.create", roomId="r", policy={"firstNodeId": "a", "limit": "spill"})
    await first.stop()
    placed = await ask("room.place", roomId="r", timeout=3.0)
    assert placed["nodeId"] == "b"
    assert [router["nodeId"] for router in (await ask("room.get", roomId="r"))["routers"]] == ["b"]


async def test_an_agent_that_knows_more_is_overtaken(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """An agent that answers `Stale` gets a record that is newer than what it knows."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    created = await ask("room.create", roomId="r")
    known = placement.state.store.peek("default", "r")
    assert known is not None
    agent.rooms["r"] = known.model_copy(update={"generation": created["generation"] + 1000})
    placed = await ask("room.place", roomId="r")
    assert placed["routerId"] in agent.routers
    assert agent.rooms["r"].generation > created["generation"] + 1000


async def test_a_router_that_was_taken_out_is_not_made(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """A replica whose mirror is behind reads the record again before it has a router made that it finds there."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    placed = await ask("room.place", roomId="r")
    known = placement.state.store.peek("default", "r")
    assert known is not None
    agent.close_router(placed["routerId"])
    await until(lambda: placement.state.store.all()[0].routers == [])
    with pytest.raises(Stale):
        await placement.state.routers.ensure(known, known.routers[0], 2.0, enlisted=False)
    assert agent.routers == {}


async def test_excluded_workers_are_left_out(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A worker that refused the caller is not offered again."""
    agent, placement = await start_agent("a", 2), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    first = await ask("room.place", roomId="r")
    second = await ask("room.place", roomId="r", exclude=[first["workerId"]])
    assert second["workerId"] != first["workerId"]
    with pytest.raises(NoCapacity) as refused:
        await ask("room.place", roomId="r", exclude=agent.worker_ids)
    assert refused.value.details["refusals"] == {"excluded": 2}


async def test_queue_waits_for_room(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """With `queue` a request is answered as soon as a node has room for it."""
    placement = await start_replica()
    await ask("room.create", roomId="r", policy={"limit": "queue"})
    waiting = asyncio.ensure_future(ask("room.place", roomId="r", timeout=5.0))
    await asyncio.sleep(0.1)
    agent = await start_agent("a")
    await knows(placement, agent)
    assert (await waiting)["nodeId"] == "a"


async def test_queue_ends_with_the_deadline(start_replica: StartReplica, ask: Ask) -> None:
    """With `queue` nothing but the deadline ends the waiting, and the answer still reaches the caller."""
    await start_replica()
    await ask("room.create", roomId="r", policy={"limit": "queue"})
    with pytest.raises(NoCapacity):
        await ask("room.place", roomId="r", timeout=0.5)


@pytest.mark.parametrize("payload", [{"roomId": "nowhere"}, {"roomId": "r", "nodeId": "nowhere"}])
async def test_what_is_not_there(start_replica: StartReplica, ask: Ask, payload: dict[str, str]) -> None:
    """An unknown room or node is a coded error."""
    await start_replica()
    await ask("room.create", roomId="r")
    with pytest.raises((NotFound, NoCapacity)):
        await ask("room.place", **payload)


async def test_a_burst_does_not_land_on_one_worker(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """Five hundred joins at once are spread, though no heartbeat shows any of them yet."""
    agent, placement = await start_agent("a", 4), await start_replica()
    await knows(placement, agent)
    agent.silence()
    await ask("room.create", roomId="r")
    asked = (ask("room.place", roomId="r", direction="recv", expectedConsumers=4, timeout=20.0) for _ in range(200))
    placed = await asyncio.gather(*asked, return_exceptions=True)
    workers = [place["workerId"] for place in placed if isinstance(place, dict)]
    refused = [error for error in placed if not isinstance(error, dict)]
    assert all(isinstance(error, TureenError) for error in refused)
    assert len(set(workers)) >= 3
    assert len(agent.routers) == len(set(workers))


async def test_conflicts_are_not_shown_to_callers(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """A record that changes all the time delays a place; it does not fail it."""
    agent, placement = await start_agent("a", 2), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")

    async def disturb() -> None:
        for watermark in range(20, 60):
            await ask("room.update", roomId="r", policy={"watermark": float(watermark)})

    disturbing = asyncio.create_task(disturb())
    placed = await asyncio.gather(*(ask("room.place", roomId="r") for _ in range(10)))
    await disturbing
    assert {place["routerId"] for place in placed} == set(agent.routers)
    await until(lambda: agent.rooms["r"].policy.watermark == 59)


async def test_other_errors_are_not_swallowed(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """When the only node refuses, the caller gets the node's own error."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    for error in (Conflict("no"), Stale("no", details={"incarnation": 0, "generation": 0})):
        agent.failing["worker.createRouter"] = error
        with pytest.raises(TureenError):
            await ask("room.place", roomId="r", timeout=0.5)


async def test_a_node_that_never_agrees_is_not_flooded(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """A node that calls every record stale is asked a few times a second, not hundreds of times."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    agent.failing["worker.createRouter"] = Stale("no", details={"incarnation": 0, "generation": 0})
    with pytest.raises(TureenError):
        await ask("room.place", roomId="r", timeout=1.0)
    assert 3 <= agent.count("worker.createRouter") <= 15


async def test_open_offers_have_a_limit(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """Who asks on and on for places that it does not take is told Busy, and another tenant still gets one."""
    agent, placement = await start_agent("a"), await start_replica(max_open_offers_per_tenant=5)
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    await ask("room.create", "acme", roomId="r")
    answers = await asyncio.gather(*(ask("room.place", roomId="r") for _ in range(20)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Busy"] * 15 + ["dict"] * 5
    assert await ask("room.place", "acme", roomId="r")

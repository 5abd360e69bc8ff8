"""A store that was lost comes back from what the agents hold."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.placement.agents import SimulatedAgent, SimulatedRouter
from tests.integration.placement.conftest import Ask, StartAgent, StartReplica, knows, until

from tureen.bus import Bus
from tureen.contract.errors import NotFound, Unavailable
from tureen.contract.rooms import RoomPolicy, RoomRecord, RoomRouter
from tureen.contract.subjects import ROOMS_BUCKET


def _copy(*routers: tuple[str, str], generation: int = 7, incarnation: int = 1_000) -> RoomRecord:
    """Return a record of room `r` of another life of the store, with these routers: (id, node)."""
    return RoomRecord(
        room_id="r",
        tenant="default",
        incarnation=incarnation,
        generation=generation,
        mediasoup_version="3.27.1",
        media_codecs=[],
        rtp_capabilities={},
        policy=RoomPolicy(watermark=42),
        routers=[RoomRouter(router_id=name, node_id=node, worker_id=f"{node}-w1") for name, node in routers],
    )


def _hold(agent: SimulatedAgent, router_id: str, copy: RoomRecord) -> None:
    agent.routers[router_id] = SimulatedRouter(router_id, f"{agent.node_id}-w1", copy, transports=1)
    agent.rooms["r"] = copy
    agent.version += 1
    agent.announce()


async def _lose_store(bus: Bus) -> None:
    await bus.exchange(f"$JS.API.STREAM.DELETE.KV_{ROOMS_BUCKET}", b"", {}, timeout=2)


async def test_replicas_share_the_incarnation(start_replica: StartReplica) -> None:
    """All replicas of one store work in the same incarnation, the wall clock when it was made."""
    first, second = await start_replica(), await start_replica()
    assert first.state.store.incarnation == second.state.store.incarnation == first.state.store.bucket.created_ms


async def test_a_new_store_takes_what_nodes_hold(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """Rooms that nodes hold come back with every router, in a newer incarnation; the nodes are told."""
    first, second = await start_agent("a"), await start_agent("b")
    _hold(first, "ra", _copy(("ra", "a"), ("rb", "b"), generation=8))
    _hold(second, "rb", _copy(("rb", "b"), generation=7))
    placement = await start_replica(listen=0.7)
    room = await ask("room.get", roomId="r")
    assert {router["routerId"] for router in room["routers"]} == {"ra", "rb"}
    assert room["policy"]["watermark"] == 42
    assert room["incarnation"] == placement.state.store.incarnation
    await until(lambda: first.rooms["r"].incarnation == second.rooms["r"].incarnation == room["incarnation"])
    assert set(first.routers) | set(second.routers) == {"ra", "rb"}


async def test_the_incarnation_is_beyond_all_announced(start_replica: StartReplica, start_agent: StartAgent) -> None:
    """A node whose copy claims a later incarnation than the wall clock's is overtaken all the same."""
    agent = await start_agent("a")
    later = 10**15
    _hold(agent, "ra", _copy(("ra", "a"), incarnation=later))
    placement = await start_replica(listen=0.7)
    assert placement.state.store.incarnation == later + 1


async def test_a_store_that_is_lost_at_run_time(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask, bus: Bus
) -> None:
    """A wiped store is rebuilt by two replicas at once; routers stay, and until then rooms are unavailable."""
    agent = await start_agent("a")
    replicas = [await start_replica(listen=0.3), await start_replica(listen=0.3)]
    for placement in replicas:
        await knows(placement, agent)
    await ask("room.create", roomId="r", policy={"watermark": 33.0})
    placed = await ask("room.place", roomId="r")
    agent.routers[placed["routerId"]].transports = 1
    agent.beat()
    before = replicas[0].state.store.incarnation
    assert before is not None
    await _lose_store(bus)
    await until(lambda: all(placement.state.store.incarnation is None for placement in replicas), 15)
    with pytest.raises(Unavailable, match="rebuilt"):
        await ask("room.get", roomId="r")
    await until(lambda: all(placement.state.store.incarnation for placement in replicas), 15)
    room = await ask("room.get", roomId="r")
    assert room["incarnation"] > before
    assert [router["routerId"] for router in room["routers"]] == [placed["routerId"]]
    assert room["policy"]["watermark"] == 33
    await until(lambda: agent.rooms["r"].incarnation == room["incarnation"])
    assert (await ask("room.place", roomId="r"))["routerId"] == placed["routerId"]


async def test_a_node_that_comes_late(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A node that was away while the store was rebuilt has its routers listed again, the room made anew if need be."""
    placement = await start_replica()
    late = await start_agent("late")
    _hold(late, "rl", _copy(("rl", "late")))
    await until(lambda: placement.state.store.peek("default", "r"))
    room = await ask("room.get", roomId="r")
    assert [router["routerId"] for router in room["routers"]] == ["rl"]
    await until(lambda: late.rooms["r"].incarnation == room["incarnation"])
    later = await start_agent("later")
    _hold(later, "rm", _copy(("rm", "later")))
    await until(lambda: {router.router_id for router in placement.state.store.all()[0].routers} == {"rl", "rm"})
    assert late.routers
    await until(lambda: later.rooms["r"].incarnation == room["incarnation"])
    assert later.routers


async def test_a_late_node_with_other_codecs(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """Where the room has other codecs by now, the late node's router is closed."""
    placement = await start_replica()
    await ask("room.create", roomId="r")
    late = await start_agent("late")
    await knows(placement, late)
    _hold(late, "rl", _copy(("rl", "late")))
    await until(lambda: not late.routers)
    assert (await ask("room.get", roomId="r"))["routers"] == []


async def test_a_silent_node_is_not_waited_for_for_ever(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """A node that does not tell what it holds delays the rebuilding, but not beyond its limit."""
    agent = await start_agent("a")
    agent.version = 5
    agent.failing["inventory.get"] = asyncio.Event()
    await start_replica(listen=0.7, rebuild_within=1.0)
    with pytest.raises(NotFound):
        await ask("room.get", roomId="r")


async def test_placement_starts_before_jetstream(
    start_replica: StartReplica, bus: Bus, ask: Ask, nats_server: Any
) -> None:
    """Without a store placement waits for it; with one that was there before it is ready at once."""
    placement = await start_replica()
    created = await ask("room.create", roomId="r")
    await placement.close()
    again = await start_replica(listen=30)
    assert again.state.store.incarnation == created["incarnation"]
    assert (await ask("room.get", roomId="r")) == created

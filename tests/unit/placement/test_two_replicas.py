"""Two replicas that never hear of each other's grants, and the agents' real arbiter."""

from __future__ import annotations

from random import Random
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.placement.fixed import heartbeat, record, worker

from tureen.contract.cluster import GrantedEvent
from tureen.contract.errors import NoCapacity
from tureen.contract.rooms import Grant, RoomPlace, RoomRecord, RoomRouter
from tureen.node_agent import arbiter
from tureen.node_agent.bookings import SETTLING
from tureen.node_agent.objects import RouterEntry, WorkerEntry
from tureen.placement import engine, records
from tureen.placement.engine.room import view
from tureen.placement.picture import Picture

NODES = ("a", "b")
WORKERS = 2
HARD_LIMIT = 40.0
POLICY: dict[str, Any] = {"watermark": 30.0, "hard_limit": HARD_LIMIT, "limit": "spill"}
COSTS = engine.Costs(ingest=2.0, copy=1.0, transport=0.5)
"""Dear ones, so that a short history fills the workers."""

_join = st.tuples(st.just("join"), st.integers(0, 1), st.sampled_from(["send", "recv", "both"]), st.integers(0, 12))
_consume = st.tuples(st.just("consume"), st.integers(0, 30))
_leave = st.tuples(st.just("leave"), st.integers(0, 30))
_tick = st.tuples(st.just("tick"), st.booleans(), st.booleans())
_STEPS = st.lists(st.one_of(_join, _join, _join, _consume, _consume, _leave, _tick), max_size=100)


class World:
    """Two pictures that hear heartbeats alone, and the workers' books; a stream costs what its grant says."""

    def __init__(self) -> None:
        self.pictures = (Picture(), Picture())
        self.workers = {
            f"{node}-{number}": WorkerEntry(f"{node}-{number}", number, cast("Any", None))
            for node in NODES
            for number in range(WORKERS)
        }
        self.room: RoomRecord = record(**POLICY)
        self.routers: dict[str, RouterEntry] = {}
        self.transports: dict[str, tuple[RouterEntry, Grant]] = {}
        self.costs: dict[str, list[tuple[float, float]]] = {}
        self.now = 0.0
        self.count = 0
        self.refused = 0
        self.tick(True, True)

    def apply(self, step: tuple[Any, ...]) -> None:
        """Make one step, and see that no worker is above its limit in truth."""
        what, *arguments = step
        self.now += 0.01
        getattr(self, what)(*arguments)
        for name in self.workers:
            assert self._truly_used(name) <= HARD_LIMIT + 1e-6

    def tick(self, first: bool, second: bool) -> None:
        """A second passes: agents measure, and their heartbeats reach some replicas or none."""
        self.now += 1.0
        for entry in self.workers.values():
            entry.cpu = self._truly_used(entry.id, since=self.now - 1.0)
            entry.reserved = entry.bookings.reserved()
        for heard, picture in zip((first, second), self.pictures, strict=True):
            for node in NODES if heard else ():
                told = [
                    worker(entry.id, entry.cpu, booked=entry.bookings.unseen(self.now), reserved=entry.reserved)
                    for entry in self.workers.values()
                    if entry.id.startswith(node)
                ]
                picture.hear(heartbeat(node, *told, clock=round(self.now * 1000)), self.now)

    def join(self, replica: int, direction: Any, expected: int) -> None:
        """Somebody gets a place from one replica and takes it, elsewhere where the agent refuses."""
        exclude: list[str] = []
        for _ in range(4):
            grant = self._place(replica, direction, expected, exclude)
            if grant is None:
                return
            router = self.routers[grant.worker_id]
            self.count += 1
            try:
                arbiter.book(router, self.room, f"t{self.count}", grant, 90.0, self.now)
            except NoCapacity:
                self.refused += 1
                exclude.append(grant.worker_id)
                continue
            self.transports[f"t{self.count}"] = (router, grant)
            self.costs[f"t{self.count}"] = [(self.now, grant.cost)]
            return

    def consume(self, number: int) -> None:
        """A transport gets a consumer more."""
        if not self.transports:
            return
        name = list(self.transports)[number % len(self.transports)]
        router, _ = self.transports[name]
        cost = router.worker.bookings.next_consumer(name)
        try:
            arbiter.admit_consumer(router, self.room, name, 90.0, self.now)
        except NoCapacity:
            return
        self.costs[name].append((self.now, cost))

    def leave(self, number: int) -> None:
        """A transport closes."""
        if self.transports:
            name = list(self.transports)[number % len(self.transports)]
            router, _ = self.transports.pop(name)
            del self.costs[name]
            arbiter.release(router, name)

    def _place(self, replica: int, direction: Any, expected: int, exclude: list[str]) -> Grant | None:
        """Decide as a replica would, and keep the grant from the other one."""
        picture = self.pictures[replica]
        asked = RoomPlace(room_id="room", direction=direction, expected_consumers=expected, exclude=exclude)
        decision = engine.place(picture.cluster, view(picture, self.room), asked, 0, Random(self.count), COSTS)
        if decision.place is None:
            return None
        place, demand = decision.place, decision.demand
        router_id = place.router_id or self._enlist(place.node_id, place.worker_id)
        self.count += 1
        granted = GrantedEvent(
            replica_id=str(replica),
            node_id=place.node_id,
            worker_id=place.worker_id,
            router_id=router_id,
            grant_id=f"g{self.count}",
            cost=demand.cost,
            reserve=demand.reserve,
            consumers=demand.consumers,
            expires_at=picture.expiry(place.node_id, 10_000, self.now),
        )
        picture.book(granted, self.now)
        return Grant(
            grant_id=granted.grant_id,
            worker_id=place.worker_id,
            room_id="room",
            cost=demand.cost,
            reserve=demand.reserve,
            consumers=demand.consumers,
            consumer_cost=demand.consumer_cost,
            expires_at=granted.expires_at,
        )

    def _enlist(self, node_id: str, worker_id: str) -> str:
        router = RoomRouter(router_id=f"room-on-{worker_id}", node_id=node_id, worker_id=worker_id)
        listed = records.with_router(self.room, router)
        assert listed is not None
        self.room = listed
        self.routers[worker_id] = RouterEntry(
            router.router_id, "default", cast("Any", None), self.workers[worker_id], node_id, "room"
        )
        return router.router_id

    def _truly_used(self, worker_id: str, since: float = float("inf")) -> float:
        """Return what the streams on a worker cost, those that began until then."""
        return sum(
            cost
            for name, (router, _) in self.transports.items()
            if router.worker.id == worker_id
            for began, cost in self.costs[name]
            if began <= since
        )


@settings(max_examples=200, deadline=None)
@given(_STEPS)
def test_no_worker_is_above_its_hard_limit(steps: list[tuple[Any, ...]]) -> None:
    """Whatever replicas miss of each other and of heartbeats, no worker carries more than its limit; nothing leaks."""
    world = World()
    for step in steps:
        world.apply(step)
    for _ in list(world.transports):
        world.leave(0)
    world.now += 20.0
    world.tick(True, True)
    for entry in world.workers.values():
        bookings = entry.bookings
        assert (len(bookings), bookings.reserved(), bookings.unseen(world.now + SETTLING)) == (0, 0, 0)
    assert all(not router.booked for router in world.routers.values())
    for picture in world.pictures:
        assert len(picture.cluster.bookings) == 0
        assert all(known.load == 0 for node in picture.cluster.nodes.values() for known in node.pool)


def test_such_histories_do_fill_workers() -> None:
    """The property is not empty: many joins through both replicas at once make the arbiter refuse."""
    world = World()
    for number in range(60):
        world.apply(("join", number % 2, "send", 0))
    assert all(world._truly_used(name) > HARD_LIMIT - 5 for name in world.workers)
    assert world.refused
    assert len(world.transports) < 60

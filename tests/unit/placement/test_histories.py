"""Decisions over random histories of joins, heartbeats, losses and returns."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.placement.fixed import book_decision, decide, heartbeat, picture, record, worker

from tureen.contract.cluster import Heartbeat
from tureen.contract.rooms import Direction, RoomPlace, RoomRecord, RoomRouter
from tureen.placement import engine, records
from tureen.placement.engine import limits
from tureen.placement.engine.room import view
from tureen.placement.picture import Picture, Worker

NODES = ("a", "b", "c")
WORKERS = 3
POLICIES: tuple[dict[str, Any], ...] = (
    {},
    {"max_transports_per_worker": 2},
    {"max_consumers_per_worker": 6, "watermark": 30},
    {"limit": "spill", "hard_limit": 70},
)

_place = st.tuples(
    st.just("place"), st.integers(0, len(POLICIES) - 1), st.sampled_from(["send", "recv", "both"]), st.integers(0, 60)
)
_heartbeat = st.tuples(
    st.just("heartbeat"), st.sampled_from(NODES), st.lists(st.floats(0, 100), min_size=WORKERS, max_size=WORKERS)
)
_lose = st.tuples(st.just("lose"), st.sampled_from(NODES))
_withdraw = st.tuples(st.just("withdraw"), st.integers(0, 50))
_STEPS = st.lists(st.one_of(_place, _place, _place, _heartbeat, _lose, _withdraw), max_size=80)


class History:
    """A picture and four rooms, changed step by step as the shell would."""

    def __init__(self) -> None:
        self.picture = picture(*(self._beat(name, [0.0] * WORKERS) for name in NODES))
        self.rooms = [record(room_id=f"room{number}", **policy) for number, policy in enumerate(POLICIES)]
        self.grants: list[tuple[str, str]] = []
        self.now = 0.0
        self.steps = 0

    def apply(self, step: tuple[Any, ...]) -> None:
        """Make one step."""
        what, *arguments = step
        self.now += 0.001
        self.steps += 1
        getattr(self, what)(*arguments)

    def heartbeat(self, name: str, cpus: list[float]) -> None:
        """A node tells its load."""
        self.picture.hear(self._beat(name, cpus), self.now)

    def lose(self, name: str) -> None:
        """A node is gone, and its routers leave the records."""
        self.picture.forget_node(name)
        for number, room in enumerate(self.rooms):
            gone = {router.router_id for router in room.routers if router.node_id == name}
            self.rooms[number] = records.without_routers(room, gone) or room

    def withdraw(self, number: int) -> None:
        """A grant was not given after all."""
        if number < len(self.grants):
            self.picture.cluster.unbook(*self.grants.pop(number))

    def place(self, number: int, direction: Direction, expected: int) -> None:
        """Somebody joins."""
        room = self.rooms[number]
        fitting = {known.id: known.load for known in self._own(room) if self._fits(room, known, direction, expected)}
        decision = decide(self.picture, room, len(self.grants), direction=direction, expected_consumers=expected)
        if decision.place is None:
            assert not fitting
            return
        self._check(room, decision, fitting)
        self._enter(number, decision)

    def _check(self, room: RoomRecord, decision: engine.Decision, fitting: dict[str, float]) -> None:
        place = decision.place
        assert place is not None
        known = self.picture.cluster.worker(place.worker_id)
        assert known is not None
        assert known.hard_load + decision.demand.cost <= room.policy.hard_limit
        listed = {router.worker_id: router.router_id for router in room.routers}
        assert place.router_id == listed.get(place.worker_id)
        if fitting:
            assert decision.reason.rule == "pack"
            assert fitting[place.worker_id] == max(fitting.values())
        elif decision.reason.rule != "spill":
            assert known.load + decision.demand.cost + decision.demand.reserve <= room.policy.watermark

    def _enter(self, number: int, decision: engine.Decision) -> None:
        place = decision.place
        assert place is not None
        grant_id, router_id = f"grant-{self.steps}", f"router-{self.steps}"
        book_decision(self.picture, decision, grant_id, router_id)
        self.grants.append((place.worker_id, grant_id))
        if place.router_id is None:
            router = RoomRouter(router_id=router_id, node_id=place.node_id, worker_id=place.worker_id)
            with_router = records.with_router(self.rooms[number], router)
            assert with_router is not None
            self.rooms[number] = with_router

    def _own(self, room: RoomRecord) -> list[Worker]:
        found = (self.picture.cluster.worker(router.worker_id) for router in room.routers)
        return [known for known in found if known is not None]

    def _fits(self, room: RoomRecord, known: Worker, direction: Direction, expected: int) -> bool:
        """Tell whether a worker that holds the room takes the transport below the watermark."""
        seen = view(self.picture, room)
        request = RoomPlace(room_id=room.room_id, direction=direction, expected_consumers=expected)
        needed = engine.demand(request, room.policy, seen.producers)
        (router,) = [entry for entry in seen.routers if entry.router.worker_id == known.id]
        return (
            limits.over_count(router, needed, room.policy) is None
            and limits.over_load(known, needed, room.policy.watermark, room.policy.hard_limit) is None
        )

    def _beat(self, name: str, cpus: list[float]) -> Heartbeat:
        return heartbeat(name, *(worker(f"{name}-{number}", cpu) for number, cpu in enumerate(cpus)))


@settings(max_examples=300, deadline=None)
@given(_STEPS)
def test_any_history(steps: list[tuple[Any, ...]]) -> None:
    """Packing comes first, limits hold, a room has one router a worker, and no booking outlives its expiry."""
    history = History()
    for step in steps:
        history.apply(step)
    for name in NODES:
        history.now = 1_000.0
        history.heartbeat(name, [0.0] * WORKERS)
    assert len(history.picture.cluster.bookings) == 0
    _nothing_pending(history.picture)


def _nothing_pending(seen: Picture) -> None:
    for node in seen.cluster.nodes.values():
        for known in node.workers.values():
            assert (known.pending_cost, known.pending_reserve, known.load) == (0, 0, 0)

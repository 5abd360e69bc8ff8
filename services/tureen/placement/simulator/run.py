"""The clock of a simulation: what happens when, in order."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random

from tureen.contract.cluster import HEARTBEAT_INTERVAL
from tureen.placement.simulator.result import Result, Sample
from tureen.placement.simulator.rooms import Room
from tureen.placement.simulator.workload import Event, Rooms, Workload
from tureen.placement.simulator.world import World

Report = Callable[[float, float], None]
"""Is told how many seconds of how many are simulated."""


def simulate(workload: Workload, report: Report | None = None) -> Result:
    """Run a workload; the same workload gives the same result."""
    return _Run(workload).run(report or (lambda _done, _of: None))


class _Run:
    """One simulation: a queue of what is to happen."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._world = World(workload, workload.costs.costs(), Random(workload.seed))  # noqa: S311
        self._rooms: dict[str, Room] = {}
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._entered = 0
        self._result = Result()

    def run(self, report: Report) -> Result:
        """Let everything happen, up to the end."""
        self._schedule()
        while self._queue and self._queue[0][0] <= self._workload.duration:
            self._world.now, _, happen = heapq.heappop(self._queue)
            happen()
            report(self._world.now, self._workload.duration)
        self._result.refusals = dict(self._world.refusals)
        self._result.decisions = self._world.decisions
        return self._result

    def _at(self, when: float, happen: Callable[[], None]) -> None:
        """What is entered first happens first among what happens together."""
        self._entered += 1
        heapq.heappush(self._queue, (when, self._entered, happen))

    def _schedule(self) -> None:
        for group, nodes in enumerate(self._workload.nodes, 1):
            for number in range(1, nodes.count + 1):
                self._at(nodes.joins, _call(self._world.add_node, f"{group}-{number}", nodes.region, nodes.workers))
        self._at(HEARTBEAT_INTERVAL, self._beat)
        for event in self._workload.events:
            self._at(event.at, _call(self._happen, event))
        for spec in self._workload.rooms:
            self._schedule_rooms(spec)
        self._at(0.0, self._sample)

    def _schedule_rooms(self, spec: Rooms) -> None:
        rng = self._world.rng
        for number in range(1, spec.count + 1):
            room_id = f"{spec.name}-{number}" if spec.count > 1 else spec.name
            begins = spec.begins + (number - 1) * spec.every
            for place in range(spec.peers + spec.viewers):
                joins = begins + place * spec.join_every
                peer_id = f"{room_id}-peer-{place + 1}"
                self._at(joins, _call(self._join, spec, room_id, peer_id, place < spec.peers))
                if spec.stay is not None:
                    self._at(joins + rng.uniform(*spec.stay), _call(self._leave, room_id, peer_id))

    def _join(self, spec: Rooms, room_id: str, peer_id: str, sends: bool) -> None:
        room = self._rooms.get(room_id)
        if room is None:
            room = self._rooms[room_id] = Room(self._world, room_id, spec)
        room.join(peer_id, sends=sends)

    def _leave(self, room_id: str, peer_id: str) -> None:
        self._rooms[room_id].leave(peer_id)

    def _beat(self) -> None:
        for node in self._world.nodes.values():
            if node.speaks:
                self._world.beat(node)
        self._world.picture.cluster.check(self._world.now)
        self._at(self._world.now + HEARTBEAT_INTERVAL, self._beat)

    def _happen(self, event: Event) -> None:
        world = self._world
        node = world.nodes.get(event.node)
        if node is None:
            return
        if event.what == "lose":
            world.remove_node(event.node)
            for room in self._rooms.values():
                room.lose_node(event.node)
        elif event.what in ("drain", "undrain"):
            (world.drained.add if event.what == "drain" else world.drained.discard)(event.node)
            world.picture.cluster.set_drained(world.drained)
        else:
            node.speaks = event.what == "speak"

    def _sample(self) -> None:
        world, rooms = self._world, self._rooms.values()
        workers = world.workers.values()
        self._result.samples.append(
            Sample(
                at=world.now,
                loads={worker.id: worker.cpu(world.costs) for worker in workers},
                peers=sum(len(room.peers) for room in rooms),
                rooms=sum(bool(room.peers) for room in rooms),
                consumers=sum(worker.consumers for worker in workers),
                pipe_consumers=sum(worker.pipe_consumers for worker in workers),
                pipes=sum(room.pipes() for room in rooms),
                depth=max((room.depth() for room in rooms), default=0),
                refusals=world.refusals.total(),
                moves=world.moves,
                extra_transports=world.extra_transports,
            )
        )
        self._at(world.now + self._workload.sample, self._sample)


def _call(function: Callable[..., None], *args: object) -> Callable[[], None]:
    return lambda: function(*args)

"""Where each producer lives, and over which pipes it reaches the workers where it is watched."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from tureen.placement.engine.planning.case import Case, Limits


@dataclass(slots=True)
class Forest:
    """The trees of all producers, grown one by one; each takes of what its workers have left.

    Attributes:
        free: How many consumers each worker still takes.
        origins: The worker of each peer's sending transport, by peer.
        upstream: For each producer: the workers that pull it, each with the one it pulls from.
    """

    case: Case
    limits: Limits
    free: list[int]
    origins: dict[int, int] = field(default_factory=dict)
    upstream: list[dict[int, int]] = field(default_factory=list)
    _relays: deque[int] = field(default_factory=deque)

    def grow(self, holders: list[list[int]]) -> bool:
        """Plant a tree for every producer; `holders` says on which workers each is watched. False: too deep."""
        self.upstream = [{} for _ in holders]
        owned: dict[int, list[int]] = {}
        for producer, peer in enumerate(self.case.owners):
            owned.setdefault(peer, []).append(producer)
        # The widest trees first, while there is a choice.
        widest = sorted(owned, key=lambda peer: -sum(len(holders[producer]) for producer in owned[peer]))
        return all(self._plant(peer, owned[peer], holders) for peer in widest)

    def _plant(self, peer: int, producers: list[int], holders: list[list[int]]) -> bool:
        watched = [set(holders[producer]) for producer in producers if holders[producer]]
        origin = self.origins[peer] = self._origin(watched)
        later = sum(workers != {origin} for workers in watched)
        if later > self.free[origin]:
            return False
        for producer in producers:
            targets = [worker for worker in holders[producer] if worker != origin]
            if targets:
                later -= 1
                if not self._reach(producer, origin, targets, later):
                    return False
        return True

    def _origin(self, watched: list[set[int]]) -> int:
        """Choose where a sending transport goes: where all its producers are watched, and the most is free."""
        if not watched:
            return self._freest(range(len(self.free)))
        best = self._freest(set.intersection(*watched) or set.union(*watched))
        needed = sum(workers != {best} for workers in watched)
        if max(map(len, watched)) > self.limits.fan_out**2:
            # A wide tree that begins narrow becomes too deep.
            needed *= self.limits.fan_out
        return best if self.free[best] >= needed else self._relay((), needed)

    def _freest(self, workers: Iterable[int]) -> int:
        return max(workers, key=lambda worker: (self.free[worker], -worker), default=0)

    def _reach(self, producer: int, origin: int, targets: list[int], kept: int) -> bool:
        """Make a producer's tree; so much of its origin is kept for others."""
        # Workers with hardly anything left make long chains: where they would, they pass nothing on.
        for least in (1, self.limits.fan_out):
            tree = self._tree(origin, targets, least, kept)
            if tree is not None:
                for source in tree.values():
                    self.free[source] -= 1
                self.upstream[producer] = tree
                return True
        return False

    def _tree(self, origin: int, targets: list[int], least: int, kept: int) -> dict[int, int] | None:
        """Return each worker's source; None where the tree would be too deep, or too few workers take part."""
        fan_out = self.limits.fan_out
        room = {origin: min(fan_out, self.free[origin] - kept)}
        passing = self._passing(origin, targets, len(targets) - room[origin], least)
        if passing is None:
            return None
        room.update((worker, min(fan_out, self.free[worker])) for worker in passing)
        passes_on = set(passing)
        waiting = [*passing, *(worker for worker in targets if worker not in passes_on)]
        depth = {origin: 0}
        tree: dict[int, int] = {}
        sources = deque([origin])
        for worker in waiting:
            while not room[sources[0]]:
                sources.popleft()
            source = sources[0]
            room[source] -= 1
            tree[worker] = source
            depth[worker] = depth[source] + 1
            if worker in passes_on:
                sources.append(worker)
        return tree if max(depth.values()) <= self.limits.depth else None

    def _passing(self, origin: int, targets: list[int], missing: int, least: int) -> list[int] | None:
        """Choose who passes a producer on to so many: those that need it anyway, then relays; the freest first."""
        if missing <= 0:
            return []
        fan_out = self.limits.fan_out
        chosen: list[int] = []
        for worker in sorted(targets, key=lambda worker: -self.free[worker]):
            if missing <= 0 or self.free[worker] < least:
                break
            chosen.append(worker)
            missing -= min(fan_out, self.free[worker])
        taken = {origin, *targets}
        if missing > 0 and min(fan_out, self.limits.consumers) < 2:
            return None  # A relay would take as much as it gives.
        while missing > 0:
            relay = self._relay(taken)
            taken.add(relay)
            chosen.append(relay)
            missing += 1 - min(fan_out, self.free[relay])
        return sorted(chosen, key=lambda worker: -min(fan_out, self.free[worker]))

    def _relay(self, taken: Container[int], needed: int = 2) -> int:
        """Return a worker that only passes streams on, one that has room for so many consumers at least; in turns."""
        for _ in range(len(self._relays)):
            relay = self._relays.popleft()
            if self.free[relay] < 2:
                continue
            self._relays.append(relay)
            if relay not in taken and self.free[relay] >= needed:
                return relay
        self.free.append(self.limits.consumers)
        self._relays.append(len(self.free) - 1)
        return len(self.free) - 1

"""The plan: groups, their workers, and the pipes between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tureen.placement.engine.planning.case import Case, Limits, bits
from tureen.placement.engine.planning.groups import Receiving, order, serve
from tureen.placement.engine.planning.trees import Forest

MEDIUM = 20_000
LARGE = 1_000_000
"""Consumers from which on only a few ways to plan are tried, and one alone: each takes a second, or several, then."""


@dataclass(frozen=True)
class Plan:
    """Who is where. Workers are numbers from 0.

    Attributes:
        workers: How many are used.
        receiving: For each peer: its receiving transports by worker, with the producers consumed there, as bits.
        origins: The worker of each peer's sending transport, by peer; peers that send nothing have none.
        upstream: For each producer: the workers that pull it, each with the one it pulls from.
    """

    workers: int
    receiving: Receiving
    origins: dict[int, int]
    upstream: list[dict[int, int]]

    @cached_property
    def pipe_consumers(self) -> int:
        """How many consumers pipes take."""
        return sum(map(len, self.upstream))

    @cached_property
    def receiving_transports(self) -> int:
        """How many receiving transports the peer with the most has."""
        return max(map(len, self.receiving), default=0)

    @cached_property
    def loads(self) -> list[int]:
        """The consumers on each worker, those of its pipes to others included."""
        counts = [0] * self.workers
        for transports in self.receiving:
            for worker, consumed in transports.items():
                counts[worker] += consumed.bit_count()
        for tree in self.upstream:
            for source in tree.values():
                counts[source] += 1
        return counts

    @cached_property
    def watched_on(self) -> list[set[int]]:
        """For each producer, the workers on which somebody watches it."""
        watched: list[set[int]] = [set() for _ in self.upstream]
        for transports in self.receiving:
            for worker, consumed in transports.items():
                for producer in bits(consumed):
                    watched[producer].add(worker)
        return watched

    @property
    def watched_bound(self) -> int:
        """How many pipe consumers there must be where it is given who watches where."""
        return sum(max(0, len(workers) - 1) for workers in self.watched_on)

    def depth(self, producer: int) -> int:
        """Over how many hops a producer travels to the farthest worker."""
        tree = self.upstream[producer]
        return max((sum(1 for _ in _way(tree, worker)) for worker in tree), default=0)


def plan(case: Case, limits: Limits = Limits()) -> Plan | None:  # noqa: B008, frozen.
    """Plan a room of known size with few pipe consumers; None where it does not fit.

    Several shares of each worker are tried to be kept free for pipes: the more, the fewer workers only pass streams on,
    but the more groups there are, each of which needs every producer that it watches.
    """
    ordered = order(case, limits)
    plans = (made for reserve in _reserves(case, limits) if (made := _with_reserve(case, limits, ordered, reserve)))
    return min(plans, key=lambda made: (made.pipe_consumers, made.workers), default=None)


def _reserves(case: Case, limits: Limits) -> list[int]:
    if case.consumers > LARGE:
        return [0]
    if case.consumers > MEDIUM:
        return [0, limits.fan_out, limits.consumers // 20]
    shares = (limits.consumers * percent // 100 for percent in (5, 10, 15, 20, 30, 50))
    few = (0, 1, 2, limits.fan_out, 2 * limits.fan_out)
    return sorted({reserve for reserve in (*few, *shares) if reserve < limits.consumers})


def _with_reserve(case: Case, limits: Limits, ordered: list[int], reserve: int) -> Plan | None:
    served = serve(case, limits, ordered, reserve)
    if served is None:
        return None
    if limits.workers is not None and len(served.loads) > limits.workers:
        return None
    forest = Forest(case, limits, [limits.consumers - load for load in served.loads] or [limits.consumers])
    if not forest.grow(served.holders):
        return None
    workers = len(forest.free)
    if limits.workers is not None and workers > limits.workers:
        return None
    return Plan(workers, served.receiving, forest.origins, forest.upstream)


def _way(tree: dict[int, int], worker: int) -> Iterator[int]:
    while worker in tree:
        worker = tree[worker]
        yield worker

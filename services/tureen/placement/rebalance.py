"""Which workers have too much to do for too long, and what they should give up: pure, the clock is passed in.

A worker above its limit gets nothing new at once: decisions see to that. What it has already is moved only when it
stays above for a while, since moving a peer costs it a moment of its call: an offer for a part of the load, then a
pause in which the move can show, then another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tureen.placement.engine.costs import Costs
from tureen.placement.picture import HeldRouter, Node, Worker

WORTH_IT = 1.0
"""Percent of a core for which nobody is moved."""


class Limits(NamedTuple):
    """When a worker gives up load.

    Attributes:
        above: Percent of a core that it must be above.
        below: Percent of a core at which it has nothing more to give up: far enough below that it does not begin anew.
        after: Seconds for which it must have been above without a pause.
        pause: Seconds between two offers.
        most: Transports that one offer asks for at most.
    """

    above: float = 90.0
    below: float = 70.0
    after: float = 10.0
    pause: float = 30.0
    most: int = 10


class Offer(NamedTuple):
    """A wish to move some transports of a room away from a worker.

    Attributes:
        transports: How many.
        load: The worker's, percent of a core.
        seconds: For how long it has been above its limit.
    """

    worker: Worker
    router: HeldRouter
    transports: int
    load: float
    seconds: float


@dataclass(slots=True)
class _Watched:
    """A worker that is, or was a moment ago, above its limit."""

    since: float
    offered_at: float | None = None


@dataclass(slots=True)
class Overload:
    """Watches workers; `look` is called about once a second."""

    limits: Limits
    _watched: dict[str, _Watched] = field(default_factory=dict)

    def look(
        self, nodes: Iterable[Node], routers: Callable[[str], list[HeldRouter]], costs: Costs, now: float
    ) -> Iterator[Offer]:
        """Yield what should move now.

        Args:
            nodes: Every node that is not gone; one that is silent is not judged.
            routers: Returns the rooms' routers of a worker; asked only for those that have too much to do.
            costs: What streams cost.
            now: Monotonic seconds.
        """
        workers = {worker.id: worker for node in nodes if node.state == "alive" for worker in node.pool}
        for worker_id in self._watched.keys() - workers.keys():
            del self._watched[worker_id]
        for worker in workers.values():
            if self._is_due(worker, now):
                yield from self._offers(worker, routers(worker.id), costs, now)

    def heard(self, worker_id: str, now: float) -> None:
        """Another replica has offered: that counts as ours."""
        watched = self._watched.setdefault(worker_id, _Watched(now))
        watched.offered_at = now

    def is_watched(self, worker_id: str) -> bool:
        """Tell whether a worker is above its limit, or not far enough below yet."""
        return worker_id in self._watched

    def _is_due(self, worker: Worker, now: float) -> bool:
        """Keep the time for which a worker has been above, and tell whether it should give up load now."""
        watched = self._watched.get(worker.id)
        cpu = worker.told.cpu
        if watched is None:
            if cpu > self.limits.above:
                self._watched[worker.id] = _Watched(now)
            return False
        if cpu <= self.limits.below or (watched.offered_at is None and cpu <= self.limits.above):
            # Before anything was offered a dip ends it; after that only having come down for good.
            del self._watched[worker.id]
            return False
        rested = watched.offered_at is None or now - watched.offered_at >= self.limits.pause
        return now - watched.since >= self.limits.after and rested

    def _offers(self, worker: Worker, routers: list[HeldRouter], costs: Costs, now: float) -> Iterator[Offer]:
        """Yield a transport's worth of each room until enough would be gone, the dearest rooms first.

        The dearest room is the largest: it is on other workers already, or will have to be.
        """
        watched = self._watched[worker.id]
        excess, left = worker.told.cpu - self.limits.below, self.limits.most
        movable = [router for router in routers if router.transports]
        for router in sorted(movable, key=lambda router: (-_cost(router, costs), router.id)):
            each = max(_cost(router, costs) / router.transports, costs.transport)
            # One transport may be dearer than all that is too much: then it alone goes.
            fewest = 1 if left == self.limits.most else 0
            count = min(left, router.transports, max(fewest, round(excess / each)))
            if count == 0 or excess < WORTH_IT:
                return
            watched.offered_at = now
            yield Offer(worker, router, count, worker.told.cpu, now - watched.since)
            excess -= count * each
            left -= count


def _cost(router: HeldRouter, costs: Costs) -> float:
    """Estimate what a router takes of its worker, percent of a core."""
    return costs.copy * router.consumers + costs.ingest * router.origins + costs.transport * router.transports

"""Grants that were given out and do not show in heartbeats yet: pure, the clock is passed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from msgspec import Struct


class Booking(Struct, frozen=True, gc=False):
    """A place that was offered.

    Attributes:
        cost: Percent of a core.
        reserve: Percent of a core that it may grow to beyond that.
        consumers: How many consumers it is expected to hold.
        expires_at: Monotonic seconds after which the offer is void.
    """

    grant_id: str
    worker_id: str
    router_id: str
    cost: float
    reserve: float
    consumers: int
    expires_at: float


@dataclass(slots=True)
class _Expected:
    offers: dict[str, Booking] = field(default_factory=dict)
    consumers: int = 0


class Bookings:
    """The offers that are still open, by worker and by router."""

    def __init__(self) -> None:
        self._by_worker: dict[str, dict[str, Booking]] = {}
        self._by_router: dict[str, _Expected] = {}

    def add(self, booking: Booking) -> bool:
        """Enter an offer; return whether it is new."""
        offers = self._by_worker.setdefault(booking.worker_id, {})
        if booking.grant_id in offers:
            return False
        offers[booking.grant_id] = booking
        expected = self._by_router.get(booking.router_id)
        if expected is None:
            expected = self._by_router[booking.router_id] = _Expected()
        expected.offers[booking.grant_id] = booking
        expected.consumers += booking.consumers
        return True

    def holds(self, worker_id: str, grant_id: str) -> bool:
        """Tell whether an offer is open."""
        return grant_id in self._by_worker.get(worker_id, {})

    def expected(self, router_id: str) -> tuple[int, int]:
        """Return how many transports are on offer on a router, and how many consumers they are expected to hold."""
        expected = self._by_router.get(router_id)
        return (len(expected.offers), expected.consumers) if expected is not None else (0, 0)

    def settle(self, router_id: str, transports: int) -> None:
        """So many new transports of a router showed in a heartbeat: its oldest offers were taken."""
        expected = self._by_router.get(router_id)
        if expected is not None:
            self._remove(list(islice(expected.offers.values(), transports)))

    def cancel(self, worker_id: str, grant_id: str) -> Booking | None:
        """Withdraw an offer that was never made to anybody; return it, or None where it is not open."""
        offer = self._by_worker.get(worker_id, {}).get(grant_id)
        if offer is not None:
            self._remove([offer])
        return offer

    def expire(self, worker_id: str, now: float) -> None:
        """Drop a worker's offers that nobody took in time."""
        offers = self._by_worker.get(worker_id)
        if offers:
            self._remove([offer for offer in offers.values() if offer.expires_at <= now])

    def forget_worker(self, worker_id: str) -> None:
        """Drop all offers of a worker that is gone."""
        self._remove(list(self._by_worker.get(worker_id, {}).values()))

    def sums(self, worker_id: str) -> tuple[float, float, int]:
        """Return the cost and the reserve on offer on a worker, percent of a core, and the consumers expected there."""
        offers = self._by_worker.get(worker_id, {}).values()
        return (
            sum((offer.cost for offer in offers), 0.0),
            sum((offer.reserve for offer in offers), 0.0),
            sum(offer.consumers for offer in offers),
        )

    def __len__(self) -> int:
        return sum(len(offers) for offers in self._by_worker.values())

    def _remove(self, offers: Iterable[Booking]) -> None:
        for offer in offers:
            of_worker = self._by_worker[offer.worker_id]
            del of_worker[offer.grant_id]
            if not of_worker:
                del self._by_worker[offer.worker_id]
            expected = self._by_router[offer.router_id]
            del expected.offers[offer.grant_id]
            expected.consumers -= offer.consumers
            if not expected.offers:
                del self._by_router[offer.router_id]

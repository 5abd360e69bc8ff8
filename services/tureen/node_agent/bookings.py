"""What transports have booked on a worker: pure, the clock is passed in.

A booking has two parts. The cost now counts until heartbeats show it in the worker's CPU. The reserve is what the
transport may still grow to: it is kept for the transport's life, less what its consumers use of it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

SETTLING = 2.0
"""Seconds after which a booked cost shows in the worker's measured CPU: two heartbeats."""


class Booked(NamedTuple):
    """What a transport has booked, as people ask for it.

    Attributes:
        grant_id: The offer that it was made with.
        consumers: How many it has.
        reserve: What is kept for its growth by now, percent of a core.
    """

    grant_id: str | None = None
    consumers: int = 0
    reserve: float = 0.0


@dataclass(slots=True)
class _Cost:
    """A cost that the measured CPU does not show yet."""

    booking: _Booking
    amount: float
    booked_at: float


@dataclass(slots=True, eq=False)
class _Booking:
    """A transport's place.

    Attributes:
        reserve: Percent of a core that it may grow to beyond its cost.
        covered: How many consumers the cost is for.
        consumer_cost: What each one beyond these takes of the reserve, percent of a core.
        consumers: How many it has.
        grant_id: The offer that it was made with; None without one.
        fresh: Its costs that do not show yet, the oldest first.
    """

    reserve: float
    covered: int
    consumer_cost: float
    consumers: int = 0
    grant_id: str | None = None
    fresh: list[_Cost] = field(default_factory=list)

    @property
    def reserve_left(self) -> float:
        """The reserve less what the consumers use of it."""
        return max(0.0, self.reserve - max(0, self.consumers - self.covered) * self.consumer_cost)


@dataclass(slots=True)
class Bookings:
    """The bookings of one worker, by tenant and transport: two tenants may call theirs the same."""

    _by_transport: dict[str, _Booking] = field(default_factory=dict)
    _settling: deque[_Cost] = field(default_factory=deque)
    """Those of the last seconds, the oldest first: a worker holds thousands that are settled."""
    _unseen: float = 0.0

    def book(
        self,
        transport_id: str,
        cost: float,
        reserve: float,
        now: float,
        *,
        covered: int = 0,
        consumer_cost: float = 0.0,
        grant_id: str | None = None,
    ) -> None:
        """Book a place.

        Args:
            transport_id: Whose place it is; booked again, the new place takes the old one's.
            cost: Percent of a core.
            reserve: Percent of a core that it may grow to beyond that.
            now: Monotonic seconds.
            covered: How many consumers the cost is for.
            consumer_cost: Percent of a core that each further one takes.
            grant_id: The offer that it comes from, if it does.
        """
        self.release(transport_id)
        booking = self._by_transport[transport_id] = _Booking(reserve, covered, consumer_cost, grant_id=grant_id)
        self._add(booking, cost, now)

    def release(self, transport_id: str) -> None:
        """Give a place back; nothing happens where none was booked."""
        booking = self._by_transport.pop(transport_id, None)
        if booking is None:
            return
        for cost in booking.fresh:
            self._unseen -= cost.amount
            cost.amount = 0.0
        booking.fresh.clear()

    def booked(self, transport_id: str) -> Booked:
        """Return what a transport has booked; nothing where it has no place."""
        booking = self._by_transport.get(transport_id)
        return Booked(booking.grant_id, booking.consumers, booking.reserve_left) if booking is not None else Booked()

    def next_consumer(self, transport_id: str) -> float:
        """Return what one consumer more on a transport would cost beyond what is booked, percent of a core."""
        booking = self._by_transport.get(transport_id)
        return booking.consumer_cost if booking is not None and booking.consumers >= booking.covered else 0.0

    def add_consumer(self, transport_id: str, now: float) -> None:
        """A transport gets a consumer: one that its cost covers, or one that uses its reserve."""
        cost = self.next_consumer(transport_id)
        booking = self._by_transport.get(transport_id)
        if booking is None:
            return
        booking.consumers += 1
        if cost:
            self._add(booking, cost, now)

    def remove_consumer(self, transport_id: str) -> None:
        """A transport has a consumer less: what it used is kept for the next one."""
        booking = self._by_transport.get(transport_id)
        if booking is not None:
            booking.consumers = max(0, booking.consumers - 1)

    def unseen(self, now: float) -> float:
        """Return the cost that the measured CPU does not hold yet, percent of a core."""
        settling = self._settling
        while settling and (settling[0].amount == 0.0 or now - settling[0].booked_at >= SETTLING):
            cost = settling.popleft()
            if cost.amount:
                self._unseen -= cost.amount
                del cost.booking.fresh[0]
        if not settling:
            # Sums of floats drift; with nothing in it the sum is nothing.
            self._unseen = 0.0
        return self._unseen

    def reserved(self) -> float:
        """Return what is kept for growth, percent of a core."""
        return sum(booking.reserve_left for booking in self._by_transport.values())

    def _add(self, booking: _Booking, amount: float, now: float) -> None:
        if amount:
            cost = _Cost(booking, amount, now)
            booking.fresh.append(cost)
            self._settling.append(cost)
            self._unseen += amount

    def __len__(self) -> int:
        return len(self._by_transport)

"""What grants have booked on the workers: pure, the clock is passed in.

A booking has two parts. The cost now counts until heartbeats show it in the worker's CPU; the reserve is what the
transport may still grow to, kept for its life.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SETTLING = 2.0
"""Seconds after which a booked cost shows in the worker's measured CPU: two heartbeats."""


@dataclass(slots=True)
class _Booking:
    cost: float
    reserve: float
    booked_at: float


@dataclass(slots=True)
class Bookings:
    """The bookings of one worker, by transport."""

    _by_transport: dict[str, _Booking] = field(default_factory=dict)
    _settling: dict[str, _Booking] = field(default_factory=dict)
    """Those of the last seconds, the oldest first: a worker holds thousands that are settled."""
    _unseen: float = 0.0

    def book(self, transport_id: str, cost: float, reserve: float, now: float) -> None:
        """Book a place; cost and reserve are percent of a core."""
        self.release(transport_id)
        self._by_transport[transport_id] = self._settling[transport_id] = _Booking(cost, reserve, now)
        self._unseen += cost

    def release(self, transport_id: str) -> None:
        """Give a place back; nothing happens where none was booked."""
        self._by_transport.pop(transport_id, None)
        self._settle(transport_id)

    def unseen(self, now: float) -> float:
        """Return the cost that the measured CPU does not hold yet, percent of a core."""
        while self._settling:
            oldest = next(iter(self._settling))
            if now - self._settling[oldest].booked_at < SETTLING:
                break
            self._settle(oldest)
        return self._unseen

    def reserved(self) -> float:
        """Return what is kept for growth, percent of a core."""
        return sum(booking.reserve for booking in self._by_transport.values())

    def _settle(self, transport_id: str) -> None:
        booking = self._settling.pop(transport_id, None)
        if booking is not None:
            # Sums of floats drift; with nothing in it the sum is nothing.
            self._unseen = self._unseen - booking.cost if self._settling else 0.0

    def __len__(self) -> int:
        return len(self._by_transport)

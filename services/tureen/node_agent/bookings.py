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

    def book(self, transport_id: str, cost: float, reserve: float, now: float) -> None:
        """Book a place; cost and reserve are percent of a core."""
        self._by_transport[transport_id] = _Booking(cost, reserve, now)

    def release(self, transport_id: str) -> None:
        """Give a place back; nothing happens where none was booked."""
        self._by_transport.pop(transport_id, None)

    def unseen(self, now: float) -> float:
        """Return the cost that the measured CPU does not hold yet, percent of a core."""
        return sum(booking.cost for booking in self._by_transport.values() if now - booking.booked_at < SETTLING)

    def reserved(self) -> float:
        """Return what is kept for growth, percent of a core."""
        return sum(booking.reserve for booking in self._by_transport.values())

    def __len__(self) -> int:
        return len(self._by_transport)

"""Hearing the events of a router, or of a worker, and noticing when some were lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tureen.bus import Bus
from tureen.contract import subjects

Deliver = Callable[[str, str, Mapping[str, Any]], None]
"""Gets the id of an object, the name of an event and its body."""


class Count:
    """Where a node's count of a router's events, or of a worker's, stands.

    Args:
        seq: The last one that is known; None where somebody else made the object and events went before.
    """

    def __init__(self, seq: int | None = 0) -> None:
        self._seq = seq
        self._start_id: str | None = None
        self._first = 0
        """The event from which on none was missing until now."""
        self._noted: dict[tuple[str, str], int] | None = None

    def follows(self, start_id: str, seq: int) -> bool:
        """Take an event; tell whether none is missing before it, in the same run of the node."""
        known_id, self._start_id = self._start_id, start_id
        known, self._seq = self._seq, seq
        complete = known_id in (None, start_id) and (known is None or seq == known + 1)
        if not complete or known is None:
            self._first = seq
        return complete

    def stands_at(self, start_id: str, seq: int) -> None:
        """Take over where the count stood in the moment of a dump.

        Events that came after that moment may have been heard before the dump's answer: where none of them is missing
        the count stands further on already.
        """
        known = self._seq if self._start_id == start_id else None
        self._start_id = start_id
        if known is None or known < seq or self._first > seq + 1:
            self._seq, self._first = seq, seq + 1

    def note(self, object_id: str, name: str) -> None:
        """Note, while somebody wants to know, of what the event that was just taken tells."""
        if self._noted is not None and self._seq is not None:
            self._noted[object_id, name] = self._seq

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note of what events tell."""
        self._noted = {}
        try:
            yield
        finally:
            self._noted = None

    def mark(self) -> int:
        """Return the last event that is known."""
        return self._seq or 0

    def told_since(self, seq: int, object_id: str, *names: str) -> bool:
        """Tell whether an event that was noted, and came after another, told any of these of an object."""
        noted = self._noted or {}
        return any(noted.get((object_id, name), 0) > seq for name in names)


class Hearing:
    """A subscription to the events of one object and of what is on it.

    Args:
        bus: The connection.
        subject: What to hear.
        sequence: The count of those events.
        deliver: Called for each, in a turn of the event loop of its own: as answers do, events take effect in the
            order in which they arrive.
        missed: Called when some are missing.
    """

    def __init__(self, bus: Bus, subject: str, sequence: Count, deliver: Deliver, missed: Callable[[], None]) -> None:
        self.sequence = sequence
        self._deliver = deliver
        self._missed = missed
        self._ended = False
        self._loop = asyncio.get_running_loop()
        self._subscription = bus.hear(subject, self._arrived)

    def end(self) -> None:
        """Hear nothing more, what is on its way included."""
        self._ended = True
        self._subscription.abandon()

    def _arrived(self, subject: str, body: dict[str, Any]) -> None:
        self._loop.call_soon(self._heard, subject, body)

    def _heard(self, subject: str, body: dict[str, Any]) -> None:
        if self._ended:
            return
        event = subjects.parse_event(subject)
        complete = self.sequence.follows(str(body.get("startId")), int(body.get("seq", 0)))
        self.sequence.note(event.object_id, event.name)
        self._deliver(event.object_id, event.name, body)
        if not complete:
            self._missed()

"""The numbers of the SCTP streams that a transport sends on."""

from __future__ import annotations

from tureen.mediasoup.errors import MediasoupError

MAX_STREAMS = 65_535
"""How many streams an SCTP association can have (RFC 8831)."""


class StreamIds:
    """Give out the numbers of streams that are free, one after another."""

    __slots__ = ("_limit", "_next", "_taken")

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._next = 0
        self._limit = MAX_STREAMS

    def limit(self, count: int) -> None:
        """Prefer numbers below ``count`` from now on: no more streams were negotiated."""
        self._limit = count

    def take(self) -> int:
        """Return a number that is free.

        Raises:
            MediasoupError: None is.
        """
        if self._next >= self._limit:
            self._next = 0
        for offset in range(MAX_STREAMS):
            candidate = (self._next + offset) % MAX_STREAMS
            if candidate not in self._taken:
                self._taken.add(candidate)
                self._next = candidate + 1
                return candidate
        raise MediasoupError("no SCTP stream id available")

    def free(self, stream_id: int) -> None:
        """Take a number back."""
        self._taken.discard(stream_id)

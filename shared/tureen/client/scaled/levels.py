"""How loud the loudest of a room are, out of what an AudioLevelObserver on each of its routers tells. Pure.

While somebody speaks on a router, its observer tells volumes once an interval; when nobody does any more it tells
silence, once. The clocks of different workers are not in step. What is told here is told once an interval as well: as
soon as everybody who has something to tell has told it, so that a room of one router waits for nobody.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

_SHORTEST, _LONGEST = 250, 5000
"""mediasoup's own limits of an interval, ms: it takes what is beyond for these."""

_MISSES = 2
"""After so many intervals in which somebody did not tell what he should have, he is taken for silent."""

_QUIET_INTERVALS = 3
_QUIET_SECONDS = 2.0
"""If nobody tells anything for the longer of these, all are taken for silent: the news of it may be lost."""


class Volume(NamedTuple):
    """How loud a producer is, in dBov from -127 to 0."""

    producer_id: str
    volume: int


Told = list[Volume] | None
"""What is to be told: the loudest first, an empty list for silence, None for nothing."""


class Levels:
    """Merges what the observers of a room's routers tell.

    A source is any value that stands for one of these observers. Times are seconds of one monotonic clock.

    Args:
        max_entries: How many producers are told of at most.
        interval: Milliseconds between two looks of each observer.
    """

    def __init__(self, max_entries: int, interval: int) -> None:
        self._max_entries = max_entries
        period = min(max(interval, _SHORTEST), _LONGEST) / 1000
        self._patience = max(_QUIET_INTERVALS * period, _QUIET_SECONDS)
        self._loud: dict[Hashable, list[Volume]] = {}
        self._fresh: set[Hashable] = set()
        self._missed: dict[Hashable, int] = {}
        self._heard_at = 0.0
        self._silent = True

    @property
    def deadline(self) -> float | None:
        """When all are taken for silent unless something is heard; None where they are."""
        return None if self._silent else self._heard_at + self._patience

    def heard(self, source: Hashable, volumes: Sequence[Volume], now: float) -> Told:
        """A source tells volumes; return what is to be told for it."""
        if not volumes:
            return self.silent(source)
        self._heard_at = now
        again = source in self._fresh
        self._loud[source] = list(volumes)
        self._fresh.add(source)
        self._missed.pop(source, None)
        if again:
            self._miss()
        if self._complete():
            return self._tell()
        if not again:
            return None
        told = self._tell()
        # The others' turn is still to come: with this one it is complete.
        self._fresh.add(source)
        return told

    def silent(self, source: Hashable) -> Told:
        """A source tells silence, or is no more; return what is to be told for it."""
        self._forget(source)
        if self._loud:
            return self._tell() if self._complete() else None
        return self._tell()

    def removed(self, producer_id: str) -> None:
        """A producer is watched no more: it is not told of; its source soon tells who else speaks."""
        for source, volumes in self._loud.items():
            self._loud[source] = [volume for volume in volumes if volume.producer_id != producer_id]

    def expire(self, now: float) -> Told:
        """Take all for silent if nothing was heard for too long; return what is to be told for it."""
        deadline = self.deadline
        if deadline is None or now < deadline:
            return None
        self._loud.clear()
        self._fresh.clear()
        self._missed.clear()
        return self._tell()

    def _complete(self) -> bool:
        """Tell whether everybody who speaks has told how loud since this was told the last time."""
        return bool(self._fresh) and self._fresh == self._loud.keys()

    def _miss(self) -> None:
        """Somebody had his turn twice: those who had none since have missed it."""
        for source in self._loud.keys() - self._fresh:
            self._missed[source] = self._missed.get(source, 0) + 1
            if self._missed[source] >= _MISSES:
                self._forget(source)

    def _forget(self, source: Hashable) -> None:
        self._loud.pop(source, None)
        self._missed.pop(source, None)
        self._fresh.discard(source)

    def _tell(self) -> Told:
        self._fresh.clear()
        everybody = [volume for volumes in self._loud.values() for volume in volumes]
        loudest = sorted(everybody, key=_quietness)[: self._max_entries]
        told = loudest if loudest or not self._silent else None
        self._silent = not loudest
        return told


def _quietness(volume: Volume) -> int:
    return -volume.volume

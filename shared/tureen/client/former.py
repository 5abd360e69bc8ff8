"""What was closed a short while ago."""

from __future__ import annotations

from collections import OrderedDict

_REMEMBERED = 120.0
"""Seconds for which nodes remember what was closed."""


class Former:
    """The ids of objects that are closed by now, for as long as their node remembers them, too."""

    def __init__(self) -> None:
        # A plain dict takes the longer to find its first key the more were taken before it.
        self._until: OrderedDict[str, float] = OrderedDict()

    def add(self, object_id: str, now: float) -> None:
        """Note the end of an object."""
        self._until.pop(object_id, None)
        self._until[object_id] = now + _REMEMBERED
        while (oldest := next(iter(self._until))) and self._until[oldest] <= now:
            del self._until[oldest]

    def holds(self, object_id: str, now: float) -> bool:
        """Tell whether an object of that id was closed a short while ago."""
        return self._until.get(object_id, 0.0) > now

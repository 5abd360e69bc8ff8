"""Keep what has been asked and not been answered."""

from __future__ import annotations

import asyncio
import math
from typing import Any, NamedTuple

_MAX_ID = 0xFFFFFFFF


class Pending(NamedTuple):
    """Hold a request that waits for its response."""

    future: asyncio.Future[Any]
    method: str
    deadline: float
    """When it fails, on the event loop's clock."""
    decode: bool
    """Whether the future gives the response's body as a dict, or packed."""


class PendingRequests(dict[int, Pending]):
    """Hold pending requests by their ids."""

    __slots__ = ("last_id",)

    def __init__(self) -> None:
        super().__init__()
        self.last_id = 0

    def new_id(self) -> int:
        """Return an id that no pending request has; after 4,294,967,295 comes 1."""
        id_ = self.last_id
        while True:
            id_ = id_ + 1 if id_ < _MAX_ID else 1
            if id_ not in self:
                self.last_id = id_
                return id_

    def take_expired(self, now: float) -> list[tuple[int, Pending]]:
        """Remove and return the requests whose deadline has passed."""
        expired = [(id_, pending) for id_, pending in self.items() if pending.deadline <= now]
        for id_, _ in expired:
            del self[id_]
        return expired

    def earliest_deadline(self) -> float:
        """Return the deadline that passes next, infinity if there is none."""
        return min((pending.deadline for pending in self.values()), default=math.inf)


def fail_future(future: asyncio.Future[Any], error: Exception) -> None:
    """Fail a future, unless it is done or cancelled already."""
    if not future.done():
        future.set_exception(error)
        # Mark it as looked at: asyncio would complain of every failed request whose caller does not care, such as the
        # closing of what the worker has closed by itself.
        future.exception()

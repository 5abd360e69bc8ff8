"""Lists and tables that many structures have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_MAX_KEPT = 16


class SharedList(list[T]):
    """A list that is part of many structures, and that nobody changes. The codec keeps what it is encoded to."""

    __slots__ = ("encoded",)

    def __init__(self, items: list[T]) -> None:
        super().__init__(items)
        self.encoded: tuple[Any, bytes | None] | None = None
        """What has encoded it last, and to what; None if that depends on where it is put."""

    def __reduce__(self) -> tuple[type[list[T]], tuple[list[T]]]:
        """Let copies be plain lists, which may be changed."""
        return list, (list(self),)


class SharedTable(dict[str, Any]):
    """A table that is part of many messages, and that nobody changes. The codec keeps what it is encoded to."""

    __slots__ = ("encoded",)

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.encoded: dict[int, tuple[bytes, int]] = {}
        """By how far it stands behind a multiple of 8: its bytes, and where among them it starts."""

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        """Let copies be plain dicts, which may be changed."""
        return dict, (dict(self),)


class Sharer(Generic[T]):
    """Let equal lists be one list, or equal tables one table.

    Endpoints come in a handful of kinds. Those of one kind send the same codecs and header extensions, each in a
    message of its own; and most transports of a router are made with the same options.
    """

    def __init__(self, kind: Callable[[T], T]) -> None:
        """Make a sharer of ``SharedList`` or ``SharedTable``."""
        self._kind = kind
        self._known: list[T] = []

    def share(self, items: T) -> T:
        """Return what is equal to this: what was given before, if that is not too long ago."""
        for known in self._known:
            if known == items:
                return known
        shared = self._kind(items)
        if len(self._known) >= _MAX_KEPT:
            del self._known[0]
        self._known.append(shared)
        return shared

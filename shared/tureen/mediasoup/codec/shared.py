"""Lists that many structures have in common."""

from __future__ import annotations

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


class Sharer(Generic[T]):
    """Let equal lists be one list.

    Endpoints come in a handful of kinds. Those of one kind send the same codecs and header extensions, each in a
    message of its own.
    """

    def __init__(self) -> None:
        self._known: list[SharedList[T]] = []

    def share(self, items: list[T]) -> list[T]:
        """Return a list that is equal to this one: the one that was given before, if that is not too long ago."""
        for known in self._known:
            if known == items:
                return known
        shared = SharedList(items)
        if len(self._known) >= _MAX_KEPT:
            del self._known[0]
        self._known.append(shared)
        return shared

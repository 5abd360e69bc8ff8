"""Read long vectors piece by piece, for those who have time for that and others that wait.

What comes out is the same. While a message is decoded its long vectors become empty lists; they are filled after that,
so many elements at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, TypeAlias

Words: TypeAlias = "memoryview[int]"
# read(buffer, words, place, length), `place` being where the offset of the first element stands, counted in words.
ReadElements: TypeAlias = Callable[[bytes, Words, int, int], list[Any]]

PIECE = 512
"""How many elements are read in one piece."""


class Later:
    """Hold what is still to be read of one message."""

    def __init__(self, buffer: bytes, words: Words) -> None:
        self._buffer = buffer
        self._words = words
        self._parts: deque[tuple[list[Any], ReadElements, int, int]] = deque()

    def decode(self, read: Callable[[bytes, Words, int], Any], position: int) -> Any:
        """Read a table, but for its long vectors."""
        token = _later.set(self)
        try:
            return read(self._buffer, self._words, position)
        finally:
            _later.reset(token)

    def fill(self) -> Iterator[None]:
        """Read the rest, with a yield around each piece; elements with long vectors of their own add to it."""
        while self._parts:
            yield
            elements, read, place, length = self._parts.popleft()
            token = _later.set(self)
            try:
                elements += read(self._buffer, self._words, place, min(PIECE, length))
            finally:
                _later.reset(token)
            if length > PIECE:
                self._parts.appendleft((elements, read, place + PIECE, length - PIECE))
            elif not self._parts:
                yield

    def put(self, read: ReadElements, place: int, length: int) -> list[Any]:
        """Return the list that the elements are going to be in."""
        elements: list[Any] = []
        self._parts.append((elements, read, place, length))
        return elements


def later() -> Later | None:
    """Return what takes long vectors at this moment; None where they are to be read at once."""
    return _later.get()


_later: ContextVar[Later | None] = ContextVar("tureen_mediasoup_later", default=None)

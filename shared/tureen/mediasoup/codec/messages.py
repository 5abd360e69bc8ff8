"""What goes over the channel: requests, responses, notifications and log lines."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from .later import Later, Words
from .reader import DECODE_ERRORS, Read, as_words, malformed

ReadBrief: TypeAlias = "Callable[[bytes, int], dict[str, Any]]"
"""Takes a buffer and a position in it."""


class Packed:
    """Hold a body that nobody has looked at yet: a few hundred bytes instead of a tree of dicts."""

    __slots__ = ("_brief", "_buffer", "_position", "_read", "_words", "type")

    def __init__(
        self,
        type_: str,
        read: Read,
        buffer: bytes,
        words: Words | None,
        position: int,
        brief: ReadBrief | None = None,
    ) -> None:
        self.type = type_
        self._read = read
        self._brief = brief
        self._buffer = buffer
        self._words = words
        self._position = position

    def unpack(self, *, brief: bool = False) -> dict[str, Any]:
        """Decode the body; every call makes a new dict.

        Args:
            brief: Whether to leave out what a new object cannot have, or has from its worker (``names.OF_NEW``).

        Raises:
            ChannelError: The body is malformed.
        """
        try:
            if brief and self._brief is not None:
                return self._brief(self._buffer, self._position)
            values: dict[str, Any] = self._read(self._buffer, self._words_of(), self._position)
            return values
        except DECODE_ERRORS as error:
            raise malformed(error) from error

    def unpacking(self) -> Generator[None, None, dict[str, Any]]:
        """Decode the body in pieces; the generator yields between them, and its result is what ``unpack`` returns.

        Raises:
            ChannelError: The body is malformed.
        """
        later = Later(self._buffer, self._words_of())
        try:
            values: dict[str, Any] = later.decode(self._read, self._position)
            yield from later.fill()
        except DECODE_ERRORS as error:
            raise malformed(error) from error
        return values

    def _words_of(self) -> Words:
        return as_words(self._buffer) if self._words is None else self._words

    def __repr__(self) -> str:
        return f"<Packed {self.type}>"


@dataclass(slots=True)
class Request:
    """Hold a request; the worker never sends one."""

    id: int
    method: str
    handler_id: str
    body: Packed | None


class Response(NamedTuple):
    """Hold the answer to a request."""

    id: int
    accepted: bool
    body: Packed | None
    error: str | None
    reason: str | None


@dataclass(slots=True)
class Notification:
    """Hold a notification."""

    handler_id: str
    event: str
    body: Packed | None


@dataclass(slots=True)
class Log:
    """Hold a log line; its first character says how serious it is."""

    data: str


Message: TypeAlias = Request | Response | Notification | Log

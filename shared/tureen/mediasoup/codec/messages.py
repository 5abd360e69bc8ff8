"""What goes over the channel: requests, responses, notifications and log lines."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from .later import Later, Words
from .reader import DECODE_ERRORS, Read, malformed


class Packed:
    """Hold a body that nobody has looked at yet: a few hundred bytes instead of a tree of dicts."""

    __slots__ = ("_brief", "_buffer", "_position", "_read", "_words", "type")

    def __init__(
        self, type_: str, read: Read, buffer: bytes, words: Words, position: int, brief: Read | None = None
    ) -> None:
        self.type = type_
        self._read = read
        self._brief = brief or read
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
        read = self._brief if brief else self._read
        try:
            values: dict[str, Any] = read(self._buffer, self._words, self._position)
            return values
        except DECODE_ERRORS as error:
            raise malformed(error) from error

    def unpacking(self) -> Generator[None, None, dict[str, Any]]:
        """Decode the body in pieces; the generator yields between them, and its result is what ``unpack`` returns.

        Raises:
            ChannelError: The body is malformed.
        """
        later = Later(self._buffer, self._words)
        try:
            values: dict[str, Any] = later.decode(self._read, self._position)
            yield from later.fill()
        except DECODE_ERRORS as error:
            raise malformed(error) from error
        return values

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

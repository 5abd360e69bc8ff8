"""What goes over the channel: requests, responses, notifications and log lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Unpack: TypeAlias = Callable[[bytes, int], dict[str, Any]]


class Packed:
    """Hold a body that nobody has looked at yet: a few hundred bytes instead of a tree of dicts."""

    __slots__ = ("_buffer", "_position", "_unpack", "type")

    def __init__(self, type_: str, unpack: Unpack, buffer: bytes, position: int) -> None:
        self.type = type_
        self._unpack = unpack
        self._buffer = buffer
        self._position = position

    def unpack(self) -> dict[str, Any]:
        """Decode the body; every call makes a new dict.

        Raises:
            ChannelError: The body is malformed.
        """
        return self._unpack(self._buffer, self._position)

    def __repr__(self) -> str:
        return f"<Packed {self.type}>"


@dataclass(slots=True)
class Request:
    """Hold a request; the worker never sends one."""

    id: int
    method: str
    handler_id: str
    body: Packed | None


@dataclass(slots=True)
class Response:
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

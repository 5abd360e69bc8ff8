"""What objects need of the way to their worker, whether that is a socket of this process or a network."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

Listener = Callable[[str, Mapping[str, Any]], None]


class Creating(Protocol):
    """Ids of objects that a worker has been asked for."""

    def add(self, object_id: str, /) -> None:
        """Note what is being created."""

    def discard(self, object_id: str, /) -> None:
        """Note that it is not being created any more."""

    def __contains__(self, object_id: object, /) -> bool:
        """Tell whether something of that id is being created."""


class Asking(Protocol):
    """The way to a worker: ``Channel`` where this process owns it, a link of ``tureen.client`` where a node does."""

    @property
    def creating(self) -> Creating:
        """The ids of objects that the worker has been asked for."""

    @property
    def closed(self) -> bool:
        """Whether nothing can be asked any more: the worker is closed, or has died."""

    def request(
        self,
        method: str,
        handler_id: str = "",
        body: Mapping[str, Any] | None = None,
        *,
        decode: bool = True,
        awaited: bool = True,
    ) -> Awaitable[Any]:
        """Ask; the request is on its way when the first await waits, or at once if nobody awaits it."""

    def notify(self, event: str, handler_id: str = "", body: Mapping[str, Any] | None = None) -> None:
        """Tell at once, without an answer."""

    def subscribe(self, handler_id: str, listener: Listener) -> None:
        """Have ``listener(event, body)`` called for what an object sends."""

    def unsubscribe(self, handler_id: str) -> None:
        """Drop the listener of an object, if it has one."""

    def listens(self, handler_id: str) -> bool:
        """Tell whether an object has a listener."""


class Process(Protocol):
    """A worker's process: a child of this process, or one that a node runs."""

    exited: asyncio.Future[int]

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def channel(self) -> Asking:
        """The way to it."""

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs."""

    def close(self) -> None:
        """End it in order."""

    async def wait(self) -> int:
        """Wait until it has ended."""

    def obituary(self) -> str:
        """Say how it ended by itself."""

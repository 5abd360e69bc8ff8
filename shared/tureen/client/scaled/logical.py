"""What stands for the process of a logical worker, and for the way to it: there is neither."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, NoReturn

from tureen.client.link import Link
from tureen.mediasoup.asking import Listener
from tureen.mediasoup.errors import UnsupportedError, WorkerClosedError


class LogicalChannel:
    """What a logical worker's objects have in place of a way to a worker: their members have one each.

    Attributes:
        closed: Whether the logical worker is closed.
        creating: The ids of rooms, and of what is in them, that somebody was asked for.
    """

    def __init__(self) -> None:
        self.closed = False
        self.creating: set[str] = set()
        self._objects: set[str] = set()

    def request(
        self,
        method: str,
        handler_id: str = "",
        body: Mapping[str, Any] | None = None,
        *,
        decode: bool = True,
        awaited: bool = True,
    ) -> Awaitable[Any]:
        """Refuse it: no worker is meant."""
        del handler_id, body, decode, awaited
        self._refuse(method)

    def notify(self, event: str, handler_id: str = "", body: Mapping[str, Any] | None = None) -> None:
        """Refuse it: no worker is meant."""
        del handler_id, body
        self._refuse(event)

    def subscribe(self, handler_id: str, listener: Listener) -> None:
        """Note an object; what is many is sent nothing."""
        del listener
        self._objects.add(handler_id)

    def unsubscribe(self, handler_id: str) -> None:
        """Note the end of an object."""
        self._objects.discard(handler_id)

    def listens(self, handler_id: str) -> bool:
        """Tell whether there is an object of that id on any of the workers, or one that is many: a room, say."""
        return handler_id in self._objects

    @staticmethod
    def _refuse(what: str) -> NoReturn:
        raise UnsupportedError(f"{what} is for one worker, and this is many")

    def objects(self) -> list[str]:
        """Return the ids of all objects of the logical worker, on whatever worker they are."""
        return list(self._objects)


class _Creating:
    """The ids of objects that one of the workers was asked for, which are taken on all of them."""

    def __init__(self, here: set[str], everywhere: set[str]) -> None:
        self._here = here
        self._everywhere = everywhere

    def __contains__(self, object_id: str) -> bool:
        """Tell whether something of that id is being created."""
        return object_id in self._everywhere or object_id in self._here

    def add(self, object_id: str) -> None:
        """Note what is being created."""
        self._here.add(object_id)
        self._everywhere.add(object_id)

    def discard(self, object_id: str) -> None:
        """Note that it is not being created any more."""
        self._here.discard(object_id)
        self._everywhere.discard(object_id)


class MemberChannel:
    """The way to one of the workers that a logical worker is, for what the logical worker has there.

    All else is the link's own.

    Attributes:
        link: The way to the worker.
        creating: The ids of objects that a worker has been asked for.
    """

    def __init__(self, link: Link, logical: LogicalChannel) -> None:
        self.link = link
        self.creating = _Creating(link.creating, logical.creating)
        self._logical = logical

    def __getattr__(self, name: str) -> Any:
        """Give what is the link's."""
        return getattr(self.link, name)

    @property
    def closed(self) -> bool:
        """Whether nothing can be asked any more: the worker is closed, or the logical one is."""
        return self.link.closed or self._logical.closed

    def notify(self, event: str, handler_id: str = "", body: Mapping[str, Any] | None = None) -> None:
        """Send RTP, RTCP or a message."""
        if self.closed:
            raise WorkerClosedError("the worker is closed")
        self.link.notify(event, handler_id, body)

    def subscribe(self, handler_id: str, listener: Listener) -> None:
        """Deliver an object's events from now on; its id is taken on all workers."""
        self.link.subscribe(handler_id, listener)
        self._logical.subscribe(handler_id, listener)

    def unsubscribe(self, handler_id: str) -> None:
        """Deliver an object's events no more; its id is free again."""
        self.link.unsubscribe(handler_id)
        self._logical.unsubscribe(handler_id)

    def listens(self, handler_id: str) -> bool:
        """Tell whether there is an object of that id here, or on another of the workers."""
        return self._logical.listens(handler_id) or self.link.listens(handler_id)


class LogicalProcess:
    """What a logical worker has in place of a process.

    Attributes:
        channel: The way to no worker.
        exited: Set when the logical worker has ended; the number says nothing.
    """

    def __init__(self) -> None:
        self.channel = LogicalChannel()
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._obituary = ""

    @property
    def pid(self) -> int:
        """Return 0: it is no process."""
        return 0

    @property
    def returncode(self) -> int | None:
        """0 once it has ended; None before."""
        return 0 if self.exited.done() else None

    def close(self) -> None:
        """End it, as a process does: a moment later."""
        self.channel.closed = True
        asyncio.get_running_loop().call_soon(self._end)

    async def wait(self) -> int:
        """Wait until it has ended."""
        return await asyncio.shield(self.exited)

    def obituary(self) -> str:
        """Say why it ended by itself."""
        return self._obituary

    def died(self, text: str) -> None:
        """Note that there is no worker left."""
        self._obituary = text
        self.channel.closed = True
        self._end()

    def _end(self) -> None:
        if not self.exited.done():
            self.exited.set_result(0)

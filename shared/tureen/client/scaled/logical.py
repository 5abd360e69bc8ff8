"""What stands for the process of a logical worker, and for the way to it: there is neither."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, NoReturn

from tureen.mediasoup.asking import Listener
from tureen.mediasoup.errors import UnsupportedError


class LogicalChannel:
    """What a logical worker's objects have in place of a way to a worker: their members have one each.

    Attributes:
        closed: Whether the logical worker is closed.
        creating: Empty: nothing is created here.
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
        """Note an object; nobody sends it anything."""
        del listener
        self._objects.add(handler_id)

    def unsubscribe(self, handler_id: str) -> None:
        """Note the end of an object."""
        self._objects.discard(handler_id)

    def listens(self, handler_id: str) -> bool:
        """Tell whether there is an object of that id that is many: a room, say."""
        return handler_id in self._objects

    @staticmethod
    def _refuse(what: str) -> NoReturn:
        raise UnsupportedError(f"{what} is for one worker, and this is many")


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
        """End it."""
        self.channel.closed = True
        self._end()

    async def wait(self) -> int:
        """Wait until it has ended."""
        return await asyncio.shield(self.exited)

    def obituary(self) -> str:
        """Say why it ended by itself."""
        return self._obituary

    def died(self, text: str) -> None:
        """Note that there is no worker left."""
        self._obituary = text
        self.close()

    def _end(self) -> None:
        if not self.exited.done():
            self.exited.set_result(0)

"""A client's connection: commands that are asked again where that is safe, and those that nobody waits for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tureen.bus import Bus
from tureen.client.errors import named
from tureen.client.former import Former
from tureen.contract import subjects
from tureen.contract.errors import Busy, Timeout, TureenError, Unavailable
from tureen.contract.ids import new_id
from tureen.contract.leases import Ownable
from tureen.contract.paging import merge
from tureen.contract.registry import Command, commands_of
from tureen.mediasoup.errors import MediasoupError

log = logging.getLogger("tureen.client")

_END = commands_of("node")["lease.end"]
_RENEW = commands_of("node")["lease.renew"]

TRIES = 3
"""How often a command is sent while nobody answers, if it may be sent again."""

_SHORTEST_PAUSE = 0.1
"""Seconds before a command is sent again that was answered, but not carried out; doubled each time."""
_PAUSE = 0.5
"""The longest of these; and the seconds before what nobody waits for is sent again, doubled each time."""
_LONGEST_PAUSE = 10.0
_LEAVING = 2.0
"""Seconds for which leaving waits for what nobody waited for."""


class Session:
    """What a client's objects share.

    Attributes:
        bus: The connection.
        tenant: Whose client it is.
        timeout: Seconds that a call has, all tries included.
        owner_id: The owner whose leases new objects depend on, where there is one: a lease on each node.
    """

    def __init__(self, bus: Bus, tenant: str, timeout: float, lease: float | None = None) -> None:
        self.bus = bus
        self.tenant = tenant
        self.timeout = timeout
        self.owner_id = None if lease is None else new_id()
        self._ttl_ms = int((lease or 0) * 1000)
        self._leases: dict[str, asyncio.Future[None]] = {}
        self._formers: dict[str, Former] = {}
        self._told: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def until(self) -> float:
        """Return the end of a call that begins now, by the loop's clock."""
        return asyncio.get_running_loop().time() + self.timeout

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """Bound what takes several commands by the time that one call has; what is under way then is cancelled.

        Raises:
            Timeout: The time is over.
        """
        try:
            async with asyncio.timeout(self.timeout):
                yield
        except TimeoutError as error:
            if isinstance(error, MediasoupError):
                raise
            raise named(Timeout(f"it was not done within {self.timeout:g} s")) from None

    async def ask(
        self, node_id: str | None, command: Command, payload: Mapping[str, Any], until: float | None = None
    ) -> dict[str, Any]:
        """Send a command and return the reply; while none comes, the same node is asked again with the same payload.

        What comes in pages is put together. The first request is written before this waits.

        Args:
            node_id: Which node; None for placement.
            command: What.
            payload: Its fields.
            until: When the time is over for all tries and pages together. Default: `timeout` from now on.

        Raises:
            Unavailable: There is no connection, or nobody answers there; nothing was done.
            Timeout: No answer; it may have been done.
            TureenError: What the answer says.
        """
        until = self.until() if until is None else until
        if "page" not in command.request.model_fields:
            return await self._ask(node_id, command, payload, until)
        pages = [await self._ask(node_id, command, {**payload, "page": "first"}, until)]
        while (following := pages[-1].get("next")) is not None:
            pages.append(await self._ask(node_id, command, {**payload, "page": following}, until))
        return merge(pages) if len(pages) > 1 else pages[0]

    async def _ask(
        self, node_id: str | None, command: Command, payload: Mapping[str, Any], until: float
    ) -> dict[str, Any]:
        subject = self._subject(node_id, command)
        if node_id is not None and self._owns(command):
            await self._hold_lease(node_id, until)
        body = self._owned(command, payload)
        loop = asyncio.get_running_loop()
        late = Timeout(f"no time was left to ask {subject}")
        sent, pause = False, _SHORTEST_PAUSE
        while (left := until - loop.time()) > 0:
            try:
                return await self._try(subject, command, body, left)
            except Timeout as error:
                late, sent = error, True
                if not command.retry:
                    raise
            except (Busy, Unavailable):
                # Nothing was done this time, but what was sent before may have been.
                if not sent:
                    raise
            await self._before_another(pause, until)
            pause = min(2 * pause, _PAUSE)
        raise late

    async def _try(self, subject: str, command: Command, body: Mapping[str, Any], left: float) -> dict[str, Any]:
        if command.anew:
            return await self.bus.request(subject, body, timeout=left / 2)
        return await self.bus.request(subject, body, timeout=left, tries=TRIES if command.retry else 1)

    async def _before_another(self, pause: float, until: float) -> None:
        """Wait until a lost connection is back, or a little; no longer than the time that is left."""
        loop = asyncio.get_running_loop()
        if self.bus.connected:
            await asyncio.sleep(min(pause, max(until - loop.time(), 0.0)))
            return
        back = asyncio.Event()
        remove = self.bus.on_reconnect(back.set)
        try:
            async with asyncio.timeout_at(until):
                await back.wait()
        except TimeoutError:
            return
        finally:
            remove()

    def former(self, node_id: str) -> Former:
        """Return what a node remembers to be closed: an id is one object on all its workers."""
        return self._formers.setdefault(node_id, Former())

    def tell(self, node_id: str | None, command: Command, payload: Mapping[str, Any]) -> asyncio.Task[None]:
        """Send at once what nobody waits for, the closing of something; see to it that it is heard."""
        subject = self._subject(node_id, command)
        begun = None
        try:
            begun = self.bus.begin(subject, payload, timeout=self.timeout)
        except TureenError as error:
            log.debug("%s waits: %s", subject, error.message)
        task = asyncio.get_running_loop().create_task(self._see_through(subject, payload, begun))
        self._told.add(task)
        task.add_done_callback(self._told.discard)
        return task

    def send(self, node_id: str, command: Command, payload: Mapping[str, Any]) -> None:
        """Send RTP, RTCP or a message, once; what becomes of it nobody hears.

        Raises:
            InvalidType: Something in it is wrong; nobody would hear that from the node.
            Unavailable: There is no connection.
            TooLarge: It is more than the server takes.
        """
        command.request.parse(payload)
        self.bus.begin(self._subject(node_id, command), payload, timeout=self.timeout)

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run what goes on beside; its failure is logged."""
        task = asyncio.get_running_loop().create_task(self._logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # It has not begun where the task was cancelled at once.
        task.add_done_callback(lambda _: work.close())
        return task

    async def close(self) -> None:
        """Wait a little for what was told, end what goes on beside, and leave."""
        if self._told and self.bus.connected:
            await asyncio.wait(self._told, timeout=_LEAVING)
        for task in (left := [*self._told, *self._tasks]):
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self.bus.connected:
            for node_id in self._leases:
                self.bus.begin(self._subject(node_id, _END), {"ownerId": self.owner_id}, timeout=self.timeout)
        await self.bus.close()

    async def _see_through(self, subject: str, payload: Mapping[str, Any], begun: Any) -> None:
        pause = _PAUSE
        while True:
            try:
                if begun is None:
                    begun = self.bus.begin(subject, payload, timeout=self.timeout)
                await self.bus.finish(subject, begun)
            except (Busy, Timeout, Unavailable) as error:
                # A node that nobody reaches may be cut off, and come back with what it holds.
                log.debug("%s is told again: %s", subject, error.message)
            except TureenError as error:
                log.warning("%s was refused: %s", subject, error.message)
                return
            else:
                return
            begun = None
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _owns(self, command: Command) -> bool:
        """Tell whether a command makes something that depends on a lease."""
        return self.owner_id is not None and issubclass(command.request, Ownable)

    def _owned(self, command: Command, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**payload, "ownerId": self.owner_id} if self._owns(command) else payload

    async def _hold_lease(self, node_id: str, until: float) -> None:
        """Begin a lease on a node, unless there is one; wait only for the beginning."""
        begun = self._leases.get(node_id)
        if begun is None:
            begun = self._leases[node_id] = asyncio.get_running_loop().create_future()
            begun.add_done_callback(lambda future: future.cancelled() or future.exception())
            self.run(self._renew(node_id, begun))
        if begun.done() and begun.exception() is None:
            return
        try:
            async with asyncio.timeout_at(until):
                await asyncio.shield(begun)
        except TimeoutError:
            raise Timeout(f"the lease on {node_id} has not begun in time") from None

    async def _renew(self, node_id: str, begun: asyncio.Future[None]) -> None:
        payload = {"ownerId": self.owner_id, "ttlMs": self._ttl_ms}
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self._ask(node_id, _RENEW, payload, loop.time() + min(self.timeout, self._ttl_ms / 4000))
            except TureenError as error:
                if not begun.done():
                    del self._leases[node_id]
                    begun.set_exception(error)
                    return
                log.warning("the lease on %s could not be renewed: %s", node_id, error.message)
            if not begun.done():
                begun.set_result(None)
            await asyncio.sleep(self._ttl_ms / 4000)

    def _subject(self, node_id: str | None, command: Command) -> str:
        if node_id is None:
            return subjects.service_command(self.tenant, command.service, command.object, command.method)
        return subjects.node_command(self.tenant, node_id, command.object, command.method)

    async def _logged(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("something that goes on beside failed")

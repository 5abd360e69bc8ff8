"""Routers of rooms, made where a decision wants them: the record first, then the router."""

from __future__ import annotations

import asyncio
import logging
from weakref import WeakValueDictionary

from tureen.bus import Bus
from tureen.contract.errors import Conflict, NotFound, Stale, Timeout, TureenError
from tureen.contract.media import WorkerCreateRouter
from tureen.contract.rooms import RoomRecord, RoomRouter
from tureen.contract.subjects import SYSTEM
from tureen.placement import records
from tureen.placement.picture import Holdings
from tureen.placement.store import Known, RoomStore

log = logging.getLogger(__name__)


class RoomRouters:
    """Puts routers into records and has their agents make them; what is under way is shared by all who need it."""

    def __init__(self, store: RoomStore, bus: Bus, holdings: Holdings, timeout: float) -> None:
        self._store = store
        self._bus = bus
        self._holdings = holdings
        self._timeout = timeout
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._making: dict[str, asyncio.Task[None]] = {}

    async def enlist(self, known: Known, router: RoomRouter) -> Known:
        """Put a router into a room's record.

        One at a time for each room: five hundred who join a new room at once need one router, not one each.

        Raises:
            Conflict: The record is another by now, so the decision has to be made anew.
        """
        record = known.record
        key = (record.tenant, record.room_id)
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        async with lock:
            newest = await self._store.get(*key)
            new = records.with_router(record, router)
            if newest.revision != known.revision or new is None:
                raise Conflict(f"Room {record.room_id} changed meanwhile")
            return await self._store.write(known, new)

    async def ensure(self, record: RoomRecord, router: RoomRouter, timeout: float, *, enlisted: bool) -> None:
        """See to it that a router of a room's is there before anybody is sent to it.

        Args:
            record: The room's record, which lists the router.
            router: One that its agent may not have announced yet.
            timeout: Seconds to wait.
            enlisted: Whether it was listed just now, so that the record need not be read again.

        Raises:
            Stale: There is a newer record.
            Timeout: The agent did not answer; the router stays in the record.
            TureenError: The agent refused; the router is out of the record again.
        """
        if self._is_announced(router):
            return
        task = self._making.get(router.router_id)
        if task is None:
            task = asyncio.create_task(
                self._make(record, router, enlisted=enlisted), name=f"create router {router.router_id}"
            )
            self._making[router.router_id] = task
            task.add_done_callback(lambda _: self._making.pop(router.router_id))
        done, _ = await asyncio.wait({task}, timeout=timeout)
        if done:
            task.result()
        else:
            # Nobody may be left who wants to know how it ended.
            task.add_done_callback(_ignore_result)
            raise Timeout(f"Node {router.node_id} did not make router {router.router_id} in time")

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _is_announced(self, router: RoomRouter) -> bool:
        held = self._holdings.router(router.router_id)
        return held is not None and held.node_id == router.node_id

    async def _make(self, record: RoomRecord, router: RoomRouter, *, enlisted: bool) -> None:
        """Have the agent make a router that the record lists."""
        if not enlisted:
            record = await self._newest(record, router)
        command = WorkerCreateRouter(
            worker_id=router.worker_id, id=router.router_id, media_codecs=record.media_codecs, record=record
        )
        try:
            await self._bus.command(
                "node",
                "worker.createRouter",
                command.to_wire(),
                tenant=SYSTEM,
                node_id=router.node_id,
                timeout=self._timeout,
            )
        except Stale as stale:
            await self._store.overtake(record, stale)
            raise
        except TureenError as error:
            log.warning("node %s did not make router %s: %s", router.node_id, router.router_id, error)
            if error.nothing_done:
                await self._strike(record, router)
            raise
        if self._store.room_of(router.router_id) is None:
            # Its agent may not have heard of that yet, and closes it as soon as it has; or it has forgotten by now that
            # the room was closed, and keeps the router. Agents tell of routers before they answer: if it is not held
            # any more it has been closed, else it must be known whose it was, for the janitor.
            self._holdings.learn_record(router.router_id, record)
            raise Stale(f"Room {record.room_id} was closed or changed while router {router.router_id} was made")
        self._holdings.learn_router(router.router_id, router.node_id, router.worker_id)

    async def _newest(self, record: RoomRecord, router: RoomRouter) -> RoomRecord:
        """Read the record again: the mirror may be behind, and a router that was taken out must not be made anew."""
        newest = (await self._store.fresh(record.tenant, record.room_id)).record
        if newest.router(router.router_id) is None:
            raise Stale(f"Room {record.room_id} has no router {router.router_id} any more")
        return newest

    async def _strike(self, record: RoomRecord, router: RoomRouter) -> None:
        """Take a router out of the record that its agent refused to make."""
        try:
            await self._store.change(
                record.tenant,
                record.room_id,
                lambda newest: records.without_routers(newest, {router.router_id}),
            )
        except NotFound:
            return


def _ignore_result(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()

"""What agents hold, against what the records say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from tureen.contract.cluster import RouterEntry
from tureen.contract.errors import NotFound, TureenError
from tureen.contract.rooms import RoomRecord
from tureen.placement import records
from tureen.placement.state import PlacementState

log = logging.getLogger(__name__)


class Reconciler:
    """Brings records and agents together; each correction is a task and may fail: a later look repeats it."""

    def __init__(self, state: PlacementState) -> None:
        self._state = state
        self._tasks: set[asyncio.Task[None]] = set()

    def announced(self, node_id: str, entries: Iterable[RouterEntry]) -> None:
        """A node told all that it holds: send it the records of which it has an older copy."""
        if self._state.store.incarnation is None:
            return
        copies = (entry.record for entry in entries if entry.record is not None)
        for copy in {(record.tenant, record.room_id): record for record in copies}.values():
            self._compare(copy, node_id, self._state.store.incarnation)

    def _compare(self, copy: RoomRecord, node_id: str, incarnation: int) -> None:
        newest = self._state.store.peek(copy.tenant, copy.room_id)
        listed = newest is not None and self._lists_all(newest, node_id)
        expected = newest.incarnation if newest is not None else incarnation
        if copy.incarnation > expected or (copy.incarnation < expected and not listed):
            self._spawn(self._readmit(copy, node_id))
        elif newest is not None and listed and copy.version < newest.version:
            self._state.updates.tell(newest, [node_id])

    def lost_workers(self, worker_ids: Sequence[str]) -> None:
        """Workers are gone: take their routers out of the records."""
        gone = set(worker_ids)
        for record in self._state.store.all():
            lost = {router.router_id for router in record.routers if router.worker_id in gone}
            if lost:
                self.strike(record, lost)

    def lost_router(self, router_id: str) -> None:
        """A router was closed, at whosever wish: take it out of the record that still lists it."""
        record = self._state.store.room_of(router_id)
        if record is not None:
            self.strike(record, {router_id})

    def strike(self, record: RoomRecord, router_ids: set[str]) -> None:
        """Take routers that are gone out of a room's record."""
        self._spawn(self._strike(record.tenant, record.room_id, router_ids))

    def tell_newest(self, copy: RoomRecord, node_id: str) -> None:
        """Send an agent the newest record of a room, as the store has it; the agent closes what is not listed."""
        self._spawn(self._tell_newest(copy, node_id))

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _lists_all(self, record: RoomRecord, node_id: str) -> bool:
        """Tell whether a record lists every router of the room that a node holds: told of it, the others close."""
        held = self._state.picture.holdings.routers_of(node_id)
        return all(record.router(router.id) is not None for router in held if router.is_of(record))

    async def _strike(self, tenant: str, room_id: str, router_ids: set[str]) -> None:
        await self._state.store.change(tenant, room_id, lambda record: records.without_routers(record, router_ids))
        log.info("room %s lost the routers %s", room_id, ", ".join(sorted(router_ids)))

    async def _tell_newest(self, copy: RoomRecord, node_id: str) -> None:
        try:
            newest = (await self._state.store.fresh(copy.tenant, copy.room_id)).record
        except NotFound:
            newest = records.long_closed(copy, self._state.wall_ms())
        self._state.updates.tell(newest, [node_id])

    async def _readmit(self, copy: RoomRecord, node_id: str) -> None:
        """A node that was away while the store was lost announces routers of another incarnation: list them again."""
        store = self._state.store
        held = self._state.picture.holdings.routers_of(node_id)
        places = [router.place for router in held if router.is_of(copy)]
        found = records.reborn(copy, store.require_ready(), places)
        newest = (await store.create(found)).record
        if newest.media_codecs == copy.media_codecs:
            known = await store.change(
                copy.tenant, copy.room_id, lambda record: records.readmitted(record, copy, places)
            )
            newest = known.record
        self._state.updates.tell(newest, [node_id])

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except TureenError as error:
        log.info("a correction failed and will be tried again: %s", error)

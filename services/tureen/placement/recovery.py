"""Opening the store, and rebuilding it from what the agents hold where it was lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from tureen.bus import Bucket
from tureen.contract.errors import Conflict, TureenError
from tureen.contract.rooms import RoomRecord, RoomRouter
from tureen.placement import records
from tureen.placement.picture import HeldRouter
from tureen.placement.state import PlacementState
from tureen.placement.store import INCARNATION

log = logging.getLogger(__name__)

_RETRY = 1.0


def rebuilt(routers: Iterable[HeldRouter], incarnation: int) -> list[RoomRecord]:
    """Return the rooms' records as the agents' copies tell: the newest of each, with every router announced."""
    newest: dict[tuple[str, str], RoomRecord] = {}
    places: dict[tuple[str, str], list[RoomRouter]] = {}
    for router in routers:
        copy = router.record
        if copy is None:
            continue
        key = (copy.tenant, copy.room_id)
        places.setdefault(key, []).append(router.place)
        if key not in newest or newest[key].version < copy.version:
            newest[key] = copy
    return [records.reborn(copy, incarnation, places[key]) for key, copy in newest.items()]


class Recovery:
    """Makes the store ready, at start and whenever it was lost."""

    def __init__(self, state: PlacementState) -> None:
        self._state = state
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Open the store and see to it that it holds every room; return when it does."""
        while True:
            try:
                await self._attempt()
            except TureenError as error:
                log.warning("the rooms' store is not ready: %s", error)
            except Exception:
                log.exception("the rooms' store could not be made ready")
            else:
                return
            await asyncio.sleep(_RETRY)

    def again(self) -> None:
        """The store was lost."""
        if self._task is None or self._task.done():
            self._state.store.incarnation = None
            self._task = asyncio.create_task(self.run(), name="rebuild the rooms' store")

    async def close(self) -> None:
        """Give up what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _attempt(self) -> None:
        state = self._state
        settings = state.settings
        bucket = await state.store.open(state.bus, settings.bucket, settings.bucket_replicas, self.again)
        entry = await bucket.get(INCARNATION)
        if entry is None or not entry.value["ready"]:
            incarnation = await self._rebuild(bucket)
        else:
            incarnation = entry.value["incarnation"]
        state.store.incarnation = incarnation
        state.changed.beat()

    async def _rebuild(self, bucket: Bucket) -> int:
        """Write the records that the agents' copies tell; several replicas may do so at once."""
        state = self._state
        await self._hear_all()
        copies = [router.record for router in state.picture.holdings.routers() if router.record is not None]
        highest = max((copy.incarnation for copy in copies), default=0)
        incarnation = await _agree(bucket, max(bucket.created_ms, highest + 1))
        found = rebuilt(state.picture.holdings.routers(), incarnation)
        for record in found:
            await self._write(record)
        entry = await bucket.get(INCARNATION)
        if entry is not None and not entry.value["ready"]:
            try:
                await bucket.update(INCARNATION, {"incarnation": incarnation, "ready": True}, entry.revision)
            except Conflict:
                log.debug("another replica finished rebuilding first")
        if found:
            log.warning("the rooms' store was lost; %d rooms were found with the nodes", len(found))
        return incarnation

    async def _hear_all(self) -> None:
        """Wait until every node was heard and has told what it holds, but not for ever."""
        state = self._state
        start = state.now()
        # Events tell of routers without their records: only inventories hold what is needed now.
        state.picture.holdings.ask_anew()
        await asyncio.sleep(state.settings.listen)
        while not all(state.picture.is_complete(node_id) for node_id in state.picture.cluster.nodes):
            left = start + state.settings.rebuild_within - state.now()
            if left <= 0:
                log.warning("not every node told what it holds within %g s", state.settings.rebuild_within)
                return
            await state.changed.wait(left)

    async def _write(self, record: RoomRecord) -> None:
        store = self._state.store
        newest = (await store.create(record)).record
        if newest.version < record.version or any(newest.router(place.router_id) is None for place in record.routers):
            await store.change(record.tenant, record.room_id, lambda known: records.merged(known, record))


async def _agree(bucket: Bucket, incarnation: int) -> int:
    """Return the incarnation that the replica which came first has written, ours if that is us."""
    while True:
        entry = await bucket.get(INCARNATION)
        if entry is not None:
            return int(entry.value["incarnation"])
        try:
            await bucket.create(INCARNATION, {"incarnation": incarnation, "ready": False})
        except Conflict:
            continue

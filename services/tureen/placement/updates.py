"""`room.update` to every agent that a change of a room's record concerns, repeated until answered or gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from tureen.bus import Bus
from tureen.contract.errors import Stale, TureenError
from tureen.contract.rooms import RoomRecord
from tureen.contract.subjects import SYSTEM

log = logging.getLogger(__name__)

_FIRST_WAIT = 0.2
_LONGEST_WAIT = 5.0
_TIMEOUT = 2.0
_UNKNOWN_TRIES = 4
"""Attempts for a node that was never heard: placement may just have started."""

Overtake = Callable[[RoomRecord, Stale], Awaitable[None]]
"""Called with the record that an agent refused because it knows a newer one."""

_Key = tuple[str, str, str]


def nodes_of(*versions: RoomRecord | None) -> set[str]:
    """Return the nodes of the routers that any of these records lists."""
    return {router.node_id for record in versions if record is not None for router in record.routers}


class RecordUpdates:
    """One task for each agent and room that has not answered yet; only the newest record is sent."""

    def __init__(self, bus: Bus, is_known: Callable[[str], bool], overtake: Overtake) -> None:
        self._bus = bus
        self._overtake = overtake
        self._is_known = is_known
        self._newest: dict[_Key, RoomRecord] = {}
        self._tasks: dict[_Key, asyncio.Task[None]] = {}
        self._closed = False

    def tell(self, record: RoomRecord, node_ids: Iterable[str]) -> None:
        """Send a record to agents; an older one that is still on its way there is replaced."""
        if self._closed:
            # The store is left after this, and may hear of one change more.
            return
        for node_id in node_ids:
            key = (node_id, record.tenant, record.room_id)
            before = self._newest.get(key)
            if before is None or before.version < record.version:
                self._newest[key] = record
            if key not in self._tasks:
                name = f"room.update {record.room_id} to {node_id}"
                self._tasks[key] = asyncio.create_task(self._run(key), name=name)

    async def close(self) -> None:
        """Give up what was not answered yet: the agents' inventories will show what they missed."""
        self._closed = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until everything was answered or given up."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(self, key: _Key) -> None:
        try:
            await self._repeat(key)
        finally:
            # In the same step in which the task ends: a newer record must find either a task that sends it, or none.
            del self._tasks[key]
            del self._newest[key]

    async def _repeat(self, key: _Key) -> None:
        node_id = key[0]
        wait = _FIRST_WAIT
        unknown = 0
        while True:
            record = self._newest[key]
            if await self._send(node_id, record):
                if self._newest[key] is record:
                    return
                continue
            unknown = 0 if self._is_known(node_id) else unknown + 1
            if unknown > _UNKNOWN_TRIES:
                log.info("node %s is gone; room %s need not be told to it", node_id, record.room_id)
                return
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _send(self, node_id: str, record: RoomRecord) -> bool:
        """Send a record; return whether the agent has it, or a newer one."""
        try:
            await self._bus.command(
                "node", "room.update", record.to_wire(), tenant=SYSTEM, node_id=node_id, timeout=_TIMEOUT
            )
        except Stale as stale:
            log.info("node %s knows a newer record of room %s", node_id, record.room_id)
            return await self._settle(record, stale)
        except TureenError as error:
            log.debug("node %s was not told of room %s: %s", node_id, record.room_id, error)
            return False
        return True

    async def _settle(self, record: RoomRecord, stale: Stale) -> bool:
        """See to it that the store is not behind the agent; what it writes for that is sent as well."""
        try:
            await self._overtake(record, stale)
        except TureenError as error:
            log.debug("room %s could not be compared: %s", record.room_id, error)
            return False
        return True

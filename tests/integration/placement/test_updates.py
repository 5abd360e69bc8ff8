from __future__ import annotations

import asyncio

from tests.unit.placement.fixed import record

from tureen.bus import Bus
from tureen.contract.errors import Stale
from tureen.contract.rooms import RoomRecord
from tureen.placement.updates import RecordUpdates


async def test_nothing_is_sent_after_the_close(bus: Bus) -> None:
    """A change that the store tells of while it is left starts no task that nobody would end."""

    async def overtake(_record: RoomRecord, _stale: Stale) -> None:
        raise AssertionError("nobody answered")

    updates = RecordUpdates(bus, lambda _: True, overtake)
    before = asyncio.all_tasks()
    updates.tell(record("a-1"), {"a"})
    assert asyncio.all_tasks() != before
    await updates.close()
    updates.tell(record("a-1", room_id="other"), {"a"})
    assert asyncio.all_tasks() == before

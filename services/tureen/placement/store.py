"""The rooms' records in the bucket: the shell around compare-and-set."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple, TypeVar

from tureen.bus import Bucket, Bus, Entry, Mirror
from tureen.contract.errors import Conflict, NotFound, Stale, Unavailable
from tureen.contract.rooms import RoomRecord
from tureen.placement import records

log = logging.getLogger(__name__)

INCARNATION = "=incarnation"
"""Holds the incarnation of the bucket; tenants' names have no `=`."""
DRAINED = "=drained"
"""Holds the nodes that the operator drains."""

MOST_ATTEMPTS = 20
"""Compare-and-sets of one change before it is given up: each was lost to somebody else's."""

Transition = Callable[[RoomRecord], RoomRecord | None]
OnWritten = Callable[[RoomRecord | None, RoomRecord, bool], None]
"""Called with the old record, the new one, and whether the room was closed."""

_Result = TypeVar("_Result")


class Known(NamedTuple):
    """A record and its revision in the bucket."""

    record: RoomRecord
    revision: int


class RoomStore:
    """Reads from a mirror, writes by compare-and-set.

    Attributes:
        incarnation: Of the bucket; None while the store is being rebuilt.
    """

    def __init__(self, on_written: OnWritten, on_drained: Callable[[Iterable[str]], None]) -> None:
        self._on_written = on_written
        self._on_drained = on_drained
        self._bucket: Bucket | None = None
        self._mirror: Mirror | None = None
        self._rooms: dict[str, Known] = {}
        self._deleted: dict[str, int] = {}
        self._room_of: dict[str, str] = {}
        self.incarnation: int | None = None

    async def open(self, bus: Bus, name: str, replicas: int, on_lost: Callable[[], None]) -> Bucket:
        """Open the bucket, making it where there is none, and follow it; the incarnation is the caller's to find."""
        await self.close()
        self._rooms, self._deleted, self._room_of, self.incarnation = {}, {}, {}, None
        self._bucket = await Bucket.open(bus, name, replicas=replicas)
        self._bucket.on_lost(on_lost)
        self._mirror = await self._bucket.mirror(self._changed)
        for key, entry in self._mirror.entries.items():
            self._changed(key, entry)
        return self._bucket

    async def close(self) -> None:
        """Stop following the bucket."""
        if self._mirror is not None:
            await self._mirror.close()
            self._mirror = None

    @property
    def bucket(self) -> Bucket:
        """The bucket.

        Raises:
            Unavailable: It is not open.
        """
        if self._bucket is None:
            raise Unavailable("The rooms' store is not open yet")
        return self._bucket

    def require_ready(self) -> int:
        """Return the incarnation.

        Raises:
            Unavailable: The store is being rebuilt from what the agents hold.
        """
        if self.incarnation is None:
            raise Unavailable("The rooms' store is being rebuilt from what the nodes hold; ask again in a few seconds")
        return self.incarnation

    def all(self) -> list[RoomRecord]:
        """Return every room's record, as far as the mirror knows."""
        return [known.record for known in self._rooms.values()]

    def room_of(self, router_id: str) -> RoomRecord | None:
        """Return the record that lists a router, as far as the mirror knows."""
        known = self._rooms.get(self._room_of.get(router_id, ""))
        return known.record if known is not None else None

    def peek(self, tenant: str, room_id: str) -> RoomRecord | None:
        """Return a room's record, as far as the mirror knows."""
        known = self._rooms.get(_key(tenant, room_id))
        return known.record if known is not None else None

    async def get(self, tenant: str, room_id: str) -> Known:
        """Return a room's record: the mirror's, else the bucket's own.

        Raises:
            NotFound: The tenant has no such room.
        """
        known = self._rooms.get(_key(tenant, room_id))
        return known if known is not None else await self.fresh(tenant, room_id)

    async def fresh(self, tenant: str, room_id: str) -> Known:
        """Return a room's record as the bucket's leader has it; errors as of `get`."""
        key = _key(tenant, room_id)
        entry = await self.bucket.get(key)
        if entry is None:
            self._forget(key)
            raise NotFound(f"Room with id {room_id} not found", details={"id": room_id})
        known = Known(RoomRecord.model_validate(entry.value), entry.revision)
        self._keep(key, known)
        return known

    async def create(self, record: RoomRecord) -> Known:
        """Write a new room; return it, or the one of that id that was there before."""
        key = _key(record.tenant, record.room_id)
        while True:
            try:
                revision = await self.bucket.create(key, record.to_wire())
            except Conflict:
                try:
                    return await self.fresh(record.tenant, record.room_id)
                except NotFound:
                    continue
            known = Known(record, revision)
            self._keep(key, known)
            self._on_written(None, record, False)
            return known

    async def write(self, known: Known, new: RoomRecord, *, tell: bool = True) -> Known:
        """Replace a record that must still be the one that is known.

        Args:
            known: What the new record was made from.
            new: Its next generation.
            tell: Whether the agents are told at once.

        Raises:
            Conflict: It was changed meanwhile; the mirror has the new one now.
        """
        key = _key(new.tenant, new.room_id)
        try:
            revision = await self.bucket.update(key, new.to_wire(), known.revision)
        except Conflict:
            await self._refresh(new)
            raise
        except BaseException:
            # It may have been written or not: the next reader has to look.
            self._forget(key)
            raise
        written = Known(new, revision)
        self._keep(key, written)
        if tell:
            self._on_written(known.record, new, False)
        return written

    async def change(self, tenant: str, room_id: str, transition: Transition, *, tell: bool = True) -> Known:
        """Apply a transition to the newest record; one that returns None leaves it as it is.

        Raises:
            NotFound: The tenant has no such room.
            Conflict: Others changed it all the time.
        """

        async def attempt() -> Known:
            known = await self.get(tenant, room_id)
            new = transition(known.record)
            return known if new is None else await self.write(known, new, tell=tell)

        return await _retried(attempt)

    async def delete(self, tenant: str, room_id: str) -> RoomRecord:
        """Delete a room and tell its agents; errors as of `change`."""
        key = _key(tenant, room_id)

        async def attempt() -> RoomRecord:
            known = await self.get(tenant, room_id)
            try:
                await self.bucket.delete(key, known.revision)
            except Conflict:
                await self._refresh(known.record)
                raise
            self._forget(key)
            self._deleted[key] = known.revision
            self._on_written(known.record, records.closed(known.record), True)
            return known.record

        return await _retried(attempt)

    async def overtake(self, record: RoomRecord, stale: Stale) -> None:
        """An agent knows a newer record than it was sent: read ours again, and lift it where the store is behind."""
        try:
            known = await self.fresh(record.tenant, record.room_id)
            generation = stale.details.get("generation")
            if stale.details.get("incarnation") == known.record.incarnation and isinstance(generation, int):
                lifted = records.past(known.record, generation)
                if lifted is not None:
                    await self.write(known, lifted)
        except (NotFound, Conflict):
            return

    async def set_drained(self, node_id: str, *, drained: bool) -> None:
        """Note that the operator drains a node, or does not any more."""

        async def attempt() -> None:
            entry = await self.bucket.get(DRAINED)
            nodes = set(entry.value["nodeIds"]) if entry is not None else set()
            if (node_id in nodes) is drained:
                return
            changed = {"nodeIds": sorted(nodes ^ {node_id})}
            if entry is None:
                await self.bucket.create(DRAINED, changed)
            else:
                await self.bucket.update(DRAINED, changed, entry.revision)
            self._on_drained(changed["nodeIds"])

        await _retried(attempt)

    async def _refresh(self, record: RoomRecord) -> None:
        try:
            await self.fresh(record.tenant, record.room_id)
        except NotFound:
            self._forget(_key(record.tenant, record.room_id))

    def _changed(self, key: str, entry: Entry | None) -> None:
        """The mirror saw a change; what we know from our own writes may be newer."""
        if key == DRAINED:
            self._on_drained(entry.value["nodeIds"] if entry is not None else ())
        elif key == INCARNATION:
            pass
        elif entry is None:
            self._forget(key)
            self._deleted.pop(key, None)
        elif entry.revision > self._deleted.get(key, 0):
            self._keep(key, Known(RoomRecord.model_validate(entry.value), entry.revision))

    def _keep(self, key: str, known: Known) -> None:
        before = self._rooms.get(key)
        if before is None or before.revision < known.revision:
            self._forget(key)
            self._rooms[key] = known
            self._room_of.update((router.router_id, key) for router in known.record.routers)

    def _forget(self, key: str) -> None:
        before = self._rooms.pop(key, None)
        for router in before.record.routers if before is not None else ():
            self._room_of.pop(router.router_id, None)

    def __len__(self) -> int:
        return len(self._rooms)


async def _retried(attempt: Callable[[], Awaitable[_Result]]) -> _Result:
    """Try again as long as a compare-and-set is lost to somebody else's."""
    for _ in range(MOST_ATTEMPTS):
        try:
            return await attempt()
        except Conflict:
            continue
    return await attempt()


def _key(tenant: str, room_id: str) -> str:
    return f"{tenant}.{room_id}"

"""What the agent holds, in pages that fit the bus: pure.

With thousands of producers it takes long to list, and everything that an inventory lists must be of the moment that its
version names: events tell what came after. So routers are packed in turns, each as it is then, and in the end, in one
piece, those again that have changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from tureen.contract.cluster import PulledFrom
from tureen.contract.paging import PAGE_BYTES
from tureen.contract.rooms import RoomRecord
from tureen.node_agent.objects import HeldProducer, Objects, RouterEntry

_IN_ONE_PART = 256
"""Producers of a router that are listed together: one with more is listed several times."""
_AT_ONCE = 256
"""Routers and producers that are packed until others get their turn."""

_pack = msgspec.msgpack.Encoder().encode


class _Packed(NamedTuple):
    """A router as it was packed.

    Attributes:
        changes: How often its producers had changed.
        record: The record of its room.
        parts: What an inventory lists.
    """

    changes: int
    record: RoomRecord | None
    parts: list[bytes]


class Inventory:
    """An inventory that is being made."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._packed: dict[RouterEntry, _Packed] = {}

    def prepare(self) -> Generator[None, None, None]:
        """Pack everything as it is; the generator yields now and then, so that others get their turn."""
        since = 0
        for router in list(self._objects.routers.all()):
            changes, record = router.changes, self._objects.record_of(router)
            parts: list[bytes] = []
            for part in _parts(router, record):
                if since > _AT_ONCE:
                    since = 0
                    yield
                    if router.changes != changes:
                        # It is packed in the end, as it is then.
                        break
                parts.append(_pack(part))
                since += 1 + len(part["producers"])
            else:
                self._packed[router] = _Packed(changes, record, parts)

    def finish(self, node_id: str, start_id: str, version: int, limit: int = PAGE_BYTES) -> list[bytes]:
        """Return the pages as of this moment, whose version is given, in msgpack."""
        pages: list[list[bytes]] = [[]]
        used = 0
        for router in self._objects.routers.all():
            for part in self._current(router):
                if pages[-1] and used + len(part) > limit:
                    pages.append([])
                    used = 0
                pages[-1].append(part)
                used += len(part)
        head = {"nodeId": node_id, "startId": start_id, "version": version, "pages": len(pages)}
        return [_page(head, number, parts) for number, parts in enumerate(pages)]

    def _current(self, router: RouterEntry) -> list[bytes]:
        packed, record = self._packed.get(router), self._objects.record_of(router)
        if packed is not None and packed.changes == router.changes and packed.record is record:
            return packed.parts
        return [_pack(part) for part in _parts(router, record)]


def upstream_of(held: HeldProducer) -> PulledFrom | None:
    """Return by which hop a router got a producer, or None where it lives there."""
    if held.pull_id is None:
        return None
    source = held.path[-2]
    return PulledFrom(router_id=source.router_id, node_id=source.node_id)


def _parts(router: RouterEntry, record: RoomRecord | None) -> Iterator[dict[str, Any]]:
    """Yield a router as inventories list it, a `RouterEntry` of the contract, so many of its producers at a time.

    They are plain maps: with thousands of producers models would cost several times as much.
    """
    entry: dict[str, Any] = {"routerId": router.id, "workerId": router.worker.id, "tenant": router.tenant}
    if record is not None:
        entry["record"] = record.to_wire()
    entry |= {
        "transports": len(router.transports),
        "opened": router.opened,
        "consumers": router.consumers,
        "pipes": router.pipes,
    }
    producers = iter(list(router.producers.items()))
    yield {**entry, "producers": _listed(islice(producers, _IN_ONE_PART))}
    while listed := _listed(islice(producers, _IN_ONE_PART)):
        yield {**entry, "producers": listed}


def _listed(producers: Iterable[tuple[str, HeldProducer]]) -> list[dict[str, Any]]:
    return [_producer(producer_id, held) for producer_id, held in producers]


def _producer(producer_id: str, held: HeldProducer) -> dict[str, Any]:
    """Return a producer as inventories list it, a `ProducerEntry` of the contract."""
    listed: dict[str, Any] = {"producerId": producer_id, "kind": held.kind}
    if held.pull_id is not None:
        source = held.path[-2]
        listed["upstream"] = {"routerId": source.router_id, "nodeId": source.node_id}
    return listed


def _page(head: dict[str, Any], number: int, parts: list[bytes]) -> bytes:
    """Return a page in msgpack, of what is packed already."""
    return _pack({**head, "page": number, "routers": [msgspec.Raw(part) for part in parts]})

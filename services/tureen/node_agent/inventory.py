"""What the agent holds, in pages that fit the bus: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgpack

from tureen.contract.cluster import Inventory, ProducerEntry, PulledFrom, RouterEntry
from tureen.contract.paging import PAGE_BYTES
from tureen.node_agent.objects import HeldProducer, Objects


def entries(objects: Objects) -> Iterator[RouterEntry]:
    """Yield every router of this node with what it holds."""
    for router in objects.routers.all():
        yield RouterEntry(
            router_id=router.id,
            worker_id=router.worker.id,
            tenant=router.tenant,
            record=objects.record_of(router),
            producers=[producer_entry(producer_id, held) for producer_id, held in router.producers.items()],
            transports=len(router.transports),
            opened=router.opened,
            consumers=router.consumers,
            pipes=router.pipes,
        )


def producer_entry(producer_id: str, held: HeldProducer) -> ProducerEntry:
    """Return a producer as an inventory lists it."""
    return ProducerEntry(producer_id=producer_id, kind=held.kind, upstream=upstream_of(held))


def upstream_of(held: HeldProducer) -> PulledFrom | None:
    """Return by which hop a router got a producer, or None where it lives there."""
    if held.pull_id is None:
        return None
    source = held.path[-2]
    return PulledFrom(router_id=source.router_id, node_id=source.node_id)


def split(routers: Iterable[RouterEntry], limit: int = PAGE_BYTES) -> list[list[RouterEntry]]:
    """Split routers into pages of at most `limit` bytes; a router with very many producers spans several."""
    pages: list[list[RouterEntry]] = [[]]
    used = 0
    for router in routers:
        for part in _parts(router, limit):
            size = len(msgpack.packb(part.to_wire()))
            if pages[-1] and used + size > limit:
                pages.append([])
                used = 0
            pages[-1].append(part)
            used += size
    return pages


def _parts(router: RouterEntry, limit: int) -> Iterator[RouterEntry]:
    """Split one router's producers so that each part fits a page; the parts name the same router."""
    per_part = max(1, limit // 512)
    for start in range(0, max(1, len(router.producers)), per_part):
        yield router.model_copy(update={"producers": router.producers[start : start + per_part]})


def pages(node_id: str, start_id: str, version: int, objects: Objects, limit: int = PAGE_BYTES) -> Iterator[Inventory]:
    """Yield the inventory page by page."""
    parts = split(entries(objects), limit)
    for page, routers in enumerate(parts):
        yield Inventory(
            node_id=node_id, start_id=start_id, version=version, page=page, pages=len(parts), routers=routers
        )

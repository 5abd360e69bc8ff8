"""Pack, then spill: in which order workers are looked at, and which of them is best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from msgspec import Struct

from tureen.contract.rooms import RoomPlace
from tureen.placement.engine import regions
from tureen.placement.engine.regions import Distance, Groups
from tureen.placement.engine.room import RoomView, RouterView
from tureen.placement.engine.snapshot import Index, Snapshot
from tureen.placement.picture import Worker

_DISTANCES = ((regions.HOME, None), (regions.GROUP, "spill-group"), (regions.BEYOND, "spill-region"))
"""From home on, and what a choice away from it is called."""

_by_region = itemgetter(0)

SAMPLE = 8
"""How many hosts that do not carry the room yet are looked at: the lightest ones."""
FEWEST = 2
"""How many of these in each region at least."""


class Candidate(Struct, frozen=True):
    """A worker to look at, with the room's router on it where there is one."""

    worker: Worker
    router: RouterView | None = None


class Tier(Struct, frozen=True):
    """Workers that are equally welcome.

    Attributes:
        rule: What the choice of one of them is called.
        fullest: Whether the fullest of them is best (packing), else the lightest.
    """

    rule: str
    candidates: Iterable[Candidate]
    fullest: bool = False


class Bounds(Struct, frozen=True):
    """How far one pass goes.

    Attributes:
        watermark: Percent of a core up to which workers are filled, reserves included.
        anywhere: Whether to leave the room's regions and the node of its first worker.
        lowest: Whether consumers are to take the lowest layers alone.
        reluctant: Whether nodes that failed a moment ago, or whose hosts are overloaded, are used.
    """

    watermark: float
    anywhere: bool = False
    lowest: bool = False
    reluctant: bool = False


def tiers(
    cluster: Snapshot, room: RoomView, request: RoomPlace, bounds: Bounds, draw: float, groups: Groups = ()
) -> Iterator[Tier]:
    """Yield the tiers in their order; the workers of a tier are looked up when it is its turn."""
    own = _own(cluster, room)
    node_id = wanted_node(room, request, bounds)
    if node_id is not None:
        yield from _on_node(cluster, own, node_id)
        return
    own_regions = {candidate.worker.node.region for candidate in own}
    away = regions.Distances({request.region} if request.region is not None else own_regions, groups)
    policy = room.record.policy
    welcome = {
        region: away.of(region) for region in own_regions if regions.allowed(region, policy, anywhere=bounds.anywhere)
    }
    for distance, rule in _DISTANCES:
        here = [candidate for candidate in own if welcome.get(candidate.worker.node.region) is distance]
        if here:
            yield Tier(rule or "pack", here, fullest=True)
            yield Tier(rule or "spill-worker", _neighbours(here, own))
        indexes = _indexes(cluster, room, bounds, away, distance)
        if indexes:
            yield Tier(rule or ("spill-node" if own else "first"), _lightest_of(indexes, bounds, draw, own, request))


def wanted_node(room: RoomView, request: RoomPlace, bounds: Bounds) -> str | None:
    """Return the one node that may be used, or None where any may."""
    if request.node_id is not None:
        return request.node_id
    first = room.record.policy.first_node_id
    return first if first is not None and not room.record.routers and not bounds.anywhere else None


def _own(cluster: Snapshot, room: RoomView) -> list[Candidate]:
    """Return the workers that hold the room; one that its node does not announce any more is none."""
    find = cluster.worker
    return [Candidate(worker, view) for view in room.routers if (worker := find(view.router.worker_id)) is not None]


def _on_node(cluster: Snapshot, own: list[Candidate], node_id: str) -> Iterator[Tier]:
    node = cluster.nodes.get(node_id)
    if node is None:
        return
    here = [candidate for candidate in own if candidate.worker.node is node]
    yield Tier("pack", here, fullest=True)
    used = {candidate.worker.id for candidate in here}
    rule = "spill-worker" if here else "spill-node" if own else "first"
    yield Tier(rule, (Candidate(worker) for worker in node.pool if worker.id not in used))


def _neighbours(here: list[Candidate], own: list[Candidate]) -> Iterator[Candidate]:
    """Yield the workers beside those that hold the room, on the same hosts."""
    used = {candidate.worker.id for candidate in own}
    hosts = {candidate.worker.node.id: candidate.worker.node for candidate in here}
    for node in hosts.values():
        for worker in node.pool:
            if worker.id not in used:
                yield Candidate(worker)


def _indexes(
    cluster: Snapshot, room: RoomView, bounds: Bounds, away: regions.Distances, distance: Distance
) -> list[Index]:
    """Return the nodes of each region at a distance, by their load; the regions by name, whichever was seen first."""
    record = room.record
    policy, anywhere = record.policy, bounds.anywhere
    found = cluster.indexes(record.mediasoup_version, reluctant=bounds.reluctant)
    return [
        index
        for region, index in sorted(found, key=_by_region)
        if away.of(region) is distance and regions.allowed(region, policy, anywhere=anywhere)
    ]


def _lightest_of(
    indexes: Sequence[Index], bounds: Bounds, draw: float, own: list[Candidate], request: RoomPlace
) -> Iterator[Candidate]:
    """Yield the lightest worker of each of the first few nodes of each region that do not carry the room."""
    hosts = {candidate.worker.node.id for candidate in own}
    exclude = request.exclude
    share = max(FEWEST, SAMPLE // max(1, len(indexes)))
    for index in indexes:
        left = share
        for node in index.lightest(bounds.watermark, draw):
            worker = node.lightest_but(exclude) if node.id not in hosts else None
            if worker is not None:
                yield Candidate(worker)
                left -= 1
                if not left:
                    break

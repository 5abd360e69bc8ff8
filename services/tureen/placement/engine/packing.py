"""Pack, then spill: in which order workers are looked at, and which of them is best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from tureen.contract.rooms import RoomPlace
from tureen.placement.engine import regions
from tureen.placement.engine.room import RoomView, RouterView
from tureen.placement.picture import Cluster, Node, Worker

SAMPLE = 8
"""How many hosts that do not carry the room yet are looked at in a region: the lightest ones."""


class Candidate(NamedTuple):
    """A worker to look at, with the room's router on it where there is one."""

    worker: Worker
    router: RouterView | None = None


class Tier(NamedTuple):
    """Workers that are equally welcome.

    Attributes:
        rule: What the choice of one of them is called.
        fullest: Whether the fullest of them is best (packing), else the lightest.
    """

    rule: str
    candidates: Iterable[Candidate]
    fullest: bool = False


class Bounds(NamedTuple):
    """How far one pass goes.

    Attributes:
        watermark: Percent of a core up to which workers are filled, reserves included.
        anywhere: Whether to leave the room's regions and the node of its first worker.
    """

    watermark: float
    anywhere: bool


def tiers(cluster: Cluster, room: RoomView, request: RoomPlace, bounds: Bounds, draw: float) -> Iterator[Tier]:
    """Yield the tiers in their order; the workers of a tier are looked up when it is its turn."""
    own = _own(cluster, room)
    node_id = wanted_node(room, request, bounds)
    if node_id is not None:
        yield from _on_node(cluster, own, node_id)
        return
    room_regions = {candidate.worker.node.region for candidate in own}
    for home in (True, False):
        here = [candidate for candidate in own if regions.is_home(_region(candidate), request, room_regions) is home]
        here = [
            candidate
            for candidate in here
            if regions.allowed(_region(candidate), room.record.policy, anywhere=bounds.anywhere)
        ]
        yield Tier("pack" if home else "spill-region", here, fullest=True)
        yield Tier("spill-worker" if home else "spill-region", _neighbours(here, own))
        rule = "spill-region" if not home else "spill-node" if own else "first"
        nodes = _elsewhere(cluster, room, request, bounds, draw, room_regions, home=home)
        yield Tier(rule, _lightest_of(nodes, own, request))


def wanted_node(room: RoomView, request: RoomPlace, bounds: Bounds) -> str | None:
    """Return the one node that may be used, or None where any may."""
    if request.node_id is not None:
        return request.node_id
    first = room.record.policy.first_node_id
    return first if first is not None and not room.record.routers and not bounds.anywhere else None


def _own(cluster: Cluster, room: RoomView) -> list[Candidate]:
    """Return the workers that hold the room; one that its node does not announce any more is none."""
    found = ((cluster.worker(view.router.worker_id), view) for view in room.routers)
    return [Candidate(worker, view) for worker, view in found if worker is not None]


def _on_node(cluster: Cluster, own: list[Candidate], node_id: str) -> Iterator[Tier]:
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


def _elsewhere(
    cluster: Cluster,
    room: RoomView,
    request: RoomPlace,
    bounds: Bounds,
    draw: float,
    room_regions: set[str],
    *,
    home: bool,
) -> Iterator[Node]:
    """Yield the lightest nodes of each region that is asked for."""
    policy = room.record.policy
    for region, index in cluster.indexes(room.record.mediasoup_version):
        if regions.is_home(region, request, room_regions) is not home:
            continue
        if regions.allowed(region, policy, anywhere=bounds.anywhere):
            yield from index.lightest(bounds.watermark, draw)


def _lightest_of(nodes: Iterable[Node], own: list[Candidate], request: RoomPlace) -> Iterator[Candidate]:
    """Yield the lightest worker of each of the first few nodes that do not carry the room."""
    hosts = {candidate.worker.node.id for candidate in own}
    found = (_lightest(node, request.exclude) for node in nodes if node.id not in hosts)
    return islice((Candidate(worker) for worker in found if worker is not None), SAMPLE)


def _lightest(node: Node, exclude: list[str]) -> Worker | None:
    if node.lightest is None or node.lightest.id not in exclude:
        return node.lightest
    return min(
        (worker for worker in node.pool if worker.id not in exclude), key=lambda worker: worker.load, default=None
    )


def _region(candidate: Candidate) -> str:
    return candidate.worker.node.region

"""The decision."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from tureen.contract.rooms import RoomPlace
from tureen.placement.engine import limits, regions
from tureen.placement.engine.costs import COSTS, Costs, Demand, demand, lowest
from tureen.placement.engine.inputs import Inputs, Looked, Rest
from tureen.placement.engine.packing import Bounds, Candidate, Tier, tiers, wanted_node
from tureen.placement.engine.reasons import Reason
from tureen.placement.engine.regions import Groups
from tureen.placement.engine.room import RoomView
from tureen.placement.engine.snapshot import Snapshot
from tureen.placement.picture import Worker

_FURTHER = {"spill": Bounds(math.inf, anywhere=True), "degrade": Bounds(math.inf, lowest=True)}
"""How far a room's policy lets it go when nothing is left under the watermark."""

GRANT_MS = 10_000
"""Milliseconds for which an offer holds."""


class Place(Struct, frozen=True):
    """Where a transport goes; `router_id` is None where the room has no router there yet."""

    node_id: str
    worker_id: str
    router_id: str | None


class Decision(Struct, frozen=True):
    """A place, or none, and why.

    Attributes:
        demand: What the transport was expected to need.
        expires_at: Wall clock in ms until which the offer holds.
    """

    place: Place | None
    demand: Demand
    expires_at: int
    reason: Reason


class _Found(Struct, frozen=True):
    """What a search came to."""

    rule: str
    candidate: Candidate | None
    demand: Demand


class _Search(Struct):
    """One decision in the making."""

    cluster: Snapshot
    room: RoomView
    request: RoomPlace
    demand: Demand
    weighed: dict[str, tuple[Worker, str | None]] = {}

    def best_of(self, tier: Tier, bounds: Bounds, needed: Demand) -> Candidate | None:
        """Look at every worker of a tier and return the best that takes the transport."""
        best: Candidate | None = None
        record, exclude = self.room.record, self.request.exclude
        version, policy = record.mediasoup_version, record.policy
        watermark, hard_limit = bounds.watermark, policy.hard_limit
        # Beyond the watermark there is nothing to pack: the lightest is the best.
        fullest = tier.fullest and not math.isinf(watermark)
        for candidate in tier.candidates:
            worker, router = candidate.worker, candidate.router
            refusal = (
                ("excluded" if worker.id in exclude else None)
                or limits.unfit(worker.node, version, bounds)
                or (limits.over_count(router, needed, policy) if router is not None else None)
                or limits.over_load(worker, needed, watermark, hard_limit)
            )
            self.weighed[worker.id] = (worker, refusal)
            if refusal is None and (best is None or _better(worker, best.worker, fullest=fullest)):
                best = candidate
        return best


def place(
    cluster: Snapshot,
    room: RoomView,
    request: RoomPlace,
    now: int,
    rng: Random,
    costs: Costs = COSTS,
    groups: Groups = (),
) -> Decision:
    """Decide where a new transport of a room goes.

    Args:
        cluster: What is known of nodes and workers.
        room: The room, and what it has where.
        request: What is asked.
        now: Wall clock, ms since 1970.
        rng: Draws once, to spread what else would be equal.
        costs: What producers, consumers and transports cost.
        groups: Regions that are close to each other.
    """
    draw = rng.random()
    search = _Search(cluster, room, request, demand(request, room.record.policy, room.producers, costs))
    found = _choose(search, draw, costs, groups)
    chosen = found.candidate
    rest = Rest() if chosen is not None else _rest(cluster)
    refused = [refusal for _, refusal in search.weighed.values()]
    refusals = _causes(refused) if chosen is not None else _refusals(search, _causes(refused), rest)
    inputs = Inputs(now, draw, costs, groups, request, room, _looked(search), rest)
    reason = Reason(found.rule, inputs, chosen.worker.id if chosen is not None else None, refused, refusals)
    return Decision(_place(chosen) if chosen is not None else None, found.demand, now + GRANT_MS, reason)


def _choose(search: _Search, draw: float, costs: Costs, groups: Groups) -> _Found:
    for bounds in _passes(search):
        needed = lowest(search.demand, costs) if bounds.lowest else search.demand
        earlier, search.weighed = search.weighed, {}
        found = _first_fit(
            search, bounds, needed, tiers(search.cluster, search.room, search.request, bounds, draw, groups)
        )
        if earlier:
            # The last pass comes first, in its order: made again from the inputs, it walks them in theirs.
            search.weighed |= {name: weighed for name, weighed in earlier.items() if name not in search.weighed}
        if found is not None:
            return found
    return _Found("", None, search.demand)


def _first_fit(search: _Search, bounds: Bounds, needed: Demand, found: Iterable[Tier]) -> _Found | None:
    """Return the best worker of the first tier that has one."""
    for tier in found:
        best = search.best_of(tier, bounds, needed)
        if best is not None:
            return _Found(_rule(tier, bounds, best), best, needed)
    return None


def _passes(search: _Search) -> Iterator[Bounds]:
    """Yield how far to go, further each time: what the room's policy allows, then nodes that may fail again."""
    policy = search.room.record.policy
    first = Bounds(policy.watermark)
    yield first
    passes = [first]
    if policy.limit in _FURTHER:
        passes.append(_FURTHER[policy.limit])
        yield passes[1]
    if search.cluster.has_reluctant:
        yield from (replace(bounds, reluctant=True) for bounds in passes)


def _rule(tier: Tier, bounds: Bounds, chosen: Candidate) -> str:
    if chosen.worker.node.failed:
        return "last-resort"
    if bounds.lowest:
        return "degrade"
    return "spill" if bounds.anywhere else tier.rule


def _better(worker: Worker, than: Worker, *, fullest: bool) -> bool:
    return worker.load > than.load if fullest else worker.load < than.load


def _place(chosen: Candidate) -> Place:
    worker, view = chosen.worker, chosen.router
    return Place(worker.node.id, worker.id, view.router.router_id if view is not None else None)


def _looked(search: _Search) -> tuple[Looked, ...]:
    """Return what the decision depends on: the workers that were weighed, where else the room is, who was left out."""
    weighed = search.weighed
    looked = [Looked.at(worker) for worker, _ in weighed.values()]
    names = [view.router.worker_id for view in search.room.routers]
    names += search.request.exclude
    for name in sorted({name for name in names if name not in weighed}):
        worker = search.cluster.worker(name)
        if worker is not None:
            looked.append(Looked.at(worker))
    return tuple(looked)


def _causes(refused: list[str | None]) -> dict[str, int]:
    causes: dict[str, int] = {}
    for refusal in refused:
        if refusal is not None:
            causes[refusal] = causes.get(refusal, 0) + 1
    return causes


def _rest(cluster: Snapshot) -> Rest:
    return Rest(tuple(cluster.refusing().items()), tuple(cluster.accepting()))


def _refusals(search: _Search, weighed: dict[str, int], rest: Rest) -> Mapping[str, int]:
    """Count every worker of the cluster by why it was refused: nothing was found, so all of them were.

    What was not looked at one by one is counted from the index: those are above the watermark.
    """
    causes = Counter(weighed)
    if wanted_node(search.room, search.request, Bounds(0)) is not None:
        return causes or {"unknown-node": 1}
    for cause, workers in rest.refusing:
        causes[cause] = max(causes[cause], workers)
    indexed = _count_indexed(search, rest.accepting, causes)
    looked_at = sum(worker.node.refusal is None for worker, _ in search.weighed.values())
    left_out = _left_out(search)
    causes["excluded"] += left_out
    looked_at += left_out
    causes["watermark"] += max(0, indexed - looked_at)
    return {cause: workers for cause, workers in causes.items() if workers}


def _left_out(search: _Search) -> int:
    """Count the workers that the caller left out and that were not even weighed."""
    version = search.room.record.mediasoup_version
    names = set(search.request.exclude) - search.weighed.keys()
    found = (search.cluster.worker(name) for name in names)
    return sum(
        worker is not None and worker.node.refusal is None and worker.node.mediasoup_version == version
        for worker in found
    )


def _count_indexed(search: _Search, accepting: Iterable[tuple[str, str, int]], causes: Counter[str]) -> int:
    """Return how many workers might have been used; the others go to their causes."""
    record = search.room.record
    indexed = 0
    for region, version, workers in accepting:
        if version != record.mediasoup_version:
            causes["mediasoup-version"] += workers
        elif not regions.allowed(region, record.policy, anywhere=record.policy.limit == "spill"):
            causes["region"] += workers
        else:
            indexed += workers
    return indexed

"""The decision."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from tureen.contract.rooms import RoomPlace
from tureen.placement.engine import limits, regions
from tureen.placement.engine.costs import COSTS, Costs, Demand, demand
from tureen.placement.engine.packing import Bounds, Candidate, Tier, tiers, wanted_node
from tureen.placement.engine.reasons import Reason, Weighed
from tureen.placement.engine.room import RoomView
from tureen.placement.picture import Cluster, Worker

GRANT_MS = 10_000
"""Milliseconds for which an offer holds."""


class Place(NamedTuple):
    """Where a transport goes; `router_id` is None where the room has no router there yet."""

    node_id: str
    worker_id: str
    router_id: str | None


class Decision(NamedTuple):
    """A place, or none, and why.

    Attributes:
        demand: What the transport was expected to need.
        expires_at: Wall clock in ms until which the offer holds.
    """

    place: Place | None
    demand: Demand
    expires_at: int
    reason: Reason


@dataclass(slots=True)
class _Search:
    """One decision in the making."""

    cluster: Cluster
    room: RoomView
    request: RoomPlace
    demand: Demand
    weighed: dict[str, Weighed] = field(default_factory=dict)

    def best_of(self, tier: Tier, bounds: Bounds) -> Candidate | None:
        """Look at every worker of a tier and return the best that takes the transport."""
        best: Candidate | None = None
        for candidate in tier.candidates:
            worker = candidate.worker
            refusal = self._refusal(candidate, bounds)
            self.weighed[worker.id] = Weighed(worker, worker.load, refusal)
            if refusal is None and (best is None or _better(worker, best.worker, fullest=tier.fullest)):
                best = candidate
        return best

    def _refusal(self, candidate: Candidate, bounds: Bounds) -> str | None:
        worker, router = candidate
        policy = self.room.record.policy
        if worker.id in self.request.exclude:
            return "excluded"
        if worker.node.refusal is not None:
            return worker.node.refusal
        if worker.node.mediasoup_version != self.room.record.mediasoup_version:
            return "mediasoup-version"
        if router is not None:
            refusal = limits.over_count(router, self.demand, policy)
            if refusal is not None:
                return refusal
        return limits.over_load(worker, self.demand, bounds.watermark, policy.hard_limit)


def place(
    cluster: Cluster, room: RoomView, request: RoomPlace, now: int, rng: Random, costs: Costs = COSTS
) -> Decision:
    """Decide where a new transport of a room goes.

    Args:
        cluster: What is known of nodes and workers.
        room: The room, and what it has where.
        request: What is asked.
        now: Wall clock, ms since 1970.
        rng: Draws once, to spread what else would be equal.
        costs: What producers, consumers and transports cost.
    """
    policy = room.record.policy
    draw = rng.random()
    search = _Search(cluster, room, request, demand(request, policy, room.producers, costs))
    rule, chosen = _choose(search, draw)
    refusals = _refusals(search) if chosen is None else _causes(search.weighed.values())
    reason = Reason(rule, _inputs(search, draw), _ranked(search, chosen), refusals)
    where = _place(chosen) if chosen is not None else None
    return Decision(where, search.demand, now + GRANT_MS, reason)


def _choose(search: _Search, draw: float) -> tuple[str, Candidate | None]:
    policy = search.room.record.policy
    passes = [Bounds(policy.watermark, anywhere=False)]
    if policy.limit == "spill":
        passes.append(Bounds(math.inf, anywhere=True))
    for bounds in passes:
        for tier in tiers(search.cluster, search.room, search.request, bounds, draw):
            best = search.best_of(tier if not bounds.anywhere else tier._replace(fullest=False), bounds)
            if best is not None:
                return tier.rule if not bounds.anywhere else "spill", best
    return "", None


def _better(worker: Worker, than: Worker, *, fullest: bool) -> bool:
    return worker.load > than.load if fullest else worker.load < than.load


def _place(chosen: Candidate) -> Place:
    worker, view = chosen
    return Place(worker.node.id, worker.id, view.router.router_id if view is not None else None)


def _ranked(search: _Search, chosen: Candidate | None) -> tuple[Weighed, ...]:
    """Return what was looked at: the chosen one, those that would do, those refused."""
    first = chosen.worker.id if chosen is not None else ""
    return tuple(
        sorted(
            search.weighed.values(),
            key=lambda entry: (entry.worker.id != first, entry.refusal is not None, entry.score),
        )
    )


def _causes(weighed: Iterable[Weighed]) -> Mapping[str, int]:
    return Counter(entry.refusal for entry in weighed if entry.refusal is not None)


def _refusals(search: _Search) -> Mapping[str, int]:
    """Count every worker of the cluster by why it was refused: nothing was found, so all of them were.

    What was not looked at one by one is counted from the index: those are above the watermark.
    """
    causes = Counter(_causes(search.weighed.values()))
    if wanted_node(search.room, search.request, Bounds(0, anywhere=False)) is not None:
        return causes or {"unknown-node": 1}
    for cause, workers in search.cluster.refusing().items():
        causes[cause] = max(causes[cause], workers)
    record = search.room.record
    indexed = 0
    for region, version, workers in search.cluster.accepting():
        if version != record.mediasoup_version:
            causes["mediasoup-version"] += workers
        elif not regions.allowed(region, record.policy, anywhere=record.policy.limit == "spill"):
            causes["region"] += workers
        else:
            indexed += workers
    looked_at = sum(entry.worker.node.refusal is None for entry in search.weighed.values())
    causes["watermark"] += max(0, indexed - looked_at)
    return {cause: workers for cause, workers in causes.items() if workers}


def _inputs(search: _Search, draw: float) -> tuple[object, ...]:
    """Return what the decision was made from; loads go on changing, so they are copied."""
    record, request = search.room.record, search.request
    return (
        (record.tenant, record.room_id, record.incarnation, record.generation, search.room.producers),
        (request.direction, request.expected_consumers, request.region, request.node_id, *request.exclude),
        [(view.transports, view.consumers) for view in search.room.routers],
        [(key, entry.score, entry.worker.hard_load, entry.refusal) for key, entry in search.weighed.items()],
        draw,
    )

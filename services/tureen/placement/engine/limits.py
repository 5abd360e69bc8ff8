"""Whether a worker takes one transport more: one check a cause, the first that fails is the reason."""

from __future__ import annotations

from tureen.contract.rooms import RoomPolicy
from tureen.placement.engine.costs import Demand
from tureen.placement.engine.packing import Bounds
from tureen.placement.engine.room import RouterView
from tureen.placement.picture import Node, Worker


def unfit(node: Node, mediasoup_version: str, bounds: Bounds) -> str | None:
    """Return why nothing of a room goes to a node, or None; one that failed a moment ago is for when none is left."""
    if node.refusal is not None:
        return node.refusal
    if node.mediasoup_version != mediasoup_version:
        return "mediasoup-version"
    return "failed" if node.failed and not bounds.reluctant else None


def over_load(worker: Worker, demand: Demand, watermark: float, hard_limit: float) -> str | None:
    """Return why a worker is too loaded, or None. Reserves count against the watermark alone."""
    if worker.hard_load + demand.cost > hard_limit:
        return "hard-limit"
    if worker.load + demand.cost + demand.reserve > watermark:
        return "watermark"
    return None


def over_count(router: RouterView, demand: Demand, policy: RoomPolicy) -> str | None:
    """Return why a room has its share of a worker already, or None."""
    transports = policy.max_transports_per_worker
    if transports is not None and router.transports >= transports:
        return "max-transports"
    consumers = policy.max_consumers_per_worker
    # A worker where the room has no consumer yet takes any: more than the limit at once would fit nowhere.
    if consumers is not None and router.consumers and router.consumers + demand.consumers > consumers:
        return "max-consumers" if demand.consumers else None
    return None

"""A node for a worker of the caller's own."""

from __future__ import annotations

from tureen.contract.rooms import WorkerPlace
from tureen.placement.picture import Cluster, Node


def place_worker(cluster: Cluster, request: WorkerPlace) -> Node | None:
    """Return the node with the most idle cores, or None where none takes a worker.

    The worker will use a core of its own, so cores count, not what the workers of the pool have booked.
    """
    nodes = (
        node
        for node in cluster.nodes.values()
        if node.refusal is None
        and node.id not in request.exclude
        and (request.region is None or node.region == request.region)
    )
    return max(nodes, key=_idle_cores, default=None)


def _idle_cores(node: Node) -> float:
    return node.host.cores * (1 - node.host.cpu / 100) - len(node.others)

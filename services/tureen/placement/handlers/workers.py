"""`worker.list`."""

from __future__ import annotations

import asyncio

from tureen.bus import Call
from tureen.contract.cluster import PoolWorker, WorkerList, WorkerPage
from tureen.placement.handlers.function import Function
from tureen.placement.picture import Node
from tureen.placement.state import PlacementState


async def list_workers(state: PlacementState, _call: Call, command: WorkerList) -> WorkerPage:
    """List the pools of the nodes that are heard, a page of whole nodes at a time."""
    # What is not listed is taken for gone.
    await asyncio.sleep(state.young())
    nodes, after = state.picture.cluster.nodes, command.after or ""
    found = [nodes[node_id] for node_id in sorted(nodes) if node_id > after and command.node_id in (None, node_id)]
    heard = [node for node in found if node.state == "alive"]
    workers: list[PoolWorker] = []
    following: str | None = None
    for before, node in zip([None, *heard], heard, strict=False):
        if before is not None and len(workers) + len(node.pool) > command.limit:
            following = before.id
            break
        workers += _pool(node)
    return WorkerPage(workers=workers, silent_nodes=len(found) - len(heard), next=following)


def _pool(node: Node) -> list[PoolWorker]:
    pool = sorted(node.pool, key=lambda worker: worker.told.index)
    draining = node.leaving or node.drained
    return [PoolWorker(node_id=node.id, worker_id=worker.id, draining=draining) for worker in pool]


HANDLERS: dict[str, Function] = {
    "worker.list": list_workers,
}

"""`node.list`, `node.drain` and `node.undrain`."""

from __future__ import annotations

from tureen.bus import Call
from tureen.contract.cluster import NodeList, NodePage, NodeRef
from tureen.contract.errors import NotFound
from tureen.contract.paging import fitting
from tureen.placement.handlers.function import Function
from tureen.placement.state import PlacementState


async def list_nodes(state: PlacementState, _call: Call, command: NodeList) -> NodePage:
    """List the nodes that are not gone, by id, a page at a time."""
    nodes, after = state.picture.cluster.nodes, command.after or ""
    found = sorted(node_id for node_id in nodes if node_id > after)
    page = fitting(nodes[node_id].info() for node_id in found[: command.limit])
    return NodePage(nodes=page, next=page[-1].node_id if len(page) < len(found) else None)


async def drain(state: PlacementState, _call: Call, command: NodeRef) -> None:
    """Send nothing new to a node."""
    await _set(state, command.node_id, drained=True)


async def undrain(state: PlacementState, _call: Call, command: NodeRef) -> None:
    """Use a node again."""
    await _set(state, command.node_id, drained=False)


async def _set(state: PlacementState, node_id: str, *, drained: bool) -> None:
    """Write it down for all replicas; a node that is away may be told to be used again, not to be drained."""
    if drained and node_id not in state.picture.cluster.nodes:
        raise NotFound(f"Node with id {node_id} not found", details={"id": node_id})
    await state.store.set_drained(node_id, drained=drained)


HANDLERS: dict[str, Function] = {
    "node.list": list_nodes,
    "node.drain": drain,
    "node.undrain": undrain,
}

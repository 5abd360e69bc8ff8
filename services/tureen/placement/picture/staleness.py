"""Which nodes are suspect: pure, counted on the receiver's monotonic clock."""

from __future__ import annotations

from collections.abc import Iterable

from tureen.contract.cluster import HEARTBEAT_INTERVAL
from tureen.placement.picture.nodes import Node

SUSPECT_AFTER = 2.5 * HEARTBEAT_INTERVAL
"""Seconds of silence after which a node is suspect."""

LATE_AFTER = 1.5 * HEARTBEAT_INTERVAL
"""Seconds of silence after which a node has missed a heartbeat for sure."""


def newly_suspect(nodes: Iterable[Node], now: float) -> list[Node]:
    """Return the nodes that turn suspect now.

    If over half of the nodes fall silent together, the fault is likelier on our way to them than theirs, so none is.
    When the first of them is overdue the others have missed at least one heartbeat: that is how «together» shows. The
    only node of a cluster is judged alone.
    """
    alive = [node for node in nodes if node.state == "alive"]
    overdue = [node for node in alive if now - node.heard_at > SUSPECT_AFTER]
    late = sum(now - node.heard_at > LATE_AFTER for node in alive)
    if len(alive) > 1 and late > len(alive) / 2:
        return []
    return overdue

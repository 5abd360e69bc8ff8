"""Nodes by the load of their lightest worker, so that finding a few good ones does not mean looking at all of them."""

from __future__ import annotations

from collections.abc import Iterator

from tureen.placement.picture.nodes import Node

STEP = 2.0
"""Percent of a core that one bucket spans. Within a bucket nodes count as equally loaded."""

_BUCKETS = int(100 / STEP) + 1


def bucket_of(load: float) -> int:
    """Return the number of the bucket for a load; it holds loads from `STEP` times that number on."""
    return min(max(int(load / STEP), 0), _BUCKETS - 1)


class NodeIndex:
    """Buckets of nodes; entering, moving and leaving cost the same however many there are."""

    def __init__(self) -> None:
        self._buckets: list[list[Node]] = [[] for _ in range(_BUCKETS)]
        self._slots: dict[str, tuple[int, int]] = {}
        self.workers = 0
        """How many workers the indexed nodes have in their pools."""

    def put(self, node: Node, load: float) -> None:
        """Enter a node under the load of its lightest worker, or move it there."""
        bucket = bucket_of(load)
        slot = self._slots.get(node.id)
        if slot is not None and slot[0] == bucket and self._buckets[bucket][slot[1]] is node:
            return
        self.discard(node.id)
        nodes = self._buckets[bucket]
        self._slots[node.id] = (bucket, len(nodes))
        nodes.append(node)
        self.workers += len(node.pool)

    def discard(self, node_id: str) -> None:
        """Take a node out, if it is there; the last of its bucket fills the gap."""
        slot = self._slots.pop(node_id, None)
        if slot is None:
            return
        bucket, position = slot
        nodes = self._buckets[bucket]
        self.workers -= len(nodes[position].pool)
        last = nodes.pop()
        if position < len(nodes):
            nodes[position] = last
            self._slots[last.id] = (bucket, position)

    def lightest(self, below: float, draw: float) -> Iterator[Node]:
        """Yield nodes from the lightest bucket on, as long as a bucket may hold one with less load than `below`.

        Args:
            below: Percent of a core.
            draw: A random number in [0, 1) that says where to begin within a bucket, so that replicas that have not
                heard of each other's grants yet do not all choose the same node.
        """
        for number, nodes in enumerate(self._buckets):
            if not nodes:
                continue
            if number * STEP > below:
                return
            start = int(draw * len(nodes))
            # From there to the last, then from the first: a list's places below zero count from its end.
            for position in range(start - len(nodes), start):
                yield nodes[position]

    def __len__(self) -> int:
        return len(self._slots)

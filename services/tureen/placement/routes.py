"""By which path a router gets a producer: pure.

A producer travels along a tree: each router that holds it took it from one other, and the tree grows at its edge.
Nothing that flows is moved, so a route ends at a router that holds the producer (or will in a moment), plus one hop to
the asker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise

from tureen.contract.rooms import RoomRouter


@dataclass(frozen=True, slots=True)
class Bounds:
    """How wide and deep a tree may grow.

    Attributes:
        fan_out: To how many routers one router sends a producer.
        depth: How many hops lead from the router where the producer lives to the farthest.
    """

    fan_out: int = 8
    depth: int = 4


@dataclass(frozen=True, slots=True)
class Tree:
    """What is known of one producer in one room.

    Attributes:
        routers: The room's routers, by id.
        upstream: The routers that hold it, each with the one it was pulled from, or None where it lives.
        planned: The routers to which a path was answered that was not seen to be there yet, each with its source.
    """

    routers: Mapping[str, RoomRouter]
    upstream: Mapping[str, str | None]
    planned: Mapping[str, str]

    def parent(self, router_id: str) -> str | None:
        """Return where a router has the producer from, or will."""
        return self.upstream[router_id] if router_id in self.upstream else self.planned.get(router_id)

    def path(self, router_id: str) -> list[str] | None:
        """Return the routers from the origin to one; None where a link is unknown, foreign, or goes in a circle."""
        path = [router_id]
        while self.upstream.get(path[-1], "") is not None:
            parent = self.parent(path[-1])
            if parent is None or parent in path:
                return None
            path.append(parent)
        if any(known not in self.routers for known in path):
            return None
        return path[::-1]

    def children(self) -> Counter[str]:
        """Return how many routers each router sends the producer to, or will."""
        links = {**self.planned, **self.upstream}
        return Counter(parent for parent in links.values() if parent is not None)


def route(
    tree: Tree,
    asker: str,
    *,
    bounds: Bounds,
    usable: Callable[[str], bool],
    region: Callable[[str], str],
    exclude: Collection[str] = (),
) -> list[RoomRouter] | None:
    """Return the path by which a router gets a producer, from where it lives to the asker; None where there is no way.

    Args:
        tree: What is known of the producer.
        asker: The router that wants it, one of the room's.
        bounds: How wide and deep the tree may grow.
        usable: Whether the node of that id is there: no path leads through one that is suspect.
        region: The region of the node of that id.
        exclude: Routers that refused to send; what flows through them already goes on.
    """
    held = tree.path(asker) if asker in tree.upstream else None
    if held is not None and _all_usable(tree, held, usable):
        return [tree.routers[router_id] for router_id in held]
    children = tree.children()
    here = tree.routers[asker]
    best: tuple[tuple[bool, bool, int, int, str], list[str]] | None = None
    for source in {**tree.planned, **tree.upstream}:
        if source in exclude or children[source] - (tree.parent(asker) == source) >= bounds.fan_out:
            continue
        path = tree.path(source)
        if path is None or asker in path or len(path) > bounds.depth or not _all_usable(tree, path, usable):
            continue
        if _waits_for_refuser(tree, path, exclude):
            continue
        node_id = tree.routers[source].node_id
        rank = (
            region(node_id) != region(here.node_id),
            node_id != here.node_id,
            len(path),
            children[source],
            source,
        )
        if best is None or rank < best[0]:
            best = (rank, path)
    return [tree.routers[router_id] for router_id in [*best[1], asker]] if best is not None else None


def _all_usable(tree: Tree, path: list[str], usable: Callable[[str], bool]) -> bool:
    return all(usable(tree.routers[router_id].node_id) for router_id in path)


def _waits_for_refuser(tree: Tree, path: list[str], exclude: Collection[str]) -> bool:
    """Tell whether a hop of the path is not there yet and its source refused to make it."""
    return any(router_id not in tree.upstream and tree.planned[router_id] in exclude for router_id in path)


class Plans:
    """Paths that were answered a moment ago: who asks next counts them, or all would take the same way at once."""

    def __init__(self, lifetime: float = 10.0) -> None:
        self._lifetime = lifetime
        self._hops: dict[str, dict[str, tuple[str, float]]] = {}

    def add(self, producer_id: str, path: list[RoomRouter], now: float) -> None:
        """Remember the hops of a path; `now` in monotonic seconds."""
        hops = self._hops.setdefault(producer_id, {})
        for source, to in pairwise(path):
            hops[to.router_id] = (source.router_id, now + self._lifetime)

    def of(self, producer_id: str, now: float) -> dict[str, str]:
        """Return the hops planned for a producer: each router with its source."""
        hops = self._hops.get(producer_id, {})
        return {router_id: source for router_id, (source, until) in hops.items() if until > now}

    def forget(self, producer_id: str, router_id: str) -> None:
        """A hop is there now, or will not be."""
        hops = self._hops.get(producer_id)
        if hops is not None:
            hops.pop(router_id, None)
            if not hops:
                del self._hops[producer_id]

    def expire(self, now: float) -> None:
        """Drop what was never seen to be there."""
        for producer_id, hops in list(self._hops.items()):
            for router_id, (_, until) in list(hops.items()):
                if until <= now:
                    self.forget(producer_id, router_id)

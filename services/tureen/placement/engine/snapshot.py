"""What a decision looks at: the cluster as it is now, or the part of it that an earlier decision looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from tureen.placement.picture import Node, Worker


class Index(Protocol):
    """Nodes that take something new, by their load."""

    def lightest(self, below: float, draw: float) -> Iterator[Node]:
        """Yield nodes from the lightest on, up to a load; `draw` says where to begin among equals."""
        ...


class Snapshot(Protocol):
    """Nodes and workers; `picture.Cluster` is one."""

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Every node that is not gone, by id."""
        ...

    @property
    def has_reluctant(self) -> bool:
        """Whether any node that takes something new does so only where nothing else is left."""
        ...

    def worker(self, worker_id: str) -> Worker | None:
        """Return a worker, or None where no node has announced it."""
        ...

    def indexes(self, mediasoup_version: str, *, reluctant: bool = False) -> Iterable[tuple[str, Index]]:
        """Return the regions that have nodes of a mediasoup version, with those that take something new."""
        ...

    def accepting(self) -> Iterable[tuple[str, str, int]]:
        """Return region, mediasoup version and how many workers are on nodes that take something new."""
        ...

    def refusing(self) -> Mapping[str, int]:
        """Return how many workers are on nodes that take nothing new, by cause."""
        ...

"""Making a decision again from what it was made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

from tureen.contract.cluster import HostLoad, WorkerLoad
from tureen.placement.engine.inputs import Inputs, Looked
from tureen.placement.engine.place import Decision, place
from tureen.placement.picture import Node, Worker
from tureen.placement.picture.index import STEP, bucket_of


def replay(inputs: Inputs) -> Decision:
    """Make a decision again, by the same rules as the first time: where they changed since, so may the answer."""
    return place(
        Recorded(inputs), inputs.room, inputs.request, inputs.now, _Drawn(inputs.draw), inputs.costs, inputs.groups
    )


class _Drawn(Random):
    """Draws what was drawn then."""

    def __init__(self, draw: float) -> None:
        super().__init__(0)
        self._draw = draw

    def random(self) -> float:
        return self._draw


class _Index:
    """The nodes of a region that a decision looked at, in the order in which it did."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}

    def lightest(self, below: float, draw: float) -> Iterator[Node]:
        """Yield them again: that order held the draw already."""
        for node in self.nodes.values():
            if bucket_of(node.indexed_load) * STEP <= below:
                yield node


class Recorded:
    """The part of a cluster that a decision looked at; all else had no influence on it."""

    def __init__(self, inputs: Inputs) -> None:
        self._rest = inputs.rest
        self._nodes: dict[str, Node] = {}
        self._workers: dict[str, Worker] = {}
        self._indexes: dict[tuple[str, str, bool], _Index] = {}
        for looked in inputs.workers:
            self._enter(looked)

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes of the workers that were looked at."""
        return self._nodes

    @property
    def has_reluctant(self) -> bool:
        """Whether any of them is used only where nothing else is left."""
        return any(reluctant for _, _, reluctant in self._indexes)

    def worker(self, worker_id: str) -> Worker | None:
        """Return a worker that was looked at."""
        return self._workers.get(worker_id)

    def indexes(self, mediasoup_version: str, *, reluctant: bool = False) -> Iterator[tuple[str, _Index]]:
        """Yield the regions of the nodes that were looked at."""
        for (region, version, of_reluctant), index in self._indexes.items():
            if version == mediasoup_version and of_reluctant is reluctant:
                yield region, index

    def accepting(self) -> tuple[tuple[str, str, int], ...]:
        """Return the counts of then."""
        return self._rest.accepting

    def refusing(self) -> Mapping[str, int]:
        """Return the counts of then."""
        return dict(self._rest.refusing)

    def _enter(self, looked: Looked) -> None:
        node = self._nodes.get(looked.node_id)
        if node is None:
            node = self._nodes[looked.node_id] = _node(looked)
        told = WorkerLoad(worker_id=looked.worker_id)
        worker = Worker(looked.worker_id, node, told, load=looked.load, hard_load=looked.hard_load)
        self._workers[looked.worker_id] = node.workers[looked.worker_id] = worker
        node.pool.append(worker)
        node.weigh()
        if looked.node_refusal is None:
            key = (looked.region, looked.mediasoup_version, looked.reluctant)
            self._indexes.setdefault(key, _Index()).nodes[node.id] = node


def _node(looked: Looked) -> Node:
    return Node(
        id=looked.node_id,
        start_id="",
        region=looked.region,
        mediasoup_version=looked.mediasoup_version,
        heard_at=0.0,
        host=HostLoad(cpu=100.0 if looked.reluctant else 0.0),
        failed=looked.failed,
        indexed_load=looked.indexed_load,
        refusal=looked.node_refusal,
    )

"""The picture of the cluster: nodes, workers, their loads and what was granted on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tureen.contract.cluster import Heartbeat, WorkerLoad
from tureen.placement.picture.bookings import Booking, Bookings
from tureen.placement.picture.index import NodeIndex
from tureen.placement.picture.nodes import Node, Worker
from tureen.placement.picture.staleness import newly_suspect

FAILED_FOR = 60.0
"""Seconds for which a node that failed is used only where nothing else is left."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A node is there; `returned` where it was suspect before."""

    node: Node
    returned: bool = False


@dataclass(frozen=True, slots=True)
class Replaced:
    """A node announced a new run: the old one is gone, with its workers and all they held."""

    node: Node
    old_start_id: str
    old_worker_ids: tuple[str, ...]


class Cluster:
    """Nodes and workers by id, with an index of those that take something new.

    All methods are quick and synchronous; times are seconds of one monotonic clock.
    """

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._workers: dict[str, Worker] = {}
        self._drained: set[str] = set()
        self._failed: dict[str, float] = {}
        self._indexes: dict[tuple[str, str, bool], NodeIndex] = {}
        self._refusing: Counter[str] = Counter()
        self._refusal_of: dict[str, tuple[str, int]] = {}
        self.bookings = Bookings()

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Every node that is not gone, by id."""
        return self._nodes

    def worker(self, worker_id: str) -> Worker | None:
        """Return a worker, or None where no node has announced it."""
        return self._workers.get(worker_id)

    def indexes(self, mediasoup_version: str, *, reluctant: bool = False) -> Iterator[tuple[str, NodeIndex]]:
        """Yield the regions that have nodes of a mediasoup version, with those that take something new.

        Those that failed a moment ago, or whose host is overloaded, are `reluctant`: they are in indexes of their own.
        """
        for (region, version, of_reluctant), index in self._indexes.items():
            if version == mediasoup_version and of_reluctant is reluctant and len(index):
                yield region, index

    @property
    def has_reluctant(self) -> bool:
        """Whether any node that takes something new does so only where nothing else is left."""
        return any(reluctant and len(index) for (_, _, reluctant), index in self._indexes.items())

    def accepting(self) -> Iterator[tuple[str, str, int]]:
        """Yield region, mediasoup version and how many workers are on nodes that take something new."""
        for (region, version, _), index in self._indexes.items():
            yield region, version, index.workers

    def refusing(self) -> Mapping[str, int]:
        """Return how many workers are on nodes that take nothing new, by cause."""
        return self._refusing

    def newest_version(self) -> str | None:
        """Return the newest mediasoup version among the nodes that take something new."""
        versions = (version for (_, version, _), index in self._indexes.items() if len(index))
        return max(versions, key=_version_key, default=None)

    def hear(self, heartbeat: Heartbeat, now: float) -> list[Joined | Replaced]:
        """Take over a heartbeat; return what it changed beyond loads."""
        changes: list[Joined | Replaced] = []
        node = self._nodes.get(heartbeat.node_id)
        if node is not None and node.start_id != heartbeat.start_id:
            changes.append(Replaced(node, node.start_id, tuple(node.workers)))
            self.remove(node.id)
            self.fail(heartbeat.node_id, now)
            node = None
        if node is None:
            node = self._enter(heartbeat, now)
            changes.append(Joined(node))
        elif node.state == "suspect":
            node.state = "alive"
            self.fail(node.id, now)
            changes.append(Joined(node, returned=True))
        self._take_over(node, heartbeat, now)
        return changes

    def fail(self, node_id: str, now: float) -> None:
        """A node did not do what it was asked, fell silent or ended without a word: others are used for a minute."""
        self._failed[node_id] = now + FAILED_FOR
        node = self._nodes.get(node_id)
        if node is not None and not node.failed:
            self._leave_index(node)
            node.failed = True
            self._reindex(node)

    def check(self, now: float) -> list[Node]:
        """Mark and return the nodes that turn suspect now."""
        suspects = newly_suspect(self._nodes.values(), now)
        for node in suspects:
            node.state = "suspect"
            self._reindex(node)
        return suspects

    def stood_still(self, seconds: float) -> None:
        """Our own loop or connection stood still for a while: that is nobody's silence."""
        for node in self._nodes.values():
            node.heard_at += seconds

    def remove(self, node_id: str) -> Node | None:
        """A node is gone: forget it and its workers."""
        node = self._nodes.pop(node_id, None)
        if node is None:
            return None
        node.state = "gone"
        for worker_id in list(node.workers):
            self._drop_worker(node, worker_id)
        self._reindex(node)
        return node

    def remove_worker(self, worker_id: str) -> None:
        """A worker died: forget it."""
        worker = self._workers.get(worker_id)
        if worker is not None:
            node = worker.node
            self._drop_worker(node, worker_id)
            self._set_pool(node)

    def set_drained(self, node_ids: Iterable[str]) -> None:
        """Take over which nodes the operator drains."""
        self._drained = set(node_ids)
        for node in self._nodes.values():
            drained = node.id in self._drained
            if node.drained != drained:
                node.drained = drained
                self._reindex(node)

    def book(self, booking: Booking) -> None:
        """Enter a grant, of ours or of another replica's."""
        worker = self._workers.get(booking.worker_id)
        if worker is not None and self.bookings.add(booking):
            self._shift(worker, booking.cost, booking.reserve, booking.consumers)

    def unbook(self, worker_id: str, grant_id: str) -> None:
        """Withdraw a grant that was never given to anybody."""
        booking = self.bookings.cancel(worker_id, grant_id)
        worker = self._workers.get(worker_id)
        if worker is not None and booking is not None:
            self._shift(worker, -booking.cost, -booking.reserve, -booking.consumers)

    def _shift(self, worker: Worker, cost: float, reserve: float, consumers: int) -> None:
        """A worker's load changed between two heartbeats."""
        worker.pending_cost += cost
        worker.pending_reserve += reserve
        worker.refresh()
        node = worker.node
        node.pending_consumers += consumers
        before = node.refusal
        if node.host.network_limit or node.host.packets_limit:
            node.assess()
        lightest = node.lightest
        if node.refusal != before or lightest is worker or lightest is None or worker.load < lightest.load:
            node.weigh()
            self._file(node)

    def _enter(self, heartbeat: Heartbeat, now: float) -> Node:
        node = Node(
            id=heartbeat.node_id,
            start_id=heartbeat.start_id,
            region=heartbeat.region,
            mediasoup_version=heartbeat.mediasoup_version,
            heard_at=now,
            host=heartbeat.host,
            drained=heartbeat.node_id in self._drained,
        )
        self._nodes[node.id] = node
        return node

    def _take_over(self, node: Node, heartbeat: Heartbeat, now: float) -> None:
        node.heard_at = now
        node.clock_ahead = heartbeat.clock - now * 1000
        node.leaving = heartbeat.draining
        node.inventory_version = heartbeat.inventory_version
        pool = [load for load in heartbeat.workers if load.tenant is None]
        node.others = [load for load in heartbeat.workers if load.tenant is not None]
        told = {load.worker_id for load in pool}
        changed = told != node.workers.keys()
        if changed:
            for worker_id in node.workers.keys() - told:
                self._drop_worker(node, worker_id)
        node.pending_consumers = sum(self._take_over_worker(node, load, now) for load in pool)
        self._assess(node, heartbeat, now)
        if changed:
            self._set_pool(node)
        else:
            node.weigh()
            self._reindex(node)

    def _assess(self, node: Node, heartbeat: Heartbeat, now: float) -> None:
        """Take over what the host tells, and whether it still counts as having failed."""
        before = node.reluctant
        node.take_host(heartbeat.host)
        node.failed = self._failed.get(node.id, now) > now
        if not node.failed:
            self._failed.pop(node.id, None)
        if node.reluctant != before:
            self._discard(node, reluctant=before)

    def _take_over_worker(self, node: Node, load: WorkerLoad, now: float) -> int:
        """Take over a worker's load; return how many consumers are expected on places on offer there."""
        worker = self._workers.get(load.worker_id)
        if worker is None or worker.node is not node:
            worker = Worker(load.worker_id, node, load)
            self._workers[load.worker_id] = node.workers[load.worker_id] = worker
        worker.told = load
        consumers = 0
        if worker.pending_cost or worker.pending_reserve:
            self.bookings.expire(load.worker_id, now)
            worker.pending_cost, worker.pending_reserve, consumers = self.bookings.sums(load.worker_id)
        worker.refresh()
        return consumers

    def _drop_worker(self, node: Node, worker_id: str) -> None:
        del node.workers[worker_id]
        self.bookings.forget_worker(worker_id)
        known = self._workers.get(worker_id)
        if known is not None and known.node is node:
            del self._workers[worker_id]

    def _set_pool(self, node: Node) -> None:
        """The node's workers changed: the index counts them, so the node leaves it with the old pool first."""
        self._leave_index(node)
        node.pool = list(node.workers.values())
        node.weigh()
        self._reindex(node)

    def _reindex(self, node: Node) -> None:
        node.assess()
        self._file(node)

    def _file(self, node: Node) -> None:
        """Enter a node where it belongs by now: under its load, or among those that refuse."""
        refusal = node.refusal
        if refusal is None and node.lightest is not None:
            if node.id in self._refusal_of:
                self._leave_index(node)
            node.indexed_load = node.lightest.load
            self._index_of(node).put(node, node.indexed_load)
            return
        self._leave_index(node)
        if refusal is not None and node.state != "gone":
            self._refusal_of[node.id] = (refusal, len(node.pool))
            self._refusing[refusal] += len(node.pool)

    def _leave_index(self, node: Node) -> None:
        self._discard(node, reluctant=node.reluctant)
        cause, workers = self._refusal_of.pop(node.id, ("", 0))
        if cause:
            self._refusing[cause] -= workers

    def _discard(self, node: Node, *, reluctant: bool) -> None:
        index = self._indexes.get((node.region, node.mediasoup_version, reluctant))
        if index is not None:
            index.discard(node.id)

    def _index_of(self, node: Node) -> NodeIndex:
        key = (node.region, node.mediasoup_version, node.reluctant)
        index = self._indexes.get(key)
        if index is None:
            index = self._indexes[key] = NodeIndex()
        return index


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))

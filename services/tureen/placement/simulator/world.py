"""Nodes, workers and routers that do not exist, and the heartbeats that they would send."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from tureen.contract.cluster import Heartbeat, HostLoad, Inventory, RouterLoad, WorkerLoad
from tureen.placement.engine import Costs
from tureen.placement.picture import Picture
from tureen.placement.simulator.workload import Workload

VERSION = "simulated"
PORTS = 40_000


@dataclass(slots=True, eq=False)
class Worker:
    """A worker and what it carries."""

    id: str
    node: Node
    routers: dict[str, Router] = field(default_factory=dict)
    transports: int = 0
    producers: int = 0
    consumers: int = 0
    pipe_consumers: int = 0
    reserved: float = 0.0

    def cpu(self, costs: Costs) -> float:
        """Percent of a core: what goes out over a pipe costs as much as what goes to a browser."""
        streams = costs.ingest * self.producers + costs.copy * (self.consumers + self.pipe_consumers)
        return streams + costs.transport * self.transports


@dataclass(slots=True, eq=False)
class Router:
    """A room's router on a worker.

    Attributes:
        origins: The producers that live here.
        pulled: The producers that came over a pipe, each with the router it came from and over how many hops.
        watchers: How many consume each producer here.
        serving: To how many routers each producer is sent on.
    """

    id: str
    room_id: str
    worker: Worker
    transports: int = 0
    opened: int = 0
    consumers: int = 0
    told: tuple[int, int, int] = (0, 0, 0)
    origins: set[str] = field(default_factory=set)
    pulled: dict[str, tuple[Router, int]] = field(default_factory=dict)
    watchers: Counter[str] = field(default_factory=Counter)
    serving: Counter[str] = field(default_factory=Counter)

    def holds(self, producer_id: str) -> bool:
        """Tell whether a producer lives here or was pulled."""
        return producer_id in self.origins or producer_id in self.pulled


@dataclass(slots=True, eq=False)
class Node:
    """A host."""

    id: str
    region: str
    workers: list[Worker] = field(default_factory=list)
    seq: int = 0
    speaks: bool = True


@dataclass(slots=True)
class World:
    """Everything there is, and what placement knows of it."""

    workload: Workload
    costs: Costs
    rng: Random
    picture: Picture = field(default_factory=Picture)
    nodes: dict[str, Node] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)
    drained: set[str] = field(default_factory=set)
    now: float = 0.0
    ids: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    moves: int = 0
    extra_transports: int = 0
    decisions: int = 0

    def new_id(self, what: str) -> str:
        """Return an id that was not there before."""
        self.ids += 1
        return f"{what}-{self.ids}"

    @property
    def wall_ms(self) -> int:
        """The wall clock of the simulation."""
        return round(self.now * 1000)

    def add_node(self, node_id: str, region: str, workers: int) -> None:
        """A node joins and tells that it holds nothing."""
        node = self.nodes[node_id] = Node(node_id, region)
        for number in range(1, workers + 1):
            worker = Worker(f"{node_id}-{number}", node)
            node.workers.append(worker)
            self.workers[worker.id] = worker
        self.beat(node)
        self.picture.take_page(Inventory(node_id=node_id, start_id=node_id, version=0, routers=[]))

    def remove_node(self, node_id: str) -> None:
        """A node is gone, and placement knows."""
        node = self.nodes.pop(node_id)
        for worker in node.workers:
            del self.workers[worker.id]
        self.picture.forget_node(node_id)

    def takes(self, worker: Worker, hard_limit: float, cost: float = 0.0, consumers: int = 1) -> bool:
        """Tell whether a worker's agent would accept so much more."""
        most = self.workload.consumers_per_worker
        if most is not None and worker.consumers + worker.pipe_consumers + consumers > most:
            return False
        return worker.cpu(self.costs) + (cost or self.costs.copy * consumers) <= hard_limit + 1e-9

    def beat(self, node: Node) -> None:
        """A node tells its load."""
        node.seq += 1
        self.picture.hear(self._heartbeat(node), self.now)

    def _heartbeat(self, node: Node) -> Heartbeat:
        loads = [self._load(index, worker) for index, worker in enumerate(node.workers, 1)]
        return Heartbeat.model_construct(
            node_id=node.id,
            start_id=node.id,
            seq=node.seq,
            mediasoup_version=VERSION,
            region=node.region,
            host=HostLoad(
                cpu=sum(load.cpu for load in loads) / len(loads), cores=len(loads), ports=PORTS, free_ports=PORTS
            ),
            workers=loads,
            routers=[load for worker in node.workers for load in _changed(worker)],
        )

    def _load(self, index: int, worker: Worker) -> WorkerLoad:
        return WorkerLoad(
            worker_id=worker.id,
            index=index,
            cpu=worker.cpu(self.costs),
            routers=len(worker.routers),
            transports=worker.transports,
            producers=worker.producers,
            consumers=worker.consumers + worker.pipe_consumers,
            reserved=max(0.0, worker.reserved),
        )


def _changed(worker: Worker) -> list[RouterLoad]:
    """Return the routers whose counts are not those that were told last."""
    loads = []
    for router in worker.routers.values():
        counts = (router.transports, router.opened, router.consumers)
        if counts != router.told:
            router.told = counts
            transports, opened, consumers = counts
            load = RouterLoad(router_id=router.id, transports=transports, opened=opened, consumers=consumers)
            loads.append(load)
    return loads

"""A node and its workers, as the last heartbeat and the grants since then show them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tureen.contract.cluster import HostLoad, NodeInfo, NodeState, WorkerLoad

FILES_LIMIT = 0.95
"""Share of its open files beyond which a host takes nothing new: what runs there needs the rest."""


@dataclass(slots=True, eq=False)
class Worker:
    """One mediasoup worker of a node's.

    Attributes:
        told: What the last heartbeat said.
        pending_cost: Percent of a core granted but not seen in a heartbeat yet.
        pending_reserve: What was reserved with that, percent of a core.
        load: Percent of a core in use, booked, reserved or granted: what packing counts against the watermark.
        hard_load: The same without reserves: what counts against the hard limit.
    """

    node: Node
    told: WorkerLoad
    pending_cost: float = 0.0
    pending_reserve: float = 0.0
    load: float = 0.0
    hard_load: float = 0.0

    @property
    def id(self) -> str:
        """The worker's id."""
        return self.told.worker_id

    def refresh(self) -> None:
        """Add up the loads anew."""
        told = self.told
        self.hard_load = told.cpu + told.booked + self.pending_cost
        self.load = self.hard_load + told.reserved + self.pending_reserve


@dataclass(slots=True, eq=False)
class Node:
    """A host with a node agent.

    Attributes:
        start_id: The agent's run.
        heard_at: When its last heartbeat came, on the receiver's monotonic clock.
        clock_ahead: Milliseconds by which its agent's clock is ahead of ours.
        state: As the missed heartbeats tell.
        leaving: The agent itself says that it takes nothing new.
        drained: The operator says so.
        inventory_version: As the last heartbeat told it.
        workers: All its workers, by id.
        pool: Those that may carry rooms: a tenant's own worker is that tenant's alone.
        lightest: The one of the pool with the least load.
    """

    id: str
    start_id: str
    region: str
    mediasoup_version: str
    heard_at: float
    host: HostLoad
    clock_ahead: float = 0.0
    state: NodeState = "alive"
    leaving: bool = False
    drained: bool = False
    inventory_version: int = 0
    workers: dict[str, Worker] = field(default_factory=dict)
    pool: list[Worker] = field(default_factory=list)
    lightest: Worker | None = None

    @property
    def refusal(self) -> str | None:
        """Why nothing new goes to this node, or None where something may."""
        if self.state != "alive":
            return self.state
        if self.leaving or self.drained:
            return "draining"
        if self.host.ports and not self.host.free_ports:
            return "no-ports"
        if self.host.open_files_limit and self.host.open_files > FILES_LIMIT * self.host.open_files_limit:
            return "no-files"
        return None

    def clock(self, now: float) -> int:
        """Return what its agent's clock shows at a moment of ours, ms."""
        return max(0, round(now * 1000 + self.clock_ahead))

    def weigh(self) -> None:
        """Find the lightest worker of the pool anew."""
        self.lightest = min(self.pool, key=_load, default=None)

    def info(self) -> NodeInfo:
        """Return the node as operators see it."""
        return NodeInfo(
            node_id=self.id,
            start_id=self.start_id,
            state=self.state,
            region=self.region,
            draining=self.leaving or self.drained,
            mediasoup_version=self.mediasoup_version,
            workers=[worker.told for worker in self.workers.values()],
        )


def _load(worker: Worker) -> float:
    return worker.load

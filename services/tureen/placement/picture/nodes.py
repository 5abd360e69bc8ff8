"""A node and its workers, as the last heartbeat and the grants since then show them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from tureen.contract.cluster import HostLoad, NodeInfo, NodeState, WorkerLoad

FILES_LIMIT = 0.95
"""Share of its open files beyond which a host takes nothing new: what runs there needs the rest."""

NETWORK_LIMIT = 0.9
"""Share of what its network carries, or of the packets it is meant to handle, beyond which a host takes nothing new."""

CPU_LIMIT = 95.0
"""Percent of all its cores beyond which a host is no place for rooms that are not there yet."""

CONSUMER_BYTES = 40_000.0
CONSUMER_PACKETS = 80.0
"""What a consumer is taken to send a second, until the host has enough of them to tell."""

ENOUGH_CONSUMERS = 20
"""How many consumers a host needs for its own figures to be believed."""


_by_load = attrgetter("load")


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

    id: str
    node: Node
    told: WorkerLoad
    pending_cost: float = 0.0
    pending_reserve: float = 0.0
    load: float = 0.0
    hard_load: float = 0.0

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
        failed: It failed within the last minute: it is used only where nothing else is left.
        inventory_version: As the last heartbeat told it.
        workers: Those that may carry rooms, by id.
        pool: The same in a list.
        others: Tenants' own workers; their ids are the tenants' affair, and may be those of other workers.
        lightest: The one of the pool with the least load.
        indexed_load: The load of that one by which the node is found.
        pending_consumers: How many consumers are expected on places that were granted and do not show yet.
        refusal: Why nothing new goes to this node, or None where something may; `assess` keeps it.
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
    failed: bool = False
    inventory_version: int = 0
    workers: dict[str, Worker] = field(default_factory=dict)
    pool: list[Worker] = field(default_factory=list)
    others: Sequence[WorkerLoad] = ()
    lightest: Worker | None = None
    indexed_load: float = 0.0
    pending_consumers: int = 0
    refusal: str | None = None
    _bytes: float = CONSUMER_BYTES
    _packets: float = CONSUMER_PACKETS

    @property
    def reluctant(self) -> bool:
        """Whether rooms that are not there yet should go elsewhere if they can."""
        return self.failed or self.host.cpu > CPU_LIMIT

    def take_host(self, host: HostLoad) -> None:
        """Take over the host's load, and learn from it what a consumer sends here."""
        self.host = host
        consumers = sum(worker.told.consumers for worker in self.pool) + sum(load.consumers for load in self.others)
        if consumers >= ENOUGH_CONSUMERS:
            self._bytes = host.network_out / consumers
            self._packets = host.packets_out / consumers

    def assess(self) -> None:
        """Find out anew whether something may go to this node."""
        self.refusal = self._refusal()

    def clock(self, now: float) -> int:
        """Return what its agent's clock shows at a moment of ours, ms."""
        return max(0, round(now * 1000 + self.clock_ahead))

    def weigh(self) -> None:
        """Find the lightest worker of the pool anew."""
        self.lightest = min(self.pool, key=_by_load, default=None)

    def lightest_but(self, exclude: Collection[str]) -> Worker | None:
        """Return the lightest worker of the pool that is not to be excluded, if there is one."""
        lightest = self.lightest
        if not exclude or lightest is None or lightest.id not in exclude:
            return lightest
        return min((worker for worker in self.pool if worker.id not in exclude), key=_by_load, default=None)

    def info(self) -> NodeInfo:
        """Return the node as operators see it."""
        return NodeInfo(
            node_id=self.id,
            start_id=self.start_id,
            state=self.state,
            region=self.region,
            draining=self.leaving or self.drained,
            mediasoup_version=self.mediasoup_version,
            workers=[
                WorkerLoad.model_validate(load, from_attributes=True)
                for load in (*(worker.told for worker in self.pool), *self.others)
            ],
        )

    def _refusal(self) -> str | None:
        host = self.host
        if self.state != "alive":
            return self.state
        if self.leaving or self.drained:
            return "draining"
        if host.ports and not host.free_ports:
            return "no-ports"
        if host.open_files_limit and host.open_files > FILES_LIMIT * host.open_files_limit:
            return "no-files"
        if host.network_limit and self._network() > NETWORK_LIMIT * host.network_limit:
            return "network"
        if host.packets_limit and self._packets_a_second() > NETWORK_LIMIT * host.packets_limit:
            return "packets"
        return None

    def _network(self) -> float:
        """Return the bytes a second of the fuller direction, with what was granted and does not show yet."""
        return max(self.host.network_in, self.host.network_out + self.pending_consumers * self._bytes)

    def _packets_a_second(self) -> float:
        return self.host.packets_in + self.host.packets_out + self.pending_consumers * self._packets

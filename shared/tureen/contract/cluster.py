"""What nodes say of themselves: heartbeats, inventories and the events of the cluster."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tureen.contract.ids import Id
from tureen.contract.model import Announcement, Command, Message, Reply
from tureen.contract.rooms import RoomRecord

LEVEL = 1
"""The contract's minor version, in replies (header `Tureen-Level`), INFO and heartbeats."""

HEARTBEAT_INTERVAL = 1.0
"""Seconds between two heartbeats of a node."""


class WorkerLoad(Message):
    """One worker, as its node's heartbeat tells.

    Attributes:
        index: Its place among the node's workers, from 1, kept when it is replaced.
        cpu: Percent of one core, over the last heartbeat.
        memory: Resident bytes.
        booked: Percent of a core that grants have booked and the CPU does not show yet.
        reserved: Percent of a core kept for what its transports may grow to.
        tenant: Whose own worker it is; absent for the agent's pool.
    """

    worker_id: str
    index: int = 0
    pid: int = 0
    tenant: str | None = None
    cpu: float = 0
    memory: int = 0
    routers: int = 0
    transports: int = 0
    producers: int = 0
    consumers: int = 0
    pipes: int = 0
    booked: float = 0
    reserved: float = 0


class RouterLoad(Message):
    """How many transports (pipes apart) and consumers a router of a room holds.

    Attributes:
        opened: How many transports it has ever had: one that came and went between two heartbeats counts as well.
    """

    router_id: str
    transports: int = 0
    opened: int = 0
    consumers: int = 0


class HostLoad(Message):
    """A node's host.

    Attributes:
        cpu: Percent of all cores.
        memory: Bytes in use.
        network_in: Bytes a second, the loopback interface apart.
        network_out: Bytes a second, the loopback interface apart.
        network_limit: Bytes a second that the network carries each way; 0 is unknown.
        packets_in: Packets a second, the loopback interface apart.
        packets_out: Packets a second, the loopback interface apart.
        packets_limit: Packets a second, in and out together, that the host is meant to handle; 0 is no limit.
        open_files: Of the agent's process.
        free_ports: Media ports not in use.
    """

    cpu: float = 0
    cores: int = 1
    memory: int = 0
    memory_total: int = 0
    network_in: float = 0
    network_out: float = 0
    network_limit: float = 0
    packets_in: float = 0
    packets_out: float = 0
    packets_limit: float = 0
    open_files: int = 0
    open_files_limit: int = 0
    free_ports: int = 0
    ports: int = 0


class Heartbeat(Announcement):
    """Published by every node agent once a second.

    Attributes:
        start_id: The agent's run; a new one means that the old run and all it held are gone.
        seq: Counts the heartbeats of the run.
        clock: The agent's own clock, ms, which only grows; the grants for its workers expire by it.
        addresses: Labels of the addresses that its transports can listen on.
        inventory_version: Counts the changes of what the agent holds; who missed one asks for the inventory.
        routers: Rooms' routers whose counts changed in the last ten heartbeats, so that losing one costs nothing;
            the inventory has all of them.
    """

    node_id: str
    start_id: str
    seq: int
    clock: int = 0
    level: int = LEVEL
    mediasoup_version: str
    region: str = ""
    addresses: list[str] = Field(default_factory=list)
    draining: bool = False
    inventory_version: int = 0
    host: HostLoad
    workers: list[WorkerLoad]
    routers: list[RouterLoad] = Field(default_factory=list)


class PulledFrom(Message):
    """By which hop a router got a producer that lives elsewhere."""

    router_id: str
    node_id: str


class ProducerEntry(Message):
    """A producer that a router holds; `upstream` is set where it was pulled."""

    producer_id: str
    kind: str
    upstream: PulledFrom | None = None


class RouterEntry(Message):
    """A router that an agent holds."""

    router_id: str
    worker_id: str
    tenant: str
    record: RoomRecord | None = None
    """The agent's copy of its room's record; absent for a router outside of rooms."""
    producers: list[ProducerEntry] = Field(default_factory=list)
    transports: int = 0
    opened: int = 0
    """How many transports it has ever had."""
    consumers: int = 0
    pipes: int = 0


class Inventory(Announcement):
    """What an agent holds: on start, on reconnect and when asked; a page under 256 KiB.

    Attributes:
        version: As in the heartbeat at that moment.
        page: From 0; the pages of one version belong together.
        pages: How many there are.
    """

    node_id: str
    start_id: str
    version: int
    page: int = 0
    pages: int = 1
    routers: list[RouterEntry]


class InventoryGet(Command):
    """Ask an agent to publish its inventory."""


class InventoryEvent(Announcement):
    """An event of a node that changed what it holds.

    Attributes:
        inventory_version: The version after the change: who sees a gap asks for the inventory. 0 is no change.
    """

    node_id: str
    start_id: str
    inventory_version: int = 0


class ProducerEvent(InventoryEvent):
    """`producerOpened` and `producerClosed`: a router of a room has a producer, or has it no more."""

    room_id: str
    router_id: str
    producer_id: str
    kind: str = ""
    upstream: PulledFrom | None = None


class PipeEvent(InventoryEvent):
    """`pipeOpened` and `pipeClosed`: two routers of a room are linked, or no more."""

    room_id: str
    from_router_id: str
    to_router_id: str


class WorkerEvent(InventoryEvent):
    """`workerDied`: a worker ended by itself, and its routers with it.

    Attributes:
        tenant: Whose own worker it was; absent for the agent's pool.
    """

    worker_id: str
    tenant: str | None = None
    router_ids: list[str] = Field(default_factory=list)


class RouterEvent(InventoryEvent):
    """`routerOpened` and `routerClosed`: a router of a room was made, or closed."""

    room_id: str
    router_id: str
    worker_id: str = ""


class RoomEvent(Announcement):
    """`roomChanged`: a room's record was written; `closed` where it was deleted."""

    room_id: str
    tenant: str
    incarnation: int
    generation: int
    closed: bool = False


class NodeEvent(Announcement):
    """`nodeJoined`, `nodeSuspect` and `nodeGone`."""

    node_id: str
    start_id: str
    reason: str = ""


class GrantedEvent(Announcement):
    """`granted`: a replica gave out a place, so that the others pack well.

    Attributes:
        consumers: How many consumers the transport is expected to hold.
        expires_at: When the offer ends, ms, on the clock of the worker's agent, as in the grant.
    """

    replica_id: str
    node_id: str
    worker_id: str
    router_id: str
    grant_id: str
    cost: float
    reserve: float
    consumers: int = 0
    expires_at: int


NodeState = Literal["alive", "suspect", "gone"]


class NodeInfo(Reply):
    """A node as placement sees it."""

    node_id: str
    start_id: str
    state: NodeState
    region: str = ""
    draining: bool = False
    mediasoup_version: str = ""
    workers: list[WorkerLoad]


class NodeList(Command):
    """List the nodes, a page at a time.

    Attributes:
        after: The last node of the page before.
    """

    after: Id | None = None
    limit: Annotated[int, Field(gt=0, le=1000)] = 1000


class NodePage(Reply):
    """Nodes that placement knows, as many as fit a page.

    Attributes:
        next: What to send as `after` for the next page; absent on the last.
    """

    nodes: list[NodeInfo]
    next: str | None = None


class NodeRef(Command):
    """Name a node."""

    node_id: str


class WorkerList(Command):
    """List the workers on which rooms may run, a page at a time.

    Attributes:
        node_id: List those of this node; one that nobody has heard of has none. Unset is every node.
        after: The last node of the page before.
        limit: About how many workers a page holds: those of one node come together, by their index.
    """

    node_id: Id | None = None
    after: Id | None = None
    limit: Annotated[int, Field(gt=0, le=1000)] = 1000


class PoolWorker(Message):
    """A worker on which rooms may run.

    Attributes:
        draining: Whether its node takes nothing new; what runs there goes on.
    """

    node_id: str
    worker_id: str
    draining: bool = False


class WorkerPage(Reply):
    """Workers on which rooms may run, by their nodes' ids.

    Attributes:
        silent_nodes: How many of the nodes that were asked for, those of later pages included, are not heard at the
            moment. Their workers are not listed, and may be back any time: only where this is 0 is what is not listed
            gone.
        next: What to send as `after` for the next page; absent on the last.
    """

    workers: list[PoolWorker]
    silent_nodes: int = 0
    next: str | None = None

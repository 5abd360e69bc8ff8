"""The objects of this node, by id, and who owns them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from tureen.contract.errors import NotFound
from tureen.contract.media import Served
from tureen.contract.rooms import RoomRecord, RoomRouter
from tureen.contract.subjects import SYSTEM
from tureen.mediasoup import (
    Consumer,
    DataConsumer,
    DataProducer,
    DirectTransport,
    PipeTransport,
    Producer,
    Router,
    RtpObserver,
    Transport,
    WebRtcServer,
    Worker,
)
from tureen.mediasoup.left import Left
from tureen.mediasoup.names import NameSpace
from tureen.mediasoup.webrtc_transport import WebRtcTransportOptions
from tureen.node_agent.bookings import Bookings
from tureen.node_agent.table import Table

if TYPE_CHECKING:
    from tureen.contract.pipes import PipeMessage

_MOST_KINDS = 256


def piped_key(object_id: str, router_id: str) -> str:
    """Return the key of what came out of a pipe, where its origin has the id; no id looks like that."""
    return f"{object_id}/{router_id}"


@dataclass(slots=True, eq=False)
class WorkerEntry:
    """A worker of the agent's pool, or a tenant's own.

    Attributes:
        index: From 1; a tenant's own have the numbers after the pool's.
        webrtc_server: What transports listen on that say nothing else; a tenant's own worker has none.
        tenant: Whose own it is; `system` for the pool.
        ports: The lowest and highest port where a listen info names none; None for the node's range.
        event_seq: Counts its events and those of its WebRtcServers.
    """

    id: str
    index: int
    worker: Worker
    webrtc_server: WebRtcServer | None = None
    tenant: str = SYSTEM
    ports: tuple[int, int] | None = None
    event_seq: int = 0
    bookings: Bookings = field(default_factory=Bookings)
    cpu: float = 0.0
    """Percent of a core, over the last heartbeat."""
    reserved: float = 0.0
    """What is kept for growth, percent of a core, as of the last heartbeat."""
    routers: set[RouterEntry] = field(default_factory=set)
    name_spaces: dict[str, NameSpace] = field(default_factory=dict)
    """What the worker calls the objects of each tenant that has any here."""
    left: Left = field(default_factory=Left)
    """What tenants have closed here a moment ago."""
    lost_routers: list[str] = field(default_factory=list)
    """The routers that went with it: mediasoup closes them before it tells of the death."""
    webrtc_kinds: dict[Hashable, WebRtcTransportOptions] = field(default_factory=dict)
    """The options that WebRtcTransports were made with here, by what the commands asked for: most ask for the same."""

    def know_webrtc_kind(self, kind: Hashable, options: WebRtcTransportOptions) -> None:
        """Keep the options of a transport that was made."""
        if len(self.webrtc_kinds) >= _MOST_KINDS:
            self.webrtc_kinds.clear()
        self.webrtc_kinds[kind] = options

    def names(self, tenant: str) -> NameSpace:
        """Return the name space of a tenant's objects."""
        names = self.name_spaces.get(tenant)
        if names is None:
            names = self.name_spaces[tenant] = NameSpace(self.worker, self.left)
        return names

    def close(self) -> None:
        """Close it, and all that hangs on it."""
        self.worker.close()


@dataclass(slots=True, eq=False)
class WebRtcServerEntry:
    """A WebRtcServer: the node's, on a worker of the pool, or a tenant's, on a worker of its own."""

    id: str
    webrtc_server: WebRtcServer
    worker: WorkerEntry

    @property
    def tenant(self) -> str:
        """Whom it belongs to."""
        return self.worker.tenant

    def close(self) -> None:
        """Close it, and all that hangs on it."""
        self.webrtc_server.close()


@dataclass(slots=True, eq=False)
class HeldProducer:
    """A producer or a data producer that a router holds: made there, or pulled.

    Attributes:
        path: The routers from the one where the producer lives to this one.
        pull_id: Set where it was pulled.
        scores: What is known of its streams before the last hop, by encoding.
        stream: The origin's SCTP stream, where messages are carried over the bus and the worker here knows of none.
        taps: Called with each message that this agent sends into the router: pulls that are carried over the bus.
        serving: To how many other routers it is sent, or about to be.
    """

    producer: Producer | DataProducer
    path: tuple[RoomRouter, ...]
    pull_id: str | None = None
    scores: Sequence[int] = ()
    stream: Mapping[str, Any] | None = None
    taps: list[Callable[[PipeMessage], None]] = field(default_factory=list)
    serving: int = 0

    @property
    def kind(self) -> str:
        """`audio`, `video` or `data`."""
        return self.producer.kind if isinstance(self.producer, Producer) else "data"


@dataclass(slots=True, eq=False)
class Entries:
    """What somebody asked for on one router, by the keys that the tables of the node have."""

    transports: dict[str, TransportEntry] = field(default_factory=dict)
    producers: dict[str, ProducerEntry] = field(default_factory=dict)
    consumers: dict[str, ConsumerEntry] = field(default_factory=dict)
    data_producers: dict[str, DataProducerEntry] = field(default_factory=dict)
    data_consumers: dict[str, DataConsumerEntry] = field(default_factory=dict)
    rtp_observers: dict[str, RtpObserverEntry] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class RouterEntry:
    """A router, its place, and what it holds."""

    id: str
    tenant: str
    router: Router
    worker: WorkerEntry
    node_id: str
    room_id: str | None = None
    served: Served = field(init=False)
    """Where this router's objects live, for people."""
    served_on_wire: dict[str, Any] = field(init=False)
    """The same as a map, for the answers that are made most often."""
    producers: dict[str, HeldProducer] = field(default_factory=dict)
    entries: Entries = field(default_factory=Entries)
    """What somebody asked for here; the tables of `Objects` keep it."""
    booked: set[str] = field(default_factory=set)
    """The transports that have a place here: those that are being made as well."""
    changes: int = 0
    """How often what it holds has changed."""
    opened: int = 0
    """How many transports it has ever had."""
    consumers: int = 0
    pipes: int = 0
    event_seq: int = 0
    watchers: Counter[str] = field(default_factory=Counter)
    """How many consumers, those of pipes included, watch each producer here; one that is being made counts already."""

    def __post_init__(self) -> None:
        """Describe its place once: every answer about an object in it says so."""
        worker = self.worker
        self.served = Served(node_id=self.node_id, worker_id=worker.id, worker_index=worker.index, router_id=self.id)
        self.served_on_wire = self.served.to_wire()

    @property
    def transports(self) -> dict[str, TransportEntry]:
        """The transports that somebody asked for, by id."""
        return self.entries.transports

    @property
    def place(self) -> RoomRouter:
        """The router as a room's record lists it."""
        return RoomRouter(router_id=self.id, node_id=self.node_id, worker_id=self.worker.id)

    def booking(self, transport_id: str) -> str:
        """Return under which name a transport's place is booked on the worker."""
        return f"{self.tenant}/{transport_id}"

    @property
    def in_use(self) -> bool:
        """Whether anything but the room's own record needs it."""
        return bool(self.transports or self.producers or self.pipes)

    def close(self) -> None:
        """Close it, and all that hangs on it."""
        self.router.close()


@dataclass(slots=True, eq=False)
class _OnRouter:
    """What hangs on a router and belongs to the router's tenant."""

    id: str
    router: RouterEntry

    @property
    def tenant(self) -> str:
        """Whom it belongs to."""
        return self.router.tenant


@dataclass(slots=True, eq=False)
class TransportEntry(_OnRouter):
    """A transport that somebody asked for."""

    transport: Transport

    def close(self) -> None:
        """Close it, and all that hangs on it."""
        self.transport.close()


@dataclass(slots=True, eq=False)
class PipeEntry(_OnRouter):
    """This node's end of a pipe, or of a way on which it carries messages itself.

    People may look at it, nobody but the agent commands it.
    """

    transport: PipeTransport | DirectTransport


@dataclass(slots=True, eq=False)
class ProducerEntry(_OnRouter):
    """A producer where it lives.

    Attributes:
        direct: Whether its RTP comes in commands: it is of a DirectTransport.
    """

    producer: Producer
    direct: bool = False

    def close(self) -> None:
        """Close it, and all that hangs on it."""
        self.producer.close()


@dataclass(slots=True, eq=False)
class ConsumerEntry(_OnRouter):
    """A consumer that somebody asked for."""

    consumer: Consumer

    def close(self) -> None:
        """Close it, and all that hangs on it."""
        self.consumer.close()


@dataclass(slots=True, eq=False)
class DataProducerEntry(_OnRouter):
    """A data producer where it lives."""

    data_producer: DataProducer

    def close(self) -> None:
        """Close it, and all that hangs on it."""
        self.data_producer.close()


@dataclass(slots=True, eq=False)
class DataConsumerEntry(_OnRouter):
    """A data consumer that somebody asked for."""

    data_consumer: DataConsumer

    def close(self) -> None:
        """Close it, and all that hangs on it."""
        self.data_consumer.close()


@dataclass(slots=True, eq=False)
class RtpObserverEntry(_OnRouter):
    """An RTP observer."""

    rtp_observer: RtpObserver
    watching: dict[str, Callable[..., Any]] = field(default_factory=dict)
    """The producers that it watches, each with what listens to its end."""

    def close(self) -> None:
        """Close it, and all that hangs on it."""
        self.rtp_observer.close()


OnRouter = TypeVar("OnRouter", bound=_OnRouter)


class RouterTable(Table[OnRouter]):
    """Objects that hang on routers: they are found by router as well, in a time that others' objects do not count in.

    Args:
        noun: As of every table.
        of: Returns where a router has its part of the table.
    """

    def __init__(self, noun: str, of: Callable[[Entries], dict[str, OnRouter]]) -> None:
        super().__init__(noun)
        self._of = of

    def add(self, entry: OnRouter) -> None:
        """Enter an object under its id, and on its router."""
        super().add(entry)
        self._of(entry.router.entries)[entry.id] = entry

    def discard(self, entry: OnRouter) -> None:
        """Take an object out, from its router too, if it is there."""
        super().discard(entry)
        on_router = self._of(entry.router.entries)
        if on_router.get(entry.id) is entry:
            del on_router[entry.id]


class Objects:
    """Every object of this node that has a name on the wire."""

    def __init__(self) -> None:
        self.workers: Table[WorkerEntry] = Table("Worker")
        self.webrtc_servers: Table[WebRtcServerEntry] = Table("WebRtcServer")
        self.routers: Table[RouterEntry] = Table("Router")
        self.transports: Table[TransportEntry] = RouterTable("Transport", lambda on: on.transports)
        self.pipes: Table[PipeEntry] = Table("PipeTransport")
        self.producers: Table[ProducerEntry] = RouterTable("Producer", lambda on: on.producers)
        self.consumers: Table[ConsumerEntry] = RouterTable("Consumer", lambda on: on.consumers)
        self.data_producers: Table[DataProducerEntry] = RouterTable("DataProducer", lambda on: on.data_producers)
        self.data_consumers: Table[DataConsumerEntry] = RouterTable("DataConsumer", lambda on: on.data_consumers)
        self.rtp_observers: Table[RtpObserverEntry] = RouterTable("RtpObserver", lambda on: on.rtp_observers)
        self.rooms: dict[tuple[str, str], RoomRecord] = {}
        """The agent's copies of the rooms' records, by tenant and room."""

    def visible_transport(self, transport_id: str, tenant: str) -> TransportEntry | PipeEntry:
        """Return a transport or an end of a pipe, to be looked at.

        Raises:
            NotFound: There is none of that id, or it is another tenant's.
        """
        return self.pipes.find(transport_id, tenant) or self.transports.get(transport_id, tenant)

    def router_of_room(self, router_id: str, room_id: str) -> RouterEntry:
        """Return a router of a room. Placement makes these, under ids of its own; tenants may call others the same.

        Raises:
            NotFound: The room has no such router here.
        """
        for router in self.routers.named(router_id):
            if router.room_id == room_id:
                return router
        raise NotFound(f"Router with id {router_id} not found in room {room_id}", details={"id": router_id})

    def record_of(self, router: RouterEntry) -> RoomRecord | None:
        """Return the record of the room that a router belongs to."""
        return self.rooms.get((router.tenant, router.room_id)) if router.room_id else None

"""The objects of this node, by id, and who owns them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from tureen.contract.errors import NotFound
from tureen.contract.media import Served
from tureen.contract.rooms import RoomRecord, RoomRouter
from tureen.contract.subjects import SYSTEM
from tureen.mediasoup import (
    Consumer,
    PipeTransport,
    PlainTransport,
    Producer,
    Router,
    WebRtcServer,
    WebRtcTransport,
    Worker,
)
from tureen.node_agent.bookings import Bookings

Transport = WebRtcTransport | PlainTransport


@dataclass(slots=True, eq=False)
class WorkerEntry:
    """A worker of the agent's pool."""

    id: str
    index: int
    worker: Worker
    webrtc_server: WebRtcServer
    tenant: str = SYSTEM
    bookings: Bookings = field(default_factory=Bookings)
    cpu: float = 0.0
    """Percent of a core, over the last heartbeat."""
    routers: dict[str, RouterEntry] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class HeldProducer:
    """A producer that a router holds: made there, or pulled.

    Attributes:
        path: The routers from the one where the producer lives to this one.
        pull_id: Set where it was pulled.
    """

    producer: Producer
    path: tuple[RoomRouter, ...]
    pull_id: str | None = None

    @property
    def origin(self) -> RoomRouter:
        """Where the producer lives."""
        return self.path[0]


@dataclass(slots=True, eq=False)
class RouterEntry:
    """A router, its place, and what it holds."""

    id: str
    tenant: str
    router: Router
    worker: WorkerEntry
    node_id: str
    room_id: str | None = None
    producers: dict[str, HeldProducer] = field(default_factory=dict)
    transports: dict[str, TransportEntry] = field(default_factory=dict)
    consumers: int = 0
    pipes: int = 0
    event_seq: int = 0
    watchers: Counter[str] = field(default_factory=Counter)
    """How many consumers, those of pipes included, watch each producer here; one that is being made counts already."""

    @property
    def place(self) -> RoomRouter:
        """The router as a room's record lists it."""
        return RoomRouter(router_id=self.id, node_id=self.node_id, worker_id=self.worker.id)

    @property
    def served(self) -> Served:
        """Where this router's objects live, for people."""
        return Served(node_id=self.node_id, worker_id=self.worker.id, worker_index=self.worker.index, router_id=self.id)

    @property
    def in_use(self) -> bool:
        """Whether anything but the room's own record needs it."""
        return bool(self.transports or self.producers or self.pipes)


@dataclass(slots=True, eq=False)
class TransportEntry:
    """A transport that somebody asked for."""

    id: str
    transport: Transport
    router: RouterEntry


@dataclass(slots=True, eq=False)
class PipeEntry:
    """This node's end of a pipe: people may look at it, nobody but the agent commands it."""

    id: str
    transport: PipeTransport
    router: RouterEntry


@dataclass(slots=True, eq=False)
class ProducerEntry:
    """A producer where it lives."""

    id: str
    producer: Producer
    router: RouterEntry


@dataclass(slots=True, eq=False)
class ConsumerEntry:
    """A consumer that somebody asked for."""

    id: str
    consumer: Consumer
    router: RouterEntry
    producer_id: str


class _Owned(Protocol):
    @property
    def id(self) -> str: ...


_Entry = TypeVar("_Entry", bound=_Owned)


class Table(Generic[_Entry]):
    """The objects of one class, by id. To any tenant but its owner an object does not exist."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._entries: dict[str, _Entry] = {}

    def add(self, entry: _Entry) -> None:
        """Enter an object under its id."""
        self._entries[entry.id] = entry

    def discard(self, object_id: str) -> None:
        """Take an object out, if it is there."""
        self._entries.pop(object_id, None)

    def find(self, object_id: str, tenant: str) -> _Entry | None:
        """Return a tenant's object, or None."""
        entry = self._entries.get(object_id)
        return entry if entry is not None and tenant in {owner_of(entry), SYSTEM} else None

    def get(self, object_id: str, tenant: str) -> _Entry:
        """Return a tenant's object.

        Raises:
            NotFound: There is none of that id, or it is another tenant's.
        """
        entry = self.find(object_id, tenant)
        if entry is None:
            raise NotFound(f"{self._noun} with id {object_id} not found", details={"id": object_id})
        return entry

    def all(self) -> Iterable[_Entry]:
        """Return every object, whoever owns it."""
        return self._entries.values()

    def __len__(self) -> int:
        return len(self._entries)


def owner_of(entry: object) -> str:
    """Return the tenant that an object belongs to: its router's, for what hangs on a router."""
    if isinstance(entry, RouterEntry | WorkerEntry):
        return entry.tenant
    if isinstance(entry, TransportEntry | PipeEntry | ProducerEntry | ConsumerEntry):
        return entry.router.tenant
    return SYSTEM


class Objects:
    """Every object of this node that has a name on the wire."""

    def __init__(self) -> None:
        self.workers: Table[WorkerEntry] = Table("Worker")
        self.routers: Table[RouterEntry] = Table("Router")
        self.transports: Table[TransportEntry] = Table("Transport")
        self.pipes: Table[PipeEntry] = Table("PipeTransport")
        self.producers: Table[ProducerEntry] = Table("Producer")
        self.consumers: Table[ConsumerEntry] = Table("Consumer")
        self.rooms: dict[tuple[str, str], RoomRecord] = {}
        """The agent's copies of the rooms' records, by tenant and room."""

    def worker_for_tenant(self, worker_id: str, tenant: str) -> WorkerEntry:
        """Return a worker on which a tenant may make routers: its own, or one of the pool.

        Raises:
            NotFound: There is none of that id, or it is another tenant's own.
        """
        worker = self.workers.find(worker_id, SYSTEM)
        if worker is None or worker.tenant not in {SYSTEM, tenant}:
            return self.workers.get(worker_id, tenant)
        return worker

    def visible_transport(self, transport_id: str, tenant: str) -> TransportEntry | PipeEntry:
        """Return a transport or an end of a pipe, to be looked at.

        Raises:
            NotFound: There is none of that id, or it is another tenant's.
        """
        return self.pipes.find(transport_id, tenant) or self.transports.get(transport_id, tenant)

    def record_of(self, router: RouterEntry) -> RoomRecord | None:
        """Return the record of the room that a router belongs to."""
        return self.rooms.get((router.tenant, router.room_id)) if router.room_id else None

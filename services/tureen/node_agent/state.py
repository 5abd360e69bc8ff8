"""What the handlers share: one object per agent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from tureen.bus import Call, Result
from tureen.contract import subjects
from tureen.contract.cluster import InventoryEvent, PipeEvent, ProducerEvent, RouterEvent, WorkerEvent
from tureen.contract.errors import NotFound
from tureen.contract.media import ListenInfo
from tureen.contract.model import Command
from tureen.contract.subjects import SYSTEM
from tureen.mediasoup.types import TransportListenInfo
from tureen.node_agent import rooms
from tureen.node_agent.addresses import Ports, listening
from tureen.node_agent.events import EventPublisher
from tureen.node_agent.grants import UsedGrants
from tureen.node_agent.inventory import upstream_of
from tureen.node_agent.leases import Closable, Leases
from tureen.node_agent.memory import UNREPEATABLE, Creates, mark_of
from tureen.node_agent.objects import (
    DataProducerEntry,
    HeldProducer,
    Objects,
    ProducerEntry,
    RouterEntry,
    WorkerEntry,
    piped_key,
)
from tureen.node_agent.pages import Pages
from tureen.node_agent.pipes.puller import Puller
from tureen.node_agent.pipes.server import PipeServer
from tureen.node_agent.pipes.walker import Walker
from tureen.node_agent.settings import NodeAgentSettings
from tureen.node_agent.table import Entry, Owned, Table

if TYPE_CHECKING:
    from tureen.node_agent.workers import WorkerPool

Made = TypeVar("Made")

AgentFunction = Callable[..., Awaitable[Result]]
"""Takes the agent's state, the call and the command."""

Handlers = Mapping[str, AgentFunction]
"""Functions of the agent's state, the call and the command, by `<object>.<method>`."""


_PARENTS = (("transports", "transport_id"), ("routers", "router_id"), ("workers", "worker_id"))
"""Where an object is made, and the field of a command that names it."""


class Entered(Owned, Closable, Protocol):
    """What can belong to a lease."""


@dataclass(slots=True, eq=False)
class AgentState:
    """A node agent's state.

    Attributes:
        start_id: The agent's run.
        publish_inventory: Asks the shell to publish what the agent holds.
        now: Returns loop time, seconds.
        inventory_version: Counts the changes of what the agent holds.
        listen_info: Returns where a transport listens; nobody changes what it returns.
    """

    settings: NodeAgentSettings
    start_id: str
    objects: Objects
    events: EventPublisher
    creates: Creates
    leases: Leases
    publish_inventory: Callable[[], None]
    now: Callable[[], float]
    inventory_version: int = 0
    grants: UsedGrants = field(default_factory=UsedGrants)
    pages: Pages = field(default_factory=Pages)
    puller: Puller = field(init=False)
    server: PipeServer = field(init=False)
    walker: Walker = field(init=False)
    pool: WorkerPool = field(init=False)
    listen_info: Callable[[ListenInfo, Ports | None], TransportListenInfo] = field(init=False)

    def __post_init__(self) -> None:
        self.listen_info = listening(self.settings)

    def key(
        self,
        table: Table[ProducerEntry] | Table[DataProducerEntry],
        object_id: str,
        router_id: str | None,
        call: Call,
    ) -> str:
        """Return under which key it is entered; with a router, that of another one's is never it."""
        plain = table.find(object_id, call.tenant)
        if router_id is None or (plain is not None and plain.router.id == router_id):
            return object_id
        key = piped_key(object_id, router_id)
        piped = self.creates.is_under_way(key, call.tenant) or table.find(key, call.tenant) is not None
        return key if piped or plain is not None else object_id

    async def settled(self, object_id: str, call: Call) -> None:
        """Wait until the caller has no create of that id under way; the operator waits for those of all tenants."""
        owners = self.creates.owners(object_id) if call.tenant == SYSTEM else [call.tenant]
        for owner in owners:
            await self.creates.settled(object_id, owner)

    async def named(self, table: Table[Entry], object_id: str, call: Call) -> Entry:
        """Return the object that a command names, after a create of that id that is under way.

        Raises:
            NotFound: The caller has none of that id.
        """
        if call.tenant == SYSTEM or self.creates.is_under_way(object_id, call.tenant):
            await self.settled(object_id, call)
        return table.get(object_id, call.tenant)

    async def to_close(self, table: Table[Entry], object_id: str, call: Call) -> Entry | None:
        """Return the object that a command closes; the id of one that is closed, or never was, is remembered."""
        if call.tenant == SYSTEM or self.creates.is_under_way(object_id, call.tenant):
            await self.settled(object_id, call)
        entry = table.find(object_id, call.tenant)
        if entry is None:
            self.creates.bury(object_id, call.tenant)
        return entry

    def create(
        self,
        call: Call,
        object_id: str,
        command: Command,
        make: Callable[[], Awaitable[Made]],
        *,
        repeatable: bool = True,
    ) -> Awaitable[Made]:
        """Have an object made, once, however often the same caller asks for it with the same command; to be awaited.

        Args:
            call: Who asks.
            object_id: The object's id.
            command: What is asked for.
            make: Makes it.
            repeatable: Whether the caller chose the id; nobody can ask again for one that the agent has chosen.

        Raises:
            Conflict: The id is something else's, or was closed a moment ago.
            NotFound: The owner that the command names holds no lease.
        """
        # All but `router.pipeToRouter` are `Ownable`, be it a model or what is read quickly in its place.
        owner_id: str | None = getattr(command, "owner_id", None)
        if owner_id is not None:
            make = self._owned(call.tenant, owner_id, make)
        mark = UNREPEATABLE
        if repeatable:
            mark = mark_of(command, f"{call.tenant} {call.command.name}")
        reuse: bool = getattr(command, "reuse", False)
        return self.creates.once(object_id, mark, make, self._owner(call, command), reuse=reuse)

    def _owner(self, call: Call, command: Command) -> str:
        """Return whose a new object is: what the operator makes on a tenant's object is the tenant's."""
        if call.tenant != SYSTEM:
            return call.tenant
        for table, name in _PARENTS:
            parent_id = getattr(command, name, None)
            parent: Owned | None = getattr(self.objects, table).find(parent_id, SYSTEM) if parent_id else None
            if parent is not None:
                return parent.tenant
        return SYSTEM

    def _owned(self, tenant: str, owner_id: str, make: Callable[[], Awaitable[Made]]) -> Callable[[], Awaitable[Made]]:
        """Return what makes an object that depends on a lease."""

        async def owned() -> Made:
            lease = self.leases.get(tenant, owner_id)
            made = await make()
            closable = cast("Closable", made)
            if not self.leases.own(lease, closable):
                closable.close()
                raise NotFound(f"the lease of {owner_id} ended while it was made", details={"ownerId": owner_id})
            return made

        return owned

    def forget(self, entry: Entered) -> None:
        """An object is gone: it belongs to no lease, and its owner may not use its id for a while."""
        self.leases.disown(entry)
        self.creates.forget(entry.id, entry.tenant)

    def producer_opened(self, router: RouterEntry, held: HeldProducer) -> None:
        """A router has a producer now: say so."""
        self._producer("producerOpened", router, held)

    def producer_closed(self, router: RouterEntry, held: HeldProducer) -> None:
        """A router has a producer no more: say so."""
        self._producer("producerClosed", router, held)

    def router_opened(self, entry: RouterEntry) -> None:
        """A router was made: enter it and say so."""
        entry.worker.routers.add(entry)
        self.objects.routers.add(entry)
        self._router("routerOpened", entry)

    def router_closed(self, entry: RouterEntry) -> None:
        """A router is gone, however it ended: forget it and say so."""
        self.objects.routers.discard(entry)
        self.forget(entry)
        entry.worker.routers.discard(entry)
        if entry.worker.worker.closed:
            entry.worker.lost_routers.append(entry.id)
        if entry.room_id is not None:
            rooms.forget_unused(self.objects, entry.tenant, entry.room_id, self.settings.node_id)
        self._router("routerClosed", entry)

    def worker_died(self, entry: WorkerEntry) -> None:
        """A worker ended by itself, and its routers with it: forget it and say so."""
        self.objects.workers.discard(entry)
        tenant = None if entry.tenant == SYSTEM else entry.tenant
        self._announce(
            "workerDied", WorkerEvent, worker_id=entry.id, tenant=tenant, router_ids=sorted(entry.lost_routers)
        )

    def pipe_opened(self, router: RouterEntry, from_router_id: str) -> None:
        """A pipe leads into a router now: say so."""
        self._pipe("pipeOpened", router, from_router_id)

    def pipe_closed(self, router: RouterEntry, from_router_id: str) -> None:
        """A pipe leads into a router no more: say so."""
        self._pipe("pipeClosed", router, from_router_id)

    def _router(self, what: str, entry: RouterEntry) -> None:
        self._announce(
            what,
            RouterEvent,
            room_id=entry.room_id or subjects.ABSENT,
            router_id=entry.id,
            worker_id=entry.worker.id,
        )

    def _pipe(self, what: str, router: RouterEntry, from_router_id: str) -> None:
        self._announce(what, PipeEvent, room_id=router.room_id, from_router_id=from_router_id, to_router_id=router.id)

    def _producer(self, what: str, router: RouterEntry, held: HeldProducer) -> None:
        router.changes += 1
        self._announce(
            what,
            ProducerEvent,
            room_id=router.room_id or subjects.ABSENT,
            router_id=router.id,
            producer_id=held.producer.id,
            kind=held.kind,
            upstream=upstream_of(held),
        )

    def _announce(self, what: str, event: type[InventoryEvent], **fields: Any) -> None:
        """Publish an event of the cluster; what changed the inventory carries its new version."""
        if event is not PipeEvent:
            self.inventory_version += 1
        self.events.announce(
            what,
            event(
                node_id=self.settings.node_id,
                start_id=self.start_id,
                inventory_version=self.inventory_version,
                **fields,
            ),
        )

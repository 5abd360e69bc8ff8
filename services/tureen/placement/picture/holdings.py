"""What the agents hold of rooms: routers, the producers in them and how they got there, from inventories and events.

Routers outside of rooms are their tenants' affair. What a tenant calls one may be the id of another tenant's, so they
are not even looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tureen.contract.cluster import (
    Inventory,
    InventoryEvent,
    ProducerEntry,
    ProducerEvent,
    RouterEntry,
    RouterEvent,
    RouterLoad,
    WorkerEvent,
)
from tureen.contract.rooms import RoomRecord, RoomRouter
from tureen.contract.subjects import ABSENT


@dataclass(slots=True, eq=False)
class HeldRouter:
    """A router that an agent announced.

    Attributes:
        worker_id: Empty until an inventory told it.
        record: The agent's copy of its room's record, as the last inventory showed it, or the newest that listed it.
        producers: The producers it holds: the router each was pulled from, or None where it lives here.
    """

    id: str
    node_id: str
    worker_id: str = ""
    record: RoomRecord | None = None
    producers: dict[str, str | None] = field(default_factory=dict)
    transports: int = 0
    opened: int = 0
    consumers: int = 0
    born: set[str] = field(default_factory=set)
    """Which of its producers, those of data apart, live here."""

    @property
    def place(self) -> RoomRouter:
        """The router as a room's record lists it."""
        return RoomRouter(router_id=self.id, node_id=self.node_id, worker_id=self.worker_id)

    @property
    def origins(self) -> int:
        """How many of its producers, those of data apart, live here."""
        return len(self.born)

    def is_of(self, record: RoomRecord) -> bool:
        """Tell whether it belongs to a room."""
        own = self.record
        return own is not None and (own.tenant, own.room_id) == (record.tenant, record.room_id)

    @property
    def in_use(self) -> bool:
        """Whether anybody has a transport here, or anything is pulled through it."""
        return bool(self.transports or self.producers)


@dataclass(slots=True)
class _NodeView:
    """What is known of one run of an agent."""

    start_id: str
    version: int = -1
    routers: set[str] = field(default_factory=set)
    pages: dict[int, Inventory] = field(default_factory=dict)
    pages_version: int = -1


class Holdings:
    """Routers by id, and which of them hold a producer."""

    def __init__(self) -> None:
        self._routers: dict[str, HeldRouter] = {}
        self._holders: dict[str, set[str]] = {}
        self._nodes: dict[str, _NodeView] = {}

    def router(self, router_id: str) -> HeldRouter | None:
        """Return a router that was announced, or None."""
        return self._routers.get(router_id)

    def routers(self) -> Iterable[HeldRouter]:
        """Return every router that was announced."""
        return self._routers.values()

    def routers_of(self, node_id: str) -> list[HeldRouter]:
        """Return the routers that a node announced."""
        view = self._nodes.get(node_id)
        return [self._routers[router_id] for router_id in view.routers] if view is not None else []

    def holders(self, producer_id: str) -> Mapping[str, str | None]:
        """Return the routers that hold a producer, each with the one that it was pulled from."""
        return {
            router_id: self._routers[router_id].producers[producer_id]
            for router_id in self._holders.get(producer_id, ())
        }

    def ask_anew(self) -> None:
        """What is known no longer suffices: no node counts as complete before its next inventory."""
        for view in self._nodes.values():
            view.version = -1

    def is_complete(self, node_id: str, start_id: str, version: int) -> bool:
        """Tell whether all that a node's run held at an inventory version is known."""
        view = self._nodes.get(node_id)
        return view is not None and view.start_id == start_id and view.version >= version

    def take_page(self, page: Inventory) -> list[RouterEntry] | None:
        """Take over one page of an inventory; return all its routers when the last one is there.

        Counts are left to `take_loads`. An inventory that is older than what events told since is dropped: it would
        bring back what is gone.
        """
        view = self._view(page.node_id, page.start_id)
        if page.version < view.version:
            return None
        if view.pages_version != page.version:
            view.pages, view.pages_version = {}, page.version
        view.pages[page.page] = page
        if len(view.pages) < page.pages:
            return None
        pages = [view.pages[number] for number in sorted(view.pages)]
        entries = [entry for page in pages for entry in page.routers if entry.record is not None]
        view.pages, view.pages_version = {}, -1
        self._replace(page.node_id, view, entries)
        view.version = page.version
        return entries

    def take_event(self, what: str, event: InventoryEvent) -> bool:
        """Take over an event of a node; return False where one before it was missed."""
        view = self._nodes.get(event.node_id)
        if view is None or view.start_id != event.start_id:
            return False
        if event.inventory_version:
            if event.inventory_version <= view.version:
                return True
            if event.inventory_version > view.version + 1:
                return False
            view.version = event.inventory_version
        self._apply(what, event, view)
        return True

    def take_loads(self, node_id: str, loads: Iterable[RouterLoad]) -> list[tuple[HeldRouter, int]]:
        """Take over routers' counts; return those that have opened transports since, and how many."""
        more = []
        for load in loads:
            router = self._routers.get(load.router_id)
            if router is None or router.node_id != node_id:
                continue
            opened = max(load.opened - router.opened, load.transports - router.transports)
            if opened > 0:
                more.append((router, opened))
            router.opened = max(router.opened, load.opened)
            router.transports, router.consumers = load.transports, load.consumers
        return more

    def learn_router(self, router_id: str, node_id: str, worker_id: str) -> None:
        """A router was made on our behalf: its agent said so."""
        view = self._nodes.get(node_id)
        if view is not None:
            router = self._enter(view, router_id, node_id)
            router.worker_id = worker_id

    def learn_record(self, router_id: str, record: RoomRecord) -> None:
        """A record lists a router: should it not any more one day, it must be known whose it was."""
        router = self._routers.get(router_id)
        listed = record.router(router_id)
        if router is not None and listed is not None:
            router.record, router.worker_id = record, listed.worker_id

    def learn_producer(self, router_id: str, producer_id: str, upstream_router_id: str | None, kind: str = "") -> None:
        """An agent, asked for a producer, said that a router of its holds it."""
        router = self._routers.get(router_id)
        if router is not None:
            self._add_producer(router, producer_id, upstream_router_id, kind)

    def forget_producer(self, router_id: str, producer_id: str) -> None:
        """An agent said that a router of its does not hold a producer."""
        router = self._routers.get(router_id)
        if router is not None:
            self._drop_producer(router, producer_id)

    def forget_router(self, router_id: str) -> None:
        """A router was closed: its agent said so."""
        self._drop(router_id)

    def forget_node(self, node_id: str) -> None:
        """A node is gone, and all that it held."""
        view = self._nodes.pop(node_id, None)
        for router_id in view.routers.copy() if view is not None else ():
            self._drop(router_id)

    def forget_worker(self, worker_id: str) -> list[HeldRouter]:
        """A worker is gone, and its routers; return them."""
        gone = [router for router in self._routers.values() if router.worker_id == worker_id]
        for router in gone:
            self._drop(router.id)
        return gone

    def _view(self, node_id: str, start_id: str) -> _NodeView:
        view = self._nodes.get(node_id)
        if view is None or view.start_id != start_id:
            self.forget_node(node_id)
            view = self._nodes[node_id] = _NodeView(start_id)
        return view

    def _replace(self, node_id: str, view: _NodeView, entries: list[RouterEntry]) -> None:
        listed = {entry.router_id for entry in entries}
        for router_id in view.routers - listed:
            self._drop(router_id)
        for router_id in listed & view.routers:
            self._clear(self._routers[router_id])
        for entry in entries:
            self._take_entry(node_id, view, entry)

    def _take_entry(self, node_id: str, view: _NodeView, entry: RouterEntry) -> None:
        """Enter a router as an inventory lists it; one with very many producers is listed in several parts."""
        router = self._enter(view, entry.router_id, node_id)
        router.worker_id, router.record = entry.worker_id, entry.record
        for producer in entry.producers:
            self._add_producer(router, producer.producer_id, _upstream(producer), producer.kind)

    def _worker_died(self, event: WorkerEvent) -> None:
        for router_id in event.router_ids:
            router = self._routers.get(router_id)
            if router is not None and router.node_id == event.node_id and router.worker_id in {"", event.worker_id}:
                self._drop(router_id)

    def _apply(self, what: str, event: InventoryEvent, view: _NodeView) -> None:
        if isinstance(event, WorkerEvent):
            if event.tenant is None:
                self._worker_died(event)
        elif isinstance(event, RouterEvent | ProducerEvent) and event.room_id == ABSENT:
            return
        elif isinstance(event, RouterEvent):
            if what == "routerOpened":
                router = self._enter(view, event.router_id, event.node_id)
                router.worker_id = event.worker_id or router.worker_id
            else:
                self._drop(event.router_id)
        elif isinstance(event, ProducerEvent) and what == "producerOpened":
            router = self._enter(view, event.router_id, event.node_id)
            self._add_producer(router, event.producer_id, _upstream(event), event.kind)
        elif isinstance(event, ProducerEvent) and event.router_id in self._routers:
            self._drop_producer(self._routers[event.router_id], event.producer_id)

    def _enter(self, view: _NodeView, router_id: str, node_id: str) -> HeldRouter:
        router = self._routers.get(router_id)
        if router is None:
            router = self._routers[router_id] = HeldRouter(router_id, node_id)
            view.routers.add(router_id)
        return router

    def _drop(self, router_id: str) -> None:
        router = self._routers.pop(router_id, None)
        if router is None:
            return
        self._clear(router)
        view = self._nodes.get(router.node_id)
        if view is not None:
            view.routers.discard(router_id)

    def _clear(self, router: HeldRouter) -> None:
        for producer_id in list(router.producers):
            self._drop_producer(router, producer_id)

    def _add_producer(self, router: HeldRouter, producer_id: str, upstream: str | None, kind: str) -> None:
        self._drop_producer(router, producer_id)
        router.producers[producer_id] = upstream
        if upstream is None and kind != "data":
            router.born.add(producer_id)
        self._holders.setdefault(producer_id, set()).add(router.id)

    def _drop_producer(self, router: HeldRouter, producer_id: str) -> None:
        if producer_id not in router.producers:
            return
        del router.producers[producer_id]
        router.born.discard(producer_id)
        holders = self._holders[producer_id]
        holders.discard(router.id)
        if not holders:
            del self._holders[producer_id]


def _upstream(producer: ProducerEntry | ProducerEvent) -> str | None:
    return producer.upstream.router_id if producer.upstream is not None else None

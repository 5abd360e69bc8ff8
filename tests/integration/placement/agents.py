"""Node agents without workers: real services on the bus that keep routers in a dictionary, and do as the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tureen.bus import Bus, Call, Service
from tureen.contract import subjects
from tureen.contract.cluster import (
    Heartbeat,
    HostLoad,
    Inventory,
    InventoryEvent,
    ProducerEntry,
    ProducerEvent,
    PulledFrom,
    RouterEntry,
    RouterEvent,
    RouterLoad,
    WorkerEvent,
    WorkerLoad,
)
from tureen.contract.decisions import TransportFind, TransportPlace
from tureen.contract.errors import Conflict, NotFound, Stale, TureenError
from tureen.contract.ids import new_id
from tureen.contract.media import RouterClose, RouterCreated, WorkerCreateRouter
from tureen.contract.model import Reply
from tureen.contract.pipes import PipeFind, PipeFound, PipeHolder
from tureen.contract.registry import commands_of
from tureen.contract.rooms import RoomRecord

BEAT = 0.5


@dataclass
class SimulatedRouter:
    """A router; `producers` says where each was pulled from, or None where it lives here."""

    id: str
    worker_id: str
    record: RoomRecord
    transports: int = 0
    consumers: int = 0
    producers: dict[str, tuple[str, str] | None] = field(default_factory=dict)


class SimulatedAgent:
    """One node agent.

    Attributes:
        asked: The commands that arrived, in their order: name and model.
        failing: What a command answers instead of a result, by its name; `asyncio.Event` makes it wait for that.
        answering: What the answer of a command waits for, when it is done, by its name.
    """

    def __init__(self, bus: Bus, node_id: str, workers: int = 1, *, region: str = "") -> None:
        self.bus = bus
        self.node_id = node_id
        self.region = region
        self.start_id = new_id()
        self.worker_ids = [f"{node_id}-w{index}" for index in range(1, workers + 1)]
        self.cpu: dict[str, float] = {}
        self.routers: dict[str, SimulatedRouter] = {}
        self.rooms: dict[str, RoomRecord] = {}
        self.asked: list[tuple[str, Any]] = []
        self.failing: dict[str, TureenError | asyncio.Event] = {}
        self.answering: dict[str, asyncio.Event] = {}
        self.version = 0
        self._beats = 0
        self._beating: asyncio.Task[None] | None = None
        self._service = Service(
            bus,
            name="node-agent",
            version="0.0.1",
            commands=commands_of("node"),
            handlers={
                name: self._handler(name, handler)
                for name, handler in {
                    "worker.createRouter": self._create_router,
                    "room.update": self._update_room,
                    "inventory.get": self._get_inventory,
                    "router.close": self._close_router,
                    "pipe.find": self._find,
                    "transport.find": self._find_transport,
                }.items()
            },
            subject=subjects.node_commands(node_id),
        )

    async def start(self) -> None:
        """Answer and announce."""
        await self._service.start()
        self.announce()
        self._beating = asyncio.create_task(self._beat())

    def silence(self) -> None:
        """Stop the heartbeats; commands are still answered."""
        if self._beating is not None:
            self._beating.cancel()

    async def stop(self) -> None:
        """End without a word."""
        for failure in self.failing.values():
            if isinstance(failure, asyncio.Event):
                failure.set()
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        await self._service.drain()

    def count(self, name: str) -> int:
        """Return how often a command arrived."""
        return sum(asked == name for asked, _ in self.asked)

    def announce(self) -> None:
        """Publish a heartbeat and the inventory."""
        self.beat()
        self.publish_inventory()

    def beat(self) -> None:
        """Publish a heartbeat."""
        self._beats += 1
        heartbeat = Heartbeat(
            node_id=self.node_id,
            start_id=self.start_id,
            seq=self._beats,
            mediasoup_version="3.27.1",
            region=self.region,
            inventory_version=self.version,
            host=HostLoad(cores=4),
            workers=[
                WorkerLoad(worker_id=worker_id, index=index, cpu=self.cpu.get(worker_id, 0.0))
                for index, worker_id in enumerate(self.worker_ids, 1)
            ],
            routers=[
                RouterLoad(router_id=router.id, transports=router.transports, consumers=router.consumers)
                for router in self.routers.values()
            ],
        )
        self.bus.publish(subjects.heartbeat(self.node_id), heartbeat.to_wire())

    def publish_inventory(self) -> None:
        """Publish what it holds."""
        entries = [
            RouterEntry(
                router_id=router.id,
                worker_id=router.worker_id,
                tenant=router.record.tenant,
                record=router.record,
                producers=[
                    ProducerEntry(producer_id=producer_id, kind="audio", upstream=_pulled(source))
                    for producer_id, source in router.producers.items()
                ],
                transports=router.transports,
                consumers=router.consumers,
            )
            for router in self.routers.values()
        ]
        inventory = Inventory(node_id=self.node_id, start_id=self.start_id, version=self.version, routers=entries)
        self.bus.publish(subjects.inventory(self.node_id), inventory.to_wire())

    def produce(self, router_id: str, producer_id: str, source: tuple[str, str] | None = None) -> None:
        """Have a router hold a producer, pulled from (router, node) where a source is named, and say so."""
        router = self.routers[router_id]
        router.producers[producer_id] = source
        self._tell(
            "producerOpened",
            ProducerEvent,
            room_id=router.record.room_id,
            router_id=router_id,
            producer_id=producer_id,
            upstream=_pulled(source),
        )

    def kill_worker(self, worker_id: str) -> None:
        """End a worker and say so; another takes its place."""
        self.worker_ids[self.worker_ids.index(worker_id)] = f"{worker_id}-again"
        gone = [router.id for router in self.routers.values() if router.worker_id == worker_id]
        for router_id in gone:
            del self.routers[router_id]
        self._tell("workerDied", WorkerEvent, worker_id=worker_id, router_ids=gone)
        self.beat()

    def close_router(self, router_id: str) -> None:
        """Close a router and say so."""
        router = self.routers.pop(router_id)
        self._tell("routerClosed", RouterEvent, room_id=router.record.room_id, router_id=router_id)

    def _tell(self, what: str, model: type[InventoryEvent], **fields: Any) -> None:
        self.version += 1
        event = model(node_id=self.node_id, start_id=self.start_id, inventory_version=self.version, **fields)
        self.bus.publish(subjects.system_event(what), event.to_wire())

    def _handler(self, name: str, handler: Any) -> Any:
        async def handle(call: Call, command: Any) -> Reply | Mapping[str, Any] | None:
            self.asked.append((name, command))
            failure = self.failing.get(name)
            if isinstance(failure, TureenError):
                raise failure
            if isinstance(failure, asyncio.Event):
                await failure.wait()
            result: Reply | None = await handler(call, command)
            if name in self.answering:
                await self.answering[name].wait()
            return result

        return handle

    async def _create_router(self, _call: Call, command: WorkerCreateRouter) -> RouterCreated:
        assert command.id is not None
        assert command.record is not None
        self._accept(command.record)
        if command.id not in self.routers:
            self.routers[command.id] = SimulatedRouter(command.id, command.worker_id, command.record)
            self._tell(
                "routerOpened",
                RouterEvent,
                room_id=command.record.room_id,
                router_id=command.id,
                worker_id=command.worker_id,
            )
        return RouterCreated(id=command.id, rtp_capabilities={})

    async def _update_room(self, _call: Call, record: RoomRecord) -> None:
        self._accept(record)
        for router in list(self.routers.values()):
            if router.record.room_id != record.room_id:
                continue
            router.record = record
            if record.router(router.id) is None:
                self.close_router(router.id)

    async def _get_inventory(self, _call: Call, _command: Any) -> None:
        self.publish_inventory()

    async def _close_router(self, _call: Call, command: RouterClose) -> None:
        router = self.routers.get(command.router_id)
        if router is not None and command.if_empty and (router.transports or router.producers):
            raise Conflict("Router is in use")
        if router is not None:
            self.close_router(router.id)

    async def _find(self, _call: Call, command: PipeFind) -> PipeFound:
        holders = [
            PipeHolder(
                router_id=router.id,
                room_id=router.record.room_id,
                upstream_router_id=source[0] if source is not None else None,
                upstream_node_id=source[1] if source is not None else None,
            )
            for router in self.routers.values()
            for producer_id, source in router.producers.items()
            if producer_id == command.producer_id
        ]
        return PipeFound(holders=holders)

    async def _find_transport(self, _call: Call, command: TransportFind) -> TransportPlace:
        raise NotFound(f"Transport with id {command.transport_id} not found")

    def _accept(self, record: RoomRecord) -> None:
        known = self.rooms.get(record.room_id)
        if known is not None and known.version > record.version:
            raise Stale(
                "a newer record is known",
                details={"incarnation": known.incarnation, "generation": known.generation},
            )
        self.rooms[record.room_id] = record

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            self.beat()


def _pulled(source: tuple[str, str] | None) -> PulledFrom | None:
    return PulledFrom(router_id=source[0], node_id=source[1]) if source is not None else None

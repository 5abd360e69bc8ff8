from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sized
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.nats_server import NatsServer
from tests.support.rtp import MEDIA_CODECS, audio_parameters

from tureen.bus import Bus, BusSettings
from tureen.contract import subjects
from tureen.contract.subjects import DEFAULT_TENANT, SYSTEM, EventSubject, parse_event
from tureen.mediasoup import ortc
from tureen.node_agent.agent import NodeAgent
from tureen.node_agent.settings import NodeAgentSettings

Run = Callable[..., Awaitable["Node"]]
_first_ports = itertools.cycle(range(21_000, 31_000, 500))


@dataclass(frozen=True, slots=True)
class Node:
    """A running node agent with its own bus, and the bus by which a test commands it."""

    id: str
    agent: NodeAgent
    agent_bus: Bus
    bus: Bus

    @property
    def worker_ids(self) -> list[str]:
        """The workers, in the order of their numbers."""
        workers: list[str] = self.agent.facts()["workers"]
        return workers

    def held(self) -> dict[str, int]:
        """Count what the agent holds beside workers and WebRtcServers."""
        objects = self.agent.state.objects
        tables: dict[str, Sized] = {
            "routers": objects.routers,
            "transports": objects.transports,
            "pipes": objects.pipes,
            "producers": objects.producers,
            "consumers": objects.consumers,
            "dataProducers": objects.data_producers,
            "dataConsumers": objects.data_consumers,
            "rtpObservers": objects.rtp_observers,
        }
        return {name: len(table) for name, table in tables.items() if len(table)}

    async def ask(
        self, name: str, tenant: str = DEFAULT_TENANT, timeout: float = 5.0, **payload: Any
    ) -> dict[str, Any]:
        """Send the agent a command."""
        return await self.bus.command("node", name, payload, tenant=tenant, node_id=self.id, timeout=timeout)

    async def between(self, name: str, **payload: Any) -> dict[str, Any]:
        """Send the agent a command as another agent or placement would."""
        return await self.bus.command("node", name, payload, tenant=SYSTEM, node_id=self.id)

    async def ask_json(self, name: str, **payload: Any) -> dict[str, Any]:
        """Send the agent a command in JSON, and return the answer's body, also where it is an error."""
        subject = subjects.node_command(DEFAULT_TENANT, self.id, *name.split("."))
        headers = {"Content-Type": "application/json"}
        delivery = await self.bus.exchange(subject, json.dumps(payload).encode(), headers, timeout=5.0)
        answer: dict[str, Any] = json.loads(delivery.body)
        return answer

    async def router(self, worker: int = 0, **options: Any) -> dict[str, Any]:
        """Make a router for opus and VP8."""
        return await self.ask(
            "worker.createRouter", workerId=self.worker_ids[worker], mediaCodecs=MEDIA_CODECS, **options
        )

    async def sending_transport(self, router_id: str) -> dict[str, Any]:
        """Make a PlainTransport that takes RTP from whoever sends first."""
        return await self.ask(
            "router.createPlainTransport",
            routerId=router_id,
            listenInfo={"protocol": "udp", "ip": "default"},
            comedia=True,
        )

    async def receiving_transport(self, router_id: str, port: int) -> dict[str, Any]:
        """Make a PlainTransport that sends to a local port."""
        transport = await self.ask(
            "router.createPlainTransport", routerId=router_id, listenInfo={"protocol": "udp", "ip": "default"}
        )
        await self.ask("transport.connect", transportId=transport["id"], ip="127.0.0.1", port=port)
        return transport

    async def produce(self, transport_id: str, **options: Any) -> dict[str, Any]:
        """Produce an opus stream."""
        return await self.ask(
            "transport.produce", transportId=transport_id, kind="audio", rtpParameters=audio_parameters(), **options
        )


class Events:
    """What agents publish for a tenant, in the order of arrival."""

    def __init__(self) -> None:
        self.all: list[tuple[EventSubject, dict[str, Any]]] = []
        self._arrived = asyncio.Event()

    def take(self, subject: str, payload: dict[str, Any]) -> None:
        """Note an event."""
        self.all.append((parse_event(subject), payload))
        self._arrived.set()

    def of(self, object_id: str) -> list[str]:
        """Return the names of an object's events."""
        return [subject.name for subject, _ in self.all if subject.object_id == object_id]

    async def until(self, is_so: Callable[[], bool], timeout: float = 15.0) -> None:
        """Wait until an event makes something so."""
        async with asyncio.timeout(timeout):
            while not is_so():
                self._arrived.clear()
                await self._arrived.wait()

    async def first(self, object_id: str, name: str, timeout: float = 5.0) -> dict[str, Any]:
        """Wait for an object's first event of that name, and return its payload."""
        async with asyncio.timeout(timeout):
            while True:
                for subject, payload in self.all:
                    if (subject.object_id, subject.name) == (object_id, name):
                        return payload
                self._arrived.clear()
                await self._arrived.wait()


@pytest.fixture
async def events(bus: Bus) -> Events:
    """Listen to all events of the default tenant."""
    heard = Events()
    await bus.subscribe(subjects.events(DEFAULT_TENANT), heard.take)
    return heard


@pytest.fixture
async def run_node(nats_server: NatsServer, bus: Bus) -> AsyncIterator[Run]:
    """Give a function that runs a node agent in this process."""
    async with AsyncExitStack() as stack:

        async def run(node_id: str = "node-1", workers: int = 1, **settings: Any) -> Node:
            first = next(_first_ports)
            agent, agent_bus = await stack.enter_async_context(
                _running(
                    NodeAgentSettings(
                        nats=BusSettings(servers=[nats_server.url], name=node_id),
                        node_id=node_id,
                        workers=workers,
                        **{"min_port": first, "max_port": first + 499, **settings},
                    )
                )
            )
            return Node(node_id, agent, agent_bus, bus)

        yield run


@asynccontextmanager
async def _running(settings: NodeAgentSettings) -> AsyncIterator[tuple[NodeAgent, Bus]]:
    bus = await Bus.connect(settings.nats)
    try:
        agent = NodeAgent(settings, bus)
        try:
            await agent.start()
            yield agent, bus
        finally:
            await agent.close()
    finally:
        await bus.close()


def room_record(*places: tuple[str, Node, int], generation: int = 1, **policy: Any) -> dict[str, Any]:
    """Return a room's record: for each router its id, its node and the number of its worker, from 0."""
    return {
        "roomId": "room",
        "tenant": DEFAULT_TENANT,
        "incarnation": 1,
        "generation": generation,
        "mediasoupVersion": "3.27.1",
        "mediaCodecs": MEDIA_CODECS,
        "rtpCapabilities": {**ortc.generate_router_rtp_capabilities(MEDIA_CODECS)},  # type: ignore[arg-type]
        "policy": policy,
        "routers": [
            {"routerId": router_id, "nodeId": node.id, "workerId": node.worker_ids[worker]}
            for router_id, node, worker in places
        ],
    }


async def open_room(*places: tuple[str, Node, int], **policy: Any) -> dict[str, Any]:
    """Make a room's routers as placement would, and return its record."""
    record = room_record(*places, **policy)
    for router_id, node, worker in places:
        await node.between("worker.createRouter", workerId=node.worker_ids[worker], id=router_id, record=record)
    return record

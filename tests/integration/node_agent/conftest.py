from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.nats_server import NatsServer
from tests.support.rtp import MEDIA_CODECS, audio_parameters

from tureen.bus import Bus, BusSettings
from tureen.contract.subjects import DEFAULT_TENANT, SYSTEM
from tureen.mediasoup import ortc
from tureen.node_agent.agent import NodeAgent
from tureen.node_agent.settings import NodeAgentSettings

Run = Callable[..., Awaitable["Node"]]
_first_ports = itertools.cycle(range(21_000, 31_000, 500))


@dataclass(frozen=True, slots=True)
class Node:
    """A running node agent, and the bus by which a test commands it."""

    id: str
    agent: NodeAgent
    bus: Bus

    @property
    def worker_ids(self) -> list[str]:
        """The workers, in the order of their numbers."""
        workers: list[str] = self.agent.facts()["workers"]
        return workers

    async def ask(
        self, name: str, tenant: str = DEFAULT_TENANT, timeout: float = 5.0, **payload: Any
    ) -> dict[str, Any]:
        """Send the agent a command."""
        return await self.bus.command("node", name, payload, tenant=tenant, node_id=self.id, timeout=timeout)

    async def between(self, name: str, **payload: Any) -> dict[str, Any]:
        """Send the agent a command as another agent or placement would."""
        return await self.bus.command("node", name, payload, tenant=SYSTEM, node_id=self.id)

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


@pytest.fixture
async def run_node(nats_server: NatsServer, bus: Bus) -> AsyncIterator[Run]:
    """Give a function that runs a node agent in this process."""
    async with AsyncExitStack() as stack:

        async def run(node_id: str = "node-1", workers: int = 1, **settings: Any) -> Node:
            first = next(_first_ports)
            agent = await stack.enter_async_context(
                _running(
                    NodeAgentSettings(
                        nats=BusSettings(servers=[nats_server.url], name=node_id),
                        node_id=node_id,
                        workers=workers,
                        **{"min_port": first, "max_port": first + 499, **settings},
                    )
                )
            )
            return Node(node_id, agent, bus)

        yield run


@asynccontextmanager
async def _running(settings: NodeAgentSettings) -> AsyncIterator[NodeAgent]:
    bus = await Bus.connect(settings.nats)
    try:
        agent = NodeAgent(settings, bus)
        try:
            await agent.start()
            yield agent
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
        await node.ask("worker.createRouter", workerId=node.worker_ids[worker], id=router_id, record=record)
    return record

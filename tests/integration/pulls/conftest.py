"""A room over real node agents, with placement and a nats-server, all in this process but for the workers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.integration.conftest import Connect
from tests.integration.node_agent.conftest import Node
from tests.integration.placement.conftest import QUICK, until
from tests.support.nats_server import NatsServer
from tests.support.network_namespaces import Host, two_hosts
from tests.support.rtp import audio_parameters

from tureen.bus import Bus, BusSettings
from tureen.node_agent.agent import NodeAgent
from tureen.node_agent.settings import NodeAgentSettings
from tureen.placement.service import Placement
from tureen.placement.settings import PlacementSettings

ROOM = "room"


class Cluster:
    """Placement, node agents and a room."""

    def __init__(self, bus: Bus, placement: Placement, nodes: list[Node]) -> None:
        self.bus = bus
        self.placement = placement
        self.nodes = {node.id: node for node in nodes}

    async def ask(self, name: str, timeout: float = 10.0, **payload: Any) -> dict[str, Any]:
        """Send placement a command."""
        return await self.bus.command("placement", name, payload, tenant="default", timeout=timeout)

    async def place(self, node_id: str | None = None) -> tuple[Node, str]:
        """Have a transport placed, and return the node and the router that it goes to."""
        wanted: dict[str, Any] = {} if node_id is None else {"nodeId": node_id}
        placed = await self.ask("room.place", roomId=ROOM, **wanted)
        return self.nodes[placed["nodeId"]], placed["routerId"]

    async def source(self, node_id: str | None = None, ssrc: int = 1) -> tuple[Node, dict[str, Any], str]:
        """Make an audio producer in the room; return its node, its transport and its id."""
        node, router = await self.place(node_id)
        transport = await node.sending_transport(router)
        made = await node.ask(
            "transport.produce", transportId=transport["id"], kind="audio", rtpParameters=audio_parameters(ssrc)
        )
        return node, transport, made["id"]

    async def watch(
        self, node: Node, router_id: str, producer_id: str, port: int = 9, timeout: float = 10.0
    ) -> dict[str, Any]:
        """Consume a producer of the room on a router of it, wherever the producer lives."""
        transport = await node.receiving_transport(router_id, port)
        capabilities = (await self.ask("room.get", roomId=ROOM))["rtpCapabilities"]
        return await node.ask(
            "transport.consume",
            timeout=timeout,
            transportId=transport["id"],
            producerId=producer_id,
            rtpCapabilities=capabilities,
        )


@pytest.fixture
def hosts() -> Iterator[tuple[Host, Host]]:
    """Make two hosts."""
    with two_hosts() as made:
        yield made


Run = Callable[..., Awaitable[Cluster]]


@pytest.fixture
async def run_cluster(nats_server: NatsServer, connect: Connect, bus: Bus) -> AsyncIterator[Run]:
    """Give a function that runs placement, so many nodes with so many workers, and a room."""
    async with AsyncExitStack() as stack:

        async def run(
            nodes: int, workers: int, *, policy: dict[str, Any] | None = None, agents: Any = None, **settings: Any
        ) -> Cluster:
            placement = Placement(PlacementSettings(**{**QUICK, **settings}), await connect(name="placement"))
            stack.push_async_callback(placement.close)
            await placement.start()
            running = []
            for number in range(nodes):
                first = 33_000 + 300 * number
                own = NodeAgentSettings(
                    nats=BusSettings(servers=[nats_server.url]),
                    node_id=f"node-{number + 1}",
                    workers=workers,
                    min_port=first,
                    max_port=first + 299,
                    **(agents or {}),
                )
                agent_bus = await connect(name=own.node_id)
                agent = NodeAgent(own, agent_bus)
                stack.push_async_callback(agent.close)
                await agent.start()
                running.append(Node(own.node_id, agent, agent_bus, bus))
            await until(lambda: all(placement.state.picture.is_complete(node.id) for node in running), 15)
            cluster = Cluster(bus, placement, running)
            await cluster.ask("room.create", roomId=ROOM, policy=policy or {})
            return cluster

        yield run

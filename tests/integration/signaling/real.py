"""Placement and node agents for real, in the test's process, and what they say of themselves."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from tests.integration.conftest import Connect
from tests.support.nats_server import NatsServer
from tests.support.protoo_client import PATIENCE

from tureen.bus import Bus, BusSettings
from tureen.contract import subjects
from tureen.contract.cluster import Heartbeat, WorkerLoad
from tureen.node_agent.agent import NodeAgent
from tureen.node_agent.settings import NodeAgentSettings
from tureen.placement.service import Placement
from tureen.placement.settings import PlacementSettings

SPREAD = {"maxTransportsPerWorker": 2}
"""Two transports of a room on each worker, so that the second peer goes to another."""
_first_ports = itertools.cycle(range(31_000, 39_000, 200))


@dataclass
class RealCluster:
    """What the nodes say of themselves."""

    bus: Bus
    beats: dict[str, Heartbeat]
    changed: asyncio.Condition

    @property
    def workers(self) -> list[WorkerLoad]:
        """Every worker."""
        return [worker for beat in self.beats.values() for worker in beat.workers]

    async def on_heartbeat(self, _subject: str, payload: dict[str, Any]) -> None:
        """Take a heartbeat."""
        beat = Heartbeat.model_validate(payload)
        async with self.changed:
            self.beats[beat.node_id] = beat
            self.changed.notify_all()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until a heartbeat makes something so."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(is_so)

    async def until_empty(self) -> None:
        """Wait until no worker holds anything."""
        await self.until(lambda: not any(w.routers or w.transports or w.pipes for w in self.workers))

    async def node(self, served: dict[str, Any], name: str, **payload: Any) -> dict[str, Any]:
        """Send the node where something lives a command."""
        return await self.bus.command("node", name, payload, tenant="default", node_id=served["nodeId"])


RunCluster = Callable[..., Awaitable[RealCluster]]


async def start_cluster(
    stack: AsyncExitStack, server: NatsServer, connect: Connect, nodes: int, workers: int
) -> RealCluster:
    """Run placement and node agents until the stack ends, and wait until their workers are heard of."""
    bus = await connect()
    cluster = RealCluster(bus, {}, asyncio.Condition())
    await bus.subscribe(subjects.HEARTBEATS, cluster.on_heartbeat)
    placement = Placement(PlacementSettings(listen=0.1), await connect(name="placement"))
    stack.push_async_callback(placement.close)
    await placement.start()
    for number in range(nodes):
        first = next(_first_ports)
        settings = NodeAgentSettings(
            nats=BusSettings(servers=[server.url]),
            node_id=f"n{number}",
            workers=workers,
            min_port=first,
            max_port=first + 199,
        )
        agent = NodeAgent(settings, await connect(name=settings.node_id))
        stack.push_async_callback(agent.close)
        await agent.start()
    await cluster.until(lambda: len(cluster.workers) == nodes * workers)
    return cluster

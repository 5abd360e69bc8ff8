"""One of each service, in this process, on a real nats-server and with real workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from tests.integration.conftest import Connect
from tests.integration.node_agent.conftest import _first_ports
from tests.support.nats_server import NatsServer

from tureen.bus import Bus, BusSettings
from tureen.http import HttpServer
from tureen.metrics import main as metrics
from tureen.metrics.settings import MetricsSettings
from tureen.node_agent.agent import NodeAgent
from tureen.node_agent.settings import NodeAgentSettings
from tureen.placement.service import Placement
from tureen.placement.settings import PlacementSettings
from tureen.signaling.service import SignalingService
from tureen.signaling.settings import SignalingSettings

NODE_ID = "node-1"


@asynccontextmanager
async def _metrics(nats: BusSettings) -> AsyncIterator[None]:
    stop = asyncio.Event()
    ready: asyncio.Future[HttpServer] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(metrics.serve(MetricsSettings(nats=nats, port=0), stop, ready.set_result))
    try:
        await ready
        yield
    finally:
        stop.set()
        await running


@pytest.fixture
async def cluster(nats_server: NatsServer, connect: Connect) -> AsyncIterator[Bus]:
    """Run the services, and give a connection to them."""
    async with AsyncExitStack() as stack:
        nats = BusSettings(servers=[nats_server.url])
        first = next(_first_ports)
        agent = NodeAgent(
            NodeAgentSettings(
                nats=nats, node_id=NODE_ID, workers=2, hard_limit=100, min_port=first, max_port=first + 499
            ),
            await connect(name=NODE_ID),
        )
        stack.push_async_callback(agent.close)
        await agent.start()
        placement = Placement(PlacementSettings(nats=nats, listen=0.1), await connect(name="placement"))
        stack.push_async_callback(placement.close)
        await placement.start()
        signaling = SignalingService(await connect(name="signaling"), SignalingSettings(nats=nats))
        stack.push_async_callback(signaling.close)
        await signaling.start()
        await stack.enter_async_context(_metrics(nats))
        async with asyncio.timeout(10):
            while not placement.state.picture.is_complete(NODE_ID):
                await asyncio.sleep(0.01)
        yield await connect(name="examples")

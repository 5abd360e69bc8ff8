"""Replicas of placement in this process, and simulated node agents, on a real nats-server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from tests.integration.conftest import Connect
from tests.integration.node_agent.conftest import run_node
from tests.integration.placement.agents import SimulatedAgent

from tureen.bus import Bus
from tureen.placement.service import Placement
from tureen.placement.settings import PlacementSettings

__all__ = ["run_node"]

StartReplica = Callable[..., Awaitable[Placement]]
StartAgent = Callable[..., Awaitable[SimulatedAgent]]
Ask = Callable[..., Awaitable[dict[str, Any]]]

QUICK: dict[str, Any] = {"listen": 0.1, "janitor_interval": 0.05, "create_router_timeout": 1.5, "find_timeout": 0.5}
"""Settings with which tests need not wait long."""


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
async def start_replica(connect: Connect) -> AsyncIterator[StartReplica]:
    """Give a function that runs a replica of placement."""
    replicas: list[Placement] = []

    async def start(**settings: Any) -> Placement:
        placement = Placement(PlacementSettings(**{**QUICK, **settings}), await connect(name="placement"))
        replicas.append(placement)
        await placement.start()
        return placement

    yield start
    for placement in replicas:
        await placement.close()


@pytest.fixture
async def start_agent(connect: Connect) -> AsyncIterator[StartAgent]:
    """Give a function that runs a simulated node agent."""
    agents: list[SimulatedAgent] = []

    async def start(node_id: str, workers: int = 1, *, region: str = "") -> SimulatedAgent:
        agent = SimulatedAgent(await connect(name=node_id), node_id, workers, region=region)
        agents.append(agent)
        await agent.start()
        return agent

    yield start
    for agent in agents:
        await agent.stop()


@pytest.fixture
def ask(bus: Bus) -> Ask:
    """Give a function that sends placement a command."""

    async def ask(name: str, tenant: str = "default", timeout: float = 5.0, **payload: Any) -> dict[str, Any]:
        return await bus.command("placement", name, payload, tenant=tenant, timeout=timeout)

    return ask


async def knows(placement: Placement, *agents: SimulatedAgent) -> None:
    """Wait until a replica has heard agents and knows what they hold."""
    await until(lambda: all(placement.state.picture.is_complete(agent.node_id) for agent in agents))

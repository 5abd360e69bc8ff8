"""What the tests of rooms share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.support.remote_cluster import RemoteCluster

from tureen.client import Room, ScaledMediasoup
from tureen.node_agent.agent import NodeAgent

Scaled = Callable[..., Awaitable[ScaledMediasoup]]


def places(room: Room) -> list[tuple[str, str]]:
    """Return the nodes and workers on which a room is."""
    return [(member.place["nodeId"], member.place["workerId"]) for member in room.members]


def gone(router_id: str) -> Callable[[NodeAgent], bool]:
    """Return what tells of an agent that it does not hold a router."""
    return lambda agent: all(router.id != router_id for router in agent.state.objects.routers.all())


async def happens_there(cluster: RemoteCluster, node_id: str, condition: Callable[[NodeAgent], bool]) -> None:
    """Wait until something holds of a node's agent."""

    async def look(agent: NodeAgent) -> None:
        async with asyncio.timeout(10):
            while not condition(agent):
                await asyncio.sleep(0.01)

    await cluster.node(node_id).do(look)

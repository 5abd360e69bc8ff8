"""What the tests of rooms share."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from tests.conformance.samples import MEDIA_CODECS
from tests.support.remote_cluster import RemoteCluster, spread

from tureen.client import Room, ScaledMediasoup, connect
from tureen.client.scaled.member import Member
from tureen.contract.subjects import SYSTEM
from tureen.mediasoup import Transport
from tureen.node_agent.agent import NodeAgent

Scaled = Callable[..., Awaitable[ScaledMediasoup]]


def places(room: Room) -> list[tuple[str, str]]:
    """Return the nodes and workers on which a room is."""
    return [(member.place["nodeId"], member.place["workerId"]) for member in room.members]


async def room_of(scaled: Scaled, **options: Any) -> Room:
    """Return a room of which each transport is on a worker of its own."""
    client = await scaled(room_policy=spread(), **options)
    return await (await client.create_worker()).create_router(media_codecs=MEDIA_CODECS)


@asynccontextmanager
async def room_in(cluster: RemoteCluster) -> AsyncIterator[Room]:
    """Give a room in a cluster, of which each transport is on a worker of its own."""
    async with connect(cluster.url, scale="cluster", room_policy=spread()) as client:
        yield await (await client.create_worker()).create_router(media_codecs=MEDIA_CODECS)


def place_of(transport: Transport) -> dict[str, str]:
    """Return the router, the node and the worker that a transport is on."""
    return cast("Member", transport._router).place


async def kill_worker_of(cluster: RemoteCluster, transport: Transport) -> None:
    """Kill the worker that a transport is on."""
    place = place_of(transport)

    async def kill(agent: NodeAgent) -> None:
        os.kill(agent.state.objects.workers.get(place["workerId"], SYSTEM).worker.pid, signal.SIGKILL)

    await cluster.node(place["nodeId"]).do(kill)


def gone(router_id: str) -> Callable[[NodeAgent], bool]:
    """Return what tells of an agent that it does not hold a router."""
    return lambda agent: all(router.id != router_id for router in agent.state.objects.routers.all())


def gone_transport(transport_id: str) -> Callable[[NodeAgent], bool]:
    """Return what tells of an agent that it does not hold a transport."""
    return lambda agent: all(entry.id != transport_id for entry in agent.state.objects.transports.all())


async def happens_there(cluster: RemoteCluster, node_id: str, condition: Callable[[NodeAgent], bool]) -> None:
    """Wait until something holds of a node's agent."""

    async def look(agent: NodeAgent) -> None:
        async with asyncio.timeout(10):
            while not condition(agent):
                await asyncio.sleep(0.01)

    await cluster.node(node_id).do(look)

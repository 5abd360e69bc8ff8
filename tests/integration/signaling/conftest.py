"""A signaling service in this process, on a real nats-server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.integration.conftest import Connect
from tests.integration.signaling.real import RealCluster, RunCluster, start_cluster
from tests.integration.signaling.scripted import ScriptedCluster
from tests.support.nats_server import NatsServer
from tests.support.protoo_client import ProtooClient, protoo_client

from tureen.bus import BusSettings
from tureen.http import HttpServer
from tureen.signaling.main import serve
from tureen.signaling.settings import SignalingSettings

Serve = Callable[..., Awaitable[str]]
Enter = Callable[..., Awaitable[ProtooClient]]


class RunningService:
    """A service that runs in a task of its own, until it is stopped."""

    def __init__(self, settings: SignalingSettings) -> None:
        self._stop = asyncio.Event()
        self._is_forgotten = False
        self._ready: asyncio.Future[HttpServer] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(serve(settings, self._stop, self._ready.set_result))

    async def url(self) -> str:
        """Wait until it is ready and return its origin."""
        waiting: set[asyncio.Future[Any]] = {self._ready, self._task}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            await self._task
        return (await self._ready).url

    async def stop(self) -> None:
        """End it in order."""
        self._stop.set()
        if not self._is_forgotten:
            await self._task

    def forget(self) -> None:
        """Expect no more of a service that failed."""
        self._is_forgotten = True


@pytest.fixture
async def running(nats_server: NatsServer) -> AsyncIterator[Callable[..., RunningService]]:
    """Give a function that runs a signaling service with settings of the test's own."""
    services: list[RunningService] = []

    def run(**settings: Any) -> RunningService:
        given: dict[str, Any] = {
            "nats": BusSettings(servers=[nats_server.url]),
            "port": 0,
            "empty_room_grace": 0,
            "stop_timeout": 2,
            **settings,
        }
        services.append(RunningService(SignalingSettings(**given)))
        return services[-1]

    yield run
    for service in services:
        await service.stop()


@pytest.fixture
async def signaling(running: Callable[..., RunningService]) -> Serve:
    """Give a function that runs a signaling service and returns its origin."""

    async def start(**settings: Any) -> str:
        return await running(**settings).url()

    return start


@pytest.fixture
async def cluster(connect: Connect) -> AsyncIterator[ScriptedCluster]:
    """Run placement and two node agents by script."""
    cluster = ScriptedCluster(await connect(), ["n1", "n2"])
    await cluster.start()
    yield cluster
    await cluster.stop()


@pytest.fixture
async def enter() -> AsyncIterator[Enter]:
    """Give a function that connects a peer to a room; it leaves after the test."""
    async with AsyncExitStack() as stack:

        async def enter(url: str, peer_id: str, room_id: str = "soup", **options: Any) -> ProtooClient:
            return await stack.enter_async_context(protoo_client(url, room_id, peer_id, **options))

        yield enter


@pytest.fixture
async def run_cluster(nats_server: NatsServer, connect: Connect) -> AsyncIterator[RunCluster]:
    """Give a function that runs real placement and node agents."""
    async with AsyncExitStack() as stack:

        async def run(nodes: int = 1, workers: int = 2) -> RealCluster:
            return await start_cluster(stack, nats_server, connect, nodes, workers)

        yield run

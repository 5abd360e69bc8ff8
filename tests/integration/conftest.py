"""A real nats-server for each test, and connections that are closed after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.nats_server import NatsServer

from tureen.bus import Bus, BusSettings

Connect = Callable[..., Awaitable[Bus]]


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """Run a nats-server with JetStream and without permissions."""
    server = NatsServer(tmp_path / "nats")
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
async def connect(nats_server: NatsServer) -> AsyncIterator[Connect]:
    """Give a function that connects to the server, with settings of the test's own where it has any."""
    buses: list[Bus] = []

    async def connect(**settings: Any) -> Bus:
        bus = await Bus.connect(BusSettings(**{"servers": [nats_server.url], **settings}))
        buses.append(bus)
        return bus

    yield connect
    for bus in buses:
        await bus.close()


@pytest.fixture
async def bus(connect: Connect) -> Bus:
    """Connect as `system`."""
    return await connect()

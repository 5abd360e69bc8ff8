"""Losing a client's connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.conformance.helpers import happens

from tureen.client.connection import Connection


async def cut(client: Connection) -> None:
    """Cut a client's connection, as a network does, and return while it is away: a matter of milliseconds."""
    bus, lost = client._session.bus, asyncio.Event()
    forget = bus.on_disconnect(lost.set)
    assert bus._connection.client is not None
    bus._connection.client.abort()
    async with asyncio.timeout(5):
        await lost.wait()
    forget()


@asynccontextmanager
async def away(client: Connection) -> AsyncIterator[None]:
    """Keep a client from its server for as long as this lasts; afterwards it is back, and has caught up."""
    bus, back, again = client._session.bus, asyncio.Event(), asyncio.Event()
    connection = bus._connection
    attempt = connection._attempt

    async def later(server: str) -> Any:
        await back.wait()
        return await attempt(server)

    connection._attempt = later  # type: ignore[method-assign]
    await cut(client)
    try:
        yield
    finally:
        connection._attempt = attempt  # type: ignore[method-assign]
        # Who registers last is called last: it has begun to catch up then.
        forget = bus.on_reconnect(again.set)
        back.set()
    async with asyncio.timeout(10):
        await again.wait()
    forget()
    await caught_up(client)


async def caught_up(client: Connection) -> None:
    """Wait until a client has found out what it has missed."""
    await happens(lambda: not client._catching_up and not client._behind)

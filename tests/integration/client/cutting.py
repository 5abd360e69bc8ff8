"""Losing a client's connection."""

from __future__ import annotations

import asyncio

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

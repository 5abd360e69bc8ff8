"""Waiting for the next change of the picture."""

from __future__ import annotations

import asyncio


class Pulse:
    """Wakes all who wait, each time something changed."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def beat(self) -> None:
        """Something changed."""
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait for the next change, but no longer than that."""
        try:
            async with asyncio.timeout(seconds):
                await self._next.wait()
        except TimeoutError:
            return

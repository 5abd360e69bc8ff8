"""Ends leases whose time is up, and closes what they own."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from tureen.bus import Bus
from tureen.node_agent.leases import Lease, Leases

log = logging.getLogger(__name__)

LOOK = 0.5
"""Seconds between two looks at the leases."""
AT_ONCE = 50
"""Objects that are closed before others get their turn."""


class LeaseClock:
    """Looks at an agent's leases while it runs."""

    def __init__(self, bus: Bus, leases: Leases) -> None:
        self._bus = bus
        self._leases = leases
        self._loop = asyncio.get_running_loop()
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look; without the bus the clock stands still."""
        self._bus.on_disconnect(self._leases.stop_clock)
        self._bus.on_reconnect(lambda: self._leases.start_clock(self._loop.time()))
        self._running = asyncio.create_task(self._run(), name="leases")

    async def close(self) -> None:
        """Look no more."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            try:
                await self._look()
            except Exception:
                log.exception("the leases could not be looked at")

    async def _look(self) -> None:
        """End what is due, once the server has answered.

        Its answer comes after every renewal that waited on the way to us, and says that the bus is there: neither this
        process standing still for a while nor a dead connection ends a lease.
        """
        if not self._leases.due(self._loop.time()) or not await self._bus.barrier():
            return
        ended = self._leases.due(self._loop.time())
        for lease in ended:
            self._leases.end(lease.tenant, lease.owner_id)
        for lease in ended:
            log.info("lease of %s (%s) ended: %d objects are closed", lease.owner_id, lease.tenant, len(lease.owned))
            await close_owned(lease)


async def close_owned(lease: Lease) -> None:
    """Close everything that a lease owns that has ended, parents first; others get their turn in between."""
    # Nothing is added any more. What went with its parent is not owned any more, and may be very much.
    for number, made in enumerate(list(lease.owned), 1):
        if made in lease.owned:
            del lease.owned[made]
            try:
                made.close()
            except Exception:
                log.exception("object %s of owner %s could not be closed", made.id, lease.owner_id)
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)

"""The leases of this process on the node agents that it uses: its transports end with it, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from tureen.bus import Bus
from tureen.contract.errors import TureenError
from tureen.contract.ids import new_id
from tureen.signaling.asking import Asker, Deadline

log = logging.getLogger(__name__)

RENEWALS = 4
"""How often a lease is renewed while it lasts, so that losing one or two costs nothing."""


class Leases:
    """One lease a node, renewed until `close`.

    Args:
        bus: Tells when NATS was away.
        asker: Sends the commands.
        ttl: Seconds that a lease lasts unless it is renewed.
    """

    def __init__(self, bus: Bus, asker: Asker, ttl: float) -> None:
        self.owner_id = new_id()
        self._bus = bus
        self._asker = asker
        self._ttl = ttl
        self._held: dict[str, str] = {}
        self._doubted: set[str] = set()
        self._wake = asyncio.Event()
        self._renewing: asyncio.Task[None] | None = None
        self._in_use: Callable[[str], bool] = lambda _node_id: False
        self._lost: Callable[[str], None] = lambda _node_id: None

    def start(self, in_use: Callable[[str], bool], lost: Callable[[str], None]) -> None:
        """Renew what is held from now on.

        Args:
            in_use: Tells whether something of ours lives on a node; one that is not, and does not answer, is forgotten.
            lost: Called with a node that has closed all that was ours there.
        """
        self._in_use, self._lost = in_use, lost
        self._bus.on_reconnect(self._wake.set)
        self._renewing = asyncio.create_task(self._renew_all(), name="leases")

    async def hold(self, node_id: str, deadline: Deadline) -> None:
        """See to it that there is a lease on a node; errors as of `Asker.ask`."""
        if node_id not in self._held or node_id in self._doubted:
            await self._renew(node_id, deadline)

    def doubt(self, node_id: str) -> None:
        """A node says that it knows of no lease: the next `hold` asks for one."""
        self._doubted.add(node_id)

    async def close(self, timeout: float) -> None:
        """End every lease, within `timeout` seconds; what cannot be reached ends by itself."""
        if self._renewing is not None:
            self._renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewing
        deadline = Deadline.after(timeout)
        await asyncio.gather(*(self._end(node_id, deadline) for node_id in self._held))
        self._held.clear()

    async def _renew_all(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._ttl / RENEWALS):
                    await self._wake.wait()
            self._wake.clear()
            deadline = Deadline.after(self._ttl / RENEWALS)
            await asyncio.gather(*(self._try_to_renew(node_id, deadline) for node_id in list(self._held)))

    async def _try_to_renew(self, node_id: str, deadline: Deadline) -> None:
        try:
            await self._renew(node_id, deadline)
        except TureenError as error:
            log.warning("the lease on node %s is not renewed: %s", node_id, error)
            if self._bus.connected and not self._in_use(node_id):
                self._held.pop(node_id, None)

    async def _renew(self, node_id: str, deadline: Deadline) -> None:
        """Renew a lease or begin one; another one than before says that what it owned is closed."""
        asked = {"ownerId": self.owner_id, "ttlMs": round(self._ttl * 1000)}
        lease_id = (await self._asker.ask("node", "lease.renew", asked, deadline, node_id))["leaseId"]
        before = self._held.get(node_id, lease_id)
        self._held[node_id] = lease_id
        self._doubted.discard(node_id)
        if before != lease_id:
            log.warning("the lease on node %s had ended: what it owned there is gone", node_id)
            self._lost(node_id)

    async def _end(self, node_id: str, deadline: Deadline) -> None:
        try:
            await self._asker.ask("node", "lease.end", {"ownerId": self.owner_id}, deadline, node_id)
        except TureenError as error:
            log.info("the lease on node %s is left to end by itself: %s", node_id, error)

"""What a client's connection gives, whatever a worker is: what is there already, and seeing it through."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

from tureen import mediasoup
from tureen.client.attaching import Attaching
from tureen.client.catching_up import catch_up_router, catch_up_worker
from tureen.client.link import Link
from tureen.client.router import Router
from tureen.client.session import Session
from tureen.contract.registry import commands_of
from tureen.mediasoup.events import EnhancedEventEmitter
from tureen.mediasoup.types import RouterRtpCapabilities

LOOK_INTERVAL = 5.0
"""Seconds between two looks at whether a client's workers still run."""

_PLACE_WORKER = commands_of("placement")["worker.place"]
_ENDING = 3.0
"""Seconds for which leaving waits for the workers to end."""


class Connection(Attaching):
    """What both forms of a connection have in common.

    Attributes:
        observer: Emits ``newworker`` with each new Worker of this client.
        version: The version of mediasoup.
    """

    version = mediasoup.version

    def __init__(self, session: Session, node_id: str | None) -> None:
        super().__init__(session, self._link)
        self.observer = EnhancedEventEmitter()
        self._node_id = node_id
        self._catching_up: set[str] = set()
        self._behind: dict[str, Router] = {}
        """The routers of which something was missed that was not found out yet."""
        session.bus.on_reconnect(self._reconnected)
        session.run(self._watch())

    @property
    def connected(self) -> bool:
        """Whether there is a connection to NATS at this moment; without one everything fails as ``Unavailable``."""
        return self._session.bus.connected

    def get_supported_rtp_capabilities(self) -> RouterRtpCapabilities:
        """Return what mediasoup supports; each call returns a new one."""
        return mediasoup.get_supported_rtp_capabilities()

    async def _place(self, until: float | None = None) -> str:
        reply = await self._session.ask(None, _PLACE_WORKER, {}, until)
        return str(reply["nodeId"])

    def _link(self, node_id: str, worker_id: str) -> Link:
        def missed(router_id: str | None) -> None:
            worker = self._workers.get(worker_id) or self._attached.get(worker_id)
            if worker is None:
                return
            if router_id is None:
                self._catch_up(worker.id, catch_up_worker(worker))
            elif isinstance(router := worker._routers.get(router_id), Router):
                self._behind[router_id] = router
                self._catch_up(router_id, self._follow(router))

        async def find(producer_id: str) -> mediasoup.Producer:
            return await self._producer(node_id, producer_id)

        return Link(self._session, node_id, worker_id, missed, find)

    async def _follow(self, router: Router) -> None:
        """Catch up with a router, and again where more was missed meanwhile; if nobody answers, at the next look."""
        while self._behind.pop(router.id, None) is not None:
            if not await catch_up_router(router):
                self._behind[router.id] = router
                return

    def _catch_up(self, place_id: str, work: Coroutine[Any, Any, None]) -> None:
        """Catch up, once at a time."""
        if place_id in self._catching_up:
            work.close()
            return

        async def once() -> None:
            try:
                await work
            finally:
                self._catching_up.discard(place_id)

        self._catching_up.add(place_id)
        # Work that has not begun where all is cancelled at once would be complained of.
        self._session.run(once()).add_done_callback(lambda _: work.close())

    def _reconnected(self) -> None:
        """Nobody knows what happened in the meantime."""
        for worker in (*self._workers.values(), *self._attached.values()):
            worker._process.channel.catch_up()

    async def _watch(self) -> None:
        """Look now and then whether the workers still run: a node that was killed tells nobody."""
        while True:
            await asyncio.sleep(LOOK_INTERVAL)
            self._look()

    def _look(self) -> None:
        for worker in (*self._workers.values(), *self._attached.values()):
            self._catch_up(worker.id, catch_up_worker(worker))
        self._behind = {router_id: router for router_id, router in self._behind.items() if not router.closed}
        for router_id, router in list(self._behind.items()):
            self._catch_up(router_id, self._follow(router))

    async def close(self) -> None:
        """Close the workers of this client, and leave."""
        for finding in self._finding.values():
            finding.cancel()
        for made in list(self._made.values()):
            cast("Any", made).close()
        endings: list[asyncio.Future[Any]] = []
        for worker in list(self._workers.values()):
            worker.close()
            endings.append(asyncio.ensure_future(worker.wait_closed()))
        if endings and self.connected:
            await asyncio.wait(endings, timeout=_ENDING)
        for ending in endings:
            ending.cancel()
        await asyncio.gather(*endings, return_exceptions=True)
        await self._session.close()

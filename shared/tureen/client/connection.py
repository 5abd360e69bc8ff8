"""What a client's connection gives, whatever a worker is: what is there already, and seeing it through."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from tureen import mediasoup
from tureen.client.catching_up import catch_up_router, catch_up_worker
from tureen.client.errors import named
from tureen.client.hearing import Count
from tureen.client.link import Link
from tureen.client.router import Router
from tureen.client.session import Session
from tureen.client.worker import RemoteProcess, Worker
from tureen.contract.errors import TureenError
from tureen.contract.registry import commands_of
from tureen.mediasoup.events import EnhancedEventEmitter
from tureen.mediasoup.types import RouterRtpCapabilities

LOOK_INTERVAL = 5.0
"""Seconds between two looks at whether a client's workers still run."""

_DUMP_ROUTER = commands_of("node")["router.dump"]
_PLACE_WORKER = commands_of("placement")["worker.place"]
_ENDING = 3.0
"""Seconds for which leaving waits for the workers to end."""


class Connection:
    """What both forms of a connection have in common.

    Attributes:
        observer: Emits ``newworker`` with each new Worker of this client.
        version: The version of mediasoup.
    """

    version = mediasoup.version

    def __init__(self, session: Session, node_id: str | None) -> None:
        self.observer = EnhancedEventEmitter()
        self._session = session
        self._node_id = node_id
        self._workers: dict[str, Worker] = {}
        self._attaching: dict[str, asyncio.Task[Worker]] = {}
        self._attached: dict[str, Worker] = {}
        self._made: dict[str, Router | mediasoup.Transport] = {}
        self._catching_up: set[str] = set()
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

    async def attach_worker(self, worker_id: str, *, node_id: str) -> Worker:
        """Return a worker that is there already: another client's of the same tenant, or one of the node's own pool.

        A pool's worker is its operator's: a tenant makes routers on it and reads its usage, no more. Its ``pid`` is 0.

        Raises:
            NotFoundError: There is none of that id, or it is another tenant's.
            Unavailable: There is no connection, or no such node; a MediasoupError.
        """
        known = self._workers.get(worker_id) or self._attached.get(worker_id)
        if known is not None:
            return known
        attaching = self._attaching.get(worker_id)
        if attaching is None:
            attaching = self._attaching[worker_id] = asyncio.ensure_future(self._attach(worker_id, node_id))
            attaching.add_done_callback(self._attach_ended)
        # Others may wait for it who are not cancelled when this caller is.
        return await asyncio.shield(attaching)

    def _attach_ended(self, task: asyncio.Task[Worker]) -> None:
        self._attaching = {worker_id: other for worker_id, other in self._attaching.items() if other is not task}
        # All who waited may have been cancelled, and asyncio complains of errors that nobody has looked at.
        _ = task.cancelled() or task.exception()

    async def _attach(self, worker_id: str, node_id: str) -> Worker:
        link = self._link(node_id, worker_id)
        link.count_from(Count(None))
        link.hear_object("worker", worker_id)
        try:
            await link.command("worker.getResourceUsage", worker_id)
        except BaseException:
            link.end()
            raise
        worker = Worker(RemoteProcess(link, 0), None)
        self._attached[worker_id] = worker
        worker.observer.on("close", lambda: self._attached.pop(worker_id, None))
        worker.observer.on("newrouter", self._keep)
        return worker

    async def attach_router(self, router_id: str, *, node_id: str) -> Router:
        """Return a router that is there already: what others close in it, and itself, closes here as well.

        Raises:
            NotFoundError: There is none of that id, or it is another tenant's.
            Unavailable: There is no connection, or no such node; a MediasoupError.
        """
        try:
            found = await self._session.ask(node_id, _DUMP_ROUTER, {"routerId": router_id})
        except TureenError as error:
            raise named(error) from None
        worker = await self.attach_worker(found["served"]["workerId"], node_id=node_id)
        known = worker._routers.get(router_id)
        if isinstance(known, Router):
            return known
        sequence = Count(None)
        link = worker._process.channel
        link.hear_router(router_id, sequence)
        try:
            reply = await link.command("router.dump", router_id)
        except BaseException:
            link.unsubscribe(router_id)
            raise
        sequence.stands_at(reply["startId"], reply["seq"])
        router = worker.enter_router(router_id, reply["rtpCapabilities"])
        router.observer.on("newtransport", self._keep)
        return router

    def _keep(self, made: Router | mediasoup.Transport) -> None:
        """Close what this client makes in what others have made when it leaves."""
        self._made[made.id] = made
        made.observer.on("close", lambda: self._made.pop(made.id, None))

    def _link(self, node_id: str, worker_id: str) -> Link:
        def missed(router_id: str | None) -> None:
            worker = self._workers.get(worker_id) or self._attached.get(worker_id)
            if worker is None:
                return
            if router_id is None:
                self._catch_up(worker.id, catch_up_worker(worker))
            elif isinstance(router := worker._routers.get(router_id), Router):
                self._catch_up(router_id, catch_up_router(router))

        return Link(self._session, node_id, worker_id, missed)

    def _catch_up(self, place_id: str, work: Coroutine[Any, Any, None]) -> None:
        """Catch up, once at a time: what is missed meanwhile is noticed again."""
        if place_id in self._catching_up:
            work.close()
            return
        self._catching_up.add(place_id)
        self._session.run(work).add_done_callback(lambda _: self._catching_up.discard(place_id))

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

    async def close(self) -> None:
        """Close the workers of this client, and leave."""
        for attaching in self._attaching.values():
            attaching.cancel()
        for made in list(self._made.values()):
            made.close()
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

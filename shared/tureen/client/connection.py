"""`connect()`, and what it gives: mediasoup on the nodes of a cluster."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tureen import mediasoup
from tureen.bus import Bus, BusSettings
from tureen.client.catching_up import catch_up_router, catch_up_worker
from tureen.client.errors import named
from tureen.client.hearing import Count
from tureen.client.link import Link
from tureen.client.router import Router
from tureen.client.session import Session
from tureen.client.worker import RemoteProcess, Worker
from tureen.contract.errors import TureenError
from tureen.contract.registry import commands_of
from tureen.contract.subjects import DEFAULT_TENANT
from tureen.mediasoup.entity import check_app_data, new_id
from tureen.mediasoup.errors import UnsupportedError
from tureen.mediasoup.events import EnhancedEventEmitter
from tureen.mediasoup.types import AppData, RouterRtpCapabilities, WorkerLogLevel, WorkerLogTag

REQUEST_TIMEOUT = 5.0
"""How long a node has for an answer by default, in seconds."""

LOOK_INTERVAL = 5.0
"""Seconds between two looks at whether a client's workers still run."""

_CREATE_WORKER = commands_of("node")["mediasoup.createWorker"]
_DUMP_ROUTER = commands_of("node")["router.dump"]
_PLACE_WORKER = commands_of("placement")["worker.place"]
_ENDING = 3.0
"""Seconds for which leaving waits for the workers to end."""


class Mediasoup:
    """What the module ``tureen.mediasoup`` offers, on the nodes of a cluster. Made by ``connect()``.

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

    async def create_worker(
        self,
        *,
        log_level: WorkerLogLevel = "error",
        log_tags: Sequence[WorkerLogTag] = (),
        rtc_min_port: int | None = None,
        rtc_max_port: int | None = None,
        dtls_certificate_file: str | os.PathLike[str] | None = None,
        dtls_private_key_file: str | os.PathLike[str] | None = None,
        worker_bin: str | os.PathLike[str] | None = None,
        libwebrtc_field_trials: str | None = None,
        app_data: AppData | None = None,
        node_id: str | None = None,
    ) -> Worker:
        """Start a mediasoup-worker process of this client's own.

        Args:
            log_level: How much it logs, on its node.
            log_tags: What it logs about at level ``debug`` and, in part, ``warn``.
            rtc_min_port: Lowest port for media where a listen info names none. Default: the node's.
            rtc_max_port: Highest port for media. Default: the node's.
            dtls_certificate_file: A path on the node; for the node's operator alone, as are the next two.
            dtls_private_key_file: A path on the node.
            worker_bin: Refused: which binary it is, is the node's own affair.
            libwebrtc_field_trials: Field trials for libwebrtc, for those who know.
            app_data: What the app attaches. It stays here; nodes never see it.
            node_id: The node. Default: the one that ``connect()`` was given, else the one that placement names.

        Raises:
            TypeError: A setting is wrong.
            UnsupportedError: A binary was given.
            NoCapacity: The node takes no more workers, or no node does; a MediasoupError.
            Unavailable: There is no connection, no such node, or no placement; a MediasoupError.
            Unauthorized: A setting is for the node's operator alone; a MediasoupError.
        """
        check_app_data(app_data)
        if worker_bin is not None:
            raise UnsupportedError("worker_bin: a worker's binary is its node's")
        payload: dict[str, Any] = {
            "id": new_id(),
            "logLevel": log_level,
            "logTags": log_tags if isinstance(log_tags, str) else [*log_tags],
            "rtcMinPort": rtc_min_port,
            "rtcMaxPort": rtc_max_port,
            "dtlsCertificateFile": None if dtls_certificate_file is None else os.fsdecode(dtls_certificate_file),
            "dtlsPrivateKeyFile": None if dtls_private_key_file is None else os.fsdecode(dtls_private_key_file),
            "libwebrtcFieldTrials": libwebrtc_field_trials,
        }
        given = {key: value for key, value in payload.items() if value is not None}
        try:
            worker = await self._create_worker(node_id or self._node_id or await self._place(), given, app_data)
        except TureenError as error:
            raise named(error) from None
        self.observer.safe_emit("newworker", worker)
        return worker

    async def _place(self) -> str:
        reply = await self._session.ask(None, _PLACE_WORKER, {})
        return str(reply["nodeId"])

    async def _create_worker(self, node_id: str, payload: dict[str, Any], app_data: AppData | None) -> Worker:
        worker_id = str(payload["id"])
        link = self._link(node_id, worker_id)
        link.hear_object("worker", worker_id)
        try:
            reply = await self._session.ask(node_id, _CREATE_WORKER, payload)
        except BaseException:
            link.end()
            self._session.tell(node_id, commands_of("node")["worker.close"], {"workerId": worker_id})
            raise
        worker = Worker(RemoteProcess(link, reply["pid"]), app_data)
        self._workers[worker_id] = worker
        worker.observer.on("close", lambda: self._workers.pop(worker_id, None))
        return worker

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
            for worker in (*self._workers.values(), *self._attached.values()):
                self._catch_up(worker.id, catch_up_worker(worker))

    async def close(self) -> None:
        """Close the workers of this client, and leave."""
        for made in list(self._made.values()):
            made.close()
        endings = []
        for worker in list(self._workers.values()):
            worker.close()
            endings.append(asyncio.ensure_future(worker.wait_closed()))
        if endings and self.connected:
            await asyncio.wait(endings, timeout=_ENDING)
        for ending in endings:
            ending.cancel()
        await asyncio.gather(*endings, return_exceptions=True)
        await self._session.close()


@asynccontextmanager
async def connect(
    url: str | Sequence[str],
    *,
    tenant: str = DEFAULT_TENANT,
    node_id: str | None = None,
    timeout: float = REQUEST_TIMEOUT,
    lease: float | None = None,
    settings: BusSettings | None = None,
) -> AsyncIterator[Mediasoup]:
    """Connect to a cluster, and use it as if it were the module ``tureen.mediasoup``.

    ::

        async with connect("nats://user:password@host:4222") as mediasoup:
            worker = await mediasoup.create_worker()

    What this client has made is closed when the block ends.

    Args:
        url: Where NATS is, with the credentials; several for a cluster of servers.
        tenant: Whose objects these are.
        node_id: The node on which workers are started. Default: placement names one for each.
        timeout: How long a node has for an answer, in seconds.
        lease: Seconds after which nodes close what this client has made if they hear no more of it, 1 to 3600: it was
            killed, say. Default: they do not.
        settings: How to connect, where a URL cannot say it (certificates, nkeys, …); ``url`` and ``tenant`` count.

    Raises:
        Unauthorized: The server refuses the credentials; a MediasoupError.
        Unavailable: No server answers; a MediasoupError.
    """
    servers = [url] if isinstance(url, str) else [*url]
    base = BusSettings(servers=servers, tenant=tenant, name="tureen-client")
    if settings is not None:
        base = settings.model_copy(update={"servers": base.servers, "tenant": base.tenant})
    try:
        bus = await Bus.connect(base)
    except TureenError as error:
        raise named(error) from None
    client = Mediasoup(Session(bus, tenant, timeout, lease), node_id)
    try:
        yield client
    finally:
        await client.close()

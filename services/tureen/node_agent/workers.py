"""The agent's workers: a pool, replaced when they end, with one WebRtcServer each; and tenants' own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast

from tureen.contract.errors import Internal, NoCapacity, Unavailable
from tureen.contract.ids import new_id
from tureen.contract.subjects import SYSTEM
from tureen.contract.workers import MediasoupCreateWorker
from tureen.mediasoup import WebRtcServer, Worker, create_worker
from tureen.mediasoup.errors import MediasoupError
from tureen.mediasoup.types import TransportListenInfo
from tureen.node_agent.objects import WebRtcServerEntry, WorkerEntry
from tureen.node_agent.settings import NodeAgentSettings
from tureen.node_agent.state import AgentState
from tureen.telemetry import use_trace

log = logging.getLogger(__name__)

RESTART_DELAY = 1.0
"""Seconds before another try, where a worker could not be started."""


class WorkerPool:
    """Keeps `settings.workers` workers alive, and starts and ends those of tenants."""

    def __init__(self, state: AgentState, forget: Callable[[int], None]) -> None:
        self._state = state
        self._forget = forget
        self._replacing: set[asyncio.Task[None]] = set()
        self._processes: set[Worker] = set()
        self._starting_own: set[int] = set()
        self._closed = False

    async def start(self) -> None:
        """Start every worker of the pool."""
        indices = range(1, self._state.settings.workers + 1)
        async with asyncio.TaskGroup() as group:
            for index in indices:
                group.create_task(self._start(index))

    async def start_own(self, worker_id: str, tenant: str, options: MediasoupCreateWorker) -> WorkerEntry:
        """Start a worker of a tenant's own.

        Raises:
            NoCapacity: The node has as many of them as it may.
            Internal: It cannot be started.
        """
        settings = self._state.settings
        low, high = options.rtc_min_port or settings.min_port, options.rtc_max_port or settings.max_port
        index = self._free_index()
        self._starting_own.add(index)
        try:
            worker = await _create(
                log_level=options.log_level,
                log_tags=options.log_tags,
                dtls_certificate_file=options.dtls_certificate_file,
                dtls_private_key_file=options.dtls_private_key_file,
                libwebrtc_field_trials=options.libwebrtc_field_trials,
                app_data=options.app_data,
                rtc_min_port=low,
                rtc_max_port=high,
            )
        except MediasoupError as error:
            log.exception("a worker of tenant %s cannot be started", tenant)
            raise Internal("the worker cannot be started; the node's log says why") from error
        finally:
            self._starting_own.discard(index)
        entry = WorkerEntry(worker_id, index, worker, tenant=tenant, ports=(low, high))
        self._enter(entry)
        if self._closed:
            worker.close()
            raise Unavailable("the node is being shut down")
        return entry

    def enter_server(self, worker: WorkerEntry, server: WebRtcServer) -> WebRtcServerEntry:
        """Enter a WebRtcServer until it closes."""
        state = self._state
        entry = WebRtcServerEntry(server.id, server, worker)
        state.objects.webrtc_servers.add(entry)

        def closed() -> None:
            state.objects.webrtc_servers.discard(entry)
            state.forget(entry)

        server.observer.once("close", closed)
        state.events.attach(worker, "webRtcServer", entry.id, server)
        return entry

    async def close(self) -> None:
        """End every worker, and wait until their processes are gone."""
        self._closed = True
        for task in self._replacing:
            task.cancel()
        await asyncio.gather(*self._replacing, return_exceptions=True)
        for entry in list(self._state.objects.workers.all()):
            entry.worker.close()
        await asyncio.gather(*(worker.wait_closed() for worker in self._processes))

    def _free_index(self) -> int:
        """Return the lowest number after the pool's that is free."""
        settings = self._state.settings
        taken = {entry.index for entry in self._state.objects.workers.all()} | self._starting_own
        for index in range(settings.workers + 1, settings.workers + settings.max_tenant_workers + 1):
            if index not in taken:
                return index
        raise NoCapacity(
            f"this node runs {settings.max_tenant_workers} workers of tenants' own, which is all that it may",
            details={"maxTenantWorkers": settings.max_tenant_workers},
        )

    async def _start(self, index: int) -> None:
        settings = self._state.settings
        worker = await _create(log_level=settings.worker_log_level)
        try:
            server = await worker.create_webrtc_server(listen_infos=_listen_infos(settings))
        except BaseException:
            worker.close()
            raise
        entry = WorkerEntry(new_id(), index, worker, server)
        self._enter(entry)
        self.enter_server(entry, server)

    def _enter(self, entry: WorkerEntry) -> None:
        worker = entry.worker
        self._state.objects.workers.add(entry)
        self._processes.add(worker)
        worker.on("died", lambda error: self._died(entry, error))
        worker.on("subprocessclose", lambda: self._processes.discard(worker))
        worker.observer.once("close", lambda: self._gone(entry))
        self._state.events.attach(entry, "worker", entry.id, worker)
        log.info("worker %d started: id %s, pid %d, of %s", entry.index, entry.id, worker.pid, entry.tenant)

    def _died(self, entry: WorkerEntry, error: Exception) -> None:
        log.error("worker %d died (id %s, pid %d): %s", entry.index, entry.id, entry.worker.pid, error)
        self._state.worker_died(entry)

    def _gone(self, entry: WorkerEntry) -> None:
        """A worker died or was closed: forget it, and replace one of the pool."""
        self._state.objects.workers.discard(entry)
        self._state.forget(entry)
        self._forget(entry.worker.pid)
        if entry.tenant == SYSTEM and not self._closed:
            task = asyncio.create_task(self._replace(entry.index), name=f"replace worker {entry.index}")
            self._replacing.add(task)
            task.add_done_callback(self._replacing.discard)

    async def _replace(self, index: int) -> None:
        while True:
            try:
                await self._start(index)
            except Exception:
                log.exception("worker %d cannot be started; trying again", index)
                await asyncio.sleep(RESTART_DELAY)
            else:
                return


async def _create(**options: Any) -> Worker:
    """Start a worker outside of any trace.

    What it tells while it lives is heard in the context in which its channel was opened, and would all be of the
    command that happened to start it.
    """
    with use_trace(None):
        return await create_worker(**options)


def _listen_infos(settings: NodeAgentSettings) -> list[TransportListenInfo]:
    """Listen on every address, for UDP and for browsers that have only TCP."""
    infos = []
    for address in settings.addresses:
        for protocol in ("udp", "tcp"):
            info = {
                "protocol": protocol,
                "ip": address.ip,
                "portRange": {"min": settings.min_port, "max": settings.max_port},
            }
            if address.announced is not None:
                info["announcedAddress"] = address.announced
            infos.append(cast("TransportListenInfo", info))
    return infos

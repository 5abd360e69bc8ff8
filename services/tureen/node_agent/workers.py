"""The agent's pool of mediasoup workers: one WebRtcServer each, replaced when they die."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from tureen.contract.ids import new_id
from tureen.mediasoup import WebRtcServer, Worker, create_worker
from tureen.mediasoup.types import TransportListenInfo
from tureen.node_agent.objects import WorkerEntry
from tureen.node_agent.settings import NodeAgentSettings
from tureen.node_agent.state import AgentState

log = logging.getLogger(__name__)

RESTART_DELAY = 1.0
"""Seconds before another try, where a worker could not be started."""


class WorkerPool:
    """Keeps `settings.workers` workers alive."""

    def __init__(self, state: AgentState, forget: Callable[[int], None]) -> None:
        self._state = state
        self._forget = forget
        self._replacing: set[asyncio.Task[None]] = set()
        self._closed = False

    async def start(self) -> None:
        """Start every worker."""
        indices = range(1, self._state.settings.workers + 1)
        async with asyncio.TaskGroup() as group:
            for index in indices:
                group.create_task(self._start(index))

    async def close(self) -> None:
        """End every worker, and wait until their processes are gone."""
        self._closed = True
        for task in self._replacing:
            task.cancel()
        await asyncio.gather(*self._replacing, return_exceptions=True)
        workers = [entry.worker for entry in self._state.objects.workers.all()]
        for worker in workers:
            worker.close()
        await asyncio.gather(*(worker.wait_closed() for worker in workers))

    async def _start(self, index: int) -> None:
        settings = self._state.settings
        worker = await create_worker(log_level=settings.worker_log_level)
        try:
            server = await worker.create_webrtc_server(listen_infos=_listen_infos(settings))
        except BaseException:
            worker.close()
            raise
        self._enter(index, worker, server)

    def _enter(self, index: int, worker: Worker, server: WebRtcServer) -> None:
        entry = WorkerEntry(new_id(), index, worker, server)
        self._state.objects.workers.add(entry)
        # Who cares is told which routers went with the worker before these are forgotten one by one.
        worker.on("died", lambda error: self._died(entry, error))
        worker.observer.on("close", lambda: self._state.objects.workers.discard(entry.id))
        log.info("worker %d started: id %s, pid %d", index, entry.id, worker.pid)

    def _died(self, entry: WorkerEntry, error: Exception) -> None:
        log.error("worker %d died (id %s, pid %d): %s", entry.index, entry.id, entry.worker.pid, error)
        self._forget(entry.worker.pid)
        self._state.worker_died(entry)
        if not self._closed:
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

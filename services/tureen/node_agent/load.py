"""What heartbeats tell of the host and its workers, read with psutil."""

from __future__ import annotations

import resource
from collections.abc import Iterable

import psutil

from tureen.contract.cluster import HostLoad, RouterLoad, WorkerLoad
from tureen.contract.subjects import SYSTEM
from tureen.node_agent.objects import RouterEntry, WorkerEntry
from tureen.node_agent.settings import NodeAgentSettings

REPEATED = 10
"""In how many heartbeats a router's new counts are told, so that losing a few costs nothing."""


class RouterChanges:
    """Tells the rooms' routers whose counts changed lately."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[RouterLoad, int]] = {}

    def of(self, routers: Iterable[RouterEntry]) -> list[RouterLoad]:
        """Return the loads to tell in this heartbeat."""
        told: dict[str, tuple[RouterLoad, int]] = {}
        for router in routers:
            if router.room_id is None:
                continue
            load = RouterLoad(
                router_id=router.id,
                transports=len(router.transports),
                opened=router.opened,
                consumers=router.consumers,
            )
            before, times = self._told.get(router.id, (None, 0))
            told[router.id] = (load, times + 1 if before == load else 1)
        self._told = told
        return [load for load, times in told.values() if times <= REPEATED]


class LoadMeter:
    """Reads loads; each figure covers the time since the reading before."""

    def __init__(self, settings: NodeAgentSettings) -> None:
        self._ports = settings.max_port - settings.min_port + 1
        self._self = psutil.Process()
        self._processes: dict[int, psutil.Process] = {}
        self._network = psutil.net_io_counters()
        self._read_at = 0.0
        psutil.cpu_percent()

    def host(self, workers: Iterable[WorkerEntry], now: float) -> HostLoad:
        """Read the host; `now` is loop time."""
        memory = psutil.virtual_memory()
        network, before = psutil.net_io_counters(), self._network
        elapsed = max(now - self._read_at, 0.001) if self._read_at else 1.0
        self._network, self._read_at = network, now
        used = sum(len(router.transports) + router.pipes for worker in workers for router in worker.routers.values())
        return HostLoad(
            cpu=psutil.cpu_percent(),
            cores=psutil.cpu_count() or 1,
            memory=memory.total - memory.available,
            memory_total=memory.total,
            network_in=(network.bytes_recv - before.bytes_recv) / elapsed,
            network_out=(network.bytes_sent - before.bytes_sent) / elapsed,
            open_files=self._self.num_fds(),
            open_files_limit=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
            ports=self._ports,
            free_ports=max(0, self._ports - used),
        )

    def worker(self, entry: WorkerEntry, now: float) -> WorkerLoad:
        """Read one worker, and keep its CPU for the arbiter."""
        cpu, memory = self._process(entry.worker.pid)
        entry.cpu = cpu
        routers = entry.routers.values()
        return WorkerLoad(
            worker_id=entry.id,
            index=entry.index,
            pid=entry.worker.pid,
            tenant=None if entry.tenant == SYSTEM else entry.tenant,
            cpu=cpu,
            memory=memory,
            routers=len(entry.routers),
            transports=sum(len(router.transports) for router in routers),
            producers=sum(
                held.pull_id is None and held.kind != "data" for router in routers for held in router.producers.values()
            ),
            consumers=sum(router.consumers for router in routers),
            pipes=sum(router.pipes for router in routers),
            booked=entry.bookings.unseen(now),
            reserved=entry.bookings.reserved(),
        )

    def forget(self, pid: int) -> None:
        """A worker is gone."""
        self._processes.pop(pid, None)

    def _process(self, pid: int) -> tuple[float, int]:
        try:
            process = self._processes.get(pid)
            if process is None:
                process = self._processes[pid] = psutil.Process(pid)
            with process.oneshot():
                return process.cpu_percent(), process.memory_info().rss
        except psutil.Error:
            return 0.0, 0

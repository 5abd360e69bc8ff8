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


MOST_ROUTERS = 1500
"""How many routers one heartbeat tells of, so that it stays far below what a message may hold."""


class RouterChanges:
    """Tells the rooms' routers whose counts changed lately; those first that were told least often."""

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
            told[router.id] = (load, times if before == load else 0)
        self._told = told
        due = sorted((times, router_id) for router_id, (_, times) in told.items() if times < REPEATED)
        return [self._tell(router_id) for _, router_id in due[:MOST_ROUTERS]]

    def _tell(self, router_id: str) -> RouterLoad:
        load, times = self._told[router_id]
        self._told[router_id] = (load, times + 1)
        return load


class NetworkMeter:
    """Reads what crosses the host's network, and what it can carry.

    Args:
        mbps: What it carries each way, Mbit/s; None asks the links.
        max_packets: Packets a second that the host is meant to handle; None is no limit.
    """

    def __init__(self, mbps: float | None, max_packets: int | None) -> None:
        self._limit = (mbps if mbps is not None else _link_mbps()) * 1e6 / 8
        self._packets_limit = float(max_packets or 0)
        self._counted = _counters()
        self._read_at = 0.0

    def read(self, now: float) -> dict[str, float]:
        """Return the fields of a host's load; rates are over the time since the reading before, `now` is loop time."""
        counted, before = _counters(), self._counted
        elapsed = max(now - self._read_at, 0.001) if self._read_at else 1.0
        self._counted, self._read_at = counted, now
        # A link that went away takes its counts with it.
        rates = [max(0, value - old) / elapsed for value, old in zip(counted, before, strict=True)]
        return {
            "network_in": rates[0],
            "network_out": rates[1],
            "network_limit": self._limit,
            "packets_in": rates[2],
            "packets_out": rates[3],
            "packets_limit": self._packets_limit,
        }


class LoadMeter:
    """Reads loads; each figure covers the time since the reading before."""

    def __init__(self, settings: NodeAgentSettings) -> None:
        self._ports = settings.max_port - settings.min_port + 1
        self._self = psutil.Process()
        self._processes: dict[int, psutil.Process] = {}
        self._network = NetworkMeter(settings.network_mbps, settings.max_packets)
        psutil.cpu_percent()

    def host(self, workers: Iterable[WorkerEntry], now: float) -> HostLoad:
        """Read the host; `now` is loop time."""
        memory = psutil.virtual_memory()
        used = sum(len(router.transports) + router.pipes for worker in workers for router in worker.routers)
        return HostLoad(
            cpu=psutil.cpu_percent(),
            cores=psutil.cpu_count() or 1,
            memory=memory.total - memory.available,
            memory_total=memory.total,
            **self._network.read(now),
            open_files=self._self.num_fds(),
            open_files_limit=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
            ports=self._ports,
            free_ports=max(0, self._ports - used),
        )

    def worker(self, entry: WorkerEntry, now: float) -> WorkerLoad:
        """Read one worker, and keep for the arbiter what it has to know."""
        cpu, memory = self._process(entry.worker.pid)
        entry.cpu, entry.reserved = cpu, entry.bookings.reserved()
        routers = entry.routers
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
            reserved=entry.reserved,
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


def _counters() -> tuple[int, int, int, int]:
    """Return bytes in and out and packets in and out since the host started, the loopback interface apart."""
    links = [link for name, link in psutil.net_io_counters(pernic=True).items() if not _is_loopback(name)]
    return (
        sum(link.bytes_recv for link in links),
        sum(link.bytes_sent for link in links),
        sum(link.packets_recv for link in links),
        sum(link.packets_sent for link in links),
    )


def _link_mbps() -> float:
    """Return the speed of the fastest link that is up, Mbit/s; 0 where none tells it, as virtual ones do not."""
    links = psutil.net_if_stats().items()
    return max((link.speed for name, link in links if link.isup and not _is_loopback(name)), default=0)


def _is_loopback(name: str) -> bool:
    return name == "lo"

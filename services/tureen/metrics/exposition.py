"""The fleet as Prometheus sees it: gauges per node and per worker, made anew for each scrape.

Percentages are of one core for a worker and of all cores for a host, as in heartbeats and policies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tureen.contract.cluster import Heartbeat, WorkerLoad
from tureen.metrics.fleet import Fleet, Sighting

_NODE: tuple[tuple[str, str, Callable[[Heartbeat], float]], ...] = (
    ("draining", "1 while the node takes nothing new.", lambda beat: beat.draining),
    ("workers", "Workers of the node.", lambda beat: len(beat.workers)),
    ("cpu_percent", "CPU of the host, percent of all cores.", lambda beat: beat.host.cpu),
    ("cores", "Cores of the host.", lambda beat: beat.host.cores),
    ("memory_bytes", "Memory of the host in use.", lambda beat: beat.host.memory),
    ("memory_total_bytes", "Memory of the host.", lambda beat: beat.host.memory_total),
    ("network_receive_bytes_per_second", "What the host receives.", lambda beat: beat.host.network_in),
    ("network_transmit_bytes_per_second", "What the host sends.", lambda beat: beat.host.network_out),
    ("open_files", "Open files of the node agent.", lambda beat: beat.host.open_files),
    ("open_files_limit", "Most open files that the node agent may have.", lambda beat: beat.host.open_files_limit),
    ("free_ports", "Media ports that are free.", lambda beat: beat.host.free_ports),
    ("ports", "Media ports in all.", lambda beat: beat.host.ports),
)
_WORKER: tuple[tuple[str, str, Callable[[WorkerLoad], float]], ...] = (
    ("cpu_percent", "CPU of the worker, percent of one core.", lambda load: load.cpu),
    ("memory_bytes", "Resident memory of the worker.", lambda load: load.memory),
    ("routers", "Routers of the worker.", lambda load: load.routers),
    ("transports", "Transports of the worker, pipes apart.", lambda load: load.transports),
    ("producers", "Producers of the worker.", lambda load: load.producers),
    ("consumers", "Consumers of the worker.", lambda load: load.consumers),
    ("pipes", "Pipe transports of the worker.", lambda load: load.pipes),
    ("booked_percent", "Booked and not yet shown by the CPU, percent of a core.", lambda load: load.booked),
    ("reserved_percent", "Kept for the growth of transports, percent of a core.", lambda load: load.reserved),
)
_WORKER_LABELS = ("node", "worker", "index")


class FleetCollector(Collector):
    """Collects the fleet's gauges."""

    def __init__(self, fleet: Fleet, now: Callable[[], float], is_connected: Callable[[], bool]) -> None:
        self._fleet = fleet
        self._now = now
        self._is_connected = is_connected

    def describe(self) -> Iterable[Metric]:
        """Name nothing in advance: what there is depends on who is heard of."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every gauge, as of now."""
        now = self._now()
        sightings = list(self._fleet.present(now))
        yield GaugeMetricFamily("tureen_bus_connected", "1 while this exporter hears the bus.", self._is_connected())
        yield GaugeMetricFamily("tureen_nodes", "Nodes that are heard of.", len(sightings))
        yield _info(sightings)
        yield _ages(sightings, now)
        yield _counts(sightings)
        for name, help_, value in _NODE:
            gauge = GaugeMetricFamily(f"tureen_node_{name}", help_, labels=("node",))
            for sighting in sightings:
                gauge.add_metric((sighting.heartbeat.node_id,), value(sighting.heartbeat))
            yield gauge
        for name, help_, of_load in _WORKER:
            gauge = GaugeMetricFamily(f"tureen_worker_{name}", help_, labels=_WORKER_LABELS)
            for labels, load in _workers(sightings):
                gauge.add_metric(labels, of_load(load))
            yield gauge


def _info(sightings: Iterable[Sighting]) -> Metric:
    labels = ("node", "region", "mediasoup_version")
    gauge = GaugeMetricFamily("tureen_node_info", "What the node is; the value is always 1.", labels=labels)
    for sighting in sightings:
        beat = sighting.heartbeat
        gauge.add_metric((beat.node_id, beat.region, beat.mediasoup_version), 1)
    return gauge


def _ages(sightings: Iterable[Sighting], now: float) -> Metric:
    help_ = "Seconds since the node's last heartbeat."
    gauge = GaugeMetricFamily("tureen_node_heartbeat_age_seconds", help_, labels=("node",))
    for sighting in sightings:
        gauge.add_metric((sighting.heartbeat.node_id,), max(0.0, now - sighting.received))
    return gauge


def _counts(sightings: Iterable[Sighting]) -> Metric:
    counter = CounterMetricFamily("tureen_node_heartbeats", "Heartbeats heard of the node.", labels=("node",))
    for sighting in sightings:
        counter.add_metric((sighting.heartbeat.node_id,), sighting.count)
    return counter


def _workers(sightings: Iterable[Sighting]) -> Iterator[tuple[Sequence[str], WorkerLoad]]:
    for sighting in sightings:
        for load in sighting.heartbeat.workers:
            yield (sighting.heartbeat.node_id, load.worker_id, str(load.index)), load

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from tureen.contract.cluster import Heartbeat, HostLoad, WorkerLoad
from tureen.metrics.exposition import FleetCollector
from tureen.metrics.fleet import Fleet

BEAT = Heartbeat(
    node_id="n1",
    start_id="run",
    seq=1,
    mediasoup_version="3.27.1",
    region='eu"\n',
    draining=True,
    host=HostLoad(cpu=12.5, cores=4, memory=100, free_ports=7),
    workers=[WorkerLoad(worker_id="w1", index=1, cpu=55.5, consumers=9, booked=3, reserved=4)],
)


def scrape(fleet: Fleet, now: float) -> dict[str, dict[tuple[str, ...], float]]:
    """Return what Prometheus reads: by name, then by the labels' values in the order of the labels' names."""
    registry = CollectorRegistry()
    registry.register(FleetCollector(fleet, lambda: now, lambda: True))
    read: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            read.setdefault(sample.name, {})[tuple(value for _, value in sorted(sample.labels.items()))] = sample.value
    return read


def test_nodes_and_workers_are_gauges() -> None:
    """Every figure of a heartbeat is a gauge with its node, and its worker where it has one."""
    fleet = Fleet(stale_after=10)
    fleet.see(BEAT, 0)
    read = scrape(fleet, 2)
    assert read["tureen_bus_connected"] == {(): 1}
    assert read["tureen_nodes"] == {(): 1}
    assert read["tureen_node_info"] == {("3.27.1", "n1", 'eu"\n'): 1}
    assert read["tureen_node_heartbeat_age_seconds"] == {("n1",): 2}
    assert read["tureen_node_heartbeats_total"] == {("n1",): 1}
    assert read["tureen_node_draining"] == {("n1",): 1}
    assert read["tureen_node_cpu_percent"] == {("n1",): 12.5}
    assert read["tureen_node_free_ports"] == {("n1",): 7}
    assert read["tureen_worker_cpu_percent"] == {("1", "n1", "w1"): 55.5}
    assert read["tureen_worker_consumers"] == {("1", "n1", "w1"): 9}
    assert read["tureen_worker_booked_percent"] == {("1", "n1", "w1"): 3}
    assert read["tureen_worker_reserved_percent"] == {("1", "n1", "w1"): 4}


def test_a_stale_node_is_not_shown() -> None:
    """A node that is not heard of has no gauges any more, rather than old ones."""
    fleet = Fleet(stale_after=10)
    fleet.see(BEAT, 0)
    read = scrape(fleet, 11)
    assert read["tureen_nodes"] == {(): 0}
    assert "tureen_node_cpu_percent" not in read
    assert "tureen_worker_cpu_percent" not in read

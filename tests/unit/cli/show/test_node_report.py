from __future__ import annotations

import io

from rich.console import Console

from tureen.cli.show.node_report import node_report, size
from tureen.contract.cluster import Heartbeat, HostLoad, WorkerLoad

WORKERS = [
    WorkerLoad(worker_id="bbbbbbbbbb", index=2, cpu=95, memory=20_000_000, consumers=12, booked=3, reserved=4),
    WorkerLoad(worker_id="aaaaaaaaaa", index=1),
    WorkerLoad(worker_id="cccccccccc", tenant="acme"),
]
HEARTBEAT = Heartbeat(
    node_id="n1",
    start_id="s",
    seq=1,
    mediasoup_version="3.27.1",
    region="north",
    draining=True,
    host=HostLoad(cpu=50, cores=4, free_ports=7, ports=9),
    workers=WORKERS,
)


def test_nodes_and_workers() -> None:
    """A node has a paragraph, its workers follow in order: the pool's by number, then tenants' own."""
    stream = io.StringIO()
    Console(file=stream, width=150).print(node_report([HEARTBEAT]))
    head, _, *rows = stream.getvalue().splitlines()
    for part in ("n1 in north draining", "50 % of 4 cores", "media ports 7 of 9 free", "mediasoup 3.27.1"):
        assert part in head
    assert [row.split()[0] for row in rows] == ["aaaaaaaa", "bbbbbbbb", "cccccccc"]
    assert rows[1].split() == ["bbbbbbbb", "2", "━━━━━━━━━━", "95", "%", "7", "%", "20", "MB", "0", "0", "0", "12", "0"]
    assert "of acme" in rows[2]


def test_a_plain_terminal() -> None:
    """Nothing of a worker's row is cut in 80 columns."""
    stream = io.StringIO()
    worker = WorkerLoad(worker_id="aaaaaaaaaa", index=1, cpu=100, memory=999_000_000, consumers=10_000, transports=900)
    Console(file=stream, width=80).print(node_report([HEARTBEAT.model_copy(update={"workers": [worker]})]))
    assert "…" not in stream.getvalue()
    assert "10000" in stream.getvalue()


def test_a_silent_node() -> None:
    """While watching, a node that was not heard for a while is said to be silent."""
    stream = io.StringIO()
    Console(file=stream, width=150).print(node_report([HEARTBEAT], {"n1": 7.2}))
    assert "silent for 7 s" in stream.getvalue()


def test_sizes() -> None:
    """Sizes are short, of any magnitude."""
    assert [size(number) for number in (0, 999, 1000, 25_300_000, 2e9, 3e18)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "25 MB",
        "2.0 GB",
        "3000000 TB",
    ]

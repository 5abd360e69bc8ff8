"""What Prometheus gets, from heartbeats on a real bus."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.support.nats_server import NatsServer

from tureen.bus import Bus, BusSettings
from tureen.contract import subjects
from tureen.contract.cluster import Heartbeat, HostLoad, WorkerLoad
from tureen.http import HttpServer
from tureen.metrics.main import serve
from tureen.metrics.settings import MetricsSettings

PATIENCE = 10.0


@pytest.fixture
async def metrics(nats_server: NatsServer) -> AsyncIterator[httpx.AsyncClient]:
    """Run the service, and give a client of it."""
    settings = MetricsSettings(nats=BusSettings(servers=[nats_server.url]), port=0, stale_after=1)
    stop = asyncio.Event()
    ready: asyncio.Future[HttpServer] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(settings, stop, ready.set_result))
    async with httpx.AsyncClient(base_url=(await ready).url) as client:
        yield client
    stop.set()
    await task


def beat(seq: int) -> Heartbeat:
    """Return a heartbeat of node n1 with a worker."""
    worker = WorkerLoad(worker_id="w1", index=1, cpu=42.5, consumers=seq)
    host = HostLoad(cpu=10, cores=2)
    return Heartbeat(node_id="n1", start_id="run", seq=seq, mediasoup_version="3.27.1", host=host, workers=[worker])


async def until_shown(client: httpx.AsyncClient, line: str, *, shown: bool = True) -> str:
    """Scrape until a line is there, or there no more."""
    async with asyncio.timeout(PATIENCE):
        while True:
            text = (await client.get("/metrics")).text
            if (line in text) is shown:
                return text
            await asyncio.sleep(0.02)


async def test_heartbeats_become_metrics(metrics: httpx.AsyncClient, bus: Bus) -> None:
    """What a node says is there at the next scrape, and gone once the node is silent."""
    bus.publish(subjects.heartbeat("n1"), beat(1).to_wire())
    text = await until_shown(metrics, 'tureen_worker_consumers{index="1",node="n1",worker="w1"} 1.0')
    assert 'tureen_worker_cpu_percent{index="1",node="n1",worker="w1"} 42.5' in text
    bus.publish(subjects.heartbeat("n1"), beat(2).to_wire())
    await until_shown(metrics, 'tureen_worker_consumers{index="1",node="n1",worker="w1"} 2.0')
    text = await until_shown(metrics, 'node="n1"', shown=False)
    assert "tureen_nodes 0.0" in text


async def test_a_malformed_heartbeat_disturbs_nobody(
    metrics: httpx.AsyncClient, bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the next one counts."""
    bus.publish(subjects.heartbeat("n1"), {"nodeId": 5})
    bus.send(subjects.heartbeat("n1"), b"\xc1garbage")
    bus.publish(subjects.heartbeat("n1"), beat(1).to_wire())
    await until_shown(metrics, "tureen_nodes 1.0")
    assert "heartbeat.n1 was dropped: nodeId" in caplog.text


async def test_health_and_address(metrics: httpx.AsyncClient, bus: Bus, nats_server: NatsServer) -> None:
    """Healthy is who hears the bus; the root says where the metrics are; operators find the service."""
    assert "/metrics" in (await metrics.get("/")).text
    assert (await metrics.get("/health")).json() == {"connected": True}
    delivery = await bus.exchange("$SRV.PING.metrics", b"", {}, timeout=5)
    assert json.loads(delivery.body)["name"] == "metrics"
    nats_server.stop()
    async with asyncio.timeout(PATIENCE):
        while (await metrics.get("/health")).status_code != 503:
            await asyncio.sleep(0.01)
    assert "tureen_bus_connected 0.0" in (await metrics.get("/metrics")).text
    nats_server.start()


async def test_it_runs_as_a_process(nats_server: NatsServer) -> None:
    """`python -m tureen.metrics` tells on TUREEN_READY_FD where it is, and ends in order at SIGTERM."""
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tureen.metrics", "--port", "0"),
        env={**os.environ, "TUREEN_READY_FD": str(writing), "TUREEN_METRICS_NATS__SERVERS": nats_server.url},
        pass_fds=[writing],
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writing)
    with os.fdopen(reading) as ready:
        line = await asyncio.to_thread(ready.readline)
    async with httpx.AsyncClient(base_url=json.loads(line)["url"]) as client:
        assert "tureen_bus_connected 1.0" in (await client.get("/metrics")).text
    process.send_signal(signal.SIGTERM)
    _, log = await process.communicate()
    assert process.returncode == 0, log

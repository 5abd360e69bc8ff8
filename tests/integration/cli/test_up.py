"""`tureen up`: everything runs, comes back when it is killed, and is gone afterwards."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from nats.errors import Error as NatsError
from tests.support.local_cluster import LocalCluster, local_cluster

pytestmark = pytest.mark.timeout(120)


async def test_it_says_where_everything_is(tmp_path: Path) -> None:
    """The line of JSON names a bus that answers, a page, metrics of every node, and the nodes with their workers."""
    async with local_cluster("--nodes", "2", "--workers", "2", log=tmp_path / "log") as cluster:
        assert cluster.facts.keys() == {"natsUrl", "signalingUrl", "metricsUrl", "nodes"}
        assert [node["nodeId"] for node in cluster.facts["nodes"]] == ["node-1", "node-2"]
        assert all(len(node["workers"]) == 2 for node in cluster.facts["nodes"])
        assert cluster.client.is_connected
        async with httpx.AsyncClient() as http:
            assert "Tureen" in (await http.get(cluster.url)).text
            async with asyncio.timeout(10):
                while not {"node-1", "node-2"} <= await exported_nodes(http, cluster):
                    await asyncio.sleep(0.1)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_nothing_is_left(tmp_path: Path, ending: signal.Signals) -> None:
    """After Ctrl-C, SIGTERM and even SIGKILL no process of the cluster runs any more."""
    cluster = await start("--workers", "1")
    family = psutil.Process(cluster.pid).children(recursive=True)
    assert len(family) >= 6
    cluster.send_signal(ending)
    async with asyncio.timeout(20):
        status = await cluster.wait()
    assert status == (-signal.SIGKILL if ending is signal.SIGKILL else 0)
    async with asyncio.timeout(5):
        while any(runs(process) for process in family):
            await asyncio.sleep(0.02)


async def test_it_can_be_stopped_while_it_starts() -> None:
    """Ctrl-C before everything is ready ends everything that was started."""
    process = await asyncio.create_subprocess_exec(*command(), stdout=asyncio.subprocess.PIPE, stderr=-1)
    assert process.stderr is not None
    async with asyncio.timeout(20):
        await process.stderr.readline()
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(20):
        await process.communicate()
        while any(runs(child) for child in family):
            await asyncio.sleep(0.02)
    assert process.returncode == 130


@pytest.mark.parametrize("module", ["placement", "signaling", "node_agent", "metrics"])
async def test_what_is_killed_comes_back(tmp_path: Path, module: str) -> None:
    """A service that is killed is started again where it was, and a room can be placed afterwards."""
    async with local_cluster("--workers", "1", log=tmp_path / "log") as cluster:
        await cluster.placement("room.create", roomId="room")
        killed = service(cluster, module)
        killed.kill()
        async with asyncio.timeout(30):
            while not await placed(cluster, killed.pid, module):
                await asyncio.sleep(0.1)
            async with httpx.AsyncClient() as http:
                while not await answers(http, cluster.url):
                    await asyncio.sleep(0.1)


async def test_a_taken_port_is_said(tmp_path: Path) -> None:
    """A port that is in use ends the start with a sentence that names the service, and leaves nothing."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *command("--port", str(port)), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(30):
            _, log = await process.communicate()
    assert process.returncode == 1
    assert b"signaling" in log
    assert str(port).encode() in log


async def answers(http: httpx.AsyncClient, url: str) -> bool:
    """Tell whether somebody listens there."""
    try:
        return (await http.get(url)).is_success
    except httpx.TransportError:
        return False


async def exported_nodes(http: httpx.AsyncClient, cluster: LocalCluster) -> set[str]:
    """Return the nodes of which Prometheus would hear."""
    return set(re.findall(r'node="([^"]+)"', (await http.get(f"{cluster.facts['metricsUrl']}/metrics")).text))


def command(*arguments: str) -> list[str]:
    """Return the command line of a small cluster."""
    return [sys.executable, "-c", "from tureen.cli.main import main; main()", "up", "--json", *arguments]


async def start(*arguments: str) -> asyncio.subprocess.Process:
    """Run a cluster and wait until it is ready."""
    process = await asyncio.create_subprocess_exec(
        *command("--port", "0", *arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline()
    return process


def service(cluster: LocalCluster, module: str) -> psutil.Process:
    """Return the process of one service."""
    for process in psutil.Process(cluster.process.pid).children():
        if f"tureen.{module}" in process.cmdline():
            return process
    raise AssertionError(f"no {module} runs")


async def placed(cluster: LocalCluster, killed: int, module: str) -> bool:
    """Tell whether the service runs anew and a transport of the room can be placed."""
    try:
        if service(cluster, module).pid == killed:
            return False
        answer: dict[str, Any] = await cluster.placement("room.place", roomId="room")
    except (AssertionError, psutil.Error, NatsError):
        return False
    return bool(answer["routerId"])


def runs(process: psutil.Process) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.pid != os.getpid()
    except psutil.NoSuchProcess:
        return False

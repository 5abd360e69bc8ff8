"""What it costs placement to hear a thousand nodes: the real process, on a real nats-server, with invented nodes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import psutil
from rows import Row, row

from placement_tables import Options
from placement_tables.cluster import heartbeat
from tureen.bus import Bus, BusSettings
from tureen.bus import run as run_loop
from tureen.cli.local import nats_server
from tureen.contract import subjects
from tureen.contract.cluster import Inventory

NODES = 1000
GOAL = 10.0
"""Percent of a core."""
SECONDS = 5.0
VERSIONS = 4
"""How many different heartbeats each node has, told in turn."""


async def measure(workers: int, rounds: int) -> list[float]:
    """Return the processor time that placement takes a second, percent of a core, once a round."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = await nats_server.wait_for_port(folder, _start_nats(stack, folder))
        url = f"nats://127.0.0.1:{port}"
        process, reading = _start_placement(stack, url)
        with os.fdopen(reading) as ready:
            await asyncio.to_thread(ready.readline)
        bus = await Bus.connect(BusSettings(servers=[url], name="nodes"))
        stack.push_async_callback(bus.close)
        nodes = _Nodes(bus, workers)
        nodes.announce()
        await nodes.tell(2.0)
        figures = []
        for _ in range(rounds):
            before = sum(process.cpu_times()[:2])
            elapsed = await nodes.tell(SECONDS)
            figures.append((sum(process.cpu_times()[:2]) - before) / elapsed * 100)
        return figures


class _Nodes:
    """A thousand nodes that tell their load once a second, spread over the second."""

    def __init__(self, bus: Bus, workers: int) -> None:
        self._bus = bus
        rng = Random(1)
        self._beats = [[heartbeat(node, workers, rng).to_wire() for _ in range(VERSIONS)] for node in range(NODES)]
        self._turn = 0

    def announce(self) -> None:
        """Say that no node holds anything."""
        for beats in self._beats:
            node_id, start_id = beats[0]["nodeId"], beats[0]["startId"]
            page = Inventory(node_id=node_id, start_id=start_id, version=0, routers=[])
            self._bus.publish(subjects.inventory(node_id), page.to_wire())

    async def tell(self, seconds: float) -> float:
        """Publish a thousand heartbeats a second for so long; return how long it took."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        for tick in range(int(seconds * 50)):
            for _ in range(NODES // 50):
                beats = self._beats[self._turn % NODES]
                beat = beats[self._turn // NODES % VERSIONS]
                self._bus.publish(subjects.heartbeat(beat["nodeId"]), beat)
                self._turn += 1
            await asyncio.sleep(max(0.0, started + (tick + 1) / 50 - loop.time()))
        return loop.time() - started


def _start_nats(stack: AsyncExitStack, folder: Path) -> int:
    (folder / "nats.conf").write_text(nats_server.configuration(folder, -1, ()))
    server = subprocess.Popen(
        [nats_server.find(), "-c", str(folder / "nats.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    stack.callback(server.wait)
    stack.callback(server.terminate)
    return server.pid


def _start_placement(stack: AsyncExitStack, url: str) -> tuple[psutil.Process, int]:
    """Start it; return it and the descriptor on which it says that it is ready."""
    reading, writing = os.pipe()
    placement = subprocess.Popen(
        [sys.executable, "-m", "tureen.placement"],
        env={
            **os.environ,
            "TUREEN_READY_FD": str(writing),
            "TUREEN_PLACEMENT_NATS__SERVERS": url,
            "TUREEN_PLACEMENT_LOG_LEVEL": "error",
        },
        pass_fds=[writing],
    )
    os.close(writing)
    stack.callback(placement.wait)
    stack.callback(placement.terminate)
    return psutil.Process(placement.pid), reading


def rows(options: Options) -> list[Row]:
    """Measure nodes of 16 workers and of 4."""
    result = []
    for workers in (16, 4):
        figures = run_loop(measure(workers, options.rounds))
        assert figures is not None
        name = f"1,000 heartbeats a second, {workers} workers each"
        result.append(row(name, figures, [GOAL] * options.rounds, "% of a core", "lower"))
    return result

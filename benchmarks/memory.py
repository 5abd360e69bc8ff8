"""How much memory a consumer takes in Python, with full RTP parameters, and with the listeners that an app has.

usage: python benchmarks/memory.py [--consumers 5000] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import platform
import sys
import tracemalloc
from collections.abc import Awaitable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psutil
import uvloop

sys.path.insert(0, str(Path(__file__).parent))
from rows import Row, show

import tureen.mediasoup as mediasoup

WORKLOAD = Path(__file__).parent / "peers" / "workload.json"
LIMIT = 4096
ON_ONE_TRANSPORT = 250

# What an app listens to: mediasoup's own example server does.
EVENTS = ("transportclose", "producerclose", "producerpause", "producerresume", "score", "layerschange")


class Peer:
    """What an app holds for a participant: it tells the browser of what happens to a consumer."""

    def __init__(self) -> None:
        self.consumers: dict[str, mediasoup.Consumer] = {}

    def listen(self, consumer: mediasoup.Consumer) -> None:
        """Listen to what the browser has to be told of."""
        for event in EVENTS:
            consumer.on(event, self.tell)

    def tell(self, *args: object) -> None:
        """Stand for a message to the browser."""


class Room:
    """One producer, and as many consumers as are wanted, a few hundred on each transport."""

    def __init__(self, router: mediasoup.Router, workload: dict[str, Any]) -> None:
        self._router = router
        self._workload = workload
        self._capabilities = json.dumps(router.rtp_capabilities)
        self._peers: list[Peer] = []

    async def prepare(self) -> None:
        """Make the producer."""
        transport = await self._transport()
        self._producer = await transport.produce(kind="video", rtp_parameters=self._workload["rtpParameters"])

    def _transport(self) -> Awaitable[mediasoup.WebRtcTransport]:
        return self._router.create_webrtc_transport(listen_infos=self._workload["listenInfos"])

    async def consume(self, count: int, *, listening: bool) -> None:
        """Make so many consumers."""
        for _ in range(count // ON_ONE_TRANSPORT):
            transport, peer = await self._transport(), Peer()
            self._peers.append(peer)
            # Each comes with capabilities of its own, as out of a message.
            await asyncio.gather(*(self._consume_one(transport, peer, listening) for _ in range(ON_ONE_TRANSPORT)))

    async def _consume_one(self, transport: mediasoup.WebRtcTransport, peer: Peer, listening: bool) -> None:
        capabilities = json.loads(self._capabilities)
        consumer = await transport.consume(producer_id=self._producer.id, rtp_capabilities=capabilities, paused=True)
        if listening:
            peer.listen(consumer)


def resident() -> int:
    """Return this process's resident memory, in bytes."""
    gc.collect()
    return int(psutil.Process().memory_info().rss)


async def measure(workload: dict[str, Any], count: int, listening: bool) -> tuple[float, float]:
    """Return the bytes that a consumer takes: what Python has allocated, and what the process has grown by."""
    worker = await mediasoup.create_worker(log_level="none")
    router = await worker.create_router(media_codecs=workload["mediaCodecs"])
    room = Room(router, workload)
    await room.prepare()
    await room.consume(2 * ON_ONE_TRANSPORT, listening=listening)  # Once to warm up.
    before = resident()
    await room.consume(count, listening=listening)
    grown = (resident() - before) / count
    tracemalloc.start()
    try:
        gc.collect()
        traced = tracemalloc.get_traced_memory()[0]
        await room.consume(count, listening=listening)
        gc.collect()
        allocated = (tracemalloc.get_traced_memory()[0] - traced) / count
    finally:
        tracemalloc.stop()
    worker.close()
    await worker.wait_closed()
    return allocated, grown


def run(workload: dict[str, Any], count: int, listening: bool) -> tuple[float, float]:
    return uvloop.run(measure(workload, count, listening))


def rows(count: int) -> list[Row]:
    """Measure with and without listeners."""
    workload = json.loads(WORKLOAD.read_text())
    result = []
    for listening, name in ((False, "consumer"), (True, f"consumer with {len(EVENTS)} listeners")):
        # Each in a process of its own: what the first has left free would be given to the second.
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            allocated, grown = process.submit(run, workload, count, listening).result()
        result.append(Row(f"{name}: allocated", allocated, "B", LIMIT, allocated / LIMIT, "lower"))
        result.append(Row(f"{name}: resident", grown, "B", LIMIT, grown / LIMIT, "lower"))
    return result


def main() -> None:
    """Measure, and show the table; the peer is the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--consumers", type=int, default=5000, help="how many consumers (default: 5000)")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    title = f"Python {platform.python_version()}, {options.consumers} consumers; the peer is the limit"
    show(title, rows(options.consumers), options.json)


if __name__ == "__main__":
    main()

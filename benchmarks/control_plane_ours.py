"""tureen.mediasoup's side of control_plane.py; peers/control_plane.mjs is the same for Node.js.

usage: python control_plane_ours.py workload.json

For each line on its standard input, ``{"case": "consume", "mode": "in flight", "count": 1000}``, it does that case so
often and prints ``{"seconds": …, "cpu": …}``: wall-clock time, and processor time of this process alone.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import platform
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvloop

import tureen.mediasoup as mediasoup

IN_FLIGHT = 64

Work = Callable[[], Awaitable[object]]


def show(**values: object) -> None:
    print(json.dumps(values), flush=True)


async def one_after_another(count: int, work: Work) -> None:
    for _ in range(count):
        await work()


async def in_flight(count: int, work: Work) -> None:
    left = itertools.repeat(None, count)

    async def run() -> None:
        for _ in left:
            await work()

    await asyncio.gather(*(run() for _ in range(IN_FLIGHT)))


class Cases:
    """The cases, by their names. Each does what an app does: it also reads what the endpoint has to be told."""

    def __init__(self, router: mediasoup.Router, workload: dict[str, Any]) -> None:
        self._router = router
        self._workload = workload
        self._ssrcs = itertools.count(100_000)
        self.told: tuple[object, ...] = ()
        """What the endpoint has to be told."""
        # The endpoint has them from a message, so they are not the router's very own.
        self._capabilities = json.loads(json.dumps(router.rtp_capabilities))

    async def prepare(self, worker: mediasoup.Worker) -> dict[str, Work]:
        """Make what the cases work with, and return them."""
        self._sending, self._receiving = await self._new_transport(), await self._new_transport()
        self._producer = await self._new_producer()
        return {
            "create + close WebRtcTransport": self._create_transport,
            "produce + close": self._produce,
            "consume + close": self._consume,
            "transport.getStats": self._sending.get_stats,
            "worker.getResourceUsage": worker.get_resource_usage,
        }

    def _new_transport(self) -> Awaitable[mediasoup.WebRtcTransport]:
        return self._router.create_webrtc_transport(listen_infos=self._workload["listenInfos"])

    def _new_producer(self) -> Awaitable[mediasoup.Producer]:
        encodings = [
            {**encoding, "ssrc": next(self._ssrcs), "rtx": {"ssrc": next(self._ssrcs)}}
            for encoding in self._workload["rtpParameters"]["encodings"]
        ]
        parameters: Any = {"mid": str(next(self._ssrcs)), **self._workload["rtpParameters"], "encodings": encodings}
        return self._sending.produce(kind="video", rtp_parameters=parameters)

    async def _create_transport(self) -> None:
        transport = await self._new_transport()
        self.told = transport.id, transport.ice_parameters, transport.ice_candidates, transport.dtls_parameters
        transport.close()

    async def _produce(self) -> None:
        producer = await self._new_producer()
        self.told = (producer.id,)
        producer.close()

    async def consume_on(self, transport: mediasoup.WebRtcTransport) -> mediasoup.Consumer:
        """Consume the one producer."""
        consumer = await transport.consume(producer_id=self._producer.id, rtp_capabilities=self._capabilities)
        self.told = consumer.id, consumer.producer_id, consumer.kind, consumer.rtp_parameters, consumer.producer_paused
        return consumer

    async def _consume(self) -> None:
        (await self.consume_on(self._receiving)).close()

    async def many_consumers(self, count: int) -> float:
        """Return the seconds that it takes to have so many consumers on one transport, in flight."""
        transport = await self._new_transport()
        started = time.perf_counter()
        await in_flight(count, lambda: self.consume_on(transport))
        seconds = time.perf_counter() - started
        transport.close()
        return seconds


async def run(cases: Cases, works: dict[str, Work], case: str, mode: str, count: int) -> float:
    if case == "consumers on one transport":
        return await cases.many_consumers(count)
    started = time.perf_counter()
    await (one_after_another if mode == "in sequence" else in_flight)(count, works[case])
    return time.perf_counter() - started


async def main(workload: dict[str, Any]) -> None:
    worker = await mediasoup.create_worker(log_level="none")
    router = await worker.create_router(media_codecs=workload["mediaCodecs"])
    cases = Cases(router, workload)
    works = await cases.prepare(worker)
    show(version=f"Python {platform.python_version()}, uvloop {version('uvloop')}", mediasoup=version("tureen"))
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async for line in orders:
        used = time.process_time()
        seconds = await run(cases, works, **json.loads(line))
        show(seconds=seconds, cpu=time.process_time() - used)
    worker.close()
    await worker.wait_closed()


if __name__ == "__main__":
    uvloop.run(main(json.loads(Path(sys.argv[1]).read_text())))

"""tureen.mediasoup on the workload of control_plane.py. Prints one line of JSON: seconds per case.

usage: python control_plane_ours.py workload.json '{"sequence": 1000, "inFlight": 64, "consumers": 1000}'
"""

from __future__ import annotations

import asyncio
import itertools
import json
import platform
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop

import tureen.mediasoup as mediasoup

Work = Callable[[], Awaitable[object]]


async def in_sequence(count: int, work: Work) -> float:
    """Return the seconds that doing it so often takes, one after the other."""
    started = time.perf_counter()
    for _ in range(count):
        await work()
    return time.perf_counter() - started


async def together(count: int, width: int, work: Work) -> float:
    """Return the seconds that doing it so often takes, so many at a time."""
    started = time.perf_counter()
    left = itertools.repeat(None, count)

    async def run() -> None:
        for _ in left:
            await work()

    await asyncio.gather(*(run() for _ in range(width)))
    return time.perf_counter() - started


async def main(workload: dict[str, Any], sequence: int, in_flight: int, consumers: int) -> None:
    """Run every case twice, and print what the second time took."""
    worker = await mediasoup.create_worker(log_level="none")
    router = await worker.create_router(media_codecs=workload["mediaCodecs"])
    ssrcs = itertools.count(100_000)

    def fresh_parameters() -> Any:
        encodings = [
            {**encoding, "ssrc": next(ssrcs), "rtx": {"ssrc": next(ssrcs)}}
            for encoding in workload["rtpParameters"]["encodings"]
        ]
        parameters = {**workload["rtpParameters"], "encodings": encodings}
        del parameters["mid"]
        return parameters

    async def create_transport() -> mediasoup.WebRtcTransport:
        return await router.create_webrtc_transport(listen_infos=workload["listenInfos"])

    sending, receiving = await create_transport(), await create_transport()
    producer = await sending.produce(kind="video", rtp_parameters=fresh_parameters())
    capabilities = router.rtp_capabilities

    async def create_and_close() -> None:
        (await create_transport()).close()

    async def produce_and_close() -> None:
        (await sending.produce(kind="video", rtp_parameters=fresh_parameters())).close()

    async def consume_and_close() -> None:
        (await receiving.consume(producer_id=producer.id, rtp_capabilities=capabilities)).close()

    async def many_consumers() -> float:
        transport = await create_transport()
        seconds = await together(
            consumers,
            in_flight,
            lambda: transport.consume(producer_id=producer.id, rtp_capabilities=capabilities),
        )
        transport.close()
        return seconds

    pairs: dict[str, Work] = {
        "create + close WebRtcTransport": create_and_close,
        "produce + close": produce_and_close,
        "consume + close": consume_and_close,
        "transport.getStats": sending.get_stats,
        "worker.getResourceUsage": worker.get_resource_usage,
    }
    seconds: dict[str, float] = {}
    for name, work in pairs.items():
        for mode, run in (
            ("in sequence", lambda work=work: in_sequence(sequence, work)),
            ("in flight", lambda work=work: together(sequence, in_flight, work)),
        ):
            await run()
            seconds[f"{name}, {mode}"] = await run()
    await many_consumers()
    seconds["consumers on one transport, in flight"] = await many_consumers()
    worker.close()
    await worker.wait_closed()
    print(json.dumps({"version": platform.python_version(), "seconds": seconds}))


if __name__ == "__main__":
    size = json.loads(sys.argv[2])
    uvloop.run(main(json.loads(Path(sys.argv[1]).read_text()), size["sequence"], size["inFlight"], size["consumers"]))

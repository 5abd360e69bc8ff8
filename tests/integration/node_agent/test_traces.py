"""Which trace what an agent tells belongs to."""

from __future__ import annotations

import asyncio
import os
import signal

from tests.integration.node_agent.conftest import Run

from tureen.bus import Bus, headers
from tureen.bus.parser import Delivery
from tureen.contract import subjects
from tureen.contract.subjects import DEFAULT_TENANT
from tureen.telemetry import TRACEPARENT, TraceContext, use_trace

PATIENCE = 15.0


async def test_what_workers_tell_is_not_of_the_command_that_started_them(run_node: Run, bus: Bus) -> None:
    """What a tenant's own worker tells while it lives does not pass for what its start has caused."""
    traces: dict[str, str] = {}
    arrived = asyncio.Event()

    def take(delivery: Delivery) -> None:
        parent = TraceContext.parse(headers.parse(delivery.headers).get(TRACEPARENT))
        traces[subjects.parse_event(delivery.subject).name] = parent.trace_id if parent is not None else ""
        arrived.set()

    async def told(name: str) -> str:
        async with asyncio.timeout(PATIENCE):
            while name not in traces:
                arrived.clear()
                await arrived.wait()
        return traces[name]

    node = await run_node(workers=1)
    await bus.listen(subjects.events(DEFAULT_TENANT), take)
    started = TraceContext.new()
    with use_trace(started):
        worker = await node.ask("mediasoup.createWorker", id="mine")
    await node.ask("worker.createRouter", workerId="mine", id="r")
    await node.ask("router.createDirectTransport", routerId="r", id="t")
    await node.ask("transport.produceData", transportId="t", id="p")
    await node.ask("transport.consumeData", transportId="t", dataProducerId="p", id="c")
    await node.ask("dataProducer.send", dataProducerId="p", message="soup")
    assert await told("message") != started.trace_id
    os.kill(worker["pid"], signal.SIGKILL)
    assert await told("died") != started.trace_id

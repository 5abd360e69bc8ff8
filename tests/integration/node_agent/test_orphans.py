"""No worker outlives its agent, however the agent ends."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import psutil
import pytest
from tests.support.agent_process import start_agent
from tests.support.nats_server import NatsServer
from tests.support.rtp import MEDIA_CODECS, audio_parameters, rtp_socket

from tureen.bus import Bus

GONE_WITHIN = 5.0


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped by SIGSTOP"])
async def test_no_worker_survives_a_killed_agent(nats_server: NatsServer, bus: Bus, stopped: bool) -> None:
    """An agent killed by SIGKILL while RTP flows takes its workers along, one that is stopped too."""
    process, facts = await start_agent(nats_server.url)
    workers = psutil.Process(process.pid).children()
    assert len(workers) == 2
    async with rtp_socket() as sender:
        sending = asyncio.create_task(sender.stream(await producing(bus, facts), 10_000))
        try:
            if stopped:
                os.kill(workers[0].pid, signal.SIGSTOP)
            process.kill()
            await process.wait()
            await gone(workers)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
async def test_an_agent_ends_in_order(nats_server: NatsServer, ending: signal.Signals) -> None:
    """Asked to end, an agent ends with status 0 and without its workers."""
    process, _ = await start_agent(nats_server.url)
    workers = psutil.Process(process.pid).children()
    process.send_signal(ending)
    async with asyncio.timeout(10):
        assert await process.wait() == 0
    await gone(workers)


async def producing(bus: Bus, facts: dict[str, Any]) -> dict[str, Any]:
    """Make a producer on the first worker; return where its RTP goes."""

    async def ask(name: str, **payload: Any) -> dict[str, Any]:
        return await bus.command("node", name, payload, tenant="default", node_id="node-1")

    router = await ask("worker.createRouter", workerId=facts["workers"][0], mediaCodecs=MEDIA_CODECS)
    transport = await ask(
        "router.createPlainTransport",
        routerId=router["id"],
        listenInfo={"protocol": "udp", "ip": "default"},
        comedia=True,
    )
    await ask("transport.produce", transportId=transport["id"], kind="audio", rtpParameters=audio_parameters())
    place: dict[str, Any] = transport["tuple"]
    return place


async def gone(workers: list[psutil.Process]) -> None:
    """Wait until no worker runs any more; zombies, which nobody has reaped yet, do not count."""
    async with asyncio.timeout(GONE_WITHIN):
        while any(_runs(worker) for worker in workers):
            await asyncio.sleep(0.02)


def _runs(worker: psutil.Process) -> bool:
    try:
        return worker.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

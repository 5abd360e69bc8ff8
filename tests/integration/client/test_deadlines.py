"""The time that a client gives bounds a call as a whole, and nothing half made stays."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import psutil
import pytest
from tests.conformance.helpers import comes
from tests.conformance.samples import AUDIO, MEDIA_CODECS
from tests.integration.client.conftest import Client
from tests.support.agent_process import start_agent
from tests.support.remote_node import RemoteNode

from tureen.client import Mediasoup
from tureen.mediasoup.errors import RequestTimeoutError

TIMEOUT = 2.0
LATE = 3 * TIMEOUT - 0.5
"""Seconds; three tries of `TIMEOUT` each would take longer."""


@pytest.fixture
async def agent(node: RemoteNode) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run an agent that can be stopped, as a second node."""
    process, _ = await start_agent(node.url, "stopped", workers=1)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        await process.wait()


async def times_out(call: Coroutine[Any, Any, Any]) -> None:
    """Check that a call fails when its time is over, and not much later."""
    started = time.monotonic()
    with pytest.raises(RequestTimeoutError):
        await call
    assert time.monotonic() - started < LATE


async def test_a_worker_that_hangs(agent: asyncio.subprocess.Process, client: Client) -> None:
    """A worker that does not answer is given up in time; what was asked of it is closed once it goes on."""
    one = await client(node_id="stopped", timeout=TIMEOUT)
    worker = await one.create_worker()
    router = await worker.create_router(media_codecs=MEDIA_CODECS)
    transport = await router.create_direct_transport()
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        await asyncio.gather(
            times_out(router.create_direct_transport()),
            times_out(router.create_audio_level_observer()),
            times_out(transport.produce(kind="audio", rtp_parameters=AUDIO)),
            times_out(transport.dump()),
        )
    finally:
        os.kill(worker.pid, signal.SIGCONT)

    async def held() -> Any:
        dump = await router.dump()
        return dump["transportIds"], dump["rtpObserverIds"], dump["mapProducerIdConsumerIds"]

    await comes(held, ([transport.id], [], []))


async def test_an_agent_that_hangs(agent: asyncio.subprocess.Process, client: Client) -> None:
    """An agent that does not answer is given up in time, by calls of several commands too; nothing they made stays."""
    one = await client(node_id="stopped", timeout=TIMEOUT)
    worker = await one.create_worker()
    router = await worker.create_router(media_codecs=MEDIA_CODECS)
    target = await (await one.create_worker()).create_router(media_codecs=MEDIA_CODECS)
    transport = await router.create_direct_transport()
    producer = await transport.produce(kind="audio", rtp_parameters=AUDIO)
    workers = psutil.Process(agent.pid).children()
    agent.send_signal(signal.SIGSTOP)
    try:
        await asyncio.gather(
            times_out(router.create_direct_transport()),
            times_out(router.pipe_to_router(router=target, producer_id=producer.id)),
            times_out(one.create_worker()),
            times_out(one.attach_router("another", node_id="stopped")),
            times_out(router.dump()),
        )
    finally:
        agent.send_signal(signal.SIGCONT)

    async def held() -> Any:
        return (await router.dump())["transportIds"], len(psutil.Process(agent.pid).children())

    # The first pair of PipeTransports stays, as it does where the producer is gone meanwhile.
    await comes(held, ([transport.id], len(workers)))


async def test_a_lease_that_does_not_begin(agent: asyncio.subprocess.Process, client: Client) -> None:
    """The time in which a lease is begun is the call's."""
    one = await client(node_id="stopped", timeout=TIMEOUT, lease=60)
    agent.send_signal(signal.SIGSTOP)
    try:
        await times_out(one.create_worker())
    finally:
        agent.send_signal(signal.SIGCONT)


async def test_a_short_while_of_silence(
    agent: asyncio.subprocess.Process, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that is slow for longer than a first try lasts makes one object, and answers with it."""
    one: Mediasoup = await client(node_id="stopped", timeout=6)
    router = await (await one.create_worker()).create_router()
    agent.send_signal(signal.SIGSTOP)
    making = asyncio.create_task(router.create_direct_transport())
    bus, sent = one._session.bus, asyncio.Event()
    resend = bus._resend

    def resent(*what: Any) -> None:
        resend(*what)
        sent.set()

    monkeypatch.setattr(bus, "_resend", resent)
    try:
        async with asyncio.timeout(15):
            await sent.wait()
    finally:
        agent.send_signal(signal.SIGCONT)
    transport = await making
    assert (await router.dump())["transportIds"] == [transport.id]

"""How much memory objects take."""

from __future__ import annotations

import asyncio
import gc
import json
import tracemalloc
from typing import cast

from tests.conformance.samples import DEVICE, VIDEO

from tureen.mediasoup import WebRtcTransport
from tureen.mediasoup.channel import Channel
from tureen.mediasoup.types import RtpCapabilities

CONSUMERS = 200
LIMIT = 4096


async def test_consumers(transport: WebRtcTransport, other_transport: WebRtcTransport) -> None:
    """A consumer takes less than 4 KB of Python, even if each comes with capabilities of its own."""
    producer = await transport.produce(kind="video", rtp_parameters=VIDEO)

    async def consume() -> None:
        capabilities = cast("RtpCapabilities", json.loads(json.dumps(DEVICE)))
        await other_transport.consume(producer_id=producer.id, rtp_capabilities=capabilities)

    await consume()
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        await asyncio.gather(*(consume() for _ in range(CONSUMERS)))
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / CONSUMERS < LIMIT


async def test_nothing_is_kept_of_the_closed(transport: WebRtcTransport, other_transport: WebRtcTransport) -> None:
    """Nobody keeps a consumer, a producer or a transport that was closed."""
    router = transport._router
    for _ in range(3):
        third = await router.create_webrtc_transport(listen_ips=["127.0.0.1"])
        producer = await third.produce(kind="video", rtp_parameters=VIDEO)
        consumer = await other_transport.consume(producer_id=producer.id, rtp_capabilities=DEVICE)
        consumer.close()
        third.close()
    assert (router._producers, other_transport._consumers) == ({}, {})
    assert set(router._transports) == {transport.id, other_transport.id}
    channel = transport._channel
    assert isinstance(channel, Channel)
    assert set(channel._listeners) == {router.id, transport.id, other_transport.id}

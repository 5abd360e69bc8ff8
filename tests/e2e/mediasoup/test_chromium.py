"""Chromium sends a router media and messages, and receives them again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.browser import chromium, eventually
from tests.support.browser_peer import BrowserPeer, Message, browser_peer

from tureen import mediasoup
from tureen.mediasoup import Consumer, Router
from tureen.mediasoup.types import RouterRtpCodecCapability

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]

CLIENT = Path(__file__).with_name("client.js")
CODECS: list[RouterRtpCodecCapability] = [
    {"kind": "audio", "mimeType": "audio/opus", "clockRate": 48000, "channels": 2},
    {"kind": "video", "mimeType": "video/VP8", "clockRate": 90000},
    {
        "kind": "video",
        "mimeType": "video/H264",
        "clockRate": 90000,
        "parameters": {"packetization-mode": 1, "profile-level-id": "42e01f", "level-asymmetry-allowed": 1},
    },
]
# Of the browser's picture and its smaller copies, by spatial layer.
WIDTHS = (240, 480, 960)


@pytest.fixture
async def router() -> AsyncIterator[Router]:
    """Give the router of a worker of its own, with Opus, VP8 and H264."""
    worker = await mediasoup.create_worker(log_level="warn")
    yield await worker.create_router(media_codecs=CODECS)
    assert not worker.died
    worker.close()
    await worker.wait_closed()


@asynccontextmanager
async def peer_of(router: Router, artefacts: Path) -> AsyncIterator[BrowserPeer]:
    """Run a browser with a peer in it."""
    async with chromium() as browser, browser_peer(browser, router, CLIENT, artefacts / "peer") as peer:
        yield peer


async def grows(peer: BrowserPeer, consumer: Consumer, counter: str, by: float) -> dict[str, Any]:
    """Wait until a counter of what is received has grown, and return all of them."""
    first = (await peer.received(consumer)).get(counter, 0)
    return await eventually(
        lambda: peer.received(consumer), lambda stream: stream.get(counter, 0) >= first + by, peer.page
    )


async def test_audio(router: Router, artefacts: Path) -> None:
    """The microphone's sound comes back as Opus, and is not silent."""
    async with peer_of(router, artefacts) as peer:
        producer = await peer.produce("audio/opus")
        consumer = await peer.consume(producer)
        stream = await grows(peer, consumer, "packetsReceived", by=50)
        assert stream["mimeType"] == "audio/opus"
        assert stream["ssrc"] == consumer.rtp_parameters["encodings"][0]["ssrc"]
        await grows(peer, consumer, "totalAudioEnergy", by=0.001)
        assert (producer.type, consumer.type) == ("simple", "simple")
        for transport in peer.transports:
            assert (transport.ice_state, transport.dtls_state) == ("completed", "connected")


async def test_vp8_simulcast(router: Router, artefacts: Path) -> None:
    """Three copies of the picture arrive, and the preferred layer says which of them goes out."""
    async with peer_of(router, artefacts) as peer:
        producer = await peer.produce("video/VP8", simulcast=True)
        assert (producer.type, len(producer.rtp_parameters["encodings"])) == ("simulcast", 3)
        consumer = await peer.consume(producer)
        assert consumer.type == "simulcast"
        for layer in (2, 0, 1, 2):
            await consumer.set_preferred_layers(spatial_layer=layer)
            await eventually(
                lambda: peer.received(consumer),
                lambda stream, width=WIDTHS[layer]: stream.get("frameWidth") == width,  # type: ignore[misc]
                peer.page,
            )
            stream = await grows(peer, consumer, "framesDecoded", by=5)
            assert (stream["frameWidth"], stream["mimeType"]) == (WIDTHS[layer], "video/VP8")
            assert consumer.current_layers is not None
            assert consumer.current_layers["spatialLayer"] == layer
        assert {stream["mimeType"] for stream in await peer.sent(producer)} == {"video/VP8"}
        stats = await producer.get_stats()
        assert len(stats) == 3
        assert all(stream["packetCount"] > 10 for stream in stats)


async def test_h264(router: Router, artefacts: Path) -> None:
    """The picture comes back as H264, where the browser has that codec."""
    async with peer_of(router, artefacts) as peer:
        if not await peer.can_send("video/H264"):
            pytest.skip("this Chromium was built without H264")
        producer = await peer.produce("video/H264")
        consumer = await peer.consume(producer)
        stream = await grows(peer, consumer, "framesDecoded", by=15)
        assert (stream["mimeType"], stream["frameWidth"]) == ("video/H264", WIDTHS[-1])
        assert [stream["mimeType"] for stream in await peer.sent(producer)] == ["video/H264"]
        (sent,) = await producer.get_stats()
        assert sent["mimeType"] == "video/H264"


def decoded(data: bytes, ppid: int) -> Message:
    """Return the message that an identifier says (RFC 8831, section 8); empty ones travel as a byte."""
    messages: dict[int, Message] = {51: data.decode("utf-8", "replace"), 53: data, 56: "", 57: b""}
    return messages[ppid]


@pytest.mark.parametrize("options", [{}, {"ordered": False, "maxRetransmits": 3}], ids=["reliable", "unordered"])
async def test_messages(router: Router, artefacts: Path, options: dict[str, Any]) -> None:
    """Text and bytes reach the application, which sends them back, and both get what was sent."""
    messages: list[Message] = ["hello", "", "jalapeño 🌶", b"\x00\x01\xff", b"", bytes(range(256)) * 100]
    async with peer_of(router, artefacts) as peer, asyncio.timeout(30):
        direct = await router.create_direct_transport()
        question = await peer.produce_data(label="question", **options)
        answer = await direct.produce_data(label="answer")
        arriving = await direct.consume_data(data_producer_id=question.id)
        leaving = await peer.consume_data(answer)
        arrived: asyncio.Queue[tuple[bytes, int]] = asyncio.Queue()
        arriving.on("message", lambda message, ppid: arrived.put_nowait((message, ppid)))
        for message in messages:
            await peer.say(question, message)
            data, ppid = await arrived.get()
            assert decoded(data, ppid) == message
            answer.send(data, ppid)
        assert await eventually(lambda: peer.heard(leaving), lambda heard: len(heard) == 6, peer.page) == messages
        assert (question.label, leaving.label) == ("question", "answer")
        assert question.sctp_stream_parameters is not None
        assert question.sctp_stream_parameters["ordered"] is options.get("ordered", True)

"""ffmpeg and a router send each other RTP, plain and encrypted."""

from __future__ import annotations

import asyncio
import base64
import secrets
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.ffmpeg import (
    AUDIO,
    FRAME_RATE,
    OPUS,
    PITCH,
    VIDEO,
    VP8,
    Stream,
    ffmpeg,
    free_port_pair,
    listens,
    record,
    say_bye,
    send,
)
from tests.support.media_tracks import AudioFrame, VideoFrame, pitch_of
from tests.support.rtp_tap import RtpPacket, RtpTap, rtp_tap

from tureen.mediasoup import Consumer, PlainTransport, Producer, Router
from tureen.mediasoup.extras import enhanced_once
from tureen.mediasoup.types import RtpCapabilities, SrtpParameters, TransportListenInfo

with warnings.catch_warnings():
    # What PyAV does on import is none of our business.
    warnings.simplefilter("ignore")
    import av

pytestmark = pytest.mark.timeout(60)

LOOPBACK: TransportListenInfo = {"protocol": "udp", "ip": "127.0.0.1"}
SECONDS = 2.0
PATIENCE = 15.0

encryption = pytest.mark.parametrize("encrypted", [False, True], ids=["rtp", "srtp"])


def new_key() -> SrtpParameters:
    """Make a key for the endpoint's direction."""
    return {"cryptoSuite": "AES_CM_128_HMAC_SHA1_80", "keyBase64": base64.b64encode(secrets.token_bytes(30)).decode()}


async def source(router: Router, kind: Any, *, encrypted: bool = False) -> tuple[Stream, Producer]:
    """Make a producer, and say how ffmpeg is to feed it."""
    transport = await router.create_plain_transport(
        listen_info=LOOPBACK, rtcp_mux=False, comedia=True, enable_srtp=encrypted
    )
    key = new_key() if encrypted else None
    if key is not None:
        await transport.connect(srtp_parameters=key)
    rtp, codec = (AUDIO, OPUS) if kind == "audio" else (VIDEO, VP8)
    return Stream(transport, codec, rtp, key), await transport.produce(kind=kind, rtp_parameters=rtp)


def plainly(router: Router) -> RtpCapabilities:
    """Return what an endpoint can receive that knows the codecs, and neither congestion control nor retransmission."""
    codecs = [codec for codec in router.rtp_capabilities["codecs"] if not codec["mimeType"].endswith("/rtx")]
    return {"codecs": [{**codec, "rtcpFeedback": []} for codec in codecs], "headerExtensions": []}


async def sink(
    router: Router, producer: Producer, *, encrypted: bool, rtcp_mux: bool
) -> tuple[PlainTransport, Consumer]:
    """Make a paused consumer of a producer, on a transport that is not connected."""
    transport = await router.create_plain_transport(listen_info=LOOPBACK, rtcp_mux=rtcp_mux, enable_srtp=encrypted)
    consumer = await transport.consume(producer_id=producer.id, rtp_capabilities=plainly(router), paused=True)
    return transport, consumer


@asynccontextmanager
async def tapped(router: Router, producer: Producer, *, encrypted: bool) -> AsyncIterator[tuple[RtpTap, Consumer]]:
    """Have a producer's packets sent to a socket of this process."""
    transport, consumer = await sink(router, producer, encrypted=encrypted, rtcp_mux=True)
    async with rtp_tap(transport.srtp_parameters) as tap:
        key = new_key() if encrypted else None
        await transport.connect(ip="127.0.0.1", port=tap.port, srtp_parameters=key)
        await consumer.resume()
        yield tap, consumer


def assert_in_order(packets: list[RtpPacket], consumer: Consumer) -> None:
    """Check that packets are a consumer's, and that none is missing."""
    parameters = consumer.rtp_parameters
    assert {packet.version for packet in packets} == {2}
    assert {packet.ssrc for packet in packets} == {parameters["encodings"][0]["ssrc"]}
    assert {packet.payload_type for packet in packets} == {parameters["codecs"][0]["payloadType"]}
    first = packets[0].sequence
    assert [(packet.sequence - first) % 2**16 for packet in packets] == list(range(len(packets)))
    assert all(packet.rest for packet in packets)


async def assert_all_arrived(tap: RtpTap, producer: Producer) -> None:
    """Check that a socket has taken as many packets as came in, once ffmpeg has sent its last."""
    (stats,) = await producer.get_stats()
    assert (stats["packetsLost"], stats["packetsDiscarded"]) == (0, 0)
    await tap.taken(stats["packetCount"])
    assert len(tap.packets) == stats["packetCount"]


def timestamps(packets: list[RtpPacket]) -> list[int]:
    """Return the different timestamps, counted from the first."""
    return list(dict.fromkeys((packet.timestamp - packets[0].timestamp) % 2**32 for packet in packets))


@encryption
async def test_from_ffmpeg(router: Router, *, encrypted: bool) -> None:
    """All that ffmpeg sends goes out again, in order, with the SSRC and the payload type that consumers announce."""
    audio, microphone = await source(router, "audio", encrypted=encrypted)
    video, camera = await source(router, "video", encrypted=encrypted)
    async with (
        asyncio.timeout(PATIENCE),
        tapped(router, microphone, encrypted=encrypted) as (sound, sound_consumer),
        tapped(router, camera, encrypted=encrypted) as (picture, picture_consumer),
    ):
        async with ffmpeg(*send([audio, video], seconds=SECONDS)) as process:
            await process.wait()
        await assert_all_arrived(sound, microphone)
        await assert_all_arrived(picture, camera)
    assert_in_order(sound.packets, sound_consumer)
    assert_in_order(picture.packets, picture_consumer)
    # The last frame of sound may be a remainder.
    assert timestamps(sound.packets)[: int(SECONDS * 50)] == [960 * step for step in range(int(SECONDS * 50))]
    assert len(timestamps(picture.packets)) == sum(packet.marker for packet in picture.packets) == SECONDS * FRAME_RATE


async def test_learns_addresses(router: Router) -> None:
    """With comedia a transport learns from what arrives where ffmpeg sends from, for RTP and for RTCP."""
    stream, _ = await source(router, "audio")
    transport = stream.transport
    assert "remoteIp" not in transport.tuple
    learnt = asyncio.gather(enhanced_once(transport, "tuple"), enhanced_once(transport, "rtcptuple"))
    async with asyncio.timeout(PATIENCE), ffmpeg(*send([stream])):
        (rtp,), (rtcp,) = await learnt
    assert transport.tuple == rtp
    assert transport.rtcp_tuple == rtcp
    assert rtp["remoteIp"] == rtcp["remoteIp"] == "127.0.0.1"
    assert rtcp["remotePort"] == rtp["remotePort"] + 1


def decode(file: Path) -> tuple[list[AudioFrame], list[VideoFrame]]:
    """Decode a recording."""
    with av.open(file) as recording:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48000)
        sound = [part for frame in recording.decode(audio=0) for part in resampler.resample(frame)]
    with av.open(file) as recording:
        return sound, list(recording.decode(video=0))


@encryption
async def test_to_ffmpeg(router: Router, tmp_path: Path, *, encrypted: bool) -> None:
    """What a router sends to ffmpeg can be recorded, and heard and seen."""
    file = tmp_path / "recording.mkv"
    streams = [await source(router, "audio"), await source(router, "video")]
    recorded: list[tuple[Consumer, int, SrtpParameters | None]] = []
    for _, producer in streams:
        transport, consumer = await sink(router, producer, encrypted=encrypted, rtcp_mux=False)
        port = free_port_pair()
        key = new_key() if encrypted else None
        await transport.connect(ip="127.0.0.1", port=port, rtcp_port=port + 1, srtp_parameters=key)
        recorded.append((consumer, port, transport.srtp_parameters))
    async with asyncio.timeout(PATIENCE), ffmpeg(*record(recorded, file)) as recorder:
        await listens(recorder, ports=4)
        for consumer, _, _ in recorded:
            await consumer.resume()
        async with ffmpeg(*send([stream for stream, _ in streams], seconds=SECONDS)) as sender:
            await sender.wait()
        for each in recorded:
            say_bye(*each)
        await recorder.wait()
    sound, pictures = decode(file)
    assert pitch_of(sound) == pytest.approx(PITCH, rel=0.05)
    assert sum(frame.samples for frame in sound) >= 48000 * (SECONDS - 0.5)
    assert {(frame.width, frame.height) for frame in pictures} == {(320, 240)}
    assert len(pictures) >= FRAME_RATE * (SECONDS - 0.5)

"""ffmpeg, which sends plain or encrypted RTP, and records it."""

from __future__ import annotations

import asyncio
import base64
import socket
import struct
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
from pylibsrtp import Policy
from tests.support.rtp_tap import srtp_session

from tureen.mediasoup import Consumer, PlainTransport
from tureen.mediasoup.types import RtpParameters, SrtpParameters

SECONDS_TO_END = 5.0
# What ffmpeg returns when it was told to end, and has finished its files.
ENDED_BY_SIGNAL = 255

AUDIO_SSRC, AUDIO_PAYLOAD_TYPE = 11_111_111, 101
VIDEO_SSRC, VIDEO_PAYLOAD_TYPE = 22_222_222, 102
PITCH = 440
FRAME_RATE = 25

AUDIO: RtpParameters = {
    "codecs": [
        {"mimeType": "audio/opus", "payloadType": AUDIO_PAYLOAD_TYPE, "clockRate": 48000, "channels": 2},
    ],
    "encodings": [{"ssrc": AUDIO_SSRC}],
}
VIDEO: RtpParameters = {
    "codecs": [{"mimeType": "video/VP8", "payloadType": VIDEO_PAYLOAD_TYPE, "clockRate": 90000}],
    "encodings": [{"ssrc": VIDEO_SSRC}],
}
TONE = ("-re", "-f", "lavfi", "-i", f"sine=frequency={PITCH}:sample_rate=48000")
# Sound that comes in frames of 20 ms makes a packet of each.
OPUS = ("-map", "0", "-c:a", "libopus", "-ac", "2", "-b:a", "64k", "-frame_duration", "20")
PICTURE = ("-re", "-f", "lavfi", "-i", f"testsrc2=size=320x240:rate={FRAME_RATE}")
VP8 = ("-map", "1", "-c:v", "libvpx", "-b:v", "500k", "-deadline", "realtime", "-cpu-used", "8", "-g", str(FRAME_RATE))


class Stream(NamedTuple):
    """What ffmpeg shall send where."""

    transport: PlainTransport
    codec: tuple[str, ...]
    rtp: RtpParameters
    srtp: SrtpParameters | None = None

    def arguments(self) -> list[str]:
        """Return the output's part of a command line."""
        here = self.transport.tuple
        rtcp = self.transport.rtcp_tuple
        rtcp_port = here["localPort"] if rtcp is None else rtcp["localPort"]
        secret = (
            ()
            if self.srtp is None
            else ("-srtp_out_suite", self.srtp["cryptoSuite"], "-srtp_out_params", self.srtp["keyBase64"])
        )
        identity = (
            *("-payload_type", str(self.rtp["codecs"][0]["payloadType"])),
            *("-ssrc", str(self.rtp["encodings"][0]["ssrc"])),
        )
        scheme = "rtp" if self.srtp is None else "srtp"
        address = f"{scheme}://{here['localAddress']}:{here['localPort']}?rtcpport={rtcp_port}"
        return [*self.codec, *secret, "-f", "rtp", *identity, address]


@asynccontextmanager
async def ffmpeg(*arguments: str) -> AsyncIterator[Process]:
    """Run ffmpeg; at the end, tell it to finish what it writes, unless it has ended by itself."""
    command = ("ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-y", *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL)
    try:
        yield process
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(SECONDS_TO_END):
            assert await process.wait() in {0, ENDED_BY_SIGNAL}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def send(streams: Iterable[Stream], seconds: float | None = None) -> list[str]:
    """Return what lets ffmpeg send a tone and a picture, for some time or until it is told to end."""
    limit = () if seconds is None else ("-t", str(seconds))
    return [*TONE, *PICTURE, *(part for stream in streams for part in (*limit, *stream.arguments()))]


def free_port_pair() -> int:
    """Return an even port that is free, as is the next: ffmpeg takes RTP on the one and RTCP on the other."""
    while True:
        with socket.socket(type=socket.SOCK_DGRAM) as first, socket.socket(type=socket.SOCK_DGRAM) as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            if port % 2:
                continue
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def record(consumers: Iterable[tuple[Consumer, int, SrtpParameters | None]], file: Path) -> list[str]:
    """Return what lets ffmpeg record consumers that arrive on ports of this host, as they are, without transcoding."""
    lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
    for consumer, port, srtp in consumers:
        codec = consumer.rtp_parameters["codecs"][0]
        number, name = codec["payloadType"], codec["mimeType"].split("/")[1]
        channels = f"/{codec['channels']}" if "channels" in codec else ""
        lines.append(f"m={consumer.kind} {port} RTP/{'AVP' if srtp is None else 'SAVP'} {number}")
        lines.append(f"a=rtpmap:{number} {name}/{codec['clockRate']}{channels}")
        if srtp is not None:
            lines.append(f"a=crypto:1 {srtp['cryptoSuite']} inline:{srtp['keyBase64']}")
    description = base64.b64encode("\r\n".join([*lines, ""]).encode()).decode()
    source = (
        "-protocol_whitelist",
        "data,rtp,srtp,udp",
        "-f",
        "sdp",
        "-i",
        f"data:application/sdp;base64,{description}",
    )
    return [*source, "-c", "copy", str(file)]


def say_bye(consumer: Consumer, port: int, srtp: SrtpParameters | None) -> None:
    """Tell who records a consumer that it has ended: mediasoup sends no RTCP BYE.

    Without it ffmpeg waits 10 s for another packet, and for as long does not heed a signal either.
    """
    ssrc = consumer.rtp_parameters["encodings"][0]["ssrc"]
    # An empty receiver report comes first (RFC 3550, section 6.1).
    packet = struct.pack("!BBHIBBHI", 0x80, 201, 1, ssrc, 0x81, 203, 1, ssrc)
    if srtp is not None:
        packet = srtp_session(srtp, Policy.SSRC_ANY_OUTBOUND).protect_rtcp(packet)
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(packet, ("127.0.0.1", port + 1))


async def listens(process: Process, ports: int) -> None:
    """Wait until a process has bound so many UDP ports."""
    async with asyncio.timeout(SECONDS_TO_END):
        while len(psutil.Process(process.pid).net_connections("udp")) < ports:
            await asyncio.sleep(0.02)

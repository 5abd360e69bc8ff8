"""Plain RTP over UDP sockets, as an endpoint without WebRTC sends and takes it."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

AUDIO_SSRC = 11_111_111
AUDIO_PAYLOAD_TYPE = 100
VIDEO_PAYLOAD_TYPE = 101
PROBATION_SSRC = 1234
"""Of the packets with which mediasoup tries how much an endpoint can take."""

MEDIA_CODECS: list[dict[str, Any]] = [
    {"kind": "audio", "mimeType": "audio/opus", "clockRate": 48000, "channels": 2},
    {"kind": "video", "mimeType": "video/VP8", "clockRate": 90000},
]


def audio_parameters(ssrc: int = AUDIO_SSRC) -> dict[str, Any]:
    """Return the RtpParameters of an opus stream."""
    return {
        "codecs": [
            {
                "mimeType": "audio/opus",
                "payloadType": AUDIO_PAYLOAD_TYPE,
                "clockRate": 48000,
                "channels": 2,
                "parameters": {},
                "rtcpFeedback": [],
            }
        ],
        "headerExtensions": [],
        "encodings": [{"ssrc": ssrc}],
        "rtcp": {"cname": "test"},
    }


def video_parameters(*ssrcs: int) -> dict[str, Any]:
    """Return the RtpParameters of a VP8 stream, or of a simulcast one with an encoding for each SSRC."""
    feedback = [{"type": "nack", "parameter": "pli"}, {"type": "ccm", "parameter": "fir"}]
    return {
        "codecs": [
            {
                "mimeType": "video/VP8",
                "payloadType": VIDEO_PAYLOAD_TYPE,
                "clockRate": 90000,
                "parameters": {},
                "rtcpFeedback": feedback,
            }
        ],
        "headerExtensions": [],
        "encodings": [{"ssrc": ssrc} for ssrc in ssrcs],
        "rtcp": {"cname": "test"},
    }


def vp8_packet(ssrc: int, sequence: int, *, key: bool, size: int = 200) -> bytes:
    """Return a VP8 frame of one RTP packet, as far as a router looks at it."""
    header = struct.pack("!BBHII", 0x80, 0x80 | VIDEO_PAYLOAD_TYPE, sequence & 0xFFFF, sequence * 3000 % 2**32, ssrc)
    # The descriptor says that a partition starts; then the frame's own first byte, whose lowest bit is 0 in key frames.
    frame = b"\x10" + (b"\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00" if key else b"\x11\x02\x00")
    return header + frame + bytes(size - len(frame))


def is_key_frame(packet: bytes) -> bool:
    """Tell whether an RTP packet of a VP8 frame, without header extensions but perhaps others, starts a key frame."""
    start = 12 + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        start += 4 + 4 * int(struct.unpack_from("!H", packet, start + 2)[0])
    descriptor = 1 + (0 if not packet[start] & 0x80 else _extended(packet, start))
    return not packet[start + descriptor] & 0x01


def _extended(packet: bytes, start: int) -> int:
    """Return how long the extension of a VP8 payload descriptor is."""
    flags = packet[start + 1]
    picture_id = (2 if packet[start + 2] & 0x80 else 1) if flags & 0x80 else 0
    return 1 + picture_id + bool(flags & 0x40) + bool(flags & 0x30)


def key_frame_requests(packet: bytes) -> list[int]:
    """Return the SSRCs for which a compound RTCP packet asks for key frames, by PLI or FIR."""
    asked: list[int] = []
    offset = 0
    while offset + 12 <= len(packet):
        first, kind, words = struct.unpack_from("!BBH", packet, offset)
        if kind == 206 and first & 0x1F in {1, 4}:
            # PLI (1) names the stream in its header; FIR (4) in its entries.
            asked.append(struct.unpack_from("!I", packet, offset + (8 if first & 0x1F == 1 else 12))[0])
        offset += 4 * (words + 1)
    return asked


class RtpSocket(asyncio.DatagramProtocol):
    """A UDP socket that sends RTP and remembers what it takes.

    Attributes:
        sequence_numbers: Of the RTP packets taken, in the order of arrival, by SSRC.
        key_frames_asked: The SSRCs of which key frames were asked for, in the order of the requests.
        on_packet: Called with each RTP packet.
        on_request: Called with each such SSRC.
    """

    def __init__(self) -> None:
        self.sequence_numbers: dict[int, list[int]] = {}
        self.key_frames_asked: list[int] = []
        self.on_packet: Callable[[bytes], None] | None = None
        self.on_request: Callable[[int], None] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._arrived = asyncio.Event()

    @property
    def port(self) -> int:
        """The local port."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Note an RTP packet's sequence number, and what RTCP (packet types 192 to 223) asks for."""
        if len(data) >= 12 and not 192 <= data[1] <= 223:
            (sequence,) = struct.unpack_from("!H", data, 2)
            (ssrc,) = struct.unpack_from("!I", data, 8)
            if ssrc == PROBATION_SSRC:
                return
            self.sequence_numbers.setdefault(ssrc, []).append(sequence)
            if self.on_packet is not None:
                self.on_packet(data)
            self._arrived.set()
        elif len(data) >= 12:
            for asked in key_frame_requests(data):
                self.key_frames_asked.append(asked)
                if self.on_request is not None:
                    self.on_request(asked)

    def send(self, to: Mapping[str, Any], sequence: int, ssrc: int = AUDIO_SSRC, payload: bytes = bytes(80)) -> None:
        """Send one packet to a transport's tuple."""
        header = struct.pack("!BBHII", 0x80, AUDIO_PAYLOAD_TYPE, sequence & 0xFFFF, sequence * 960 % 2**32, ssrc)
        self.send_packet(to, header + payload)

    def send_packet(self, to: Mapping[str, Any], packet: bytes) -> None:
        """Send a packet to a transport's tuple."""
        assert self._transport is not None
        self._transport.sendto(packet, (to["localAddress"], to["localPort"]))

    async def stream(self, to: Mapping[str, Any], count: int, ssrc: int = AUDIO_SSRC, interval: float = 0.002) -> None:
        """Send so many packets, one every `interval` seconds."""
        for sequence in range(1, count + 1):
            self.send(to, sequence, ssrc)
            await asyncio.sleep(interval)

    async def taken(self, count: int, timeout: float = 10.0) -> None:
        """Wait until so many packets have arrived."""
        async with asyncio.timeout(timeout):
            while sum(map(len, self.sequence_numbers.values())) < count:
                self._arrived.clear()
                await self._arrived.wait()

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()


@asynccontextmanager
async def rtp_socket() -> AsyncIterator[RtpSocket]:
    """Open a socket on loopback."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(RtpSocket, local_addr=("127.0.0.1", 0))
    try:
        yield protocol
    finally:
        transport.close()

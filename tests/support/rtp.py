"""Plain RTP over UDP sockets, as an endpoint without WebRTC sends and takes it."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

AUDIO_SSRC = 11_111_111
AUDIO_PAYLOAD_TYPE = 100

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


class RtpSocket(asyncio.DatagramProtocol):
    """A UDP socket that sends RTP and remembers what it takes.

    Attributes:
        sequence_numbers: Of the RTP packets taken, in the order of arrival, by SSRC.
    """

    def __init__(self) -> None:
        self.sequence_numbers: dict[int, list[int]] = {}
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
        """Note an RTP packet's sequence number; RTCP (packet types 192 to 223) is left aside."""
        if len(data) >= 12 and not 192 <= data[1] <= 223:
            (sequence,) = struct.unpack_from("!H", data, 2)
            (ssrc,) = struct.unpack_from("!I", data, 8)
            self.sequence_numbers.setdefault(ssrc, []).append(sequence)
            self._arrived.set()

    def send(self, to: Mapping[str, Any], sequence: int, ssrc: int = AUDIO_SSRC) -> None:
        """Send one packet to a transport's tuple."""
        assert self._transport is not None
        header = struct.pack("!BBHII", 0x80, AUDIO_PAYLOAD_TYPE, sequence & 0xFFFF, sequence * 960, ssrc)
        self._transport.sendto(header + bytes(80), (to["localAddress"], to["localPort"]))

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

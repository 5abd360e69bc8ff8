"""A UDP socket that keeps the RTP packets which it takes, decrypted where they are encrypted."""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from pylibsrtp import Policy, Session

from tureen.mediasoup.types import SrtpParameters


def srtp_session(srtp: SrtpParameters, direction: int) -> Session:
    """Return what encrypts or decrypts packets; the direction is one of Policy's SSRC_ANY_…."""
    assert srtp["cryptoSuite"] == "AES_CM_128_HMAC_SHA1_80"
    key, profile = base64.b64decode(srtp["keyBase64"]), Policy.SRTP_PROFILE_AES128_CM_SHA1_80
    return Session(Policy(key=key, ssrc_type=direction, srtp_profile=profile))


class RtpPacket(NamedTuple):
    """The header of an RTP packet (RFC 3550, section 5.1), and the size of the rest."""

    version: int
    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    rest: int

    @classmethod
    def read(cls, data: bytes) -> RtpPacket:
        """Read a packet."""
        first, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", data)
        return cls(first >> 6, bool(second >> 7), second & 0x7F, sequence, timestamp, ssrc, len(data) - 12)


class RtpTap(asyncio.DatagramProtocol):
    """What takes the packets.

    Attributes:
        port: Where it takes them.
        packets: Those taken, in the order of arrival; RTCP is left aside.
    """

    def __init__(self, srtp: SrtpParameters | None) -> None:
        self.port = 0
        self.packets: list[RtpPacket] = []
        self._arrived = asyncio.Event()
        self._session = None if srtp is None else srtp_session(srtp, Policy.SSRC_ANY_INBOUND)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Learn the port."""
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Keep an RTP packet; an encrypted one that is not authentic raises, and is missed."""
        # RTCP has packet types from 192 to 223 (RFC 5761).
        if len(data) >= 12 and not 192 <= data[1] <= 223:
            self.packets.append(RtpPacket.read(data if self._session is None else self._session.unprotect(data)))
            self._arrived.set()

    async def taken(self, count: int) -> None:
        """Wait until so many packets have arrived."""
        while len(self.packets) < count:
            self._arrived.clear()
            await self._arrived.wait()


@asynccontextmanager
async def rtp_tap(srtp: SrtpParameters | None = None) -> AsyncIterator[RtpTap]:
    """Open a socket on loopback."""
    loop = asyncio.get_running_loop()
    transport, tap = await loop.create_datagram_endpoint(lambda: RtpTap(srtp), local_addr=("127.0.0.1", 0))
    try:
        yield tap
    finally:
        transport.close()

"""Audio producers whose packets say how loud they are."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from tests.conformance.samples import AUDIO

from tureen.client import Room
from tureen.mediasoup import Producer
from tureen.mediasoup.types import RtpParameters

_PACKETS_AT_ONCE = 4
"""Of these every 20 ms: mediasoup takes a producer of whom it gets less than ten an interval for silent."""

_ssrcs = itertools.count(70_000_000)


class Speaker:
    """Somebody who speaks on a DirectTransport of his own, as loud as `volume` says, in dBov; None is not at all."""

    def __init__(self, producer: Producer, ssrc: int) -> None:
        self.producer = producer
        self.volume: int | None = None
        self._ssrc = ssrc
        self._sequence = 0

    def speak(self) -> None:
        """Send some packets."""
        if self.volume is None or self.producer.closed:
            return
        for _ in range(_PACKETS_AT_ONCE):
            self._sequence += 1
            header = b"\x90\x6f" + self._sequence.to_bytes(2) + (self._sequence * 960).to_bytes(4)
            # A one-byte header extension (RFC 8285) with the level (RFC 6464): id 12, 1 byte, voice.
            extension = b"\xbe\xde" + (1).to_bytes(2) + bytes([0xC0, 0x80 | -self.volume]) + bytes(2)
            self.producer.send(header + self._ssrc.to_bytes(4) + extension + b"x" * 20)


async def speaker(room: Room) -> Speaker:
    """Make somebody who can speak in a room."""
    ssrc = next(_ssrcs)
    transport = await room.create_direct_transport()
    parameters: dict[str, Any] = {**AUDIO, "encodings": [{"ssrc": ssrc}]}
    producer = await transport.produce(kind="audio", rtp_parameters=cast("RtpParameters", parameters))
    return Speaker(producer, ssrc)


@asynccontextmanager
async def talk(*speakers: Speaker) -> AsyncIterator[None]:
    """Let people speak."""

    async def run() -> None:
        while True:
            for each in speakers:
                each.speak()
            await asyncio.sleep(0.02)

    talking = asyncio.create_task(run())
    try:
        yield
    finally:
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)

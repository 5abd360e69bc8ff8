"""Audio producers whose packets say how loud they are."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from tests.conformance.helpers import Event
from tests.conformance.samples import AUDIO

from tureen.client import Room
from tureen.mediasoup import Producer
from tureen.mediasoup.types import RtpParameters

_PACKET_TIME = 0.02
"""Seconds of audio in a packet. mediasoup takes a producer of whom it gets less than ten an interval for silent."""

NOISE = -90
"""What packets of those tell who do not speak, dBov."""

_WORD = 10
"""Packets the last of which is a pause, where somebody speaks as people do. mediasoup hears him against the lowest that
it has heard of him: who is always as loud is noise to it."""

_ssrcs = itertools.count(70_000_000)


class Speaker:
    """Somebody who speaks on a DirectTransport of his own.

    Attributes:
        volume: How loud, in dBov; None is not at all.
        pauses: Whether he makes pauses.
        sent: How many packets he has sent.
    """

    def __init__(self, producer: Producer, ssrc: int) -> None:
        self.producer = producer
        self.volume: int | None = None
        self.pauses = False
        self.sent = 0
        self._ssrc = ssrc

    def speak(self) -> None:
        """Send a packet."""
        if self.volume is None or self.producer.closed:
            return
        self.sent += 1
        header = b"\x90\x6f" + self.sent.to_bytes(2) + (self.sent * 960).to_bytes(4)
        # A one-byte header extension (RFC 8285) with the level (RFC 6464): id 12, 1 byte, voice.
        volume = NOISE if self.pauses and self.sent % _WORD == 0 else self.volume
        extension = b"\xbe\xde" + (1).to_bytes(2) + bytes([0xC0, 0x80 | -volume]) + bytes(2)
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
            await asyncio.sleep(_PACKET_TIME)

    talking = asyncio.create_task(run())
    try:
        yield
    finally:
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)


async def in_turn(dominant: list[Event], *speakers: Speaker) -> None:
    """Let one after the other speak up, until an observer says that it is he.

    Args:
        dominant: The observer's events `dominantspeaker`, as they come.
        speakers: Who speaks.
    """
    for each in speakers:
        each.volume, each.pauses = NOISE, True
    async with talk(*speakers):
        for each in speakers:
            each.volume = -10
            await until(lambda: dominant and dominant[-1] == ("dominantspeaker", {"producer": each.producer}))  # noqa: B023
            each.volume = NOISE
    for each in speakers:
        each.pauses = False


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)

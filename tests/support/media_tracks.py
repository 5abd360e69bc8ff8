"""Tracks for aiortc that can be told apart: a tone of some pitch, a picture of one colour."""

from __future__ import annotations

import array
import asyncio
import itertools
import math
import time
import warnings
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple, cast

with warnings.catch_warnings():
    # What these libraries do on import is none of our business.
    warnings.simplefilter("ignore")
    from aiortc import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack
    from av import AudioFrame, VideoFrame

__all__ = ["AudioFrame", "Colour", "ColourTrack", "ToneTrack", "VideoFrame", "colour_of", "pitch_of", "sound_of"]

RATE = 48000
SAMPLES = RATE // 50
LOUDNESS = 8000


class Colour(NamedTuple):
    """A colour as video has it: brightness and two differences, 16 to 240 each."""

    y: int
    u: int
    v: int

    def is_like(self, other: Colour) -> bool:
        """Whether the two differ by no more than a codec may change."""
        return all(abs(one - two) <= 10 for one, two in zip(self, other, strict=True))


class ToneTrack(AudioStreamTrack):
    """A sine of `pitch` Hz."""

    def __init__(self, pitch: int) -> None:
        super().__init__()
        self._pitch = pitch
        self._sent = 0
        self._started = 0.0

    async def recv(self) -> AudioFrame:
        """Return the next 20 ms, when they are due."""
        self._started = self._started or time.monotonic()
        await asyncio.sleep(self._started + self._sent / RATE - time.monotonic())
        frame = AudioFrame(format="s16", layout="mono", samples=SAMPLES)
        steps = range(self._sent, self._sent + SAMPLES)
        values = (int(LOUDNESS * math.sin(2 * math.pi * self._pitch * step / RATE)) for step in steps)
        frame.planes[0].update(array.array("h", values).tobytes())
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sent, Fraction(1, RATE)
        self._sent += SAMPLES
        return frame


class ColourTrack(VideoStreamTrack):
    """A picture of one colour, 30 times a second."""

    def __init__(self, colour: Colour, width: int = 320, height: int = 240) -> None:
        super().__init__()
        self._colour, self._width, self._height = colour, width, height

    async def recv(self) -> VideoFrame:
        """Return the next frame, when it is due."""
        pts, time_base = await self.next_timestamp()
        frame = VideoFrame(self._width, self._height, "yuv420p")
        for plane, value in zip(frame.planes, self._colour, strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts, frame.time_base = pts, time_base
        return frame


async def sound_of(track: MediaStreamTrack, seconds: float) -> list[AudioFrame]:
    """Return that much of a track, from now on."""
    return [cast("AudioFrame", await track.recv()) for _ in range(round(seconds * 50))]


def pitch_of(frames: Sequence[AudioFrame]) -> float:
    """Return a tone's pitch in Hz, from how often it rises through zero."""
    samples = array.array("h")
    for frame in frames:
        channels = len(frame.layout.channels)
        samples.extend(array.array("h", bytes(frame.planes[0])[: frame.samples * channels * 2])[::channels])
    rises = sum(before < 0 <= after for before, after in itertools.pairwise(samples))
    return rises * RATE / len(samples)


def colour_of(frame: VideoFrame) -> Colour:
    """Return the colour in the middle of a picture."""
    return Colour(*(bytes(plane)[plane.height // 2 * plane.line_size + plane.width // 2] for plane in frame.planes))

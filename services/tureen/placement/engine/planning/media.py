"""What streams weigh: bit rates, packets, and what these cost a worker."""

from __future__ import annotations

from typing import NamedTuple

from tureen.placement.engine.costs import COSTS, Costs

PAYLOAD = 1_100
"""Bytes of media in a packet of video, as browsers send it."""

HEADERS = 60
"""Bytes around it: IP, UDP, RTP with its extensions, and the tag of SRTP."""

FRAMES = 30
"""Frames of video a second; each takes a packet at least."""

AUDIO_KBPS, AUDIO_PACKETS = 32.0, 50.0

LAYERS: dict[str, tuple[int, ...]] = {
    "1080p": (5_000, 900, 350),
    "720p": (2_500, 500, 150),
    "540p": (900, 350, 150),
    "360p": (700, 150),
    "180p": (200,),
}
"""For each resolution the bit rates of its simulcast layers, kbit/s, the highest first: each has half the width of the
one before. The highest is what is sent when there is no other."""

MEAN_PACKETS = 80.0
"""Packets a second of the mean stream that the engine's costs are for."""

SOURCES = (
    "video: the rates that browsers' libwebrtc sends by resolution (kSimulcastFormats in its simulcast.cc)",
    "audio: Opus at 32 kbit/s in packets of 20 ms; RFC 7587, 3.1.1, recommends 28 to 40 kbit/s for fullband speech",
    f"packets: {PAYLOAD:,} bytes of video each, {HEADERS} bytes of headers (IP, UDP, RTP, SRTP)",
)


class Stream(NamedTuple):
    """A stream on the wire."""

    kbps: float
    packets: float

    def beside(self, other: Stream) -> Stream:
        """Return both together."""
        return Stream(self.kbps + other.kbps, self.packets + other.packets)


NOTHING = Stream(0.0, 0.0)


def audio() -> Stream:
    """Return a microphone."""
    return Stream(AUDIO_KBPS + AUDIO_PACKETS * HEADERS * 8 / 1000, AUDIO_PACKETS)


def video(kbps: float) -> Stream:
    """Return a layer of video with such a bit rate, headers not counted."""
    packets = max(FRAMES, kbps * 1000 / 8 / PAYLOAD)
    return Stream(kbps + packets * HEADERS * 8 / 1000, packets)


def camera(resolution: str, *, simulcast: bool) -> Stream:
    """Return all that a camera sends."""
    layers = LAYERS[resolution] if simulcast else LAYERS[resolution][:1]
    total = NOTHING
    for kbps in layers:
        total = total.beside(video(kbps))
    return total


def ingest(stream: Stream, costs: Costs = COSTS) -> float:
    """Return what taking a stream in costs, percent of a core."""
    return costs.ingest * stream.packets / MEAN_PACKETS


def copy(stream: Stream, costs: Costs = COSTS) -> float:
    """Return what sending a stream to one consumer costs, percent of a core."""
    return costs.copy * stream.packets / MEAN_PACKETS


def pipe(stream: Stream, costs: Costs = COSTS) -> float:
    """Return what a hop costs both of its workers together: a copy out, and a stream in."""
    return copy(stream, costs) + ingest(stream, costs)

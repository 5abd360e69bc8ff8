"""Structures of producers."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from tureen.mediasoup.types.rtp_capabilities import MediaKind
from tureen.mediasoup.types.rtp_parameters import RtpCodecsEncodingsMapping, RtpParameters
from tureen.mediasoup.types.rtp_stream import RtpStreamDump, RtpStreamRecvStats

ProducerType = Literal["simple", "simulcast", "svc"]
"""What a producer sends: one stream, one stream for each quality, or one stream of several layers."""

ProducerTraceEventType = Literal["rtp", "keyframe", "nack", "pli", "fir", "sr"]
"""What a producer can be asked to trace."""

ProducerStat = RtpStreamRecvStats
"""Statistics of one stream of a producer."""


class ProducerScore(TypedDict):
    """Quality of one of a producer's streams.

    Attributes:
        encodingIdx: Index of its encoding in the RTP parameters.
        ssrc: SSRC of the stream.
        rid: RID of the stream, if it has one.
        score: From 0 (nothing comes) to 10.
    """

    encodingIdx: int
    ssrc: int
    rid: NotRequired[str]
    score: int


class ProducerVideoOrientation(TypedDict):
    """How the video is turned, as its sender says (3GPP TS 26.114).

    Attributes:
        camera: Whether it comes from a camera at the back.
        flip: Whether it is mirrored.
        rotation: Clockwise, in degrees: 0, 90, 180 or 270.
    """

    camera: bool
    flip: bool
    rotation: int


class ProducerDump(TypedDict):
    """Dump of a producer.

    Attributes:
        id: Id of the producer.
        kind: Kind of media.
        type: What it sends.
        rtpParameters: What it sends, in full.
        rtpMapping: How its codecs and encodings are named inside the router.
        rtpStreams: The streams that have been seen.
        traceEventTypes: What is being traced.
        paused: Whether it is paused.
    """

    id: str
    kind: MediaKind
    type: ProducerType
    rtpParameters: RtpParameters
    rtpMapping: RtpCodecsEncodingsMapping
    rtpStreams: NotRequired[list[RtpStreamDump]]
    traceEventTypes: list[ProducerTraceEventType]
    paused: bool


class ProducerTraceEventData(TypedDict):
    """One traced event of a producer.

    Attributes:
        type: What was traced.
        timestamp: Milliseconds on the worker's monotonic clock.
        direction: Whether it came in or went out.
        info: Details of that type of event, such as the RTP packet's header.
    """

    type: ProducerTraceEventType
    timestamp: int
    direction: Literal["in", "out"]
    info: dict[str, Any]

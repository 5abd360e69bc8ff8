"""Structures of consumers."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from tureen.mediasoup.types.rtp_capabilities import MediaKind
from tureen.mediasoup.types.rtp_parameters import RtpEncodingParameters, RtpParameters
from tureen.mediasoup.types.rtp_stream import RtpStreamDump, RtpStreamSendStats

ConsumerType = Literal["simple", "simulcast", "svc", "pipe"]
"""What a consumer is made of: its producer's type, or `pipe` where all streams are passed on as they are."""

ConsumerTraceEventType = Literal["rtp", "keyframe", "nack", "pli", "fir"]
"""What a consumer can be asked to trace."""

ConsumerStat = RtpStreamSendStats
"""Statistics of what a consumer sends."""


class ConsumerScore(TypedDict):
    """Quality of a consumer's stream and of what it is made from. Scores are from 0 to 10.

    Attributes:
        score: Of what the consumer sends.
        producerScore: Of the producer's stream that is being passed on.
        producerScores: Of all of the producer's streams, in the order of its encodings.
    """

    score: int
    producerScore: int
    producerScores: list[int]


class ConsumerLayers(TypedDict):
    """Layers of a simulcast or SVC stream.

    Attributes:
        spatialLayer: Spatial layer, from 0, the lowest resolution.
        temporalLayer: Temporal layer, from 0, the lowest frame rate. Default: the highest.
    """

    spatialLayer: int
    temporalLayer: NotRequired[int]


class BaseConsumerDump(TypedDict):
    """What the dump of every consumer holds.

    Attributes:
        id: Id of the consumer.
        producerId: Id of its producer.
        kind: Kind of media.
        rtpParameters: What it sends.
        consumableRtpEncodings: Encodings of the producer, as named inside the router.
        supportedCodecPayloadTypes: Payload types that it passes on.
        traceEventTypes: What is being traced.
        paused: Whether it is paused itself.
        producerPaused: Whether its producer is paused.
        priority: From 1 to 255, the most important.
    """

    id: str
    producerId: str
    kind: MediaKind
    rtpParameters: RtpParameters
    consumableRtpEncodings: NotRequired[list[RtpEncodingParameters]]
    supportedCodecPayloadTypes: list[int]
    traceEventTypes: list[ConsumerTraceEventType]
    paused: bool
    producerPaused: bool
    priority: int


class SimpleConsumerDump(BaseConsumerDump):
    """Dump of a consumer of a single stream without layers.

    Attributes:
        type: Always `simple`.
        rtpStream: The stream that it sends.
    """

    type: Literal["simple"]
    rtpStream: RtpStreamDump


class _LayeredConsumerDump(BaseConsumerDump):
    rtpStream: RtpStreamDump
    preferredSpatialLayer: int
    targetSpatialLayer: int
    currentSpatialLayer: int
    preferredTemporalLayer: int
    targetTemporalLayer: int
    currentTemporalLayer: int


class SimulcastConsumerDump(_LayeredConsumerDump):
    """Dump of a consumer of a simulcast producer. A layer of -1 stands for none.

    Attributes:
        type: Always `simulcast`.
        rtpStream: The stream that it sends.
        preferredSpatialLayer: What was asked for.
        targetSpatialLayer: What it is going to send, as the bandwidth allows.
        currentSpatialLayer: What it sends.
        preferredTemporalLayer: What was asked for.
        targetTemporalLayer: What it is going to send, as the bandwidth allows.
        currentTemporalLayer: What it sends.
    """

    type: Literal["simulcast"]


class SvcConsumerDump(_LayeredConsumerDump):
    """Dump of a consumer of an SVC producer. A layer of -1 stands for none.

    Attributes:
        type: Always `svc`.
        rtpStream: The stream that it sends.
        preferredSpatialLayer: What was asked for.
        targetSpatialLayer: What it is going to send, as the bandwidth allows.
        currentSpatialLayer: What it sends.
        preferredTemporalLayer: What was asked for.
        targetTemporalLayer: What it is going to send, as the bandwidth allows.
        currentTemporalLayer: What it sends.
    """

    type: Literal["svc"]


class PipeConsumerDump(BaseConsumerDump):
    """Dump of a consumer that passes on all streams of its producer.

    Attributes:
        type: Always `pipe`.
        rtpStreams: The streams that it sends.
    """

    type: Literal["pipe"]
    rtpStreams: list[RtpStreamDump]


ConsumerDump = SimpleConsumerDump | SimulcastConsumerDump | SvcConsumerDump | PipeConsumerDump
"""Dump of a consumer of any type; `type` tells which."""


class ConsumerTraceEventData(TypedDict):
    """One traced event of a consumer.

    Attributes:
        type: What was traced.
        timestamp: Milliseconds on the worker's monotonic clock.
        direction: Whether it came in or went out.
        info: Details of that type of event, such as the RTP packet's header.
    """

    type: ConsumerTraceEventType
    timestamp: int
    direction: Literal["in", "out"]
    info: dict[str, Any]

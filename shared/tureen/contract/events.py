"""What mediasoup's objects tell, as it travels: each carries the agent's run and a sequence, most carry `data`.

Field names of the data are mediasoup's. Where mediasoup hands a listener an object, its id travels; where it hands an
error, its text.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tureen.contract.model import Announcement, Message

IceState = Literal["new", "connected", "completed", "disconnected", "closed"]
DtlsState = Literal["new", "connecting", "connected", "failed", "closed"]
SctpState = Literal["new", "connecting", "connected", "failed", "closed"]


class ObjectEvent(Announcement):
    """An event without data.

    Attributes:
        start_id: The agent's run; a new one means that the old run and all it held are gone.
        seq: Counts the events of the object's router, of its worker where it is on no router: who sees a gap has
            missed one.
    """

    start_id: str
    seq: int


class ErrorText(Message):
    """What went wrong, in words."""

    message: str


class WorkerDied(ObjectEvent):
    """`died`: why the process ended."""

    data: ErrorText


class TransportTuple(Message):
    """The two addresses between which packets travel; the remote one once it is known."""

    local_ip: str
    local_address: str
    local_port: int
    remote_ip: str | None = None
    remote_port: int | None = None
    protocol: Literal["udp", "tcp"]


class TupleEvent(ObjectEvent):
    """A tuple of addresses."""

    data: TransportTuple


class IceStateChange(ObjectEvent):
    """`icestatechange`."""

    data: IceState


class DtlsStateChange(ObjectEvent):
    """`dtlsstatechange`."""

    data: DtlsState


class SctpStateChange(ObjectEvent):
    """`sctpstatechange`."""

    data: SctpState


class DtlsRemoteCert(ObjectEvent):
    """`dtlsremotecert`: the endpoint's certificate as PEM, which mediasoup has as a property."""

    data: str


class IceParametersChange(ObjectEvent):
    """`iceparameterschange`: mediasoup's IceParameters."""

    data: dict[str, Any]


class Connected(Message):
    """What connecting a transport has settled, as `transport.connect` answers it."""

    dtls_parameters: dict[str, Any] | None = None
    tuple: dict[str, Any] | None = None
    rtcp_tuple: dict[str, Any] | None = None
    srtp_parameters: dict[str, Any] | None = None


class ConnectEvent(ObjectEvent):
    """`connect`."""

    data: Connected


class SctpCapabilities(Message):
    """How many streams an SCTP association has each way."""

    negotiated_max_outbound_streams: int
    negotiated_max_inbound_streams: int


class SctpNegotiatedCapabilities(ObjectEvent):
    """`sctpnegotiatedcapabilities`, which mediasoup has as a property."""

    data: SctpCapabilities


class Paused(Message):
    """Whether the object itself is paused, whatever its producer is."""

    paused: bool


class PausedEvent(ObjectEvent):
    """`pause` and `resume`."""

    data: Paused


class Packet(ObjectEvent):
    """An RTP or RTCP packet of a DirectTransport."""

    data: bytes


class TransportTrace(Message):
    """One traced event of a transport.

    Attributes:
        timestamp: Milliseconds on the worker's monotonic clock.
        info: For `bwe` the estimates, bits a second.
    """

    type: Literal["probation", "bwe"]
    timestamp: int
    direction: Literal["in", "out"]
    info: dict[str, Any]


class TransportTraceEvent(ObjectEvent):
    """`trace`."""

    data: TransportTrace


class ProducerScore(Message):
    """Quality of one of a producer's streams.

    Attributes:
        encoding_idx: Index of its encoding in the RTP parameters.
        score: From 0 (nothing comes) to 10.
    """

    encoding_idx: int
    ssrc: int
    rid: str | None = None
    score: int


class ProducerScoreEvent(ObjectEvent):
    """`score`: one entry a stream."""

    data: list[ProducerScore]


class ProducerVideoOrientation(Message):
    """How the video is turned, as its sender says.

    Attributes:
        camera: Whether it comes from a camera at the back.
        flip: Whether it is mirrored.
        rotation: Clockwise, in degrees: 0, 90, 180 or 270.
    """

    camera: bool
    flip: bool
    rotation: int


class VideoOrientationChange(ObjectEvent):
    """`videoorientationchange`."""

    data: ProducerVideoOrientation


class ProducerTrace(Message):
    """One traced event of a producer; timestamp in ms on the worker's monotonic clock."""

    type: Literal["rtp", "keyframe", "nack", "pli", "fir", "sr"]
    timestamp: int
    direction: Literal["in", "out"]
    info: dict[str, Any]


class ProducerTraceEvent(ObjectEvent):
    """`trace`."""

    data: ProducerTrace


class ConsumerScore(Message):
    """Quality of a consumer's stream and of what it is made from, from 0 to 10.

    Attributes:
        producer_score: Of the producer's stream that is being passed on.
        producer_scores: Of all of the producer's streams, in the order of its encodings.
    """

    score: int
    producer_score: int
    producer_scores: list[int]


class ConsumerScoreEvent(ObjectEvent):
    """`score`."""

    data: ConsumerScore


class ConsumerLayers(Message):
    """Layers of a simulcast or SVC stream, from 0, the lowest."""

    spatial_layer: int
    temporal_layer: int | None = None


class LayersChange(ObjectEvent):
    """`layerschange`; without data there is no layer that could be sent."""

    data: ConsumerLayers | None = None


class PreferredLayersChange(ObjectEvent):
    """`preferredlayerschange`; without data it has no layers."""

    data: ConsumerLayers | None = None


class PriorityChange(ObjectEvent):
    """`prioritychange`: 1 to 255."""

    data: int


class SubchannelsChange(ObjectEvent):
    """`subchannelschange`: those that it listens to now."""

    data: list[int]


class ConsumerTrace(Message):
    """One traced event of a consumer; timestamp in ms on the worker's monotonic clock."""

    type: Literal["rtp", "keyframe", "nack", "pli", "fir"]
    timestamp: int
    direction: Literal["in", "out"]
    info: dict[str, Any]


class ConsumerTraceEvent(ObjectEvent):
    """`trace`."""

    data: ConsumerTrace


class DataMessageReceived(Message):
    """A message, and its payload protocol identifier: 51 is text."""

    message: bytes
    ppid: int


class DataMessageEvent(ObjectEvent):
    """`message`."""

    data: DataMessageReceived


class BufferedAmountLow(ObjectEvent):
    """`bufferedamountlow`: how many bytes wait to be sent."""

    data: int


class ProducerNamed(Message):
    """The producer that it is about."""

    producer_id: str


class ProducerNamedEvent(ObjectEvent):
    """An event about a producer."""

    data: ProducerNamed


class ProducerVolume(ProducerNamed):
    """How loud a producer was over the last interval, in dBov: -127 (silence) to 0."""

    volume: int = Field(ge=-127, le=0)


class Volumes(ObjectEvent):
    """`volumes`: the loudest first."""

    data: list[ProducerVolume]

"""Structures of data producers and data consumers."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from tureen.mediasoup.types.sctp import SctpStreamParameters

DataProducerType = Literal["sctp", "direct"]
"""How messages come in: over SCTP, or from this process through a DirectTransport."""

DataConsumerType = Literal["sctp", "direct"]
"""How messages go out: over SCTP, or to this process through a DirectTransport."""


class DataProducerDump(TypedDict):
    """Dump of a data producer.

    Attributes:
        id: Id of the data producer.
        paused: Whether it is paused.
        type: How messages come in.
        sctpStreamParameters: Its SCTP stream, where it has type `sctp`.
        label: Label of the data channel.
        protocol: Sub-protocol of the data channel.
    """

    id: str
    paused: bool
    type: DataProducerType
    sctpStreamParameters: NotRequired[SctpStreamParameters]
    label: str
    protocol: str


class DataProducerStat(TypedDict):
    """Statistics of a data producer.

    Attributes:
        type: Always `data-producer`.
        timestamp: When this was counted: milliseconds on the worker's monotonic clock.
        label: Label of the data channel.
        protocol: Sub-protocol of the data channel.
        messagesReceived: Messages received.
        bytesReceived: Bytes in those.
    """

    type: Literal["data-producer"]
    timestamp: int
    label: str
    protocol: str
    messagesReceived: int
    bytesReceived: int


class DataConsumerDump(TypedDict):
    """Dump of a data consumer.

    Attributes:
        id: Id of the data consumer.
        paused: Whether it is paused itself.
        dataProducerPaused: Whether its data producer is paused.
        subchannels: Subchannels that it listens to, 0 to 65535 each.
        dataProducerId: Id of its data producer.
        type: How messages go out.
        sctpStreamParameters: Its SCTP stream, where it has type `sctp`.
        label: Label of the data channel.
        protocol: Sub-protocol of the data channel.
        bufferedAmount: Bytes that wait to be sent.
        bufferedAmountLowThreshold: Bytes at or below which `bufferedamountlow` is emitted.
    """

    id: str
    paused: bool
    dataProducerPaused: bool
    subchannels: list[int]
    dataProducerId: str
    type: DataConsumerType
    sctpStreamParameters: NotRequired[SctpStreamParameters]
    label: str
    protocol: str
    bufferedAmount: int
    bufferedAmountLowThreshold: int


class DataConsumerStat(TypedDict):
    """Statistics of a data consumer.

    Attributes:
        type: Always `data-consumer`.
        timestamp: When this was counted: milliseconds on the worker's monotonic clock.
        label: Label of the data channel.
        protocol: Sub-protocol of the data channel.
        messagesSent: Messages sent.
        bytesSent: Bytes in those.
        bufferedAmount: Bytes that wait to be sent.
    """

    type: Literal["data-consumer"]
    timestamp: int
    label: str
    protocol: str
    messagesSent: int
    bytesSent: int
    bufferedAmount: int

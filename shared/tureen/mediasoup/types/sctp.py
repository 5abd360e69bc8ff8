"""Structures of data channels: SCTP associations and their streams (RFC 8831)."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

SctpState = Literal["new", "connecting", "connected", "failed", "closed"]
"""State of a transport's SCTP association."""


class SctpParameters(TypedDict):
    """The SCTP association of a transport, as mediasoup's side offers it.

    Attributes:
        port: SCTP port (not a UDP port), 5000.
        maxSendMessageSize: Largest message that data consumers may send, in bytes.
        maxReceiveMessageSize: Largest message that data producers accept, in bytes.
        sendBufferSize: Bytes that data consumers of the transport may have waiting to be sent.
        perStreamSendQueueLimit: The same limit for a single stream, in bytes.
        maxReceiverWindowBufferSize: Size of the receive window, in bytes.
        isDataChannel: Whether the association carries WebRTC data channels: true in WebRtcTransports alone.
        OS: Number of outgoing streams asked for.
        MIS: Most incoming streams accepted.
        maxMessageSize: What mediasoup-client reads as the largest message it may send, in bytes.
    """

    port: int
    maxSendMessageSize: int
    maxReceiveMessageSize: int
    sendBufferSize: int
    perStreamSendQueueLimit: int
    maxReceiverWindowBufferSize: int
    isDataChannel: bool
    OS: int
    MIS: int
    maxMessageSize: int


class SctpNegotiatedCapabilities(TypedDict):
    """What both ends of a connected SCTP association agreed on.

    Attributes:
        negotiatedMaxOutboundStreams: Most outgoing streams.
        negotiatedMaxInboundStreams: Most incoming streams.
    """

    negotiatedMaxOutboundStreams: int
    negotiatedMaxInboundStreams: int


class SctpStreamParameters(TypedDict):
    """How reliable one SCTP stream is. Only an unordered stream may have a limit, and only one of the two.

    Attributes:
        streamId: Number of the stream, 0 to 65534.
        ordered: Whether messages arrive in order, and all of them. Default true, or false if a limit is given.
        maxPacketLifeTime: Milliseconds after which a message is not sent again.
        maxRetransmits: How often a message is sent again at most.
    """

    streamId: int
    ordered: NotRequired[bool]
    maxPacketLifeTime: NotRequired[int]
    maxRetransmits: NotRequired[int]

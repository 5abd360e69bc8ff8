"""What `get_stats()` of each transport class tells."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from tureen.mediasoup.types.ice_dtls import DtlsState, IceRole, IceState
from tureen.mediasoup.types.sctp import SctpState
from tureen.mediasoup.types.transport import TransportTuple


class BaseTransportStats(TypedDict):
    """What is counted for every transport. Bit rates are in bits per second, lately; bytes are cumulative.

    Attributes:
        transportId: Id of the transport.
        timestamp: When this was counted: milliseconds on the worker's monotonic clock.
        sctpState: State of its SCTP association, if it has one.
        bytesReceived: Bytes received, all in all.
        recvBitrate: Bit rate of those.
        bytesSent: Bytes sent, all in all.
        sendBitrate: Bit rate of those.
        rtpBytesReceived: Bytes of RTP received.
        rtpRecvBitrate: Bit rate of those.
        rtpBytesSent: Bytes of RTP sent.
        rtpSendBitrate: Bit rate of those.
        rtxBytesReceived: Bytes of RTX received.
        rtxRecvBitrate: Bit rate of those.
        rtxBytesSent: Bytes of RTX sent.
        rtxSendBitrate: Bit rate of those.
        probationBytesSent: Bytes sent to probe the bandwidth.
        probationSendBitrate: Bit rate of those.
        availableOutgoingBitrate: Estimate of what the way out can carry.
        availableIncomingBitrate: Estimate of what the way in can carry.
        maxIncomingBitrate: Limit that was set on the way in.
        maxOutgoingBitrate: Upper limit that was set on the way out.
        minOutgoingBitrate: Lower limit that was set on the way out.
        rtpPacketLossReceived: Part of the RTP packets that were lost on the way in, 0 to 1.
        rtpPacketLossSent: Part of the RTP packets that were lost on the way out, 0 to 1.
    """

    transportId: str
    timestamp: int
    sctpState: NotRequired[SctpState]
    bytesReceived: int
    recvBitrate: int
    bytesSent: int
    sendBitrate: int
    rtpBytesReceived: int
    rtpRecvBitrate: int
    rtpBytesSent: int
    rtpSendBitrate: int
    rtxBytesReceived: int
    rtxRecvBitrate: int
    rtxBytesSent: int
    rtxSendBitrate: int
    probationBytesSent: int
    probationSendBitrate: int
    availableOutgoingBitrate: NotRequired[int]
    availableIncomingBitrate: NotRequired[int]
    maxIncomingBitrate: NotRequired[int]
    maxOutgoingBitrate: NotRequired[int]
    minOutgoingBitrate: NotRequired[int]
    rtpPacketLossReceived: NotRequired[float]
    rtpPacketLossSent: NotRequired[float]


class WebRtcTransportStat(BaseTransportStats):
    """Statistics of a WebRtcTransport.

    Attributes:
        type: Always `webrtc-transport`.
        iceRole: Always `controlled`.
        iceState: State of ICE.
        iceSelectedTuple: The addresses in use, once connected.
        dtlsState: State of DTLS.
    """

    type: Literal["webrtc-transport"]
    iceRole: IceRole
    iceState: IceState
    iceSelectedTuple: NotRequired[TransportTuple]
    dtlsState: DtlsState


class PlainTransportStat(BaseTransportStats):
    """Statistics of a PlainTransport.

    Attributes:
        type: Always `plain-rtp-transport`.
        rtcpMux: Whether RTP and RTCP share one port.
        comedia: Whether the remote address is learned from the first packet.
        tuple: The addresses of RTP.
        rtcpTuple: The addresses of RTCP, where it has a port of its own.
    """

    type: Literal["plain-rtp-transport"]
    rtcpMux: bool
    comedia: bool
    tuple: TransportTuple
    rtcpTuple: NotRequired[TransportTuple]


class PipeTransportStat(BaseTransportStats):
    """Statistics of a PipeTransport.

    Attributes:
        type: Always `pipe-transport`.
        tuple: The addresses in use.
    """

    type: Literal["pipe-transport"]
    tuple: TransportTuple


class DirectTransportStat(BaseTransportStats):
    """Statistics of a DirectTransport.

    Attributes:
        type: Always `direct-transport`.
    """

    type: Literal["direct-transport"]


TransportStat = WebRtcTransportStat | PlainTransportStat | PipeTransportStat | DirectTransportStat
"""Statistics of a transport of any class."""

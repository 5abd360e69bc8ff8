"""What `dump()` of each transport class tells."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from tureen.mediasoup.types.ice_dtls import DtlsParameters, DtlsState, IceCandidate, IceParameters, IceState
from tureen.mediasoup.types.sctp import SctpNegotiatedCapabilities, SctpParameters, SctpState
from tureen.mediasoup.types.srtp import SrtpParameters
from tureen.mediasoup.types.table import NumberToString, StringToString
from tureen.mediasoup.types.transport import TransportTraceEventType, TransportTuple


class RtpListenerDump(TypedDict):
    """How a transport finds the producer of an RTP packet.

    Attributes:
        ssrcTable: Producer ids by SSRC.
        midTable: Producer ids by MID. (mediasoup declares the keys as numbers; they are strings.)
        ridTable: Producer ids by RID. (As with `midTable`.)
    """

    ssrcTable: list[NumberToString]
    midTable: list[StringToString]
    ridTable: list[StringToString]


class SctpListenerDump(TypedDict):
    """How a transport finds the data producer of an SCTP message.

    Attributes:
        streamIdTable: Data producer ids by SCTP stream number.
    """

    streamIdTable: list[NumberToString]


class RecvRtpHeaderExtensions(TypedDict, total=False):
    """Numbers of the header extensions that a transport reads in RTP packets; absent where no producer uses it.

    Attributes:
        mid: MID.
        rid: RID.
        rrid: Repaired RID.
        absSendTime: Absolute send time.
        transportWideCc01: Transport-wide congestion control.
    """

    mid: int
    rid: int
    rrid: int
    absSendTime: int
    transportWideCc01: int


class BaseTransportDump(TypedDict):
    """What the dump of every transport holds.

    Attributes:
        id: Id of the transport.
        producerIds: Its producers.
        consumerIds: Its consumers.
        mapSsrcConsumerId: Consumer ids by the SSRC they send.
        mapRtxSsrcConsumerId: Consumer ids by the RTX SSRC they send.
        recvRtpHeaderExtensions: Header extensions it reads.
        rtpListener: How it finds the producer of a packet.
        maxSendMessageSize: Largest message that data consumers may send, in bytes.
        maxReceiveMessageSize: Largest message that data producers accept, in bytes.
        dataProducerIds: Its data producers.
        dataConsumerIds: Its data consumers.
        sctpParameters: Its SCTP association, if it has one.
        sctpState: State of that.
        sctpNegotiatedCapabilities: What both ends agreed on, once connected.
        sctpListener: How it finds the data producer of a message.
        traceEventTypes: What is being traced.
    """

    id: str
    producerIds: list[str]
    consumerIds: list[str]
    mapSsrcConsumerId: list[NumberToString]
    mapRtxSsrcConsumerId: list[NumberToString]
    recvRtpHeaderExtensions: RecvRtpHeaderExtensions
    rtpListener: RtpListenerDump
    maxSendMessageSize: int
    maxReceiveMessageSize: int
    dataProducerIds: list[str]
    dataConsumerIds: list[str]
    sctpParameters: NotRequired[SctpParameters]
    sctpState: NotRequired[SctpState]
    sctpNegotiatedCapabilities: NotRequired[SctpNegotiatedCapabilities]
    sctpListener: NotRequired[SctpListenerDump]
    traceEventTypes: NotRequired[list[TransportTraceEventType]]


class WebRtcTransportDump(BaseTransportDump):
    """Dump of a WebRtcTransport.

    Attributes:
        iceRole: Always `controlled`.
        iceParameters: mediasoup's ICE credentials.
        iceCandidates: Where it can be reached.
        iceState: State of ICE.
        iceSelectedTuple: The addresses in use, once connected.
        dtlsParameters: mediasoup's DTLS role and fingerprints.
        dtlsState: State of DTLS.
        dtlsRemoteCert: The remote certificate as PEM, once connected.
    """

    iceRole: Literal["controlled"]
    iceParameters: IceParameters
    iceCandidates: list[IceCandidate]
    iceState: IceState
    iceSelectedTuple: NotRequired[TransportTuple]
    dtlsParameters: DtlsParameters
    dtlsState: DtlsState
    dtlsRemoteCert: NotRequired[str]


class PlainTransportDump(BaseTransportDump):
    """Dump of a PlainTransport.

    Attributes:
        rtcpMux: Whether RTP and RTCP share one port.
        comedia: Whether the remote address is learned from the first packet.
        tuple: The addresses of RTP.
        rtcpTuple: The addresses of RTCP, where it has a port of its own.
        srtpParameters: mediasoup's SRTP key, with SRTP.
    """

    rtcpMux: bool
    comedia: bool
    tuple: TransportTuple
    rtcpTuple: NotRequired[TransportTuple]
    srtpParameters: NotRequired[SrtpParameters]


class PipeTransportDump(BaseTransportDump):
    """Dump of a PipeTransport.

    Attributes:
        tuple: The addresses in use.
        rtx: Whether lost packets are asked for and sent again.
        srtpParameters: mediasoup's SRTP key, with SRTP.
    """

    tuple: TransportTuple
    rtx: bool
    srtpParameters: NotRequired[SrtpParameters]


DirectTransportDump = BaseTransportDump
"""Dump of a DirectTransport."""

TransportDump = WebRtcTransportDump | PlainTransportDump | PipeTransportDump | DirectTransportDump
"""Dump of a transport of any class."""

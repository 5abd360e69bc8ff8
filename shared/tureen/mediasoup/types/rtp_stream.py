"""Statistics and dumps of single RTP streams, as producers and consumers report them."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from tureen.mediasoup.types.rtp_capabilities import MediaKind

BitrateByLayer = dict[str, int]
"""Bits per second by layer; a layer is named `<spatial>.<temporal>`, as in `2.0`."""


class BaseRtpStreamStats(TypedDict):
    """What is counted for every RTP stream, sent or received.

    Attributes:
        timestamp: When this was counted: milliseconds on the worker's monotonic clock.
        ssrc: SSRC of the media packets.
        rtxSsrc: SSRC of the RTX stream, if there is one.
        rid: RID of the stream, if it has one.
        kind: Kind of media.
        mimeType: Its codec.
        packetsLost: Packets that never came; cumulative.
        fractionLost: Packets lost since the last RTCP report, as a fraction of 256.
        jitter: Interarrival jitter (RFC 3550), in units of the codec's clock.
        packetsDiscarded: Packets that came but were dropped.
        packetsRetransmitted: Packets that were sent again.
        packetsRepaired: Lost packets that came after all, through retransmission.
        nackCount: NACK messages.
        nackPacketCount: Packets that NACK messages asked for.
        pliCount: Picture loss indications: requests for a key frame.
        firCount: Full intra requests: requests for a key frame.
        roundTripTime: Milliseconds, from RTCP reports.
        rtxPacketsDiscarded: RTX packets that were dropped.
        score: Quality from 0 to 10.
    """

    timestamp: int
    ssrc: int
    rtxSsrc: NotRequired[int]
    rid: NotRequired[str]
    kind: MediaKind
    mimeType: str
    packetsLost: int
    fractionLost: int
    jitter: int
    packetsDiscarded: int
    packetsRetransmitted: int
    packetsRepaired: int
    nackCount: int
    nackPacketCount: int
    pliCount: int
    firCount: int
    roundTripTime: NotRequired[float]
    rtxPacketsDiscarded: NotRequired[int]
    score: int


class RtpStreamRecvStats(BaseRtpStreamStats):
    """Statistics of a stream that mediasoup receives.

    Attributes:
        type: Always `inbound-rtp`.
        packetCount: Packets received.
        byteCount: Bytes received.
        bitrate: Bits per second, lately.
        bitrateByLayer: Bits per second of each layer, where the codec has layers.
    """

    type: Literal["inbound-rtp"]
    packetCount: int
    byteCount: int
    bitrate: int
    bitrateByLayer: BitrateByLayer


class RtpStreamSendStats(BaseRtpStreamStats):
    """Statistics of a stream that mediasoup sends.

    Attributes:
        type: Always `outbound-rtp`.
        packetCount: Packets sent.
        byteCount: Bytes sent.
        bitrate: Bits per second, lately.
    """

    type: Literal["outbound-rtp"]
    packetCount: int
    byteCount: int
    bitrate: int


class RtpStreamParametersDump(TypedDict):
    """Settings of one RTP stream inside the worker.

    Attributes:
        encodingIdx: Index of its encoding.
        ssrc: SSRC of the media packets.
        payloadType: RTP payload type.
        mimeType: Its codec.
        clockRate: In Hz.
        rid: RID, if it has one.
        cname: Canonical name in SDES packets.
        rtxSsrc: SSRC of the RTX stream, if there is one.
        rtxPayloadType: Payload type of the RTX stream, if there is one.
        useNack: Whether NACK is in use.
        usePli: Whether picture loss indications are in use.
        useFir: Whether full intra requests are in use.
        useInBandFec: Whether the codec carries error correction (Opus).
        useDtx: Whether sending may pause.
        spatialLayers: Number of spatial layers.
        temporalLayers: Number of temporal layers.
    """

    encodingIdx: int
    ssrc: int
    payloadType: int
    mimeType: str
    clockRate: int
    rid: NotRequired[str]
    cname: str
    rtxSsrc: NotRequired[int]
    rtxPayloadType: NotRequired[int]
    useNack: bool
    usePli: bool
    useFir: bool
    useInBandFec: bool
    useDtx: bool
    spatialLayers: int
    temporalLayers: int


class RtxStreamParameters(TypedDict):
    """Settings of one RTX stream inside the worker.

    Attributes:
        ssrc: SSRC of the packets sent again.
        payloadType: RTP payload type.
        mimeType: Such as `video/rtx`.
        clockRate: In Hz.
        rrid: Repaired RID, if it has one.
        cname: Canonical name in SDES packets.
    """

    ssrc: int
    payloadType: int
    mimeType: str
    clockRate: int
    rrid: NotRequired[str]
    cname: str


class RtxStreamDump(TypedDict):
    """State of one RTX stream inside the worker.

    Attributes:
        params: Its settings.
    """

    params: RtxStreamParameters


class RtpStreamDump(TypedDict):
    """State of one RTP stream inside the worker.

    Attributes:
        params: Its settings.
        score: Quality from 0 to 10.
        rtxStream: Its RTX stream, if there is one.
    """

    params: RtpStreamParametersDump
    score: int
    rtxStream: NotRequired[RtxStreamDump]

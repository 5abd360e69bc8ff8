"""What one stream consists of: the RTP parameters of a producer or a consumer."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from tureen.mediasoup.types.rtp_capabilities import RtcpFeedback, RtpHeaderExtensionUri


class RtpCodecParameters(TypedDict):
    """A codec in use.

    Attributes:
        mimeType: Media type and subtype, such as `video/H264`.
        payloadType: RTP payload type, 0 to 127; unique within the parameters.
        clockRate: In Hz.
        channels: Of audio. Default 1. Video has none.
        parameters: What SDP calls fmtp. An RTX codec names the payload type it repairs in `apt`.
        rtcpFeedback: Feedback in use. Default: none.
    """

    mimeType: str
    payloadType: int
    clockRate: int
    channels: NotRequired[int]
    parameters: NotRequired[dict[str, Any]]
    rtcpFeedback: NotRequired[list[RtcpFeedback]]


class RtpHeaderExtensionParameters(TypedDict):
    """A header extension in use.

    Attributes:
        uri: Its name.
        id: Its number in RTP packets: 1 to 14 in the one-byte form of RFC 8285; unique within the parameters.
        encrypt: Whether its value is encrypted (RFC 6904). Default false.
        parameters: Settings of the extension: numbers and strings by name. mediasoup considers none.
    """

    uri: RtpHeaderExtensionUri
    id: int
    encrypt: NotRequired[bool]
    parameters: NotRequired[dict[str, Any]]


class RtxParameters(TypedDict):
    """The RTX stream (RFC 4588) of an encoding.

    Attributes:
        ssrc: SSRC of the packets sent again, 32 bits.
    """

    ssrc: int


class RtpEncodingParameters(TypedDict, total=False):
    """One RTP stream, with its RTX stream if it has one. With simulcast there is one for each quality, lowest first.

    Attributes:
        ssrc: SSRC of the media packets, 32 bits.
        rid: Value of the RID header extension (RFC 8852); unique within the parameters.
        codecPayloadType: Payload type of its codec. Default: the first media codec's.
        rtx: Its RTX stream.
        dtx: Whether sending pauses while there is nothing new, as with silence or a still screen; mediasoup then does
            not take inactivity for a fault. Default false.
        scalabilityMode: Layers within the stream, such as `L1T3` or `L3T3_KEY` (WebRTC-SVC). Default `L1T1`.
        maxBitrate: Most that is sent, in bits per second.
    """

    ssrc: int
    rid: str
    codecPayloadType: int
    rtx: RtxParameters
    dtx: bool
    scalabilityMode: str
    maxBitrate: int


class RtcpParameters(TypedDict, total=False):
    """RTCP settings.

    Attributes:
        cname: Canonical name in SDES packets (RFC 3550). A producer without one gets a random one.
        reducedSize: Whether RTCP may be of reduced size (RFC 5506). Default true; mediasoup always assumes true.
    """

    cname: str
    reducedSize: bool


class RtpParameters(TypedDict):
    """Codecs, header extensions and streams of one producer or consumer.

    A producer's describe what mediasoup receives; a consumer's what it sends: one encoding under a random SSRC, or
    all encodings of the producer in a pipe consumer.

    Attributes:
        mid: Value of the MID header extension (RFC 9143).
        codecs: Media and RTX codecs in use; at least one media codec.
        headerExtensions: Header extensions in use. Default: none.
        encodings: RTP streams. Default: none.
        rtcp: RTCP settings.
        msid: Media stream and track ids (RFC 8830).
    """

    mid: NotRequired[str]
    codecs: list[RtpCodecParameters]
    headerExtensions: NotRequired[list[RtpHeaderExtensionParameters]]
    encodings: NotRequired[list[RtpEncodingParameters]]
    rtcp: NotRequired[RtcpParameters]
    msid: NotRequired[str]


class RtpCodecMapping(TypedDict):
    """Which of the router's payload types stands for one of a producer's.

    Attributes:
        payloadType: The producer's.
        mappedPayloadType: The router's.
    """

    payloadType: int
    mappedPayloadType: int


class RtpEncodingMapping(TypedDict):
    """Which SSRC stands for one of a producer's encodings inside the router.

    Attributes:
        ssrc: The producer's, if told.
        rid: The producer's, if told.
        mappedSsrc: The router's.
    """

    ssrc: NotRequired[int]
    rid: NotRequired[str]
    mappedSsrc: int


class RtpCodecsEncodingsMapping(TypedDict):
    """How a producer's codecs and encodings are named inside its router.

    Attributes:
        codecs: One entry for each codec, media codecs before RTX codecs.
        encodings: One entry for each encoding, in the producer's order.
    """

    codecs: list[RtpCodecMapping]
    encodings: list[RtpEncodingMapping]

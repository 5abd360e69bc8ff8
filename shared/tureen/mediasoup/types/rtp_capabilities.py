"""What an endpoint, a router or mediasoup itself can receive and send at media level."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

MediaKind = Literal["audio", "video"]
"""Kind of a stream, and of the codecs and header extensions that serve it."""

RtpHeaderExtensionDirection = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
"""What mediasoup does with a header extension, seen from mediasoup: `recvonly` ones are never sent to consumers."""

RtpHeaderExtensionUri = Literal[
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
    "urn:3gpp:video-orientation",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
    "urn:ietf:params:rtp-hdrext:toffset",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "urn:mediasoup:params:rtp-hdrext:packet-id",
]
"""Names of the header extensions that mediasoup knows (RFC 8285)."""


class RtcpFeedback(TypedDict):
    """One kind of RTCP feedback that a codec uses (RFC 4585).

    Attributes:
        type: Such as `nack`, `ccm`, `transport-cc` or `goog-remb`.
        parameter: What narrows the type, such as `pli` for `nack` or `fir` for `ccm`. Default: empty.
    """

    type: str
    parameter: NotRequired[str]


class _CodecCapability(TypedDict):
    kind: MediaKind
    mimeType: str
    clockRate: int
    channels: NotRequired[int]
    parameters: NotRequired[dict[str, Any]]
    rtcpFeedback: NotRequired[list[RtcpFeedback]]


class RtpCodecCapability(_CodecCapability):
    """A codec that can be received, with the payload type under which it is wanted.

    Each combination of parameters that needs a payload type of its own is an entry of its own: H264 once for each
    `packetization-mode` and `profile-level-id`, VP9 once for each `profile-id`.

    Attributes:
        kind: Derived from `mimeType`; a different value given here is overridden.
        mimeType: Media type and subtype, such as `audio/opus`; compared without regard to case.
        preferredPayloadType: RTP payload type, 0 to 127; dynamic ones are 96 to 127.
        clockRate: In Hz.
        channels: Of audio: 2 for stereo. Default 1. Video has none.
        parameters: What SDP calls fmtp: numbers and strings by name. Some decide whether two codecs match.
        rtcpFeedback: Feedback that may be used with the codec. Default: none.
    """

    preferredPayloadType: int


class RouterRtpCodecCapability(_CodecCapability):
    """A codec that a router shall support; mediasoup picks a payload type where none is given.

    Attributes:
        kind: Derived from `mimeType`; a different value given here is overridden.
        mimeType: Media type and subtype, such as `video/VP8`; must be among mediasoup's supported ones.
        preferredPayloadType: RTP payload type, 96 to 127, that no other codec of the router has. Default: the codec's
            static one, else the first dynamic one that is free.
        clockRate: In Hz.
        channels: Of audio. Default 1.
        parameters: What SDP calls fmtp; added to, and stronger than, what mediasoup supports.
        rtcpFeedback: Ignored by routers: they offer what mediasoup supports for the codec.
    """

    preferredPayloadType: NotRequired[int]


class RtpHeaderExtension(TypedDict):
    """A header extension that is supported for one kind of media.

    Attributes:
        kind: The kind of media it is used with.
        uri: Its name.
        preferredId: Its number in RTP packets: 1 to 14 in the one-byte form of RFC 8285.
        preferredEncrypt: Whether its value shall be encrypted (RFC 6904). Default false; mediasoup never does.
        direction: What mediasoup does with it. Default `sendrecv`. Ignored in capabilities of endpoints.
    """

    kind: MediaKind
    uri: RtpHeaderExtensionUri
    preferredId: int
    preferredEncrypt: NotRequired[bool]
    direction: NotRequired[RtpHeaderExtensionDirection]


class RtpCapabilities(TypedDict, total=False):
    """Codecs and header extensions that an endpoint or a router supports.

    Attributes:
        codecs: Media codecs and the RTX codecs (RFC 4588) that go with them. Default: none.
        headerExtensions: Header extensions. Default: none.
    """

    codecs: list[RtpCodecCapability]
    headerExtensions: list[RtpHeaderExtension]


class RouterRtpCapabilities(TypedDict, total=False):
    """Capabilities whose codecs need no payload type yet: those of mediasoup itself.

    Attributes:
        codecs: Media codecs; those without `preferredPayloadType` get a dynamic one in each router.
        headerExtensions: Header extensions.
    """

    codecs: list[RouterRtpCodecCapability]
    headerExtensions: list[RtpHeaderExtension]

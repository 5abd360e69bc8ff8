"""What mediasoup 3.27.1 itself supports: the most that a router can offer."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from tureen.mediasoup.types import (
    MediaKind,
    RouterRtpCapabilities,
    RouterRtpCodecCapability,
    RtcpFeedback,
    RtpHeaderExtension,
    RtpHeaderExtensionDirection,
    RtpHeaderExtensionUri,
)


def _feedback(*names: str) -> list[RtcpFeedback]:
    """Make feedback entries from names such as `nack` and `nack pli`."""
    return [{"type": kind, "parameter": parameter} for kind, _, parameter in (name.partition(" ") for name in names)]


def _audio(
    subtype: str, clock_rate: int, channels: int = 1, *feedback: str, **parameters: str | int
) -> RouterRtpCodecCapability:
    codec: RouterRtpCodecCapability = {
        "kind": "audio",
        "mimeType": f"audio/{subtype}",
        "clockRate": clock_rate,
        "channels": channels,
        "parameters": parameters,
        "rtcpFeedback": _feedback(*feedback),
    }
    if subtype in _STATIC_PAYLOAD_TYPES:
        codec["preferredPayloadType"] = _STATIC_PAYLOAD_TYPES[subtype]
    return codec


def _multiopus(channels: int, mapping: str, streams: int, coupled: int) -> RouterRtpCodecCapability:
    return _audio(
        "multiopus",
        48000,
        channels,
        "nack",
        "transport-cc",
        channel_mapping=mapping,
        num_streams=streams,
        coupled_streams=coupled,
    )


def _video(subtype: str, parameters: dict[str, Any] | None = None) -> RouterRtpCodecCapability:
    return {
        "kind": "video",
        "mimeType": f"video/{subtype}",
        "clockRate": 90000,
        "parameters": parameters or {},
        "rtcpFeedback": _feedback("nack", "nack pli", "ccm fir", "goog-remb", "transport-cc"),
    }


_STATIC_PAYLOAD_TYPES: Final = {"PCMU": 0, "PCMA": 8, "G722": 9, "CN": 13}

_CODECS: Final[list[RouterRtpCodecCapability]] = [
    _audio("opus", 48000, 2, "nack", "transport-cc"),
    _multiopus(4, "0,1,2,3", 2, 2),
    _multiopus(6, "0,4,1,2,3,5", 4, 2),
    _multiopus(8, "0,6,1,2,3,4,5,7", 5, 3),
    _audio("PCMU", 8000, 1, "transport-cc"),
    _audio("PCMA", 8000, 1, "transport-cc"),
    _audio("ISAC", 32000, 1, "transport-cc"),
    _audio("ISAC", 16000, 1, "transport-cc"),
    _audio("G722", 8000, 1, "transport-cc"),
    _audio("iLBC", 8000, 1, "transport-cc"),
    *(_audio("SILK", clock_rate, 1, "transport-cc") for clock_rate in (24000, 16000, 12000, 8000)),
    *(_audio("CN", clock_rate) for clock_rate in (32000, 16000, 8000)),
    *(_audio("telephone-event", clock_rate) for clock_rate in (48000, 32000, 16000, 8000)),
    _video("VP8"),
    _video("VP9"),
    _video("H264", {"level-asymmetry-allowed": 1}),
    _video("AV1"),
]

# Number, name, and what mediasoup does with it for audio and for video.
_EXTENSIONS: Final[
    tuple[
        tuple[int, RtpHeaderExtensionUri, RtpHeaderExtensionDirection | None, RtpHeaderExtensionDirection | None], ...
    ]
] = (
    (1, "urn:ietf:params:rtp-hdrext:sdes:mid", "sendrecv", "sendrecv"),
    (2, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", None, "recvonly"),
    (3, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", None, "recvonly"),
    (4, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", "sendrecv", "sendrecv"),
    # Bandwidth is estimated on video alone, so consumers of audio do not carry it.
    (5, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", "recvonly", "sendrecv"),
    (6, "urn:ietf:params:rtp-hdrext:ssrc-audio-level", "sendrecv", None),
    (7, "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension", None, "recvonly"),
    (8, "urn:3gpp:video-orientation", None, "sendrecv"),
    (9, "urn:ietf:params:rtp-hdrext:toffset", None, "sendrecv"),
    (10, "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time", "sendrecv", "sendrecv"),
    (11, "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay", "sendrecv", "sendrecv"),
    (12, "urn:mediasoup:params:rtp-hdrext:packet-id", "sendrecv", "sendrecv"),
)


def _header_extensions() -> Iterator[RtpHeaderExtension]:
    for number, uri, audio, video in _EXTENSIONS:
        if audio is not None:
            yield _header_extension("audio", number, uri, audio)
        if video is not None:
            yield _header_extension("video", number, uri, video)


def _header_extension(
    kind: MediaKind, number: int, uri: RtpHeaderExtensionUri, direction: RtpHeaderExtensionDirection
) -> RtpHeaderExtension:
    return {"kind": kind, "uri": uri, "preferredId": number, "preferredEncrypt": False, "direction": direction}


SUPPORTED_RTP_CAPABILITIES: Final[RouterRtpCapabilities] = {
    "codecs": _CODECS,
    "headerExtensions": list(_header_extensions()),
}
"""What mediasoup supports, normalised. Shared by all routers: never change it."""


def get_supported_rtp_capabilities() -> RouterRtpCapabilities:
    """Return what mediasoup supports, as a copy that the caller may change.

    Codecs with a dynamic payload type have none here; each router chooses its own.
    """
    return copy.deepcopy(SUPPORTED_RTP_CAPABILITIES)

"""Structures as a browser and an app would give them."""

from __future__ import annotations

import pytest

from tureen.mediasoup import ortc
from tureen.mediasoup.types import (
    RouterRtpCodecCapability,
    RtcpFeedback,
    RtpCapabilities,
    RtpCodecCapability,
    RtpParameters,
)


@pytest.fixture
def video_feedback() -> list[RtcpFeedback]:
    """Feedback that browsers offer for video."""
    return [
        {"type": "nack", "parameter": ""},
        {"type": "nack", "parameter": "pli"},
        {"type": "ccm", "parameter": "fir"},
        {"type": "goog-remb", "parameter": ""},
        {"type": "transport-cc", "parameter": ""},
    ]


@pytest.fixture
def media_codecs() -> list[RouterRtpCodecCapability]:
    """Codecs of a router: Opus, VP8 and an H264 at level 5."""
    return [
        {"kind": "audio", "mimeType": "audio/opus", "clockRate": 48000, "channels": 2},
        {"kind": "video", "mimeType": "video/VP8", "clockRate": 90000},
        {
            "kind": "video",
            "mimeType": "video/H264",
            "clockRate": 90000,
            "parameters": {"packetization-mode": 1, "profile-level-id": "4d0032", "level-asymmetry-allowed": 1},
        },
    ]


@pytest.fixture
def router_capabilities(media_codecs: list[RouterRtpCodecCapability]) -> RtpCapabilities:
    """Capabilities of a router with those codecs."""
    return ortc.generate_router_rtp_capabilities(media_codecs)


@pytest.fixture
def endpoint_capabilities(video_feedback: list[RtcpFeedback]) -> RtpCapabilities:
    """Capabilities of a browser."""
    codecs: list[RtpCodecCapability] = [
        {
            "kind": "audio",
            "mimeType": "audio/opus",
            "preferredPayloadType": 100,
            "clockRate": 48000,
            "channels": 2,
            "rtcpFeedback": [{"type": "nack"}, {"type": "transport-cc"}],
        },
        {
            "kind": "video",
            "mimeType": "video/VP8",
            "preferredPayloadType": 101,
            "clockRate": 90000,
            "rtcpFeedback": video_feedback,
        },
        {
            "kind": "video",
            "mimeType": "video/rtx",
            "preferredPayloadType": 102,
            "clockRate": 90000,
            "parameters": {"apt": 101},
        },
        {
            "kind": "video",
            "mimeType": "video/H264",
            "preferredPayloadType": 103,
            "clockRate": 90000,
            "parameters": {"packetization-mode": 1, "profile-level-id": "4d001f"},
            "rtcpFeedback": [{"type": "nack"}, {"type": "nack", "parameter": "pli"}],
        },
    ]
    return {
        "codecs": codecs,
        "headerExtensions": [
            {"kind": "audio", "uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "preferredId": 1},
            {"kind": "video", "uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "preferredId": 1},
            {
                "kind": "video",
                "uri": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
                "preferredId": 4,
            },
            {
                "kind": "video",
                "uri": "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
                "preferredId": 5,
            },
            {"kind": "video", "uri": "urn:3gpp:video-orientation", "preferredId": 8},
            # A number that the router does not use for this extension.
            {"kind": "video", "uri": "urn:ietf:params:rtp-hdrext:toffset", "preferredId": 14},
        ],
    }


@pytest.fixture
def simulcast_parameters() -> RtpParameters:
    """VP8 in three qualities with RTX, as a browser sends it."""
    return {
        "mid": "1",
        "codecs": [
            {"mimeType": "video/VP8", "payloadType": 96, "clockRate": 90000},
            {"mimeType": "video/rtx", "payloadType": 97, "clockRate": 90000, "parameters": {"apt": 96}},
        ],
        "headerExtensions": [
            {"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 10},
            {"uri": "urn:3gpp:video-orientation", "id": 13},
        ],
        "encodings": [
            {"rid": "low", "scalabilityMode": "L1T3", "maxBitrate": 100_000},
            {"rid": "mid", "scalabilityMode": "L1T3", "maxBitrate": 900_000},
            {"rid": "high", "scalabilityMode": "L1T3", "codecPayloadType": 96, "dtx": True},
        ],
        "rtcp": {"cname": "somebody"},
        "msid": "stream track",
    }


@pytest.fixture
def consumable_parameters(simulcast_parameters: RtpParameters, router_capabilities: RtpCapabilities) -> RtpParameters:
    """What consumers of that simulcast start from."""
    params = ortc.validate_and_normalize_rtp_parameters(simulcast_parameters)
    negotiated = ortc.get_producer_rtp_parameters_mapping(params, router_capabilities)
    return ortc.get_consumable_rtp_parameters(
        "video", negotiated.rtp_parameters, router_capabilities, negotiated.rtp_mapping
    )

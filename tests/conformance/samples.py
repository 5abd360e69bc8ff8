"""What tests give to mediasoup: codecs, RTP parameters, capabilities, addresses."""

from __future__ import annotations

from tureen.mediasoup.types import (
    DtlsParameters,
    RouterRtpCodecCapability,
    RtcpFeedback,
    RtpCapabilities,
    RtpEncodingParameters,
    RtpParameters,
    TransportListenInfo,
)

LISTEN_UDP: TransportListenInfo = {"protocol": "udp", "ip": "127.0.0.1"}
LISTEN_TCP: TransportListenInfo = {"protocol": "tcp", "ip": "127.0.0.1"}

MEDIA_CODECS: list[RouterRtpCodecCapability] = [
    {
        "kind": "audio",
        "mimeType": "audio/opus",
        "clockRate": 48000,
        "channels": 2,
        "parameters": {"useinbandfec": 1, "foo": "bar"},
    },
    {"kind": "video", "mimeType": "video/VP8", "clockRate": 90000},
    {
        "kind": "video",
        "mimeType": "video/H264",
        "clockRate": 90000,
        "parameters": {"level-asymmetry-allowed": 1, "packetization-mode": 1, "profile-level-id": "4d0032"},
    },
]

AUDIO: RtpParameters = {
    "mid": "AUDIO",
    "codecs": [
        {
            "mimeType": "audio/opus",
            "payloadType": 111,
            "clockRate": 48000,
            "channels": 2,
            "parameters": {"useinbandfec": 1, "usedtx": 1, "foo": "222.222", "bar": "333"},
            "rtcpFeedback": [],
        }
    ],
    "headerExtensions": [
        {"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 10},
        {"uri": "urn:ietf:params:rtp-hdrext:ssrc-audio-level", "id": 12},
    ],
    "encodings": [{"ssrc": 11111111, "dtx": True}],
    "rtcp": {"cname": "FOOBAR"},
    "msid": "stream track",
}

# Four simulcast streams with RTX.
VIDEO: RtpParameters = {
    "mid": "VIDEO",
    "codecs": [
        {
            "mimeType": "video/h264",
            "payloadType": 112,
            "clockRate": 90000,
            "parameters": {"packetization-mode": 1, "profile-level-id": "4d0032"},
            "rtcpFeedback": [
                {"type": "nack"},
                {"type": "nack", "parameter": "pli"},
                {"type": "goog-remb"},
            ],
        },
        {"mimeType": "video/rtx", "payloadType": 113, "clockRate": 90000, "parameters": {"apt": 112}},
    ],
    "headerExtensions": [
        {"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 10},
        {"uri": "urn:3gpp:video-orientation", "id": 13},
    ],
    "encodings": [
        {"ssrc": 22222222, "rtx": {"ssrc": 22222223}, "scalabilityMode": "L1T3"},
        {"ssrc": 22222224, "rtx": {"ssrc": 22222225}},
        {"ssrc": 22222226, "rtx": {"ssrc": 22222227}},
        {"ssrc": 22222228, "rtx": {"ssrc": 22222229}},
    ],
    "rtcp": {"cname": "FOOBAR"},
}

# What a browser says that it can receive.
DEVICE: RtpCapabilities = {
    "codecs": [
        {
            "kind": "audio",
            "mimeType": "audio/opus",
            "preferredPayloadType": 100,
            "clockRate": 48000,
            "channels": 2,
            "rtcpFeedback": [{"type": "nack"}],
        },
        {
            "kind": "video",
            "mimeType": "video/H264",
            "preferredPayloadType": 103,
            "clockRate": 90000,
            "parameters": {"level-asymmetry-allowed": 1, "packetization-mode": 1, "profile-level-id": "4d0032"},
            "rtcpFeedback": [
                {"type": "nack"},
                {"type": "nack", "parameter": "pli"},
                {"type": "ccm", "parameter": "fir"},
                {"type": "goog-remb"},
            ],
        },
        {
            "kind": "video",
            "mimeType": "video/rtx",
            "preferredPayloadType": 104,
            "clockRate": 90000,
            "parameters": {"apt": 103},
            "rtcpFeedback": [],
        },
    ],
    "headerExtensions": [
        {"kind": "audio", "uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "preferredId": 1, "preferredEncrypt": False},
        {"kind": "video", "uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "preferredId": 1, "preferredEncrypt": False},
        {
            "kind": "video",
            "uri": "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            "preferredId": 2,
            "preferredEncrypt": False,
        },
        {
            "kind": "audio",
            "uri": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            "preferredId": 4,
            "preferredEncrypt": False,
        },
        {
            "kind": "video",
            "uri": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            "preferredId": 4,
            "preferredEncrypt": False,
        },
        {
            "kind": "audio",
            "uri": "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            "preferredId": 6,
            "preferredEncrypt": False,
        },
        {"kind": "video", "uri": "urn:3gpp:video-orientation", "preferredId": 8, "preferredEncrypt": False},
        {"kind": "video", "uri": "urn:ietf:params:rtp-hdrext:toffset", "preferredId": 9, "preferredEncrypt": False},
    ],
}

# What an endpoint says that knows none of the codecs.
FOREIGN_DEVICE: RtpCapabilities = {
    "codecs": [
        {"kind": "audio", "mimeType": "audio/ISAC", "preferredPayloadType": 100, "clockRate": 32000, "channels": 1}
    ],
    "headerExtensions": [],
}

DTLS: DtlsParameters = {
    "fingerprints": [
        {
            "algorithm": "sha-256",
            "value": "82:5A:68:3D:36:C3:0A:DE:AF:E7:32:43:D2:88:83:57:AC:2D:65:E5:80:C4:B6:FB:AF:1A:A0:21:9F:6D:0C:AD",
        }
    ],
    "role": "client",
}

MULTIOPUS_CODEC: RouterRtpCodecCapability = {
    "kind": "audio",
    "mimeType": "audio/multiopus",
    "preferredPayloadType": 100,
    "clockRate": 48000,
    "channels": 6,
    "parameters": {"useinbandfec": 1, "channel_mapping": "0,4,1,2,3,5", "num_streams": 4, "coupled_streams": 2},
}

MULTIOPUS: RtpParameters = {
    "mid": "AUDIO",
    "codecs": [
        {
            "mimeType": "audio/multiopus",
            "payloadType": 0,
            "clockRate": 48000,
            "channels": 6,
            "parameters": MULTIOPUS_CODEC["parameters"],
        }
    ],
}

_FEEDBACK: list[RtcpFeedback] = [
    {"type": "nack", "parameter": ""},
    {"type": "nack", "parameter": "pli"},
    {"type": "ccm", "parameter": "fir"},
    {"type": "goog-remb", "parameter": ""},
]

VPX_CODECS: list[RouterRtpCodecCapability] = [
    {"kind": "video", "mimeType": "video/VP8", "clockRate": 90000},
    {"kind": "video", "mimeType": "video/VP9", "clockRate": 90000},
]

VPX_DEVICE: RtpCapabilities = {
    "codecs": [
        {
            "kind": "video",
            "mimeType": "video/VP8",
            "preferredPayloadType": 101,
            "clockRate": 90000,
            "rtcpFeedback": _FEEDBACK,
        },
        {
            "kind": "video",
            "mimeType": "video/VP9",
            "preferredPayloadType": 102,
            "clockRate": 90000,
            "rtcpFeedback": _FEEDBACK,
        },
    ],
    "headerExtensions": [],
}


def vp8(*encodings: RtpEncodingParameters) -> RtpParameters:
    """Return what sends VP8 with these encodings."""
    return _video("video/VP8", encodings)


def vp9(*encodings: RtpEncodingParameters) -> RtpParameters:
    """Return what sends VP9 with these encodings."""
    return _video("video/VP9", encodings)


def _video(mime_type: str, encodings: tuple[RtpEncodingParameters, ...]) -> RtpParameters:
    return {
        "codecs": [{"mimeType": mime_type, "payloadType": 96, "clockRate": 90000, "rtcpFeedback": _FEEDBACK}],
        "encodings": list(encodings),
        "rtcp": {"cname": "FOOBAR"},
    }

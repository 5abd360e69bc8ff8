"""What a browser would say of what it sends and can receive."""

from __future__ import annotations

import secrets
from typing import Any

CAPABILITIES: dict[str, Any] = {
    "codecs": [
        {
            "kind": "audio",
            "mimeType": "audio/opus",
            "preferredPayloadType": 100,
            "clockRate": 48000,
            "channels": 2,
            "rtcpFeedback": [{"type": "transport-cc"}],
        },
        {
            "kind": "video",
            "mimeType": "video/VP8",
            "preferredPayloadType": 101,
            "clockRate": 90000,
            "rtcpFeedback": [{"type": "nack"}, {"type": "nack", "parameter": "pli"}, {"type": "transport-cc"}],
        },
        {
            "kind": "video",
            "mimeType": "video/rtx",
            "preferredPayloadType": 102,
            "clockRate": 90000,
            "parameters": {"apt": 101},
        },
    ],
    "headerExtensions": [{"kind": "video", "uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "preferredId": 1}],
}
DTLS: dict[str, Any] = {
    "role": "client",
    "fingerprints": [{"algorithm": "sha-256", "value": ":".join(["AB"] * 32)}],
}
JOIN: dict[str, Any] = {
    "displayName": "Somebody",
    "device": {"flag": "chrome", "name": "Chrome", "version": "130.0"},
    "rtpCapabilities": CAPABILITIES,
}


def audio(mid: str = "0") -> dict[str, Any]:
    """Return the RTP parameters of a microphone."""
    return {
        "mid": mid,
        "codecs": [{"mimeType": "audio/opus", "payloadType": 111, "clockRate": 48000, "channels": 2}],
        "encodings": [{"ssrc": _ssrc()}],
        "rtcp": {"cname": f"test-{mid}"},
    }


def video(mid: str = "1") -> dict[str, Any]:
    """Return the RTP parameters of a camera that sends VP8 with RTX."""
    return {
        "mid": mid,
        "codecs": [
            {
                "mimeType": "video/VP8",
                "payloadType": 96,
                "clockRate": 90000,
                "rtcpFeedback": [{"type": "nack"}, {"type": "nack", "parameter": "pli"}],
            },
            {"mimeType": "video/rtx", "payloadType": 97, "clockRate": 90000, "parameters": {"apt": 96}},
        ],
        "encodings": [{"ssrc": _ssrc(), "rtx": {"ssrc": _ssrc()}}],
        "rtcp": {"cname": f"test-{mid}"},
    }


def _ssrc() -> int:
    return 1 + secrets.randbelow(2**32 - 1)

"""The capabilities of a router."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tureen.mediasoup.errors import MediasoupError, UnsupportedError
from tureen.mediasoup.ortc.checks import is_number
from tureen.mediasoup.ortc.codecs import normalize_codec_capability
from tureen.mediasoup.ortc.matching import match_codecs
from tureen.mediasoup.supported_rtp_capabilities import SUPPORTED_RTP_CAPABILITIES
from tureen.mediasoup.types import RouterRtpCodecCapability, RtpCapabilities, RtpCodecCapability

# mediasoup's order. All routers assign payload types in the same one, so that those with the same codecs agree.
DYNAMIC_PAYLOAD_TYPES: Final = (*range(100, 128), *range(96, 100))


def generate_router_rtp_capabilities(media_codecs: list[RouterRtpCodecCapability] | None = None) -> RtpCapabilities:
    """Make the capabilities of a router from the codecs that it shall support.

    Each video codec is followed by an RTX codec for it.

    Args:
        media_codecs: Codecs, each among mediasoup's supported ones. Default: none.

    Raises:
        TypeError: A codec is malformed, or two have the same payload type.
        UnsupportedError: mediasoup does not support a codec.
        MediasoupError: There are more codecs than dynamic payload types.
    """
    if media_codecs is not None and not isinstance(media_codecs, list):
        raise TypeError("mediaCodecs must be an Array")
    free = list(DYNAMIC_PAYLOAD_TYPES)
    codecs: list[RtpCodecCapability] = []
    for media_codec in media_codecs or ():
        codec = _router_codec(media_codec, free)
        if any(known["preferredPayloadType"] == codec["preferredPayloadType"] for known in codecs):
            raise TypeError("duplicated codec.preferredPayloadType")
        codecs.append(codec)
        if codec["kind"] == "video":
            codecs.append(_rtx_codec(codec, _take_payload_type(free)))
    return {"codecs": codecs, "headerExtensions": SUPPORTED_RTP_CAPABILITIES["headerExtensions"]}


def _router_codec(given: RouterRtpCodecCapability, free: list[int]) -> RtpCodecCapability:
    """Combine a wanted codec with the supported one, and give it a payload type."""
    wanted = normalize_codec_capability(given)
    supported = next(_supported_codecs(wanted), None)
    if supported is None:
        raise UnsupportedError(f"media codec not supported [mimeType:{wanted['mimeType']}]")
    payload_type = wanted.get("preferredPayloadType")
    if payload_type is not None and is_number(payload_type):
        if payload_type in free:
            free.remove(payload_type)
    else:
        payload_type = supported.get("preferredPayloadType")
        if payload_type is None:
            payload_type = _take_payload_type(free)
    parameters: dict[str, Any] = {**supported["parameters"], **wanted["parameters"]}
    return {**supported, "preferredPayloadType": payload_type, "parameters": parameters}


def _supported_codecs(wanted: RouterRtpCodecCapability) -> Iterator[RouterRtpCodecCapability]:
    return (codec for codec in SUPPORTED_RTP_CAPABILITIES["codecs"] if match_codecs(wanted, codec))


def _take_payload_type(free: list[int]) -> int:
    if not free:
        raise MediasoupError("cannot allocate more dynamic codec payload types")
    return free.pop(0)


def _rtx_codec(codec: RtpCodecCapability, payload_type: int) -> RtpCodecCapability:
    return {
        "kind": codec["kind"],
        "mimeType": f"{codec['kind']}/rtx",
        "preferredPayloadType": payload_type,
        "clockRate": codec["clockRate"],
        "parameters": {"apt": codec["preferredPayloadType"]},
        "rtcpFeedback": [],
    }

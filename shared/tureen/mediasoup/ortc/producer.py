"""From the parameters of a producer to what consumers may get of it."""

from __future__ import annotations

import functools
from typing import Any, Final, NamedTuple

from tureen.mediasoup.describe import describe
from tureen.mediasoup.errors import UnsupportedError
from tureen.mediasoup.ortc import h264
from tureen.mediasoup.ortc.matching import is_rtx_codec, match_codecs, parameters_of
from tureen.mediasoup.ortc.ssrc import SsrcSource, random_ssrcs
from tureen.mediasoup.ortc.validation import validate_and_normalize_rtp_capabilities
from tureen.mediasoup.supported_rtp_capabilities import SUPPORTED_RTP_CAPABILITIES
from tureen.mediasoup.types import (
    MediaKind,
    RtcpParameters,
    RtpCapabilities,
    RtpCodecCapability,
    RtpCodecMapping,
    RtpCodecParameters,
    RtpCodecsEncodingsMapping,
    RtpEncodingMapping,
    RtpEncodingParameters,
    RtpHeaderExtension,
    RtpHeaderExtensionParameters,
    RtpParameters,
)

_ABS_CAPTURE_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"


class ProducerRtpMapping(NamedTuple):
    """What a producer's parameters become in a router.

    Attributes:
        rtp_parameters: The producer's parameters, with the H264 level that was agreed on.
        rtp_mapping: The names of its codecs and encodings inside the router.
    """

    rtp_parameters: RtpParameters
    rtp_mapping: RtpCodecsEncodingsMapping


def get_producer_rtp_parameters_mapping(
    params: RtpParameters, caps: RtpCapabilities, *, ssrcs: SsrcSource = random_ssrcs
) -> ProducerRtpMapping:
    """Find the router's name for each codec and encoding of a producer.

    Args:
        params: Parameters of the producer, normalised.
        caps: Capabilities of the router.
        ssrcs: Where the SSRCs inside the router come from.

    Raises:
        UnsupportedError: The router lacks a codec, or the RTX codec for one.
        TypeError: An RTX codec belongs to no media codec.
    """
    codecs = params["codecs"]
    agreed: list[RtpCodecParameters] = []
    mapped: list[RtpCodecMapping] = []
    # By payload type: the router's codec, None for RTX codecs.
    matches: dict[object, RtpCodecCapability | None] = {}
    for codec in codecs:
        match = None
        if not is_rtx_codec(codec):
            match = _matching_capability(codec, caps)
            mapped.append(_map_codec(codec, match))
        agreed.append(codec if match is None else _agree_on_h264_level(codec, match))
        matches.setdefault(codec["payloadType"], match)
    if len(mapped) < len(codecs):
        mapped += [
            _map_codec(codec, _matching_rtx_capability(codec, matches, caps)) for codec in codecs if is_rtx_codec(codec)
        ]
    mapping: RtpCodecsEncodingsMapping = {
        "codecs": mapped,
        "encodings": _map_encodings(params.get("encodings", []), ssrcs),
    }
    if all(map(_is, agreed, codecs)):
        return ProducerRtpMapping(params, mapping)
    return ProducerRtpMapping({**params, "codecs": agreed}, mapping)


def get_consumable_rtp_parameters(
    kind: MediaKind, params: RtpParameters, caps: RtpCapabilities, rtp_mapping: RtpCodecsEncodingsMapping
) -> RtpParameters:
    """Make the parameters that consumers of a producer start from.

    Args:
        kind: Kind of the producer.
        params: Parameters of the producer, as `get_producer_rtp_parameters_mapping` returned them.
        caps: Capabilities of the router.
        rtp_mapping: The mapping that the same call returned.
    """
    mapped = {entry["payloadType"]: entry["mappedPayloadType"] for entry in reversed(rtp_mapping["codecs"])}
    codecs: list[RtpCodecParameters] = []
    for codec in params["codecs"]:
        if not is_rtx_codec(codec):
            codecs += _consumable_codecs(codec, mapped[codec["payloadType"]], caps)
    consumable: RtpParameters = {
        "codecs": codecs,
        "headerExtensions": _consumable_header_extensions(kind, params, caps),
        "encodings": [
            _consumable_encoding(encoding, entry["mappedSsrc"])
            for encoding, entry in zip(params.get("encodings", ()), rtp_mapping["encodings"], strict=True)
        ],
        "rtcp": _consumable_rtcp(params),
    }
    if "msid" in params:
        consumable["msid"] = params["msid"]
    return consumable


def can_consume(consumable_params: RtpParameters, caps: RtpCapabilities) -> bool:
    """Tell whether an endpoint can receive a producer.

    Args:
        consumable_params: The producer's consumable parameters.
        caps: Capabilities of the endpoint, as it sent them.

    Raises:
        TypeError: The capabilities are malformed.
    """
    known = validate_and_normalize_rtp_capabilities(caps)["codecs"]
    for codec in consumable_params["codecs"]:
        if any(match_codecs(candidate, codec, strict=True) for candidate in known):
            return not is_rtx_codec(codec)
    return False


def _is(one: object, other: object) -> bool:
    return one is other


def _matching_capability(codec: RtpCodecParameters, caps: RtpCapabilities) -> RtpCodecCapability:
    for candidate in caps["codecs"]:
        if match_codecs(codec, candidate, strict=True):
            return candidate
    raise UnsupportedError(
        f"unsupported codec [mimeType:{codec['mimeType']}, payloadType:{describe(codec['payloadType'])}]"
    )


def _agree_on_h264_level(codec: RtpCodecParameters, match: RtpCodecCapability) -> RtpCodecParameters:
    """Return the codec with the H264 level that both sides can do."""
    if codec["mimeType"].lower() != "video/h264":
        return codec
    parameters = parameters_of(codec)
    answer = h264.answer_profile_level_id(parameters, parameters_of(match))
    if parameters.get("profile-level-id") == answer:
        return codec
    agreed: dict[str, Any] = {key: value for key, value in parameters.items() if key != "profile-level-id"}
    if answer is not None:
        agreed["profile-level-id"] = answer
    return {**codec, "parameters": agreed}


def _matching_rtx_capability(
    codec: RtpCodecParameters, matches: dict[object, RtpCodecCapability | None], caps: RtpCapabilities
) -> RtpCodecCapability:
    """Find the router's RTX codec for the media codec that an RTX codec of the producer repairs."""
    media_match = matches.get(parameters_of(codec).get("apt"))
    if media_match is None:
        raise TypeError(f"missing media codec found for RTX PT {describe(codec['payloadType'])}")
    payload_type = media_match["preferredPayloadType"]
    rtx = _rtx_capability(payload_type, caps)
    if rtx is None:
        raise UnsupportedError(f"no RTX codec for capability codec PT {payload_type}")
    return rtx


def _rtx_capability(payload_type: int, caps: RtpCapabilities) -> RtpCodecCapability | None:
    for candidate in caps["codecs"]:
        if is_rtx_codec(candidate) and parameters_of(candidate).get("apt") == payload_type:
            return candidate
    return None


def _map_codec(codec: RtpCodecParameters, match: RtpCodecCapability) -> RtpCodecMapping:
    return {"payloadType": codec["payloadType"], "mappedPayloadType": match["preferredPayloadType"]}


def _map_encodings(encodings: list[RtpEncodingParameters], ssrcs: SsrcSource) -> list[RtpEncodingMapping]:
    first = ssrcs(len(encodings))
    mapped: list[RtpEncodingMapping] = []
    for index, encoding in enumerate(encodings):
        entry: RtpEncodingMapping = {"mappedSsrc": first + index}
        if "ssrc" in encoding:
            entry["ssrc"] = encoding["ssrc"]
        if "rid" in encoding:
            entry["rid"] = encoding["rid"]
        mapped.append(entry)
    return mapped


def _consumable_codecs(codec: RtpCodecParameters, payload_type: int, caps: RtpCapabilities) -> list[RtpCodecParameters]:
    """Return a codec as the router offers it, with the producer's parameters, and its RTX codec if there is one."""
    match = next(candidate for candidate in caps["codecs"] if candidate["preferredPayloadType"] == payload_type)
    consumable: RtpCodecParameters = {
        "mimeType": match["mimeType"],
        "payloadType": payload_type,
        "clockRate": match["clockRate"],
        "parameters": codec.get("parameters", {}),
        "rtcpFeedback": match["rtcpFeedback"],
    }
    if "channels" in match:
        consumable["channels"] = match["channels"]
    rtx = _rtx_capability(payload_type, caps)
    if rtx is None:
        return [consumable]
    consumable_rtx: RtpCodecParameters = {
        "mimeType": rtx["mimeType"],
        "payloadType": rtx["preferredPayloadType"],
        "clockRate": rtx["clockRate"],
        "parameters": rtx["parameters"],
        "rtcpFeedback": rtx["rtcpFeedback"],
    }
    return [consumable, consumable_rtx]


def _consumable_header_extensions(
    kind: MediaKind, params: RtpParameters, caps: RtpCapabilities
) -> list[RtpHeaderExtensionParameters]:
    """Return the header extensions that mediasoup sends to consumers of the kind.

    The worker passes on the capture time of the packets and never makes one up, so it is offered only where the
    producer sends it.
    """
    sends_capture_time = _ABS_CAPTURE_TIME in [given["uri"] for given in params.get("headerExtensions", ())]
    known = caps["headerExtensions"]
    if known is SUPPORTED_RTP_CAPABILITIES["headerExtensions"]:
        return _supported_header_extensions(kind, sends_capture_time)
    return _offered_header_extensions(kind, sends_capture_time, known)


@functools.cache
def _supported_header_extensions(kind: MediaKind, sends_capture_time: bool) -> list[RtpHeaderExtensionParameters]:
    """Return one list for all producers of a kind: their routers know the same header extensions."""
    return _offered_header_extensions(kind, sends_capture_time, SUPPORTED_RTP_CAPABILITIES["headerExtensions"])


def _offered_header_extensions(
    kind: MediaKind, sends_capture_time: bool, known: list[RtpHeaderExtension]
) -> list[RtpHeaderExtensionParameters]:
    return [
        {
            "uri": extension["uri"],
            "id": extension["preferredId"],
            "encrypt": extension["preferredEncrypt"],
            "parameters": {},
        }
        for extension in known
        if extension["kind"] == kind
        and extension["direction"] in ("sendrecv", "sendonly")
        and (sends_capture_time or extension["uri"] != _ABS_CAPTURE_TIME)
    ]


def _consumable_encoding(encoding: RtpEncodingParameters, ssrc: int) -> RtpEncodingParameters:
    """Return an encoding under the router's SSRC, without what only its sender knows."""
    consumable = encoding.copy()
    consumable["ssrc"] = ssrc
    consumable.pop("rid", None)
    consumable.pop("rtx", None)
    consumable.pop("codecPayloadType", None)
    return consumable


def _consumable_rtcp(params: RtpParameters) -> RtcpParameters:
    cname = params.get("rtcp", {}).get("cname")
    return {"reducedSize": True} if cname is None else {"cname": cname, "reducedSize": True}

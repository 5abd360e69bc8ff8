"""From what a producer offers to the parameters of one consumer."""

from __future__ import annotations

from typing import Final

from tureen.mediasoup.errors import UnsupportedError
from tureen.mediasoup.ortc.checks import normalize_all
from tureen.mediasoup.ortc.codecs import normalize_codec_capability
from tureen.mediasoup.ortc.matching import is_rtx_codec, match_codecs, parameters_of
from tureen.mediasoup.ortc.ssrc import SsrcSource, random_ssrcs
from tureen.mediasoup.scalability_modes import parse_scalability_mode
from tureen.mediasoup.types import (
    RtcpFeedback,
    RtpCapabilities,
    RtpCodecCapability,
    RtpCodecParameters,
    RtpEncodingParameters,
    RtpHeaderExtensionParameters,
    RtpParameters,
)

_MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
_ABS_SEND_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
_TRANSPORT_WIDE_CC: Final = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

# A pipe has its own MID and does no bandwidth estimation.
_NOT_ON_PIPES: Final = frozenset({_MID, _ABS_SEND_TIME, _TRANSPORT_WIDE_CC})

# mediasoup reads this extension but never offers it to endpoints. The router at the other end of a pipe needs it to
# tell the layers of AV1 and VP9 apart, so every pipe consumer carries it.
_DEPENDENCY_DESCRIPTOR: Final[RtpHeaderExtensionParameters] = {
    "uri": "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
    "id": 7,
    "encrypt": False,
    "parameters": {},
}


def get_consumer_rtp_parameters(
    *,
    consumable_rtp_parameters: RtpParameters,
    remote_rtp_capabilities: RtpCapabilities,
    pipe: bool,
    enable_rtx: bool,
    ssrcs: SsrcSource = random_ssrcs,
    validated: bool = False,
) -> RtpParameters:
    """Make the parameters of a consumer: what both the producer and the receiving endpoint can do.

    Args:
        consumable_rtp_parameters: The producer's consumable parameters.
        remote_rtp_capabilities: Capabilities of the receiving endpoint, with `codecs` and `headerExtensions`.
        pipe: Whether to keep all encodings. Otherwise the consumer sends one stream.
        enable_rtx: Whether lost packets may be asked for with NACK and sent again.
        ssrcs: Where the SSRCs of the consumer come from.
        validated: Whether the capabilities come from `validate_and_normalize_rtp_capabilities`, so that checking
            their codecs once more can change nothing.

    Raises:
        TypeError: A codec of the endpoint is malformed.
        UnsupportedError: There is no media codec that both can do.
    """
    remote_codecs = remote_rtp_capabilities["codecs"]
    if not validated:
        remote_codecs = normalize_all(remote_codecs, normalize_codec_capability)
    codecs = _common_codecs(consumable_rtp_parameters["codecs"], remote_codecs, enable_rtx)
    if not codecs or is_rtx_codec(codecs[0]):
        raise UnsupportedError("no compatible media codecs")
    remote = {(known["preferredId"], known["uri"]) for known in remote_rtp_capabilities["headerExtensions"]}
    extensions = [
        offered
        for offered in consumable_rtp_parameters["headerExtensions"]
        if (offered["id"], offered["uri"]) in remote
    ]
    _keep_one_bandwidth_estimation(codecs, {used["uri"] for used in extensions})
    has_rtx = any(map(is_rtx_codec, codecs))
    encodings = consumable_rtp_parameters["encodings"]
    sent = _all_encodings(encodings, has_rtx, ssrcs) if pipe else [_single_encoding(encodings, has_rtx, ssrcs)]
    return _consumer_parameters(consumable_rtp_parameters, codecs, extensions, sent)


def get_pipe_consumer_rtp_parameters(
    *, consumable_rtp_parameters: RtpParameters, enable_rtx: bool, ssrcs: SsrcSource = random_ssrcs
) -> RtpParameters:
    """Make the parameters of a consumer on a PipeTransport: all encodings, without bandwidth estimation.

    Args:
        consumable_rtp_parameters: The producer's consumable parameters.
        enable_rtx: Whether the pipe asks for lost packets with NACK and sends them again.
        ssrcs: Where the SSRCs of the consumer come from.
    """
    codecs: list[RtpCodecParameters] = [
        {**codec, "rtcpFeedback": [feedback for feedback in codec["rtcpFeedback"] if _on_pipes(feedback, enable_rtx)]}
        for codec in consumable_rtp_parameters["codecs"]
        if enable_rtx or not is_rtx_codec(codec)
    ]
    extensions = [
        offered for offered in consumable_rtp_parameters["headerExtensions"] if offered["uri"] not in _NOT_ON_PIPES
    ]
    extensions.append(_DEPENDENCY_DESCRIPTOR)
    extensions.sort(key=_extension_id)
    sent = _all_encodings(consumable_rtp_parameters["encodings"], enable_rtx, ssrcs)
    return _consumer_parameters(consumable_rtp_parameters, codecs, extensions, sent)


def _consumer_parameters(
    consumable: RtpParameters,
    codecs: list[RtpCodecParameters],
    extensions: list[RtpHeaderExtensionParameters],
    encodings: list[RtpEncodingParameters],
) -> RtpParameters:
    parameters: RtpParameters = {
        "codecs": codecs,
        "headerExtensions": extensions,
        "encodings": encodings,
        "rtcp": consumable["rtcp"],
    }
    if "msid" in consumable:
        parameters["msid"] = consumable["msid"]
    return parameters


def _common_codecs(
    offered: list[RtpCodecParameters], remote: list[RtpCodecCapability], enable_rtx: bool
) -> list[RtpCodecParameters]:
    """Return the codecs that both sides know, with the endpoint's feedback, and no RTX codec without its media codec.

    The result's entries are new: the caller may still change them.
    """
    common: list[RtpCodecParameters] = []
    for codec in offered:
        if not enable_rtx and is_rtx_codec(codec):
            continue
        match = next((known for known in remote if match_codecs(known, codec, strict=True)), None)
        if match is not None:
            common.append({**codec, "rtcpFeedback": _usable_feedback(match["rtcpFeedback"], enable_rtx)})
    payload_types = {codec["payloadType"] for codec in common}
    return [codec for codec in common if not is_rtx_codec(codec) or parameters_of(codec).get("apt") in payload_types]


def _usable_feedback(feedback: list[RtcpFeedback], enable_rtx: bool) -> list[RtcpFeedback]:
    return feedback if enable_rtx else [entry for entry in feedback if entry["type"] != "nack" or entry["parameter"]]


def _keep_one_bandwidth_estimation(codecs: list[RtpCodecParameters], uris: set[str]) -> None:
    """Drop the feedback of bandwidth estimations that are not in use: transport-wide if possible, else REMB."""
    if _TRANSPORT_WIDE_CC in uris:
        unused: tuple[str, ...] = ("goog-remb",)
    elif _ABS_SEND_TIME in uris:
        unused = ("transport-cc",)
    else:
        unused = ("transport-cc", "goog-remb")
    for codec in codecs:
        codec["rtcpFeedback"] = [entry for entry in codec["rtcpFeedback"] if entry["type"] not in unused]


def _single_encoding(encodings: list[RtpEncodingParameters], has_rtx: bool, ssrcs: SsrcSource) -> RtpEncodingParameters:
    """Return the one stream that a consumer makes out of all those of its producer."""
    ssrc = ssrcs(2 if has_rtx else 1)
    single: RtpEncodingParameters = {"ssrc": ssrc}
    if has_rtx:
        single["rtx"] = {"ssrc": ssrc + 1}
    mode = next((mode for encoding in encodings if (mode := encoding.get("scalabilityMode"))), None)
    if len(encodings) > 1:
        # Each encoding of a simulcast producer is a spatial layer of the consumer.
        mode = f"L{len(encodings)}T{parse_scalability_mode(mode)['temporalLayers']}"
    if mode:
        single["scalabilityMode"] = mode
    max_bitrate = max((encoding.get("maxBitrate") or 0 for encoding in encodings), default=0)
    if max_bitrate > 0:
        single["maxBitrate"] = max_bitrate
    return single


def _all_encodings(
    encodings: list[RtpEncodingParameters], has_rtx: bool, ssrcs: SsrcSource
) -> list[RtpEncodingParameters]:
    first = ssrcs(len(encodings))
    first_rtx = ssrcs(len(encodings)) if has_rtx else None
    return [
        _with_ssrcs(encoding, first + index, None if first_rtx is None else first_rtx + index)
        for index, encoding in enumerate(encodings)
    ]


def _with_ssrcs(encoding: RtpEncodingParameters, ssrc: int, rtx_ssrc: int | None) -> RtpEncodingParameters:
    renamed = encoding.copy()
    renamed["ssrc"] = ssrc
    if rtx_ssrc is not None:
        renamed["rtx"] = {"ssrc": rtx_ssrc}
    else:
        renamed.pop("rtx", None)
    return renamed


def _on_pipes(feedback: RtcpFeedback, enable_rtx: bool) -> bool:
    pair = (feedback["type"], feedback["parameter"])
    return pair in (("nack", "pli"), ("ccm", "fir")) or (enable_rtx and pair == ("nack", ""))


def _extension_id(extension: RtpHeaderExtensionParameters) -> int:
    return extension["id"]

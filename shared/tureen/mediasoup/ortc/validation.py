"""Validation of capabilities and parameters.

Each function returns the normalised structure, with every default filled in, and never changes its argument: what
needs no change is shared, and a structure that was normalised before is returned as it is. Wrong types raise
`TypeError`, as in mediasoup. A value of `None` stands for an absent one; unknown keys are kept.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from tureen.mediasoup.ortc.checks import is_given, is_number, normalize_all
from tureen.mediasoup.ortc.codecs import (
    normalize_codec_capability,
    normalize_codec_parameters,
    normalize_parameter_values,
)
from tureen.mediasoup.types import (
    RouterRtpCapabilities,
    RtcpParameters,
    RtpCapabilities,
    RtpEncodingParameters,
    RtpHeaderExtension,
    RtpHeaderExtensionParameters,
    RtpParameters,
    SctpStreamParameters,
)

Capabilities = TypeVar("Capabilities", RtpCapabilities, RouterRtpCapabilities)


def validate_and_normalize_rtp_capabilities(caps: Capabilities) -> Capabilities:
    """Check capabilities and fill in their defaults.

    Raises:
        TypeError: A field has a wrong type, or a mandatory one is missing.
    """
    if not isinstance(caps, dict):
        raise TypeError("caps is not an object")
    codecs = normalize_all(_list_field(caps, "caps", "codecs"), normalize_codec_capability)
    extensions = normalize_all(_list_field(caps, "caps", "headerExtensions"), _normalize_header_extension)
    if codecs is caps.get("codecs") and extensions is caps.get("headerExtensions"):
        return caps
    return cast("Capabilities", {**caps, "codecs": codecs, "headerExtensions": extensions})


def validate_and_normalize_rtp_parameters(params: RtpParameters) -> RtpParameters:
    """Check RTP parameters and fill in their defaults.

    Raises:
        TypeError: A field has a wrong type, or a mandatory one is missing.
    """
    if not isinstance(params, dict):
        raise TypeError("params is not an object")
    _check_optional_string(params.get("mid"), "params.mid is not a string")
    if not isinstance(params.get("codecs"), list):
        raise TypeError("missing params.codecs")
    codecs = normalize_all(params["codecs"], normalize_codec_parameters)
    extensions = normalize_all(_list_field(params, "params", "headerExtensions"), _normalize_extension_parameters)
    encodings = normalize_all(_list_field(params, "params", "encodings"), _normalize_encoding)
    rtcp = _rtcp_field(params)
    _check_optional_string(params.get("msid"), "params.msid is not a string")
    normalized_rtcp = _normalize_rtcp(rtcp)
    if (
        codecs is params["codecs"]
        and extensions is params.get("headerExtensions")
        and encodings is params.get("encodings")
        and normalized_rtcp is params.get("rtcp")
    ):
        return params
    return {
        **params,
        "codecs": codecs,
        "headerExtensions": extensions,
        "encodings": encodings,
        "rtcp": normalized_rtcp,
    }


def validate_and_normalize_sctp_stream_parameters(params: SctpStreamParameters) -> SctpStreamParameters:
    """Check SCTP stream parameters; without `ordered` a stream is ordered unless it has a limit.

    Raises:
        TypeError: A field has a wrong type, `streamId` is missing, both limits are given, or one on an ordered stream.
    """
    if not isinstance(params, dict):
        raise TypeError("params is not an object")
    if not is_number(params.get("streamId")):
        raise TypeError("missing params.streamId")
    ordered = params.get("ordered")
    life_time = params.get("maxPacketLifeTime")
    retransmits = params.get("maxRetransmits")
    _check_optional_number(life_time, "invalid params.maxPacketLifeTime")
    _check_optional_number(retransmits, "invalid params.maxRetransmits")
    if life_time and retransmits:
        raise TypeError("cannot provide both maxPacketLifeTime and maxRetransmits")
    limited = bool(life_time or retransmits)
    if not isinstance(ordered, bool):
        return {**params, "ordered": not limited}
    if ordered and limited:
        raise TypeError("cannot be ordered with maxPacketLifeTime or maxRetransmits")
    return params


def _list_field(structure: Any, name: str, field: str) -> list[Any]:
    value = structure.get(field)
    if isinstance(value, list):
        return value
    if is_given(value):
        raise TypeError(f"{name}.{field} is not an array")
    return []


def _rtcp_field(params: RtpParameters) -> RtcpParameters:
    rtcp = params.get("rtcp")
    if isinstance(rtcp, dict):
        return rtcp
    if is_given(rtcp):
        raise TypeError("params.rtcp is not an object")
    return {}


def _check_optional_string(value: object, message: str) -> None:
    if value is not None and not isinstance(value, str) and is_given(value):
        raise TypeError(message)


def _check_optional_number(value: object, message: str) -> None:
    if not is_number(value) and is_given(value):
        raise TypeError(message)


def _normalize_header_extension(extension: RtpHeaderExtension) -> RtpHeaderExtension:
    if not isinstance(extension, dict):
        raise TypeError("ext is not an object")
    if extension.get("kind") not in ("audio", "video"):
        raise TypeError("invalid ext.kind")
    _check_uri(extension.get("uri"))
    if type(extension.get("preferredId")) is not int and not is_number(extension.get("preferredId")):
        raise TypeError("missing ext.preferredId")
    encrypt = extension.get("preferredEncrypt")
    if not isinstance(encrypt, bool) and is_given(encrypt):
        raise TypeError("invalid ext.preferredEncrypt")
    direction = extension.get("direction")
    _check_optional_string(direction, "invalid ext.direction")
    if isinstance(encrypt, bool) and direction:
        return extension
    return {**extension, "preferredEncrypt": encrypt is True, "direction": direction or "sendrecv"}


def _normalize_extension_parameters(extension: RtpHeaderExtensionParameters) -> RtpHeaderExtensionParameters:
    if not isinstance(extension, dict):
        raise TypeError("ext is not an object")
    _check_uri(extension.get("uri"))
    if type(extension.get("id")) is not int and not is_number(extension.get("id")):
        raise TypeError("missing ext.id")
    encrypt = extension.get("encrypt")
    if not isinstance(encrypt, bool) and is_given(encrypt):
        raise TypeError("invalid ext.encrypt")
    given = extension.get("parameters")
    parameters = given if isinstance(given, dict) else {}
    if parameters:
        parameters = normalize_parameter_values(parameters)
    if isinstance(encrypt, bool) and parameters is given:
        return extension
    return {**extension, "encrypt": encrypt is True, "parameters": parameters}


def _check_uri(uri: object) -> None:
    if not uri or not isinstance(uri, str):
        raise TypeError("missing ext.uri")


def _normalize_encoding(encoding: RtpEncodingParameters) -> RtpEncodingParameters:
    if not isinstance(encoding, dict):
        raise TypeError("encoding is not an object")
    if type(encoding.get("ssrc")) is not int:
        _check_optional_number(encoding.get("ssrc"), "invalid encoding.ssrc")
    _check_optional_string(encoding.get("rid"), "invalid encoding.rid")
    rtx = encoding.get("rtx")
    if isinstance(rtx, dict):
        if type(rtx.get("ssrc")) is not int and not is_number(rtx.get("ssrc")):
            raise TypeError("missing encoding.rtx.ssrc")
    elif is_given(rtx):
        raise TypeError("invalid encoding.rtx")
    _check_optional_string(encoding.get("scalabilityMode"), "invalid encoding.scalabilityMode")
    return encoding if isinstance(encoding.get("dtx"), bool) else {**encoding, "dtx": False}


def _normalize_rtcp(rtcp: RtcpParameters) -> RtcpParameters:
    _check_optional_string(rtcp.get("cname"), "invalid rtcp.cname")
    return rtcp if rtcp.get("reducedSize") is True else {**rtcp, "reducedSize": True}

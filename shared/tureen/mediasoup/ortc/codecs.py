"""Validation of codecs, in capabilities and in parameters."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from tureen.mediasoup.describe import describe
from tureen.mediasoup.ortc.checks import is_given, is_number, media_kind, normalize_all
from tureen.mediasoup.types import RouterRtpCodecCapability, RtcpFeedback, RtpCodecCapability, RtpCodecParameters

Capability = TypeVar("Capability", RtpCodecCapability, RouterRtpCodecCapability)


def normalize_codec_capability(codec: Capability) -> Capability:
    """Check a codec of capabilities and fill in its defaults; `kind` always follows `mimeType`."""
    if not isinstance(codec, dict):
        raise TypeError("codec is not an object")
    kind = media_kind(codec.get("mimeType"))
    preferred_payload_type = codec.get("preferredPayloadType")
    if type(preferred_payload_type) is not int and is_given(preferred_payload_type):
        _require_number(preferred_payload_type, "invalid codec.preferredPayloadType")
    changes = _missing_fields(codec, kind)
    if codec.get("kind") != kind:
        changes["kind"] = kind
    return cast("Capability", _changed(codec, changes, kind))


def normalize_codec_parameters(codec: RtpCodecParameters) -> RtpCodecParameters:
    """Check a codec of parameters and fill in its defaults."""
    if not isinstance(codec, dict):
        raise TypeError("codec is not an object")
    kind = media_kind(codec.get("mimeType"))
    payload_type = codec.get("payloadType")
    if type(payload_type) is not int:
        _require_number(payload_type, "missing codec.payloadType")
    return cast("RtpCodecParameters", _changed(codec, _missing_fields(codec, kind), kind))


def normalize_parameter_values(parameters: dict[str, Any]) -> dict[str, Any]:
    """Check that each parameter is a string or a number; `None` becomes the empty string."""
    unset = False
    for key, value in parameters.items():
        value_type = type(value)
        if value_type is str or value_type is int:
            continue
        if value is None:
            unset = True
        elif not (is_number(value) or isinstance(value, str)):
            raise TypeError(f"invalid parameter [key:{describe(key)}, value:{describe(value)}]")
    return {key: "" if value is None else value for key, value in parameters.items()} if unset else parameters


def _missing_fields(codec: Any, kind: str) -> dict[str, Any]:
    """Check what codecs of capabilities and of parameters have in common; return the fields that must change."""
    changes: dict[str, Any] = {}
    if type(codec.get("clockRate")) is not int:
        _require_number(codec.get("clockRate"), "missing codec.clockRate")
    if kind == "audio" and type(codec.get("channels")) is not int and not is_number(codec.get("channels")):
        changes["channels"] = 1
    parameters = codec.get("parameters")
    if not isinstance(parameters, dict):
        changes["parameters"] = {}
    elif parameters:
        checked = normalize_parameter_values(parameters)
        if isinstance(checked.get("apt"), str):
            raise TypeError("invalid codec apt parameter")
        if checked is not parameters:
            changes["parameters"] = checked
    feedback = codec.get("rtcpFeedback")
    if not isinstance(feedback, list):
        changes["rtcpFeedback"] = []
    elif feedback:
        normalized = normalize_all(feedback, _normalize_feedback)
        if normalized is not feedback:
            changes["rtcpFeedback"] = normalized
    return changes


def _changed(codec: Any, changes: dict[str, Any], kind: str) -> Any:
    if kind == "video" and "channels" in codec:
        return {key: value for key, value in codec.items() if key != "channels"} | changes
    return {**codec, **changes} if changes else codec


def _normalize_feedback(feedback: RtcpFeedback) -> RtcpFeedback:
    if not isinstance(feedback, dict):
        raise TypeError("fb is not an object")
    feedback_type = feedback.get("type")
    if not feedback_type or not isinstance(feedback_type, str):
        raise TypeError("missing fb.type")
    return feedback if isinstance(feedback.get("parameter"), str) else {**feedback, "parameter": ""}


def _require_number(value: object, message: str) -> None:
    if not is_number(value):
        raise TypeError(message)

"""Which codecs are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tureen.mediasoup.ortc import h264

AnyCodec = Mapping[str, Any]
"""A codec of capabilities or of parameters."""

_NO_PARAMETERS: Final[Mapping[str, Any]] = {}


def is_rtx_codec(codec: AnyCodec) -> bool:
    """Tell whether a codec is RTX (RFC 4588), which only repairs another codec."""
    mime_type: str = codec["mimeType"]
    return mime_type[-4:].lower() == "/rtx"


def match_codecs(one: AnyCodec, other: AnyCodec, *, strict: bool = False) -> bool:
    """Tell whether two codecs are the same.

    Args:
        one: A codec.
        other: Another one.
        strict: Whether what decides about decoding must agree too: the profile and packetization mode of H264, the
            profile of VP9.
    """
    mime_type = one["mimeType"].lower()
    if (
        mime_type != other["mimeType"].lower()
        or one["clockRate"] != other["clockRate"]
        or one.get("channels") != other.get("channels")
    ):
        return False
    if mime_type == "audio/multiopus":
        return _same_values(one, other, "num_streams", "coupled_streams")
    if strict and mime_type == "video/h264":
        mine, yours = parameters_of(one), parameters_of(other)
        return _same_or_zero(mine, yours, "packetization-mode") and h264.is_same_profile(mine, yours)
    if strict and mime_type == "video/vp9":
        return _same_or_zero(parameters_of(one), parameters_of(other), "profile-id")
    return True


def parameters_of(codec: AnyCodec) -> Mapping[str, Any]:
    """Return the parameters of a codec; none if it has none."""
    return codec.get("parameters") or _NO_PARAMETERS


def _same_values(one: AnyCodec, other: AnyCodec, *keys: str) -> bool:
    mine, yours = parameters_of(one), parameters_of(other)
    return all(mine.get(key) == yours.get(key) for key in keys)


def _same_or_zero(mine: Mapping[str, Any], yours: Mapping[str, Any], key: str) -> bool:
    return bool((mine.get(key) or 0) == (yours.get(key) or 0))

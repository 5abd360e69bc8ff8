from __future__ import annotations

from typing import Any

import pytest

from tureen.mediasoup.ortc.matching import is_rtx_codec, match_codecs


def codec(mime_type: str, **parameters: Any) -> dict[str, Any]:
    """Make a codec."""
    return {"mimeType": mime_type, "clockRate": 90000, "parameters": parameters}


def test_names_are_compared_without_regard_to_case() -> None:
    """MIME types differ in more than case."""
    assert match_codecs(codec("video/VP8"), codec("Video/vp8"))
    assert not match_codecs(codec("video/VP8"), codec("video/VP9"))


@pytest.mark.parametrize("field", [{"clockRate": 48000}, {"channels": 2}])
def test_clock_rates_and_channels_must_agree(field: dict[str, Any]) -> None:
    """Codecs of another clock rate or number of channels differ."""
    assert not match_codecs(codec("audio/opus"), codec("audio/opus") | field)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (codec("video/VP9"), codec("video/VP9", **{"profile-id": 0}), True),
        (codec("video/VP9", **{"profile-id": 2}), codec("video/VP9"), False),
        (codec("video/VP9", **{"profile-id": 2}), codec("video/VP9", **{"profile-id": "2"}), False),
        (codec("video/H264"), codec("video/H264", **{"packetization-mode": 0}), True),
        (codec("video/H264"), codec("video/H264", **{"packetization-mode": 1}), False),
        (codec("video/H264"), codec("video/H264", **{"profile-level-id": "42e015"}), True),
        (codec("video/H264"), codec("video/H264", **{"profile-level-id": "64001f"}), False),
        (codec("video/AV1", profile=0), codec("video/AV1", profile=1), True),
    ],
)
def test_profiles_must_agree_where_decoding_depends_on_them(
    one: dict[str, Any], other: dict[str, Any], same: bool
) -> None:
    """Strict matching looks at VP9 profiles and at H264 profiles and packetization modes; loose matching does not."""
    assert match_codecs(one, other, strict=True) is same
    assert match_codecs(other, one, strict=True) is same
    assert match_codecs(one, other)


def test_multichannel_opus_is_told_apart_by_streams_even_loosely() -> None:
    """Multichannel Opus needs the same streams and coupled streams."""
    one = codec("audio/multiopus", num_streams=4, coupled_streams=2)
    assert match_codecs(one, codec("audio/multiopus", num_streams=4, coupled_streams=2, foo=1))
    assert not match_codecs(one, codec("audio/multiopus", num_streams=5, coupled_streams=2))
    assert not match_codecs(one, codec("audio/multiopus", num_streams=4, coupled_streams=3))


def test_codecs_without_parameters_can_be_matched() -> None:
    """Absent parameters are empty ones."""
    assert match_codecs(
        {"mimeType": "video/VP9", "clockRate": 90000}, {"mimeType": "video/VP9", "clockRate": 90000}, strict=True
    )


@pytest.mark.parametrize(
    ("mime_type", "is_rtx"),
    [("video/rtx", True), ("audio/RTX", True), ("video/VP8", False), ("video/rtx2", False), ("video/xrtx", False)],
)
def test_rtx_is_recognised(mime_type: str, is_rtx: bool) -> None:
    """RTX codecs are named so, in any case."""
    assert is_rtx_codec(codec(mime_type)) is is_rtx

"""Parameters of codecs and header extensions are plain dicts."""

from __future__ import annotations

from typing import Any

import pytest

from tureen.mediasoup.codec import Codec

CODEC_PARAMETERS = "FBS.RtpParameters.RtpCodecParameters"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (False, False),
        (0, 0),
        (-(2**31), -(2**31)),
        (1.5, 1.5),
        (2.0, 2),
        ("42e01f", "42e01f"),
        ("", ""),
        ([1, -2], [1, -2]),
        ((1, 2), [1, 2]),
        ([], []),
    ],
)
def test_values_keep_their_kind(codec: Codec, value: Any, expected: Any) -> None:
    """Bools, integers, floats, strings and lists of integers come back as what they were."""
    table = codec.table(CODEC_PARAMETERS)
    decoded = table.decode(bytes(table.encode({"mimeType": "audio/opus", "parameters": {"name": value}})))
    assert decoded["parameters"] == {"name": expected}
    assert type(decoded["parameters"]["name"]) is type(expected)


@pytest.mark.parametrize("value", [2**31, 4e9, None, b"x", {"a": 1}, ["x"], object()])
def test_other_values_are_refused(codec: Codec, value: Any) -> None:
    """A value that the worker has no kind for is a TypeError that names the parameter."""
    with pytest.raises(TypeError, match=r"parameters\.x-name"):
        codec.table(CODEC_PARAMETERS).encode({"mimeType": "audio/opus", "parameters": {"x-name": value}})


def test_absent_parameters_are_empty(codec: Codec) -> None:
    """A codec without parameters has an empty dict, and its own each time."""
    table = codec.table(CODEC_PARAMETERS)
    buffer = bytes(table.encode({"mimeType": "audio/opus"}))
    first = table.decode(buffer)["parameters"]
    assert first == {}
    assert table.decode(buffer)["parameters"] is not first


def test_rtp_parameters_are_what_mediasoup_takes(codec: Codec) -> None:
    """RtpParameters as a browser sends them go in as they are, and come out with the same values."""
    parameters: dict[str, Any] = {
        "mid": "0",
        "codecs": [
            {
                "mimeType": "video/H264",
                "payloadType": 101,
                "clockRate": 90000,
                "parameters": {"packetization-mode": 1, "profile-level-id": "42e01f", "x": True},
                "rtcpFeedback": [{"type": "nack", "parameter": "pli"}, {"type": "goog-remb"}],
            },
            {"mimeType": "video/rtx", "payloadType": 102, "clockRate": 90000, "parameters": {"apt": 101}},
        ],
        "headerExtensions": [{"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 1, "encrypt": False}],
        "encodings": [{"rid": "r0", "maxBitrate": 2**40, "scalabilityMode": "L1T3"}, {"ssrc": 5, "rtx": {"ssrc": 6}}],
        "rtcp": {"cname": "cname", "reducedSize": True},
        "msid": None,
    }
    table = codec.table("FBS.RtpParameters.RtpParameters")
    decoded = table.decode(bytes(table.encode(parameters)))
    assert _contains(decoded, parameters)


def _contains(decoded: Any, given: Any) -> bool:
    """Tell whether all that was given is there again."""
    if isinstance(given, dict):
        return all(_contains(decoded[key], value) for key, value in given.items())
    if isinstance(given, list):
        return len(decoded) == len(given) and all(map(_contains, decoded, given))
    return bool(decoded == given)

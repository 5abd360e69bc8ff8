"""What errors say of what was given."""

from __future__ import annotations

from typing import Any

import pytest

from tureen.mediasoup.codec import Codec
from tureen.mediasoup.data_producer import encode_message
from tureen.mediasoup.describe import describe
from tureen.mediasoup.errors import UnsupportedError
from tureen.mediasoup.ortc import (
    generate_router_rtp_capabilities,
    get_producer_rtp_parameters_mapping,
    validate_and_normalize_rtp_parameters,
)


def nested() -> list[Any]:
    """Return a list that is too deep to be printed."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    return deep


def endless() -> dict[str, Any]:
    """Return a dict that holds itself."""
    values: dict[str, Any] = {}
    values["self"] = values
    return values


class Mute:
    """Be unable to describe oneself."""

    def __repr__(self) -> str:
        """Fail."""
        raise RuntimeError("no")


# Python prints no integer of more than 4,300 digits.
ODD: list[Any] = [10**5000, nested(), endless(), Mute(), "x" * 100_000, b"x" * 100_000, [0] * 100_000, {10**5000: 0}]


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_describe(value: Any) -> None:
    """Anything has a description, and a short one."""
    assert 0 < len(describe(value)) < 500


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_refusals(codec: Codec, value: Any) -> None:
    """Whatever somebody gives, they are told by a TypeError that is short."""
    wrong: list[dict[Any, Any]] = [{"maxIncomingBitrate": value}]
    if value.__hash__ is not None:
        wrong.append({"maxIncomingBitrate": 1, value: 1})
    for body in wrong:
        with pytest.raises(TypeError) as refused:
            codec.encode_request(1, "TRANSPORT_SET_MAX_INCOMING_BITRATE", "t", body)
        assert len(str(refused.value)) < 1000 or "x" * 1000 in str(refused.value)


@pytest.mark.parametrize("value", [nested(), endless(), Mute()], ids=lambda value: type(value).__name__)
def test_parameters(value: Any) -> None:
    """A codec's parameter that is no text and no number is named."""
    codec: Any = {"mimeType": "audio/opus", "payloadType": 100, "clockRate": 48000, "parameters": {"odd": value}}
    with pytest.raises(TypeError, match="odd"):
        validate_and_normalize_rtp_parameters({"codecs": [codec]})


@pytest.mark.parametrize("mime_type", ["audio/opus", "audio/rtx"])
def test_payload_types(mime_type: str) -> None:
    """A payload type that cannot be printed does not hide what is wrong."""
    codec: Any = {"mimeType": mime_type, "payloadType": 10**5000, "clockRate": 48000}
    params = validate_and_normalize_rtp_parameters({"codecs": [codec]})
    with pytest.raises((UnsupportedError, TypeError)):
        get_producer_rtp_parameters_mapping(params, generate_router_rtp_capabilities())


def test_text_that_utf8_cannot_encode() -> None:
    """A message with half a surrogate pair is refused."""
    with pytest.raises(TypeError, match="lone surrogate"):
        encode_message("\ud800", None)

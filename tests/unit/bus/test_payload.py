from __future__ import annotations

import base64
import contextlib
import math
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.bus import payload
from tureen.contract.errors import Malformed

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), PLAIN, max_size=5))
def test_round_trip(value: dict[str, Any]) -> None:
    """Every map of plain values arrives as it was sent."""
    assert payload.decode(payload.encode(value)) == value


@given(st.binary(max_size=300))
def test_any_bytes_as_msgpack(body: bytes) -> None:
    """Any bytes are a map with text for keys, or Malformed."""
    with contextlib.suppress(Malformed):
        assert all(isinstance(key, str) for key in payload.decode(body))


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_as_json(body: bytes) -> None:
    """Any bytes are an object, or Malformed."""
    with contextlib.suppress(Malformed):
        assert isinstance(payload.decode_json(body), dict)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\x93\x01\x02\x03", "not a map"),
        (b"\xc1", "not msgpack"),
        (b"\x81\xa1a", "not msgpack"),
        (b"\x80\x80", "not msgpack"),
        (b"\xdf\xff\xff\xff\xff", "not msgpack"),
        (b"\x81\xa1a" + b"\x91" * 5000 + b"\x01", "not msgpack"),
        (b"\x81\xa1a" + b"\x91" * 40 + b"\x01", "nested more than 32"),
        (b"\x81\x01\x01", "not msgpack"),
        (b"\x81\xc4\x01a\x01", "key that is not text"),
        (b"\x81\xa1a\x81\xc4\x01a\x01", "key that is not text"),
        (b"\x81\xa1a\xd6\xff\x00\x00\x00\x00", "extension type"),
        (b"\x81\xa1a\x91\xd4\x05\x00", "extension type"),
        (b"\x81\xa1a\xa1\xff", "not msgpack"),
    ],
)
def test_hostile_msgpack(body: bytes, why: str) -> None:
    """What no client of good will sends is Malformed, with the reason."""
    with pytest.raises(Malformed, match=why):
        payload.decode(body)


@pytest.mark.parametrize(
    "body",
    [b"[1]", b"{", b'{"a":NaN}', b'{"a":"\\ud800"}', b'{"a":' + b"[" * 10000, b'{"a":' + b"9" * 9999 + b"}", b"\xff"],
)
def test_hostile_json(body: bytes) -> None:
    """JSON that is broken, too deep or not JSON at all is Malformed."""
    with pytest.raises(Malformed):
        payload.decode_json(body)


def test_depth_of_32_passes() -> None:
    """Nesting up to the limit is read, in either form."""
    value: Any = 1
    for _ in range(payload.DEEPEST - 1):
        value = [value]
    assert payload.decode(payload.encode({"a": value})) == {"a": value}
    assert payload.decode_json(payload.encode_json({"a": value})) == {"a": value}


def test_nothing_is_an_empty_map() -> None:
    """An empty body says nothing, in either form."""
    assert payload.decode(b"") == payload.decode_json(b"") == {}


def test_bytes_in_json_are_base64() -> None:
    """Bytes leave as standard base64."""
    raw = bytes(range(250, 256))
    assert payload.decode_json(payload.encode_json({"data": raw})) == {"data": base64.b64encode(raw).decode()}


@pytest.mark.parametrize("value", [object(), 2**64, "\ud800"])
def test_what_cannot_be_sent(value: object) -> None:
    """A value that msgpack cannot carry is Malformed before it is sent."""
    with pytest.raises(Malformed, match="cannot be sent"):
        payload.encode({"a": value})


@pytest.mark.parametrize("value", [object(), math.nan])
def test_what_json_cannot_carry(value: object) -> None:
    """A value that JSON cannot carry is Malformed before it is sent."""
    with pytest.raises(Malformed, match="cannot be sent"):
        payload.encode_json({"a": value})


def test_a_circle_cannot_be_sent() -> None:
    """A structure that contains itself is refused, not followed."""
    circle: dict[str, Any] = {}
    circle["a"] = circle
    for encode in (payload.encode, payload.encode_json):
        with pytest.raises(Malformed):
            encode(circle)


def test_errors_do_not_quote_the_payload() -> None:
    """The reason for a refusal repeats nothing of what was sent."""
    with pytest.raises(Malformed) as raised:
        payload.decode(msgpack.packb("x") + b"top secret")
    assert "secret" not in raised.value.message

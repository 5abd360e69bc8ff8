from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tureen.cli.show.json_text import json_text, one_line, printable

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20), inner, max_size=5)
)


@given(VALUES, st.integers(min_value=1, max_value=120))
def test_what_is_shown_can_be_sent(value: Any, width: int) -> None:
    """At every width the text is the same value in JSON, and holds nothing that could command a terminal."""
    shown = json_text(value, width).plain
    assert json.loads(shown) == value
    assert all(char.isprintable() for char in shown.replace("\n", ""))


def test_it_fits_and_is_aligned() -> None:
    """What is too wide is broken where it can be, and values stand below each other."""
    value = {"id": "x", "tuple": {"localIp": "127.0.0.1", "localPort": 1}, "list": [{"long": "y" * 20}] * 2}
    assert json_text(value, 50).plain.splitlines() == [
        "{",
        '  "id":    "x",',
        '  "tuple": {',
        '    "localIp":   "127.0.0.1",',
        '    "localPort": 1',
        "  },",
        '  "list": [',
        '    {"long": "yyyyyyyyyyyyyyyyyyyy"},',
        '    {"long": "yyyyyyyyyyyyyyyyyyyy"}',
        "  ]",
        "}",
    ]
    assert len(json_text(value, 60).plain.splitlines()) == 8


@given(st.recursive(st.integers(0, 9), lambda inner: st.lists(inner, max_size=9), max_leaves=20))
def test_nothing_is_too_wide(value: Any) -> None:
    """What can be broken is no wider than it may be."""
    assert max(map(len, json_text(value, 60).plain.splitlines())) <= 60


def test_bytes_are_base64() -> None:
    """Bytes are shown as they are sent in JSON."""
    assert one_line({"rtpPacket": b"\x80"}) == '{"rtpPacket":"gA=="}'


def test_nothing_commands_a_terminal() -> None:
    """Control characters of others are shown, not obeyed."""
    assert printable("a\x1b[2J\u009b\u202eb") == "a\\u001b[2J\\u009b\\u202eb"

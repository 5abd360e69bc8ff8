from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.cli.wire.payloads import PayloadError, read


def test_where_payloads_come_from(tmp_path: Path) -> None:
    """A payload is the argument, a file's text or standard input."""
    (tmp_path / "file").write_text('{"a": 2}')
    assert read('{"a": 1}', io.StringIO()) == {"a": 1}
    assert read(f"@{tmp_path}/file", io.StringIO()) == {"a": 2}
    assert read("-", io.StringIO('{"a": 3}')) == {"a": 3}


@pytest.mark.parametrize(
    ("argument", "hint"),
    [
        ('{"a": 1', "line 1, column 8"),
        ("[]", "not an object"),
        ("@/none", "No such file"),
        ("-", "standard input is not JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_payload(argument: str, hint: str) -> None:
    """It is said what is wrong, and where."""
    with pytest.raises(PayloadError, match=hint):
        read(argument, io.StringIO())


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are refused."""
    (tmp_path / "file").write_bytes(b"\xff")
    with pytest.raises(PayloadError, match="UTF-8"):
        read(f"@{tmp_path}/file", io.StringIO())


@given(st.text())
def test_whatever_is_typed(text: str) -> None:
    """Any argument is a payload or refused in a sentence."""
    try:
        payload = read(text, io.StringIO())
    except PayloadError:
        return
    assert isinstance(payload, dict)

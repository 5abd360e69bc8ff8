from __future__ import annotations

import io
import json
import logging
import re
import warnings
from collections.abc import Iterator

import pytest

from tureen.telemetry import TraceContext, setup_logging, use_trace

log = logging.getLogger("tureen.test")
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


class Terminal(io.StringIO):
    """Text that is shown on a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what a test sets up."""
    for name in ("TUREEN_LOG_FORMAT", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line() -> None:
    """A record is one line: time, level, service, trace id, message."""
    stream = io.StringIO()
    setup_logging("placement", "info", stream=stream)
    trace = TraceContext.new()
    with use_trace(trace):
        log.info("room %s is full", "r1")
    log.warning("no trace")
    log.info("another", extra={"trace_id": "abc"})
    log.debug("not shown")
    first, second, third = stream.getvalue().splitlines()
    assert re.fullmatch(rf"{TIME} INFO    placement {trace.trace_id} room r1 is full", first)
    assert re.fullmatch(rf"{TIME} WARNING placement - no trace", second)
    assert third.endswith("placement abc another")


def test_a_record_stays_one_line() -> None:
    """What a client sent can neither add a line nor steer a terminal, a traceback included."""
    stream = io.StringIO()
    setup_logging("placement", stream=stream)
    log.info("a\r\n2026-01-01T00:00:00.000Z INFO forged \x1b[2J \x9b \u2028")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        log.exception("it failed")
    lines = stream.getvalue().split("\n")
    assert len(lines) == 3
    assert r"a\r\n2026" in lines[0]
    assert r"\x1b[2J \x9b \u2028" in lines[0]
    assert r"ValueError: two\nlines" in lines[1]


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal gets colours and readable tracebacks, unless NO_COLOR is set."""
    terminal = Terminal()
    setup_logging("x", stream=terminal)
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("it failed")
    assert "\x1b[31mERROR" in terminal.getvalue()
    assert "\nValueError: broken" in terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    setup_logging("x", stream=plain)
    log.error("it failed")
    assert "\x1b" not in plain.getvalue()


def test_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """With TUREEN_LOG_FORMAT=json each line is an object."""
    monkeypatch.setenv("TUREEN_LOG_FORMAT", "json")
    stream = io.StringIO()
    setup_logging("signaling", "debug", stream=stream)
    log.debug("half a pair \ud800\n")
    with use_trace(TraceContext("a" * 32, "b" * 16)):
        try:
            raise ValueError("broken")
        except ValueError:
            log.exception("it failed")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["level"], first["service"], first["traceId"], first["logger"]) == (
        "debug",
        "signaling",
        None,
        "tureen.test",
    )
    assert re.fullmatch(TIME, first["time"])
    assert second["traceId"] == "a" * 32
    assert "ValueError: broken" in second["exception"]


def test_warnings_are_logged() -> None:
    """Python's warnings become records as well."""
    stream = io.StringIO()
    setup_logging("x", stream=stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    assert "DeprecationWarning: old ways" in stream.getvalue()

"""One line a record on standard error."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from typing import Literal, TextIO

from tureen.telemetry.trace import current_trace

Level = Literal["debug", "info", "warning", "error"]

_RESET = "\x1b[0m"
_COLOURS = {
    "DEBUG": "\x1b[2m",
    "INFO": "\x1b[32m",
    "WARNING": "\x1b[33m",
    "ERROR": "\x1b[31m",
    "CRITICAL": "\x1b[1;31m",
}
_NO_TRACE = "-"
# A record must stay one line, and what a client sent must not steer a terminal.
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127, *range(128, 160))}
_CONTROL |= {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def _time(record: logging.LogRecord) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03d}Z"


def _trace_id(record: logging.LogRecord) -> str:
    """Return the record's own trace id (`extra={"trace_id": …}`), or that of the running task."""
    own = getattr(record, "trace_id", None)
    if isinstance(own, str):
        return own
    trace = current_trace()
    return trace.trace_id if trace else _NO_TRACE


class LineFormatter(logging.Formatter):
    """Time, level, service, trace id, message; tracebacks span lines on a terminal only."""

    def __init__(self, service: str, *, colour: bool) -> None:
        super().__init__()
        self._service = service
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        level = f"{record.levelname:<7}"
        if self._colour:
            level = f"{_COLOURS.get(record.levelname, '')}{level}{_RESET}"
        message = record.getMessage().translate(_CONTROL)
        line = f"{_time(record)} {level} {self._service} {_trace_id(record)} {message}"
        if record.exc_info:
            trace = self.formatException(record.exc_info)
            line += f"\n{trace}" if self._colour else f" {trace.translate(_CONTROL)}"
        return line


class JsonFormatter(logging.Formatter):
    """The same as a JSON object a line, for log collectors."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        trace_id = _trace_id(record)
        entry = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "service": self._service,
            "traceId": None if trace_id == _NO_TRACE else trace_id,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def setup_logging(service: str, level: Level = "info", *, stream: TextIO | None = None) -> None:
    """Send the process's log records to standard error, replacing what was set up before.

    With `TUREEN_LOG_FORMAT=json` in the environment each line is a JSON object. Colours are used on a terminal only,
    and not where `NO_COLOR` is set (https://no-color.org).

    Args:
        service: Whose lines they are.
        level: The least severe level that is shown.
        stream: Where the lines go; standard error by default.
    """
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    if os.environ.get("TUREEN_LOG_FORMAT", "").lower() == "json":
        handler.setFormatter(JsonFormatter(service))
    else:
        handler.setFormatter(LineFormatter(service, colour=stream.isatty() and not os.environ.get("NO_COLOR")))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)

"""The block of headers of a NATS message; the names in it are the contract's."""

from __future__ import annotations

from collections.abc import Mapping

from tureen.contract.headers import CONTENT_TYPE, ERROR, ERROR_CODE, JSON, LEVEL, TIMEOUT_MS
from tureen.telemetry import TRACEPARENT

__all__ = [
    "CONTENT_TYPE",
    "ERROR",
    "ERROR_CODE",
    "JSON",
    "LEVEL",
    "NO_RESPONDERS",
    "STATUS",
    "TIMEOUT_MS",
    "encode",
    "is_json",
    "of_trace",
    "parse",
]

STATUS = "status"
"""Not a header on the wire: the number in the first line of a message of the server's own."""

NO_RESPONDERS = "503"
_FIRST_LINE = "NATS/1.0"
_UNPRINTABLE = dict.fromkeys((*range(32), 127), " ")


def encode(headers: Mapping[str, str]) -> bytes:
    """Return the block of headers; control characters become blanks, so that no value can add a line."""
    lines = [
        f"{name}: {value if value.isprintable() else value.translate(_UNPRINTABLE)}\r\n"
        for name, value in headers.items()
    ]
    return f"{_FIRST_LINE}\r\n{''.join(lines)}\r\n".encode("utf-8", "replace")


def of_trace(traceparent: str) -> bytes:
    """Return the block that holds a trace context alone, as what nobody asked for carries it."""
    return f"{_FIRST_LINE}\r\n{TRACEPARENT}: {traceparent}\r\n\r\n".encode()


def parse(block: bytes) -> dict[str, str]:
    """Return the headers by their lower-case names, the last of a name winning; what is malformed is left out."""
    if not block:
        return {}
    first, *lines = block.decode("utf-8", "replace").split("\r\n")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    # A client's header must not pass for the server's status.
    headers.pop(STATUS, None)
    if first != _FIRST_LINE and (status := first.removeprefix(_FIRST_LINE).split()):
        headers[STATUS] = status[0]
    return headers


def is_json(headers: Mapping[str, str]) -> bool:
    """Tell from parsed headers whether the body is JSON; it is msgpack otherwise."""
    return headers.get("content-type", "").lower().startswith(JSON)

"""From what a handler returned or raised to the message that answers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from tureen.bus import headers, payload
from tureen.bus.call import Result
from tureen.contract.cluster import LEVEL
from tureen.contract.errors import Internal, Malformed, TooLarge, TureenError, from_mediasoup
from tureen.contract.model import Reply

log = logging.getLogger(__name__)

_LONGEST_SENTENCE = 1000
"""Characters of an error's message that are sent; what a client sent may be quoted in it."""
_IN_PAGES = ": ask for it in pages, the first of which is page first"
_OURS = "it failed on our side; the log holds the reason under the trace id"


class Answer(NamedTuple):
    """An answer's headers and body; `error` where it is one."""

    headers: bytes
    body: bytes
    error: TureenError | None = None


_LEVEL = {headers.LEVEL: str(LEVEL)}
_LEVEL_JSON = _LEVEL | {headers.CONTENT_TYPE: headers.JSON}
_PLAIN = headers.encode(_LEVEL)
_PLAIN_JSON = headers.encode(_LEVEL_JSON)


def coded(error: BaseException) -> TureenError:
    """Return the coded form of what a handler raised; the details of a failure of ours stay in the log."""
    if isinstance(error, TureenError):
        return error
    # A TypeError of mediasoup's is an answer; one from anywhere else is a mistake of ours.
    known = from_mediasoup(error) if not isinstance(error, TypeError) or _raised_by_mediasoup(error) else None
    if known is not None:
        return known
    log.error("a command failed", exc_info=error)
    return Internal(_OURS)


def success(result: Result, *, json: bool, limit: int, pageable: bool = False) -> Answer:
    """Return the answer that carries a result.

    Raises:
        TooLarge: Headers and body exceed `limit` bytes.
        Internal: The result cannot be sent.
    """
    try:
        block, packed = (_PLAIN_JSON, payload.encode_json(_map_of(result))) if json else (_PLAIN, _packed(result))
    except Malformed as error:
        log.exception("an answer cannot be sent: %s", error.message)
        raise Internal(_OURS) from None
    if (size := len(block) + len(packed)) > limit:
        raise TooLarge(
            f"the answer has {size} bytes, more than the server's {limit}{_IN_PAGES if pageable else ''}",
            details={"limit": limit, "size": size},
        )
    # As Answer(…), without a call in Python.
    return tuple.__new__(Answer, (block, packed, None))


def _packed(result: Result) -> bytes:
    if isinstance(result, bytes):
        return result
    return payload.encode(result.to_wire() if isinstance(result, Reply) else result or {})


def _map_of(result: Result) -> Mapping[str, Any]:
    if isinstance(result, bytes):
        return payload.decode(result)
    return result.to_wire() if isinstance(result, Reply) else result or {}


def failure(error: TureenError, trace_id: str, *, json: bool) -> Answer:
    """Return the answer that carries an error."""
    body = error.body(trace_id)
    # Half of a surrogate pair in what a client sent must not make its error unsendable.
    body["message"] = sentence = error.message[:_LONGEST_SENTENCE].encode("utf-8", "replace").decode()
    named = {headers.ERROR_CODE: str(error.code), headers.ERROR: sentence}
    encode = payload.encode_json if json else payload.encode
    try:
        packed = encode(body)
    except Malformed:
        packed = encode(body | {"details": {}})
    return Answer(headers.encode((_LEVEL_JSON if json else _LEVEL) | named), packed, error)


def _raised_by_mediasoup(error: BaseException) -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__", "")).startswith("tureen.mediasoup")

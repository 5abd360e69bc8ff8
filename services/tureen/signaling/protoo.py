"""protoo's framing: one JSON object per WebSocket text frame, read strictly and written compactly.

    request       {"request": true, "id": 1, "method": "join", "data": {…}}
    success       {"response": true, "id": 1, "ok": true, "data": {…}}
    failure       {"response": true, "id": 1, "ok": false, "errorCode": 503, "errorReason": "…"}
    notification  {"notification": true, "method": "newPeer", "data": {…}}

Both sides send requests; each direction numbers its own. See https://protoo.versatica.com.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from tureen.contract.errors import Internal, Malformed, TureenError

SUBPROTOCOL = "protoo"
MAX_DEPTH = 32
"""Deepest nesting of a message; RTP parameters need 6."""
MAX_METHOD = 64

CLOSE_FINAL = 4000
"""protoo-client does not come back after this one, and after this one only."""
CLOSE_RESTART = 1012
"""The client shall connect again at once."""
CLOSE_POLICY = 1008
"""The client misbehaved."""
CLOSE_INTERNAL = 1011

_SURROGATE = re.compile(r"\\u[dD][89abAB]")
_MAX_INT = 2**63


@dataclass(frozen=True, slots=True)
class Request:
    """The other side asks."""

    id: int
    method: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notification:
    """The other side tells."""

    method: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Success:
    """The other side did what it was asked."""

    id: int
    data: Any = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The other side did not do what it was asked."""

    id: int
    code: int
    reason: str


Message = Request | Notification | Success | Failure


class BadFrame(Malformed):
    """A frame that is no protoo message.

    Attributes:
        request_id: The request's id where that much could be read, so that it can be answered.
    """

    def __init__(self, message: str, request_id: int | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id


def parse(frame: str) -> Message:
    """Read a frame.

    What JSON allows but no part of Tureen can carry on (lone surrogates, integers beyond 64 bits, NaN, nesting deeper
    than `MAX_DEPTH`) is refused here, so that nothing behind has to think of it.

    Raises:
        BadFrame: It is not a protoo message.
    """
    message = _object(frame)
    if message.get("request") is True:
        return _request(message)
    if message.get("response") is True:
        return _response(message)
    if message.get("notification") is True:
        return Notification(_method(message, None), _data(message, None))
    raise BadFrame("neither a request nor a response nor a notification")


def request(id_: int, method: str, data: Mapping[str, Any]) -> str:
    """Write a request."""
    return _dump({"request": True, "id": id_, "method": method, "data": data})


def notification(method: str, data: Mapping[str, Any]) -> str:
    """Write a notification."""
    return _dump({"notification": True, "method": method, "data": data})


def success(id_: int, data: Any) -> str:
    """Write the answer of a request that succeeded; `data` is a map, or a list where mediasoup-demo answers one."""
    return _dump({"response": True, "id": id_, "ok": True, "data": data})


def failure(id_: int, error: TureenError, trace_id: str = "") -> str:
    """Write the answer of a request that failed.

    protoo carries a number and a sentence and nothing else, so the sentence begins with the error's type. Where the
    fault is ours it ends with the trace id under which the log tells more.
    """
    reason = f"{error.type}: {error.message}"
    if isinstance(error, Internal) and trace_id:
        reason += f" (trace {trace_id})"
    return _dump({"response": True, "id": id_, "ok": False, "errorCode": error.code, "errorReason": reason})


def _dump(message: Mapping[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _object(frame: str) -> dict[str, Any]:
    try:
        message = json.loads(frame, parse_int=_int, parse_float=_float, parse_constant=_no_constant)
    except RecursionError:
        raise BadFrame(f"nested deeper than {MAX_DEPTH}") from None
    except ValueError:
        raise BadFrame("not JSON") from None
    if not isinstance(message, dict):
        raise BadFrame("not a JSON object")
    if _SURROGATE.search(frame) and not _is_text(message):
        raise BadFrame("text with a lone surrogate")
    if not _is_shallow(message, MAX_DEPTH):
        raise BadFrame(f"nested deeper than {MAX_DEPTH}")
    return message


def _request(message: Mapping[str, Any]) -> Request:
    id_ = _id(message)
    return Request(id_, _method(message, id_), _data(message, id_))


def _response(message: Mapping[str, Any]) -> Success | Failure:
    id_ = _id(message)
    if message.get("ok"):
        return Success(id_, message.get("data"))
    code = message.get("errorCode")
    return Failure(id_, code if isinstance(code, int) else 500, str(message.get("errorReason", ""))[:1000])


def _id(message: Mapping[str, Any]) -> int:
    id_ = message.get("id")
    if isinstance(id_, bool) or not isinstance(id_, int) or id_ < 0:
        raise BadFrame("id is not a number from 0")
    return id_


def _method(message: Mapping[str, Any], request_id: int | None) -> str:
    method = message.get("method")
    if not isinstance(method, str) or not 0 < len(method) <= MAX_METHOD:
        raise BadFrame(f"method is not a string of 1 to {MAX_METHOD} characters", request_id)
    return method


def _data(message: Mapping[str, Any], request_id: int | None) -> dict[str, Any]:
    data = message.get("data")
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise BadFrame("data is not an object", request_id)
    return data


def _int(text: str) -> int:
    # The length is looked at first: Python takes quadratic time over very long numbers.
    if len(text) > 20 or not -_MAX_INT <= (value := int(text)) < _MAX_INT:
        raise BadFrame("a number beyond 64 bits")
    return value


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadFrame("a number that is not finite")
    return value


def _no_constant(name: str) -> NoReturn:
    raise BadFrame(f"{name} is not JSON")


def _is_text(message: Mapping[str, Any]) -> bool:
    try:
        _dump(message).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_shallow(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        return levels > 0 and all(_is_shallow(item, levels - 1) for item in value.values())
    if isinstance(value, list):
        return levels > 0 and all(_is_shallow(item, levels - 1) for item in value)
    return True

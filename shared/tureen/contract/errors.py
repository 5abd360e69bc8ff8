"""Coded errors, as they travel and as they are raised.

    TureenError                    every coded error; `type` names it, `code` is its number
     +-- CallerError               the request was wrong, asking the same again is useless
     |    +-- Malformed            400
     |    +-- UnknownField         400
     |    +-- InvalidType          400  (`TypeError` on the wire, as mediasoup names it)
     |    +-- Unauthorized         401
     |    +-- NotFound             404  (`NotFoundError`)
     |    +-- Conflict             409
     |    +-- TooLarge             413
     |    +-- Unsupported          501  (`UnsupportedError`)
     +-- StateError                right request, wrong moment
          +-- Stale                409
          +-- WorkerClosed         409  (`WorkerClosedError`)
          +-- Busy                 429
          +-- RateLimited          429
          +-- Internal             500
          +-- Unavailable          503
          +-- NoCapacity           503
          +-- Draining             503
          +-- Timeout              504

The numbers and names are fixed by the contract (docs/wire.md, «Errors»); protoo answers use the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tureen.mediasoup import errors as mediasoup_errors


class TureenError(Exception):
    """A coded error.

    Args:
        message: One sentence for a person, saying what to do where something can be done.
        details: Facts for a program, such as the path of an unknown field or a limit.
        trace_id: The trace of the request that failed, 32 hexadecimal digits, where there is one.
    """

    code: ClassVar[int] = 500
    type: ClassVar[str] = "Internal"
    nothing_done: ClassVar[bool] = True
    """Whether the receiver certainly did nothing, so that asking elsewhere is safe."""

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None, trace_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details or {})
        self.trace_id = trace_id

    def body(self, trace_id: str | None = None) -> dict[str, Any]:
        """Return the error as the body of an answer."""
        return {
            "code": self.code,
            "type": self.type,
            "message": self.message,
            "details": self.details,
            "traceId": self.trace_id or trace_id,
        }


class CallerError(TureenError):
    """The request was wrong; asking the same again is useless."""


class StateError(TureenError):
    """The request was right, the moment was wrong."""


class Malformed(CallerError):
    """The payload is not what its content type says, or not a map."""

    code, type = 400, "Malformed"


class UnknownField(CallerError):
    """The command holds a field that it does not know; `details.path` names it."""

    code, type = 400, "UnknownField"


class InvalidType(CallerError):
    """mediasoup's TypeError: a field is missing, or its value is of the wrong type or out of range."""

    code, type = 400, "TypeError"


class Unauthorized(CallerError):
    """The caller may not do this, or the server denied the publish."""

    code, type = 401, "Unauthorized"


class NotFound(CallerError):
    """No such object, or it belongs to another tenant."""

    code, type = 404, "NotFoundError"


class Conflict(CallerError):
    """The id is taken by something else, or the object is in use."""

    code, type = 409, "Conflict"


class TooLarge(CallerError):
    """Headers and body exceed the server's max_payload; `details.limit` holds it, in bytes."""

    code, type = 413, "TooLarge"
    nothing_done = False


class Unsupported(CallerError):
    """mediasoup's UnsupportedError."""

    code, type = 501, "UnsupportedError"


class Stale(StateError):
    """What the sender decided by (a room's record, a grant) is out of date: ask again and decide anew."""

    code, type = 409, "Stale"


class WorkerClosed(StateError):
    """mediasoup's WorkerClosedError: the worker is gone."""

    code, type = 409, "WorkerClosedError"


class Busy(StateError):
    """Too much is queued for this agent or this tenant in it."""

    code, type = 429, "Busy"


class RateLimited(StateError):
    """The caller asks too often."""

    code, type = 429, "RateLimited"


class Internal(StateError):
    """Something broke on our side; the log holds it under the trace id."""

    code, type = 500, "Internal"
    nothing_done = False


class Unavailable(StateError):
    """Nobody answers on that subject, or there is no connection."""

    code, type = 503, "Unavailable"


class NoCapacity(StateError):
    """No worker, or not this one, has room for that."""

    code, type = 503, "NoCapacity"


class Draining(StateError):
    """The node takes nothing new."""

    code, type = 503, "Draining"


class Timeout(StateError):
    """No answer in time; it may or may not have been done."""

    code, type = 504, "Timeout"
    nothing_done = False


_LEAVES: tuple[type[TureenError], ...] = (
    Malformed,
    UnknownField,
    InvalidType,
    Unauthorized,
    NotFound,
    Conflict,
    TooLarge,
    Unsupported,
    Stale,
    WorkerClosed,
    Busy,
    RateLimited,
    Internal,
    Unavailable,
    NoCapacity,
    Draining,
    Timeout,
)
BY_TYPE: Mapping[str, type[TureenError]] = {error.type: error for error in _LEAVES}

ELSEWHERE = (NoCapacity, Draining, Unavailable)
"""Refusals of a place by a worker that cannot take what another may."""
ANEW = (NotFound, Stale, WorkerClosed)
"""Refusals of a place because the picture that placement decided on has changed."""

_FROM_MEDIASOUP: tuple[tuple[type[BaseException], type[TureenError]], ...] = (
    (TypeError, InvalidType),
    (mediasoup_errors.UnsupportedError, Unsupported),
    (mediasoup_errors.NotFoundError, NotFound),
    (mediasoup_errors.WorkerClosedError, WorkerClosed),
    (mediasoup_errors.RequestTimeoutError, Timeout),
    (mediasoup_errors.ChannelError, WorkerClosed),
)


def from_mediasoup(error: BaseException) -> TureenError | None:
    """Return the coded form of an error that `tureen.mediasoup` raises, or None where there is none.

    mediasoup's plain Error has no name of its own: the request was right in itself, but the object's state refuses it
    (an id that is taken, a transport that is connected already, no SCTP association), which is a `Conflict`. Where no
    port is free it is `NoCapacity`, where a message is too long `TooLarge`.
    """
    for raised, coded in _FROM_MEDIASOUP:
        if isinstance(error, raised):
            return coded(str(error))
    if not isinstance(error, mediasoup_errors.MediasoupError):
        return None
    text = str(error)
    if "no more available ports" in text:
        return NoCapacity(text)
    return TooLarge(text) if text.startswith("message too big") else Conflict(text)


def from_body(body: Mapping[str, Any]) -> TureenError:
    """Return the error that an answer's body describes; an unknown type becomes `Internal`, its text kept."""
    error = BY_TYPE.get(str(body.get("type")), Internal)
    details = body.get("details")
    trace_id = body.get("traceId")
    return error(
        str(body.get("message", "no message")),
        details=details if isinstance(details, Mapping) else None,
        trace_id=trace_id if isinstance(trace_id, str) else None,
    )

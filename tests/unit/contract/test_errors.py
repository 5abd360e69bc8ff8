from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.contract import errors
from tureen.mediasoup import errors as mediasoup_errors

# The table of docs/wire.md, «Errors»: number, name, and whether certainly nothing was done.
TABLE = {
    ("TypeError", 400, True),
    ("Malformed", 400, True),
    ("UnknownField", 400, True),
    ("Unauthorized", 401, True),
    ("NotFoundError", 404, True),
    ("Conflict", 409, True),
    ("Stale", 409, True),
    ("WorkerClosedError", 409, True),
    ("TooLarge", 413, False),
    ("Busy", 429, True),
    ("RateLimited", 429, True),
    ("Internal", 500, False),
    ("UnsupportedError", 501, True),
    ("Unavailable", 503, True),
    ("NoCapacity", 503, True),
    ("Draining", 503, True),
    ("Timeout", 504, False),
}


def test_the_table() -> None:
    """Numbers, names and promises are those of the contract."""
    assert {(error.type, error.code, error.nothing_done) for error in errors.BY_TYPE.values()} == TABLE


def test_every_class_is_in_the_table() -> None:
    """No error can be raised that a caller could not tell by its name."""
    assert set(leaves(errors.TureenError)) == set(errors.BY_TYPE.values())


def test_whose_fault_it_is() -> None:
    """Every error is either the caller's fault or a matter of the moment."""
    for error in errors.BY_TYPE.values():
        assert issubclass(error, errors.CallerError) != issubclass(error, errors.StateError)


@pytest.mark.parametrize("error", errors.BY_TYPE.values())
def test_round_trip(error: type[errors.TureenError]) -> None:
    """An error is raised at the caller's as it was at the receiver's."""
    body = error("a sentence", details={"limit": 7}, trace_id="t").body()
    copy = errors.from_body(body)
    assert type(copy) is error
    assert (copy.message, copy.details, copy.trace_id) == ("a sentence", {"limit": 7}, "t")
    assert str(copy) == "a sentence"


def test_the_trace_of_an_answer() -> None:
    """An error without a trace of its own gets the one of the request."""
    assert errors.Busy("x").body("t")["traceId"] == "t"
    assert errors.Busy("x", trace_id="own").body("t")["traceId"] == "own"


@given(
    st.dictionaries(
        st.sampled_from(["code", "type", "message", "details", "traceId", "x"]),
        st.none() | st.integers() | st.text() | st.lists(st.integers()) | st.dictionaries(st.text(), st.integers()),
    )
)
def test_any_body(body: dict[str, Any]) -> None:
    """Whatever an answer's body holds, it is some error; an unknown name is Internal."""
    error = errors.from_body(body)
    assert isinstance(error, errors.TureenError)
    if str(body.get("type")) not in errors.BY_TYPE:
        assert isinstance(error, errors.Internal)


@pytest.mark.parametrize(
    ("raised", "coded"),
    [
        (TypeError("x"), errors.InvalidType),
        (mediasoup_errors.UnsupportedError("x"), errors.Unsupported),
        (mediasoup_errors.NotFoundError("x"), errors.NotFound),
        (mediasoup_errors.WorkerClosedError("x"), errors.WorkerClosed),
        (mediasoup_errors.RequestTimeoutError("x"), errors.Timeout),
        (mediasoup_errors.ChannelError("x"), errors.WorkerClosed),
        (mediasoup_errors.MediasoupError("a Producer with same producerId already exists"), errors.Conflict),
        (mediasoup_errors.MediasoupError("connect() already called"), errors.Conflict),
        (mediasoup_errors.MediasoupError("no more available ports [transport:udp, ip:::1]"), errors.NoCapacity),
        (mediasoup_errors.MediasoupError("message too big [method or event:PRODUCER_SEND]"), errors.TooLarge),
    ],
)
def test_mediasoups_errors(raised: Exception, coded: type[errors.TureenError]) -> None:
    """What mediasoup raises has the contract's names, its text kept."""
    error = errors.from_mediasoup(raised)
    assert type(error) is coded
    assert error is not None
    assert error.message == str(raised)


def test_what_has_no_coded_form() -> None:
    """Anything else is for the log."""
    assert errors.from_mediasoup(ValueError("x")) is None


def leaves(error: type[errors.TureenError]) -> list[type[errors.TureenError]]:
    """Return the classes of the contract that have no subclasses there."""
    below = [each for each in error.__subclasses__() if each.__module__ == errors.__name__]
    return [leaf for each in below for leaf in leaves(each)] if below else [error]

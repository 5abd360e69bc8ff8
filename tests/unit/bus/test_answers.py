from __future__ import annotations

import json
import logging
from typing import Any

import msgpack
import pytest

from tureen.bus import answers, headers, payload
from tureen.contract import errors
from tureen.contract.cluster import LEVEL
from tureen.contract.media import RouterCreated
from tureen.mediasoup import errors as mediasoup_errors

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_result() -> None:
    """A reply's model leaves with its names on the wire, a map as it is, nothing as an empty map."""
    answer = answers.success(RouterCreated(id="r", rtp_capabilities={}), json=False, limit=1000)
    assert msgpack.unpackb(answer.body) == {"id": "r", "rtpCapabilities": {}}
    assert headers.parse(answer.headers) == {"tureen-level": str(LEVEL)}
    assert msgpack.unpackb(answers.success({"a": b"1"}, json=False, limit=1000).body) == {"a": b"1"}
    assert msgpack.unpackb(answers.success(None, json=False, limit=1000).body) == {}
    packed = msgpack.packb({"a": b"1"})
    assert answers.success(packed, json=False, limit=1000).body is packed
    assert json.loads(answers.success(packed, json=True, limit=1000).body) == {"a": "MQ=="}


def test_a_result_in_json() -> None:
    """Who asks in JSON is answered in JSON."""
    answer = answers.success({"data": b"\x00\xff"}, json=True, limit=1000)
    assert json.loads(answer.body) == {"data": "AP8="}
    assert headers.parse(answer.headers)["content-type"] == "application/json"


def test_a_result_that_is_too_large() -> None:
    """Headers and body together are held against the limit, to the byte."""
    whole = answers.success({"a": "x" * 100}, json=False, limit=10000)
    size = len(whole.headers) + len(whole.body)
    assert answers.success({"a": "x" * 100}, json=False, limit=size) == whole
    with pytest.raises(errors.TooLarge) as raised:
        answers.success({"a": "x" * 100}, json=False, limit=size - 1)
    assert raised.value.details == {"limit": size - 1, "size": size}


def test_a_result_that_cannot_be_sent(caplog: pytest.LogCaptureFixture) -> None:
    """A handler's mistake is Internal, and in the log."""
    with pytest.raises(errors.Internal):
        answers.success({"a": object()}, json=False, limit=1000)
    assert "cannot be sent" in caplog.text


def test_an_error() -> None:
    """An error has its number and sentence in the headers, and all of it in the body."""
    answer = answers.failure(errors.Conflict("taken", details={"id": "x"}), TRACE, json=False)
    parsed = headers.parse(answer.headers)
    assert parsed["nats-service-error-code"] == "409"
    assert parsed["nats-service-error"] == "taken"
    assert payload.decode(answer.body) == {
        "code": 409,
        "type": "Conflict",
        "message": "taken",
        "details": {"id": "x"},
        "traceId": TRACE,
    }
    assert json.loads(answers.failure(errors.Busy("no"), TRACE, json=True).body)["type"] == "Busy"


@pytest.mark.parametrize(
    "error",
    [
        errors.NotFound("half a pair: \ud800"),
        errors.NotFound("lines\r\nNats-Service-Error-Code: 200"),
        errors.NotFound("x" * 100_000),
        errors.NotFound("bad details", details={"a": object(), "b": "\ud800"}),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_any_error_can_be_sent(error: errors.TureenError, as_json: bool) -> None:
    """Whatever got into an error, its answer is small and well-formed."""
    answer = answers.failure(error, TRACE, json=as_json)
    assert len(answer.headers) + len(answer.body) < 5000
    assert headers.parse(answer.headers)["nats-service-error-code"] == "404"
    assert (payload.decode_json if as_json else payload.decode)(answer.body)["code"] == 404


@pytest.mark.parametrize(
    ("raised", "coded"),
    [
        (errors.Draining("x"), errors.Draining),
        (mediasoup_errors.UnsupportedError("x"), errors.Unsupported),
        (mediasoup_errors.NotFoundError("x"), errors.NotFound),
        (mediasoup_errors.WorkerClosedError("x"), errors.WorkerClosed),
        (mediasoup_errors.RequestTimeoutError("x"), errors.Timeout),
        (KeyError("/home/me/secret"), errors.Internal),
        (RecursionError(), errors.Internal),
        (MemoryError(), errors.Internal),
    ],
)
def test_coded_errors(raised: Exception, coded: type[errors.TureenError]) -> None:
    """Every exception has a coded form; what is not meant for callers says nothing of itself."""
    error = answers.coded(raised)
    assert type(error) is coded
    assert "secret" not in error.message


def test_type_errors_of_mediasoup_and_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    """A TypeError that mediasoup's code raises is the caller's fault; one from elsewhere is a mistake of ours."""
    place: dict[str, Any] = {"__name__": "tureen.mediasoup.ortc"}
    exec("def check():\n    raise TypeError('missing kind')", place)
    for check, coded in ((place["check"], errors.InvalidType), (lambda: len(None), errors.Internal)):  # type: ignore[arg-type]
        with pytest.raises(TypeError) as raised:
            check()
        with caplog.at_level(logging.ERROR):
            assert type(answers.coded(raised.value)) is coded
    assert "object of type 'NoneType' has no len()" in caplog.text
    assert "missing kind" not in caplog.text

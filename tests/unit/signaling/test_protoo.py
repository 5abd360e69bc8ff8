from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.contract.errors import Internal, NoCapacity
from tureen.signaling import protoo
from tureen.signaling.protoo import BadFrame, Failure, Notification, Request, Success


def test_the_four_kinds_of_message_are_read() -> None:
    """Requests, notifications, successes and failures become what they are."""
    assert protoo.parse('{"request":true,"id":7,"method":"join","data":{"a":1}}') == Request(7, "join", {"a": 1})
    assert protoo.parse('{"notification":true,"method":"x","data":{}}') == Notification("x", {})
    assert protoo.parse('{"response":true,"id":7,"ok":true,"data":[1]}') == Success(7, [1])
    failure = '{"response":true,"id":7,"ok":false,"errorCode":403,"errorReason":"no"}'
    assert protoo.parse(failure) == Failure(7, 403, "no")


def test_missing_data_is_an_empty_object() -> None:
    """Clients may leave data out, or send null."""
    assert protoo.parse('{"request":true,"id":0,"method":"join"}') == Request(0, "join", {})
    assert protoo.parse('{"request":true,"id":0,"method":"join","data":null}') == Request(0, "join", {})


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "garbage",
        "[]",
        "17",
        "null",
        "{}",
        '{"request":"yes","id":1,"method":"join"}',
        '{"request":true,"id":"1","method":"join"}',
        '{"request":true,"id":true,"method":"join"}',
        '{"request":true,"id":-1,"method":"join"}',
        '{"request":true,"id":1.5,"method":"join"}',
        '{"request":true,"method":"join"}',
        '{"notification":true}',
        '{"response":true,"ok":true}',
        '{"request":true,"id":1,"method":"join","data":{"n":NaN}}',
        '{"request":true,"id":1,"method":"join","data":{"n":1e999}}',
        '{"request":true,"id":1,"method":"join","data":{"n":9223372036854775808}}',
        '{"request":true,"id":1,"method":"join","data":{"n":' + "9" * 5000 + "}}",
        '{"request":true,"id":1,"method":"join","data":{"s":"\\ud800"}}',
        '{"request":true,"id":1,"method":"join","data":' + '{"a":' * 40 + "1" + "}" * 40 + "}",
        "[" * 100_000,
    ],
)
def test_nonsense_is_refused(frame: str) -> None:
    """What is no protoo message, or could not be carried on, is one coded error."""
    with pytest.raises(BadFrame):
        protoo.parse(frame)


@pytest.mark.parametrize("rest", ['"method":5', '"method":""', '"method":"' + "m" * 65 + '"', '"method":"a","data":[]'])
def test_a_malformed_request_is_told_by_its_id(rest: str) -> None:
    """A request that is wrong but has an id can be answered."""
    with pytest.raises(BadFrame) as caught:
        protoo.parse('{"request":true,"id":42,' + rest + "}")
    assert caught.value.request_id == 42


def test_a_surrogate_pair_is_text() -> None:
    """An emoji written as two escapes is one character and welcome."""
    message = protoo.parse('{"notification":true,"method":"x","data":{"s":"\\ud83c\\udf72"}}')
    assert message == Notification("x", {"s": "🍲"})


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the parser fail otherwise than with its own error."""
    with contextlib.suppress(BadFrame):
        protoo.parse(text)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["request", "response", "notification", "id", "method", "data", "ok"]), _JSON))
def test_any_object_is_read_or_refused(message: dict[str, object]) -> None:
    """No JSON object makes the parser fail otherwise than with its own error, and what it accepts can be written."""
    try:
        read = protoo.parse(json.dumps(message))
    except BadFrame:
        return
    if isinstance(read, Request | Notification):
        protoo.notification(read.method, read.data).encode()


def test_what_is_written_is_read_again() -> None:
    """Requests and notifications survive the way out and in."""
    assert protoo.parse(protoo.request(3, "newConsumer", {"id": "x"})) == Request(3, "newConsumer", {"id": "x"})
    assert protoo.parse(protoo.notification("peerClosed", {"peerId": "ü"})) == Notification(
        "peerClosed", {"peerId": "ü"}
    )
    assert protoo.parse(protoo.success(3, {})) == Success(3, {})


def test_an_error_says_its_type_first() -> None:
    """A failure has the contract's number, and its reason begins with the type."""
    read = protoo.parse(protoo.failure(3, NoCapacity("no worker has room"), "0af7"))
    assert read == Failure(3, 503, "NoCapacity: no worker has room")


def test_our_own_fault_carries_the_trace() -> None:
    """An internal error tells the trace id under which the log has more."""
    read = protoo.parse(protoo.failure(3, Internal("something broke here"), "0af7"))
    assert read == Failure(3, 500, "Internal: something broke here (trace 0af7)")


def test_a_failure_without_a_number_is_500() -> None:
    """Whatever a client sends as errorCode, it is a number here."""
    read = protoo.parse('{"response":true,"id":1,"ok":false,"errorCode":"x"}')
    assert read == Failure(1, 500, "")

"""Requests that come again are written by example, and never otherwise than without one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tureen.mediasoup.codec import Codec, SharedTable
from tureen.mediasoup.codec.again import Examples
from tureen.mediasoup.codec.writer import Writers

CLOSE = "ROUTER_CLOSE_TRANSPORT"
CREATE = "ROUTER_CREATE_DIRECTTRANSPORT"
SETTINGS = "WORKER_UPDATE_SETTINGS"
BASE = {"direct": True, "maxSendMessageSize": 5, "maxReceiveMessageSize": 7}
TABLES = [SharedTable({"base": SharedTable({**BASE, "maxSendMessageSize": size})}) for size in range(6)]


def outcome(codec: Codec, id_: int, method: str, handler_id: Any, body: Any) -> bytes | str:
    """Return the request, or what is said to be wrong with it."""
    try:
        return bytes(codec.encode_request(id_, method, handler_id, body))
    except TypeError as error:
        return str(error)


@pytest.fixture
def seasoned(codec: Codec) -> Codec:
    """A codec that has encoded a good many requests."""
    seasoned = Codec(codec.model)
    for number in range(40):
        seasoned.encode_request(number, CLOSE, f"router-{number:02}", {"transportId": f"transport-{number:02}"})
        for table in TABLES:
            body = {"transportId": f"transport-{number:02}", "options": table}
            seasoned.encode_request(number, CREATE, f"router-{number:02}", body)
        seasoned.encode_request(number, SETTINGS, "", {"logLevel": "debug"})
    return seasoned


def test_requests_alike(seasoned: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs in its id and its texts alone is written without the writers, and has the same bytes."""
    requests: list[tuple[str, dict[str, Any]]] = [
        (CLOSE, {"transportId": "transport-xy"}),
        (CREATE, {"transportId": "transport-é", "options": TABLES[-1]}),
    ]
    expected = [outcome(Codec(seasoned.model), 77, method, "router-ü", body) for method, body in requests]
    monkeypatch.setattr(Writers, "table", None)
    for envelope in seasoned._requests.values():
        monkeypatch.setattr(envelope, "_fill_in", None)
    assert [outcome(seasoned, 77, method, "router-ü", body) for method, body in requests] == expected


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_request(seasoned: Codec, data: st.DataObject) -> None:
    """Whatever is asked for, the bytes, or what is wrong, are those of a codec without examples."""
    anything: st.SearchStrategy[Any] = st.sampled_from(
        ["transport-00", "transport-é", "", "x", "\ud800", 3, b"transport-00", TABLES[0], dict(TABLES[1]), []]
    )
    body = data.draw(
        st.fixed_dictionaries({}, optional=dict.fromkeys(("transportId", "options", "logLevel", "stranger"), anything))
        | st.fixed_dictionaries({"transportId": anything, "options": st.sampled_from(TABLES)})
        | st.sampled_from([{"logLevel": level} for level in ("debug", "error", "errrr", "warn")])
        | st.none()
    )
    handler_id = data.draw(st.sampled_from(["router-00", "router-é", "", "r", "\ud800", 7]))
    method = data.draw(st.sampled_from([CLOSE, CREATE, SETTINGS]))
    id_ = data.draw(st.integers(0, 2**32 - 1))
    expected = outcome(Codec(seasoned.model), id_, method, handler_id, body)
    for _ in range(data.draw(st.sampled_from([1, 20]))):
        assert outcome(seasoned, id_, method, handler_id, body) == expected


def test_what_was_written_is_not_touched(seasoned: Codec) -> None:
    """Messages share nothing that can change."""
    first, second = (
        seasoned.encode_request(1, CLOSE, "router-00", {"transportId": f"transport-0{number}"}) for number in (1, 2)
    )
    before = bytes(second)
    first[:] = bytes(len(first))
    assert second == before


def test_how_much_is_kept() -> None:
    """However many kinds of requests come, few examples are kept."""

    def encode(id_: int, handler_id: str, body: Mapping[str, Any] | None) -> bytearray:
        assert body is not None
        return bytearray(id_.to_bytes(4, "little") + f"{handler_id} {body['a']}".encode())

    examples = Examples(encode)
    for length in range(1, 600):
        for _ in range(20):
            examples.learn("handler", {"a": "x" * length})
    assert len(examples._examples) <= 4
    assert len(examples._met) <= 256
    assert examples.encode(5, "HANDLER", {"a": "y" * 599}) == encode(5, "HANDLER", {"a": "y" * 599})

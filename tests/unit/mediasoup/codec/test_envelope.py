"""What stands around a message's body is made once for each method, and filled in from then on."""

from __future__ import annotations

from typing import Any

import pytest

from tureen.mediasoup.codec import Codec, Notification, Request

CLOSE = "ROUTER_CLOSE_TRANSPORT"


@pytest.fixture
def fresh(codec: Codec) -> Codec:
    """A codec that has encoded nothing yet."""
    return Codec(codec.model)


def _request(codec: Codec, id_: int, handler_id: str, body: dict[str, Any]) -> Request:
    request = codec.decode(bytes(codec.encode_request(id_, CLOSE, handler_id, body)))
    assert isinstance(request, Request)
    return request


@pytest.mark.parametrize("handler_id", ["", "r", "router", "r" * 36, "r" * 255, "r" * 300, "🥣"])
def test_later_messages_are_like_the_first(fresh: Codec, codec: Codec, handler_id: str) -> None:
    """A message that is filled in has the bytes of one that is encoded from nothing, whatever the ids' lengths."""
    fresh.encode_request(9, CLOSE, handler_id[::-1], {"transportId": "another"})
    fresh.encode_request(9, "ROUTER_DUMP", handler_id[::-1], None)
    for id_ in (0, 1, 0xFFFFFFFF):
        body = {"transportId": f"t{id_}"}
        from_nothing = Codec(codec.model)
        expected = from_nothing.encode_request(id_, CLOSE, handler_id, body)
        assert fresh.encode_request(id_, CLOSE, handler_id, body) == expected
        request = _request(fresh, id_, handler_id, body)
        assert (request.id, request.method, request.handler_id) == (id_, CLOSE, handler_id)
        assert request.body is not None
        assert request.body.unpack() == body
        expected = from_nothing.encode_request(id_, "ROUTER_DUMP", handler_id, None)
        assert fresh.encode_request(id_, "ROUTER_DUMP", handler_id, None) == expected


def test_notifications_are_filled_in_too(fresh: Codec) -> None:
    """A notification has no id, and may have no body."""
    for data in (b"first", b"second, longer", b""):
        notification = fresh.decode(bytes(fresh.encode_notification("PRODUCER_SEND", data.hex(), {"data": data})))
        assert isinstance(notification, Notification)
        assert notification.handler_id == data.hex()
        assert notification.body is not None
        assert notification.body.unpack() == {"data": data}
    first, second = (fresh.encode_notification("WORKER_CLOSE", "", None) for _ in range(2))
    assert first == second


def test_what_was_written_is_not_touched(fresh: Codec) -> None:
    """Messages share nothing that can change."""
    first = fresh.encode_request(1, CLOSE, "a", {"transportId": "t"})
    second = fresh.encode_request(2, CLOSE, "b", {"transportId": "t"})
    before = bytes(second)
    third = fresh.encode_request(3, CLOSE, "c", {"transportId": "u"})
    assert len({bytes(first), before, bytes(third)}) == 3
    assert second == before


@pytest.mark.parametrize("warm", [False, True])
def test_a_wrong_body_is_named_each_time(fresh: Codec, warm: bool) -> None:
    """A body that does not fit is refused by name, be it the method's first message or a later one."""
    if warm:
        fresh.encode_request(1, CLOSE, "r", {"transportId": "t"})
    for _ in range(2):
        with pytest.raises(TypeError, match="transportId"):
            fresh.encode_request(1, CLOSE, "r", {"transportId": 3})
        with pytest.raises(TypeError, match="handlerId"):
            fresh.encode_request(1, CLOSE, 7, {"transportId": "t"})  # type: ignore[arg-type]
    assert _request(fresh, 2, "r", {"transportId": "t"}).id == 2

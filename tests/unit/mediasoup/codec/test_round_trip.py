"""What is encoded is sound, and is decoded to the same again, for every table of the schema."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.support.flatbuffers_verifier import Verifier
from tests.support.schema_strategies import tables

from tureen.mediasoup.codec import Codec, Notification, Request, Response
from tureen.mediasoup.codec.model import Field, Model, Parameters, Table, Union, Vector

quick = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def complete(model: Model, name: str, values: Any) -> dict[str, Any]:
    """Return what decoding gives: what is absent has its default."""
    result: dict[str, Any] = {}
    for field in model.tables[name].fields:
        value = values.get(field.key)
        if isinstance(field.type, Union):
            result[field.type_key] = member = values.get(field.type_key)
            table = field.type.members[member][1].name if member else ""
            result[field.key] = complete(model, table, value) if member else None
        else:
            result[field.key] = _absent(field) if value is None else _complete_value(model, field, value)
    return result


def _absent(field: Field) -> Any:
    match field.type:
        case Parameters():
            return {}
        case Vector(element) if getattr(element, "name", "") == "uint8":
            return b""
        case Vector():
            return []
        case _:
            return field.default


def _complete_value(model: Model, field: Field, value: Any) -> Any:
    match field.type:
        case Table(name):
            return complete(model, name, value)
        case Vector(Table(name)):
            return [complete(model, name, item) for item in value]
        case _:
            return value


def integral_in_range(value: Any) -> bool:
    """Tell whether parameters hold no float that would have to be an integer which is too large."""
    if isinstance(value, Mapping):
        return all(integral_in_range(item) for item in value.values())
    if isinstance(value, list):
        return all(integral_in_range(item) for item in value)
    return not (isinstance(value, float) and (math.isinf(value) or (value.is_integer() and abs(value) >= 2**31)))


@quick
@given(data=st.data())
def test_every_table_survives(codec: Codec, data: st.DataObject) -> None:
    """A random dict for any table makes a sound buffer, which decodes to the dict with defaults filled in."""
    name = data.draw(st.sampled_from(sorted(codec.model.tables)))
    values = data.draw(tables(codec.model, name))
    assume(integral_in_range(values))
    buffer = bytes(codec.table(name).encode(values))
    Verifier(codec.model, buffer).verify(name)
    assert codec.table(name).decode(buffer) == complete(codec.model, name, values)


def test_every_request_has_the_body_of_its_method(codec: Codec) -> None:
    """Every body that the schema knows belongs to a method or an event; what has none takes none."""
    bodies = set(codec.request_bodies.values()) - {None}
    assert bodies == set(codec.model.unions["FBS.Request.Body"].members)
    for method, body in codec.request_bodies.items():
        if body is None:
            buffer = bytes(codec.encode_request(7, method, "id", None))
            Verifier(codec.model, buffer).verify("FBS.Message.Message")
            assert codec.decode(buffer) == Request(7, method, "id", None)


@quick
@given(data=st.data())
def test_every_request_survives(codec: Codec, data: st.DataObject) -> None:
    """A random request of any method makes a sound message, and is decoded to the same again."""
    method = data.draw(st.sampled_from([name for name, body in codec.request_bodies.items() if body]))
    body_type = codec.request_bodies[method]
    assert body_type is not None
    table = codec.model.unions["FBS.Request.Body"].members[body_type][1].name
    values = data.draw(tables(codec.model, table))
    assume(integral_in_range(values))
    buffer = bytes(codec.encode_request(2**32 - 1, method, "handler", values))
    Verifier(codec.model, buffer).verify("FBS.Message.Message")
    message = codec.decode(buffer)
    assert isinstance(message, Request)
    assert (message.id, message.method, message.handler_id) == (2**32 - 1, method, "handler")
    assert message.body is not None
    assert message.body.type == body_type
    assert message.body.unpack() == complete(codec.model, table, values)


def test_notifications_to_the_worker(codec: Codec) -> None:
    """The events that go to the worker have the bodies that it expects."""
    expected = {
        "WORKER_CLOSE": None,
        "TRANSPORT_SEND_RTCP": "Transport_SendRtcpNotification",
        "PRODUCER_SEND": "Producer_SendNotification",
        "DATAPRODUCER_SEND": "DataProducer_SendNotification",
    }
    assert {event: codec.notification_bodies[event] for event in expected} == expected
    message = codec.decode(bytes(codec.encode_notification("PRODUCER_SEND", "p", {"data": memoryview(b"rtp")})))
    assert isinstance(message, Notification)
    assert message.body is not None
    assert message.body.unpack() == {"data": b"rtp"}


def test_none_is_absent_again_and_again(codec: Codec) -> None:
    """The same keys may hold None or not, in whatever order that comes."""
    tuple_codec = codec.table("FBS.Transport.Tuple")
    values = {"localAddress": "::1", "localPort": 1, "remoteIp": "::2", "remotePort": 2, "protocol": "tcp"}
    for absent in ({}, {"remoteIp": None}, {}, {"remoteIp": None, "protocol": None}, {"remoteIp": None}, {}):
        expected = {**values, **absent, **({"protocol": "udp"} if "protocol" in absent else {})}
        assert tuple_codec.decode(bytes(tuple_codec.encode({**values, **absent}))) == expected


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 254, 255, 256, 257, 70_000])
def test_strings_of_any_length(codec: Codec, length: int) -> None:
    """Strings keep their length, whatever padding they need, in tables and in vectors."""
    text = "é" * (length // 2) + "x" * (length % 2)
    request = {"logLevel": text, "logTags": [text, "y", text]}
    table = codec.table("FBS.Worker.UpdateSettingsRequest")
    buffer = bytes(table.encode(request))
    Verifier(codec.model, buffer).verify("FBS.Worker.UpdateSettingsRequest")
    assert table.decode(buffer) == request


def test_a_packed_body_is_unpacked_when_asked(codec: Codec) -> None:
    """A response keeps its body packed; every unpacking makes a new dict."""
    values = {"id": 3, "accepted": True, "bodyType": "Transport_ProduceResponse", "body": {"type": "svc"}}
    message = codec.decode(bytes(codec.table("FBS.Message.Message").encode({"dataType": "Response", "data": values})))
    assert isinstance(message, Response)
    assert message.body is not None
    first, second = message.body.unpack(), message.body.unpack()
    assert first == second == {"type": "svc"}
    assert first is not second

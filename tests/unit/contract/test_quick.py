"""Heartbeats and commands read quickly are what the models read."""

from __future__ import annotations

import math
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tureen.contract.cluster import Heartbeat, HostLoad, RouterLoad, WorkerLoad
from tureen.contract.errors import InvalidType, TureenError
from tureen.contract.media import (
    ConsumerRef,
    ListenInfo,
    PortRange,
    ProducerRef,
    RouterCreateWebRtcTransport,
    SocketFlags,
    TransportConnect,
    TransportRef,
)
from tureen.contract.model import Command
from tureen.contract.quick import as_read_quickly, decode_command, decode_heartbeat
from tureen.contract.rooms import Grant

_number = st.floats(0, 1e9)
_count = st.integers(0, 2**40)
_worker = st.builds(
    WorkerLoad,
    worker_id=st.text(max_size=9),
    tenant=st.none() | st.text(max_size=9),
    cpu=_number,
    memory=_count,
    consumers=_count,
    reserved=_number,
)
_heartbeat = st.builds(
    Heartbeat,
    node_id=st.text(max_size=9),
    start_id=st.text(max_size=9),
    seq=_count,
    mediasoup_version=st.text(max_size=9),
    addresses=st.lists(st.text(max_size=3), max_size=3),
    draining=st.booleans(),
    host=st.builds(HostLoad, cpu=_number, cores=_count, network_out=_number),
    workers=st.lists(_worker, max_size=4),
    routers=st.lists(st.builds(RouterLoad, router_id=st.text(max_size=9), opened=_count), max_size=3),
)


_MODELS: dict[str, type[BaseModel]] = {model.__name__: model for model in (Heartbeat, HostLoad, WorkerLoad, RouterLoad)}


def _attributes(value: Any) -> Any:
    """Return all attributes that the model has, at every depth."""
    if isinstance(value, list):
        return [_attributes(each) for each in value]
    model = _MODELS.get(type(value).__name__)
    if model is None:
        return value
    return {name: _attributes(getattr(value, name)) for name in model.model_fields}


@given(_heartbeat)
def test_reads_what_the_model_reads(heartbeat: Heartbeat) -> None:
    """Every field at every depth has the model's value; unknown fields are ignored."""
    wire = {**heartbeat.to_wire(), "newer": {"field": 1}}
    assert _attributes(decode_heartbeat(msgpack.packb(wire))) == _attributes(Heartbeat.model_validate(wire))


@given(st.binary(max_size=60) | st.builds(msgpack.packb, st.dictionaries(st.text(max_size=5), _number, max_size=3)))
def test_nonsense_is_refused(body: bytes) -> None:
    """What is no heartbeat is a coded error."""
    with pytest.raises(InvalidType):
        decode_heartbeat(body)


@pytest.mark.parametrize("load", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["cpu", "networkIn", "packetsLimit"])
def test_a_load_that_is_no_number(field: str, load: float) -> None:
    """A load that is no number is refused, wherever it is."""
    wire = Heartbeat(
        node_id="a", start_id="r", seq=1, mediasoup_version="3", host=HostLoad(), workers=[WorkerLoad(worker_id="w")]
    ).to_wire()
    decode_heartbeat(msgpack.packb(wire))
    with pytest.raises(InvalidType, match="no heartbeat"):
        decode_heartbeat(msgpack.packb({**wire, "host": {field: load}}))
    worker = {"workerId": "w", "cpu": load}
    with pytest.raises(InvalidType, match="no heartbeat"):
        decode_heartbeat(msgpack.packb({**wire, "workers": [worker]}))


_ID = st.text("aZ0-_", min_size=1, max_size=9)
_NUMBERS = [0, 1, -1, 255, 256, 65536, 2**32, 2**64 - 1, 0.0, 1.0, 99.5, 101.0, math.nan, math.inf]
_TEXTS = ["", "a", "a.b", "a\n", "udp", "x" * 128, "x" * 129, b"udp"]
_ANYTHING = st.sampled_from([None, True, *_NUMBERS, *_TEXTS, [], {}, [{}], {"a": 1}, {"min": 1, "max": 2}])


def _payload(model: type[BaseModel], **known: Any) -> Any:
    """Return a strategy of payloads with some of a model's fields, each right or wrong."""
    wire = {str(field.alias): name for name, field in model.model_fields.items()}
    needed = {field.alias for field in model.model_fields.values() if field.is_required()}
    values = {alias: known.get(name, _ANYTHING) for alias, name in wire.items()}
    return st.fixed_dictionaries(
        {alias: value for alias, value in values.items() if alias in needed},
        optional={alias: value for alias, value in values.items() if alias not in needed} | {"stranger": _ANYTHING},
    )


_range = _payload(PortRange, min=st.integers(0, 9) | _ANYTHING, max=st.integers(0, 9) | _ANYTHING)
_flags = _payload(SocketFlags, ipv6_only=st.booleans() | _ANYTHING)
_protocol = st.sampled_from(["udp", "tcp"]) | _ANYTHING
_info = _payload(ListenInfo, protocol=_protocol, ip=_ID, port_range=_range, flags=_flags)
_grant = _payload(Grant, grant_id=_ID, worker_id=_ID, room_id=_ID, expires_at=st.integers(0, 2**60))
_create = _payload(
    RouterCreateWebRtcTransport, router_id=_ID, listen_infos=st.lists(_info, max_size=2), grant=_grant, id=_ID
)
_commands = st.one_of(
    st.tuples(st.just(RouterCreateWebRtcTransport), _create),
    st.tuples(st.just(TransportRef), _payload(TransportRef, transport_id=_ID | _ANYTHING)),
    st.tuples(st.just(ProducerRef), _payload(ProducerRef, producer_id=_ID | _ANYTHING)),
    st.tuples(st.just(ConsumerRef), _payload(ConsumerRef, consumer_id=_ID | _ANYTHING)),
)


def _read_alike(model: type[Command], payload: dict[str, Any]) -> None:
    """Check that what was read quickly is what the model reads."""
    quick = decode_command(model, msgpack.packb(payload))
    if quick is None:
        return
    read = model.parse(payload)
    assert quick.to_wire() == read.to_wire()
    assert as_read_quickly(read) == as_read_quickly(quick) == quick
    for name in model.model_fields:
        mine, theirs = getattr(quick, name), getattr(read, name)
        if theirs is None or isinstance(theirs, str | int | float):
            assert (type(mine), mine) == (type(theirs), theirs)


@given(_commands)
def test_reads_no_command_that_the_model_refuses(drawn: tuple[type[Command], dict[str, Any]]) -> None:
    """Of right and wrong payloads only right ones are read, and every field, at every depth, is the model's."""
    _read_alike(*drawn)


_right_info = st.fixed_dictionaries(
    {"protocol": st.sampled_from(["udp", "tcp"]), "ip": _ID},
    optional={
        "port": st.integers(0, 65535),
        "portRange": st.fixed_dictionaries({}, optional={"min": st.integers(0, 9), "max": st.integers(0, 9)}),
        "flags": st.fixed_dictionaries({}, optional={"ipv6Only": st.booleans(), "udpReusePort": st.booleans()}),
        "announcedAddress": st.none() | st.text(max_size=9),
    },
)
_right_grant = st.fixed_dictionaries(
    {"grantId": _ID, "workerId": _ID, "roomId": _ID, "expiresAt": st.integers(0, 2**60)},
    optional={
        "cost": st.floats(0, 1e9) | st.integers(0, 9),
        "reserve": st.floats(0, 100),
        "consumers": st.integers(0, 9),
    },
)


@given(
    st.fixed_dictionaries(
        {"routerId": _ID},
        optional={
            "id": _ID,
            "ownerId": st.none() | _ID,
            "reuse": st.booleans(),
            "listenInfos": st.lists(_right_info, max_size=3),
            "enableUdp": st.none() | st.booleans(),
            "iceConsentTimeout": st.integers(0, 255),
            "initialAvailableOutgoingBitrate": st.integers(0, 2**32 - 1) | st.just(600_000),
            "appData": st.none(),
            "grant": _right_grant,
        },
    )
)
def test_reads_a_create_quickly(payload: dict[str, Any]) -> None:
    """A create without data of the app's is read without the model, and is what the model would read."""
    assert decode_command(RouterCreateWebRtcTransport, msgpack.packb(payload)) is not None
    _read_alike(RouterCreateWebRtcTransport, payload)


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (TransportRef, b""),
        (TransportRef, b"\x80"),
        (TransportRef, b"\xc1"),
        (TransportRef, msgpack.packb({"transportId": "a"}) + b"\x00"),
        (TransportRef, msgpack.packb({"transportId": "a\n"})),
        (TransportRef, b"\x81\xabtransportId\xa1\xff"),
        (TransportRef, b"\x91" * 5000),
        (TransportConnect, msgpack.packb({"transportId": "a"})),
        (RouterCreateWebRtcTransport, msgpack.packb({"routerId": "a", "appData": {"a": 1}})),
    ],
)
def test_leaves_to_the_model(model: type[Command], body: bytes) -> None:
    """What is malformed, holds data of the app's, or is another command is for the model to read."""
    assert decode_command(model, body) is None


@pytest.mark.parametrize("cost", [math.nan, math.inf, -1.0])
def test_a_cost_that_is_no_number(cost: float) -> None:
    """A grant's cost is a finite number, quickly read or not."""
    grant = {"grantId": "g", "workerId": "w", "roomId": "r", "expiresAt": 1, "cost": cost}
    payload = {"routerId": "r", "grant": grant}
    assert decode_command(RouterCreateWebRtcTransport, msgpack.packb(payload)) is None
    with pytest.raises(TureenError):
        RouterCreateWebRtcTransport.parse(payload)

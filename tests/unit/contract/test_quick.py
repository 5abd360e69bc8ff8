"""Heartbeats read quickly are what the models read."""

from __future__ import annotations

import math
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tureen.contract.cluster import Heartbeat, HostLoad, RouterLoad, WorkerLoad
from tureen.contract.errors import InvalidType
from tureen.contract.quick import decode_heartbeat

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
    with pytest.raises(InvalidType, match="no number"):
        decode_heartbeat(msgpack.packb({**wire, "host": {field: load}}))
    worker = {"workerId": "w", "cpu": load}
    with pytest.raises(InvalidType, match="no number"):
        decode_heartbeat(msgpack.packb({**wire, "workers": [worker]}))

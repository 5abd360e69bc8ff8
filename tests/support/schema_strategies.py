"""Make random dicts that fit the schema, with hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tureen.mediasoup.codec.model import (
    BOOL,
    UINT8,
    Enum,
    Field,
    Model,
    Parameters,
    Scalar,
    String,
    Table,
    Type,
    Union,
    Vector,
)

# FBS.RtpStream.Stats holds itself; deeper ones are not looked at.
MAX_DEPTH = 6

_texts = st.text(st.characters(codec="utf-8"), max_size=300)
_int32 = st.integers(-(2**31), 2**31 - 1)
_parameters = st.dictionaries(
    _texts,
    st.one_of(st.booleans(), _int32, _texts, st.lists(_int32, max_size=4), st.floats(allow_nan=False)),
    max_size=4,
)


def tables(model: Model, name: str, depth: int = 0) -> SearchStrategy[dict[str, Any]]:
    """Return dicts for a table, complete but for fields that may be absent: those are missing, or None."""
    parts = [_field(model, field, depth) for field in model.tables[name].fields]
    return st.tuples(*parts).map(lambda dicts: {key: value for part in dicts for key, value in part.items()})


def _field(model: Model, field: Field, depth: int) -> SearchStrategy[dict[str, Any]]:
    if isinstance(field.type, Union):
        present = _union(model, field, field.type, depth)
        absent: dict[str, None] = {field.type_key: None, field.key: None}
    else:
        present = _value(model, field.type, depth).map(lambda value: {field.key: value})
        absent = {field.key: None}
    if field.required:
        return present
    absents = st.sampled_from([{}, absent])
    return absents if depth >= MAX_DEPTH else st.one_of(present, absents)


def _union(model: Model, field: Field, union: Union, depth: int) -> SearchStrategy[dict[str, Any]]:
    members = [(member, table.name) for member, (_, table) in union.members.items()]
    if depth >= MAX_DEPTH:
        # The first member is the one that does not hold the union's own table again.
        members = members[:1]
    return st.one_of(*(_member(model, field, member, table, depth) for member, table in members))


def _member(model: Model, field: Field, member: str, table: str, depth: int) -> SearchStrategy[dict[str, Any]]:
    return tables(model, table, depth + 1).map(lambda value: {field.type_key: member, field.key: value})


def _value(model: Model, type_: Type, depth: int) -> SearchStrategy[Any]:
    match type_:
        case Scalar() as scalar:
            return _scalar(scalar)
        case Enum(values=names):
            return st.sampled_from(sorted(names))
        case String():
            return _texts
        case Table(name):
            return st.deferred(lambda: tables(model, name, depth + 1))
        case Parameters():
            return _parameters
        case Vector(element) if element is UINT8:
            return st.binary(max_size=40)
        case Vector(element):
            return st.lists(_value(model, element, depth + 1), max_size=3)
        case Union():
            raise AssertionError("no vector holds unions")


def _scalar(scalar: Scalar) -> SearchStrategy[Any]:
    if scalar is BOOL:
        return st.booleans()
    if scalar.minimum is None:
        return st.floats(width=64 if scalar.size == 8 else 32, allow_nan=False)
    return st.integers(scalar.minimum, scalar.maximum)

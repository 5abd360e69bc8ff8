"""Say why a dict cannot be encoded.

The encoders are generated and check as little as they can; when one fails, this walks through the dict again, guided by
the schema, and names the field and what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tureen.mediasoup.describe import describe

from .model import BOOL, UINT8, Enum, Field, Model, Parameters, Scalar, String, Table, TableModel, Type, Union, Vector
from .parameters import to_table

NoneSeen = Callable[[str, tuple[str, ...]], None]


class Checker:
    """Check dicts against the schema."""

    def __init__(self, model: Model, none_seen: NoneSeen) -> None:
        """Make a checker; ``none_seen(table, keys)`` is told of every table with an absent (None) value."""
        self._model = model
        self._none_seen = none_seen

    def table(self, name: str, values: Any, path: str) -> None:
        """Check a table.

        Raises:
            TypeError: Something is wrong with it; the message starts with the path of the field.
        """
        if not isinstance(values, Mapping):
            raise _error(path, f"must be a mapping, is {_kind(values)}")
        model = self._model.tables[name]
        if None in values.values():
            self._none_seen(name, tuple(values))
        unknown = values.keys() - _known_keys(model)
        if unknown:
            raise _error(f"{path}.{min(map(_key, unknown))}", f"is no field of {name}")
        for field in model.fields:
            self._field(field, values, f"{path}.{field.key}")

    def _field(self, field: Field, values: Mapping[str, Any], path: str) -> None:
        value = values.get(field.key)
        if isinstance(field.type, Union):
            self._union(field.type, values.get(field.type_key), value, path)
        if value is None:
            if field.required:
                raise _error(path, "is required")
        elif not isinstance(field.type, Union):
            self._value(field.type, value, path)

    def _union(self, union: Union, member: Any, value: Any, path: str) -> None:
        if member is None and value is None:
            return
        if not isinstance(member, str) or member not in union.members:
            raise _error(f"{path}Type", f"must be one of {', '.join(union.members)}, is {describe(member)}")
        if value is None:
            raise _error(path, "is required with its type")
        self.table(union.members[member][1].name, value, path)

    def _value(self, type_: Type, value: Any, path: str) -> None:
        match type_:
            case Scalar():
                _check_scalar(type_, value, path)
            case Enum(values=names):
                if not isinstance(value, str) or value not in names:
                    raise _error(path, f"must be one of {', '.join(names)}, is {describe(value)}")
            case String():
                _check_text(value, path)
            case Table(name):
                self.table(name, value, path)
            case Parameters(Table(name)):
                self._parameters(name, value, path)
            case Vector(element):
                self._vector(element, value, path)

    def _parameters(self, table: str, value: Any, path: str) -> None:
        if not isinstance(value, Mapping):
            raise _error(path, f"must be a mapping, is {_kind(value)}")
        for name, parameter in value.items():
            try:
                (pair,) = to_table({name: parameter})
            except TypeError as error:
                raise _error(f"{path}.{_key(name)}", str(error)) from None
            self.table(table, pair, f"{path}.{_key(name)}")

    def _vector(self, element: Type, value: Any, path: str) -> None:
        if element is UINT8:
            try:
                memoryview(value)
            except TypeError:
                raise _error(path, f"must be bytes, is {_kind(value)}") from None
            return
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            raise _error(path, f"must be a list, is {_kind(value)}")
        for index, item in enumerate(value):
            self._value(element, item, f"{path}[{index}]")


def _known_keys(table: TableModel) -> set[str]:
    unions = {field.type_key for field in table.fields if isinstance(field.type, Union)}
    return unions | {field.key for field in table.fields}


def _check_scalar(scalar: Scalar, value: Any, path: str) -> None:
    if scalar is BOOL:
        if not isinstance(value, bool):
            raise _error(path, f"must be a bool, is {_kind(value)}")
    elif scalar.minimum is None or scalar.maximum is None:
        if not isinstance(value, int | float):
            raise _error(path, f"must be a number, is {_kind(value)}")
    elif not isinstance(value, int):
        raise _error(path, f"must be an integer, is {_kind(value)}")
    elif not scalar.minimum <= value <= scalar.maximum:
        raise _error(path, f"must be from {scalar.minimum} to {scalar.maximum}, is {describe(value)}")


def _check_text(value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise _error(path, f"must be a string, is {_kind(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _error(path, "holds a lone surrogate, which UTF-8 cannot encode") from None


def _key(key: Any) -> str:
    return key if isinstance(key, str) else describe(key)


def _kind(value: Any) -> str:
    return "None" if value is None else f"{type(value).__name__} {describe(value)}"


def _error(path: str, problem: str) -> TypeError:
    return TypeError(f"{path} {problem}")

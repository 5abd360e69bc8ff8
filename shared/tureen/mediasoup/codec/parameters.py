"""Turn a codec's or header extension's parameters from a dict into the worker's list of pairs, and back.

mediasoup's JSON has ``{"minptime": 10, "profile-level-id": "42e01f"}`` where the schema has a vector of
``Parameter{name, value}``, the value being a union. JavaScript knows one kind of number, so, as in mediasoup, a float
without a fraction counts as an integer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def to_table(parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the pairs for the writer.

    Raises:
        TypeError: A value is of a kind that the worker does not know.
    """
    return [
        {
            "name": name,
            "valueType": _kind(value),
            "value": {"value": value if value.__class__ is not float or not value.is_integer() else int(value)},
        }
        for name, value in parameters.items()
    ]


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "Boolean"
        case int():
            return "Integer32"
        case float():
            return "Integer32" if value.is_integer() else "Double"
        case str():
            return "String"
        case list() | tuple():
            return "Integer32Array"
        case _:
            raise TypeError(f"a {type(value).__name__} cannot be the value of a parameter")


def from_table(pairs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the dict for what the reader has found."""
    return {
        pair["name"]: bool(pair["value"]["value"]) if pair["valueType"] == "Boolean" else pair["value"]["value"]
        for pair in pairs
    }

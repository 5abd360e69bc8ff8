"""Tables of fields in Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tureen.config.describe import field_docs


def fields(model: type[BaseModel], types_page: str = "types.md") -> Iterator[str]:
    """Yield the table of a message's fields; what is a message itself is a link to its own table."""
    if not model.model_fields:
        return
    explained = field_docs(model)
    yield "| field | type | default | |"
    yield "| --- | --- | --- | --- |"
    for name, field in model.model_fields.items():
        kind = type_name(field.annotation, types_page)
        yield f"| `{field.alias or name}` | {kind} | {_default(field)} | {explained.get(name, '')} |"


def type_name(annotation: Any, types_page: str = "types.md") -> str:
    """Return a type as JSON would name it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return type_name(annotation.__origin__, types_page)
    if origin is Literal:
        return ", ".join(f'`"{value}"`' for value in arguments)
    if origin is list:
        return f"list of {type_name(arguments[0], types_page)}"
    if origin is dict:
        return "map"
    if arguments:
        return " or ".join(type_name(member, types_page) for member in arguments if member is not NoneType)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}]({types_page}#{annotation.__name__.lower()})"
    return {str: "string", int: "integer", float: "number", bool: "boolean", bytes: "bytes"}.get(annotation, "any")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None:
        return ""
    return "`{…}`" if isinstance(value, BaseModel) else f"`{json.dumps(value)}`"

"""JSON Schemas of the contract's messages."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema
from pydantic_core import core_schema

from tureen.config.describe import field_docs

REF = "#/components/schemas/{model}"

Schema = dict[str, Any]


class _Generator(GenerateJsonSchema):
    """pydantic's, without titles that repeat the name, and with bytes as the wire has them."""

    def bytes_schema(self, schema: core_schema.BytesSchema) -> Schema:
        """Return the schema of bytes, which are strings in JSON."""
        return {"type": "string", "contentEncoding": "base64", "description": "Bytes: `bin` in msgpack."}

    def field_title_should_be_set(self, schema: object) -> bool:
        """Give no field a title."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        """Leave out a default that says no more than that the field may be absent."""
        result = super().default_schema(schema)
        if "default" in result and result["default"] is None:
            del result["default"]
        return result


def schemas(models: Iterable[type[BaseModel]]) -> dict[str, Schema]:
    """Return the schemas of messages and of what they hold, by the models' names.

    Raises:
        ValueError: Two models have the same name.
    """
    wanted = list(dict.fromkeys(models))
    _, whole = models_json_schema(
        [(model, "validation") for model in wanted], ref_template=REF, schema_generator=_Generator
    )
    found: dict[str, Schema] = whole["$defs"]
    by_name = nested(wanted)
    if strangers := found.keys() - by_name.keys():
        raise ValueError(f"two models share a name: {', '.join(sorted(strangers))}")
    return {name: _described(by_name[name], found[name]) for name in sorted(found)}


def nested(models: Iterable[type[BaseModel]]) -> dict[str, type[BaseModel]]:
    """Return models and those that their fields hold, by name."""
    found: dict[str, type[BaseModel]] = {}
    waiting = list(models)
    while waiting:
        model = waiting.pop()
        if found.setdefault(model.__name__, model) is not model:
            raise ValueError(f"two models share a name: {model.__name__}")
        waiting.extend(member for member in held(model) if member.__name__ not in found)
    return found


def held(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Return the models that are the values of a model's fields, or in lists of them."""
    return [member for field in model.model_fields.values() for member in _members(field.annotation)]


def _members(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _members(argument)


def summary(thing: type[Any]) -> str:
    """Return the first paragraph of a docstring."""
    return about(thing).split("\n\n")[0].replace("\n", " ")


def about(thing: type[Any]) -> str:
    """Return a docstring without what it says of the fields."""
    return inspect.cleandoc(thing.__doc__ or "").partition("Attributes:\n")[0].strip()


def _described(model: type[BaseModel], schema: Schema) -> Schema:
    """Return a schema with what the model's docstring says of its fields."""
    explained = field_docs(model)
    properties: Mapping[str, Schema] = schema.get("properties", {})
    for name, field in model.model_fields.items():
        words = explained.get(name)
        if words and "description" not in properties[field.alias or name]:
            properties[field.alias or name]["description"] = words
    description = {"description": about(model)} if model.__doc__ else {}
    return {key: value for key, value in schema.items() if key not in ("title", "description")} | description

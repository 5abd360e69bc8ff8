"""What a command takes and answers, from its models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tureen.cli.show.json_text import json_line
from tureen.cli.wire.commands import spelled
from tureen.config.describe import field_docs
from tureen.contract.registry import Command

Schema = Mapping[str, Any]


class Field(NamedTuple):
    """One field: its name on the wire, its type in words, its default as JSON, what it is for."""

    name: str
    type: str
    required: bool
    default: str
    about: str


def fields_of(model: type[BaseModel]) -> list[Field]:
    """Return the fields of a model in order."""
    schema = model.model_json_schema(by_alias=True)
    about = {field.alias or name: field_docs(model).get(name, "") for name, field in model.model_fields.items()}
    return [
        Field(name, type_of(each), name in schema.get("required", ()), _default(each), about.get(name, ""))
        for name, each in schema.get("properties", {}).items()
    ]


def type_of(schema: Schema) -> str:
    """Return the type that a JSON Schema describes, in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema:
        return " | ".join(map(json.dumps, schema["enum"]))
    if "const" in schema:
        return json.dumps(schema["const"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(type_of(each) for each in schema["anyOf"] if each.get("type") != "null"))
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    if schema.get("format") in ("binary", "base64"):
        return "base64"
    kind = str(schema.get("type", "any"))
    return f"{'map' if kind == 'object' else kind}{_range(schema)}"


def example(command: Command) -> dict[str, Any]:
    """Return a payload with all that the command requires, and words where values are to be."""
    schema = command.request.model_json_schema(by_alias=True)
    return {name: _word(schema["properties"][name], schema) for name in schema.get("required", ())}


def structures(command: Command) -> Iterator[type[BaseModel]]:
    """Return the models that are in the fields of a command's payload, each once."""
    seen: dict[type[BaseModel], None] = {}
    _collect(command.request, seen)
    return (model for model in seen if model is not command.request)


def show(console: Console, command: Command) -> None:
    """Print a command's fields, those of its answer, and a line to start from."""
    parts: list[RenderableType] = [Text.assemble((command.name, "bold"), "  ", (command.about, "dim"))]
    parts += _section("payload", command.request)
    for model in structures(command):
        parts += _section(model.__name__, model)
    parts += _section("answer", command.reply, required="always")
    if failures := ", ".join(error.type for error in command.errors):
        parts.append(Text.assemble("\n", ("may fail with ", "dim"), failures, (", and what every command may", "dim")))
    node = "--node NODE " if command.service == "node" else ""
    line = Text.assemble(
        "\n", (f"tureen call {spelled(command)} {node}'", "green"), json_line(example(command)), ("'", "green")
    )
    console.print(Group(*parts, line))


def as_json(command: Command) -> dict[str, Any]:
    """Return what `--fields` tells a program: the JSON Schemas of payload and answer."""
    models = {"payload": command.request, "answer": command.reply}
    return {"command": command.name, **{name: each.model_json_schema(by_alias=True) for name, each in models.items()}}


def _section(title: str, model: type[BaseModel], required: str = "required") -> list[RenderableType]:
    fields = fields_of(model)
    if not fields:
        return [Text.assemble("\n", (title, "bold cyan"), ("  nothing", "dim"))]
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for style in ("", "cyan", "dim"):
        table.add_column(style=style, overflow="fold")
    for field in fields:
        name = Text(f"  {field.name}", "bold" if field.required else "")
        note = required if field.required else f"default {field.default}" if field.default else ""
        table.add_row(name, Text(field.type), Text(". ".join(filter(None, (note, field.about)))))
    return [Text(f"\n{title}", "bold cyan"), table]


def _default(schema: Schema) -> str:
    default = schema.get("default")
    return "" if default is None else json.dumps(default)


def _range(schema: Schema) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    return ",".join(f" {sign} {schema[name]}" for name, sign in signs.items() if name in schema)


def _word(schema: Schema, root: Schema) -> Any:
    if "$ref" in schema:
        inner = root["$defs"][type_of(schema)]
        return {each: _word(inner["properties"][each], root) for each in inner.get("required", ())}
    if "enum" in schema:
        return schema["enum"][0]
    words = {"array": [], "object": {}, "integer": 0, "number": 0, "boolean": False}
    return words.get(schema.get("type", ""), "…")


def _collect(model: type[BaseModel], seen: dict[type[BaseModel], None]) -> None:
    if model in seen:
        return
    seen[model] = None
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            _collect(inner, seen)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)

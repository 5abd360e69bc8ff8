"""The pages for people: docs/wire.md."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tureen.config.describe import field_docs
from tureen.contract import cluster, errors, registry

PAGE = Path(__file__).parents[2] / "docs" / "wire.md"
ANNOUNCEMENTS: tuple[type[BaseModel], ...] = (
    cluster.Heartbeat,
    cluster.HostLoad,
    cluster.WorkerLoad,
    cluster.Inventory,
    cluster.RouterEntry,
    cluster.ProducerEntry,
)


def files() -> dict[Path, str]:
    """Return the pages, as they should be."""
    page = PAGE.read_text()
    for section, lines in (("errors", _errors()), ("announcements", _announcements()), ("commands", _commands())):
        page = _replace(page, section, "\n".join(lines))
    return {PAGE: page}


def _replace(page: str, section: str, text: str) -> str:
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    if begin not in page or end not in page:
        sys.exit(f"docs/wire.md lacks the marks of section {section}")
    return re.sub(f"{begin}.*?{end}", lambda _: f"{begin}\n{text}\n{end}", page, flags=re.DOTALL)


def _errors() -> Iterator[str]:
    yield "| code | type | what it means | nothing was done, for sure |"
    yield "| --- | --- | --- | --- |"
    for error in sorted(errors.BY_TYPE.values(), key=lambda error: error.code):
        yield f"| {error.code} | `{error.type}` | {_summary(error)} | {'yes' if error.nothing_done else 'no'} |"


def _announcements() -> Iterator[str]:
    for model in ANNOUNCEMENTS:
        yield from ("", f"### {model.__name__}", "", _summary(model), "", *_fields(model))


def _commands() -> Iterator[str]:
    ordered = sorted(registry.all_commands(), key=lambda command: (command.service, command.object))
    for (service, object_), commands in groupby(ordered, key=lambda command: (command.service, command.object)):
        yield from ("", f"### {object_} ({service})")
        for command in commands:
            yield from _command(command)


def _command(command: registry.Command) -> Iterator[str]:
    node = "<nodeId>." if command.service == "node" else ""
    tenant = "system" if command.audience is registry.Audience.SYSTEM else "<tenant>"
    yield from ("", f"#### {command.name}", "")
    yield from (command.about, "")
    yield f"`tureen.v1.{tenant}.{command.service}.{node}{command.name}`, for `{command.audience}`"
    if not command.retry:
        yield "; not to be asked again"
    yield from ("", *_fields(command.request))
    if command.reply.model_fields:
        yield from ("", "Reply:", "", *_fields(command.reply))


def _fields(model: type[BaseModel]) -> Iterator[str]:
    if not model.model_fields:
        return
    explained = field_docs(model)
    yield "| field | type | default | |"
    yield "| --- | --- | --- | --- |"
    for name, field in model.model_fields.items():
        wire = field.alias or name
        yield f"| `{wire}` | {_type(field.annotation)} | {_default(field)} | {explained.get(name, '')} |"


def _summary(thing: type[Any]) -> str:
    """Return the first paragraph of a docstring."""
    return " ".join(inspect.cleandoc(thing.__doc__ or "").split("\n\n")[0].split())


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None:
        return ""
    return "`{…}`" if isinstance(value, BaseModel) else f"`{json.dumps(value)}`"


def _type(annotation: Any) -> str:
    """Return a type as JSON would name it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return _type(annotation.__origin__)
    if origin is Literal:
        return ", ".join(f'`"{value}"`' for value in arguments)
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return "map"
    if arguments:
        return " or ".join(_type(member) for member in arguments if member is not NoneType)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.__name__
    return {str: "string", int: "integer", float: "number", bool: "boolean", bytes: "bytes"}.get(annotation, "any")

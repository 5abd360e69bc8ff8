"""What a service's `--help` says of its settings."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from tureen.config.settings import Settings


def describe(model: type[Settings], env_prefix: str) -> str:
    """Return the settings of a service as text: the variable, the default, what it is for."""
    lines = [f"settings, as environment variables ({env_prefix}…) or keys of the file:"]
    for path, default, words in _leaves(model, ()):
        variable = env_prefix + "__".join(path).upper()
        lines.append(f"\n  {variable}{f' = {default}' if default else ''}")
        if words:
            lines.append(f"      {words}")
    return "\n".join(lines)


def _leaves(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    explained = field_docs(model)
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from _leaves(annotation, (*path, name))
        else:
            yield (*path, name), _default(field), explained.get(name, "")


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Return what the docstrings of a model and of its bases say of its fields."""
    explained: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel):
            explained |= _attributes(base)
    return explained


def _attributes(model: type[BaseModel]) -> dict[str, str]:
    _, _, attributes = inspect.cleandoc(model.__doc__ or "").partition("Attributes:\n")
    found = re.findall(r"^ {4}(\w+): (.*?)(?=^ {4}\w+: |\Z)", attributes, flags=re.DOTALL | re.MULTILINE)
    return {name: " ".join(words.split()) for name, words in found}


def _default(field: FieldInfo) -> str:
    value = None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, list):
        return json.dumps([item.model_dump() if isinstance(item, BaseModel) else item for item in value])
    return str(value)

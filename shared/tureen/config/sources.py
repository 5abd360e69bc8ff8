"""Where settings come from: a TOML file, environment variables, flags."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from tureen.config.errors import SettingsError


class Setting(NamedTuple):
    """One value: where it goes, what it is, and where it was found, for people."""

    path: tuple[str, ...]
    value: Any
    origin: str


def from_file(model: type[BaseModel], file: Path) -> list[Setting]:
    """Read a TOML file."""
    try:
        with file.open("rb") as stream:
            values = tomllib.load(stream)
    except OSError as error:
        raise SettingsError(f"cannot read the settings file {file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings file {file} is not TOML: {error}") from None
    return list(_walk(model, values, str(file), ()))


def from_flags(model: type[BaseModel], flags: Mapping[str, Any]) -> list[Setting]:
    """Take what was given on the command line; None means that it was not."""
    given = {name: value for name, value in flags.items() if value is not None}
    return list(_walk(model, given, "the command line", ()))


def from_environment(model: type[BaseModel], prefix: str, environ: Mapping[str, str]) -> list[Setting]:
    """Take the variables that begin with the prefix; an unknown one is refused."""
    return [
        _variable(model, name, name.removeprefix(prefix), text)
        for name, text in sorted(environ.items())
        if name.startswith(prefix)
    ]


def put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Write a value into nested maps."""
    for name in path[:-1]:
        below = values.get(name)
        values = values.setdefault(name, {}) if isinstance(below, dict) or below is None else _replace(values, name)
    values[path[-1]] = value


def _replace(values: dict[str, Any], name: str) -> dict[str, Any]:
    values[name] = {}
    fresh: dict[str, Any] = values[name]
    return fresh


def _walk(model: type[BaseModel], values: Mapping[str, Any], origin: str, path: tuple[str, ...]) -> Iterator[Setting]:
    """Yield the leaves of nested tables, refusing what the model does not know."""
    for name, value in values.items():
        field = model.model_fields.get(name)
        if field is None:
            raise _unknown(".".join((*path, name)), name, model.model_fields, origin)
        nested = _nested_model(field.annotation)
        if nested is not None and isinstance(value, Mapping):
            yield from _walk(nested, value, origin, (*path, name))
        else:
            yield Setting((*path, name), value, origin)


def _variable(model: type[BaseModel], variable: str, rest: str, text: str) -> Setting:
    path: tuple[str, ...] = ()
    current: type[BaseModel] | None = model
    annotation: Any = model
    for part in rest.lower().split("__"):
        field = current.model_fields.get(part) if current else None
        if field is None:
            known = current.model_fields if current else ()
            raise _unknown(variable, part, known, "the environment")
        path = (*path, part)
        annotation = field.annotation
        current = _nested_model(annotation)
    return Setting(path, _parse(annotation, text, variable), f"the environment variable {variable}")


def _parse(annotation: Any, text: str, variable: str) -> Any:
    """Return a variable's value: structures are JSON, lists may have commas, the rest is pydantic's to read."""
    kinds = _kinds(annotation)
    if not kinds & {list, dict, tuple, set, frozenset, BaseModel}:
        return text
    if text.lstrip().startswith(("[", "{")):
        try:
            return json.loads(text)
        except ValueError as error:
            raise SettingsError(f"{variable} is not JSON: {error}") from None
    if kinds & {list, tuple, set, frozenset}:
        return [item.strip() for item in text.split(",") if item.strip()]
    return text


def _kinds(annotation: Any) -> set[Any]:
    """Return the classes that an annotation allows, without their parameters."""
    origin = get_origin(annotation)
    if origin is Union or origin is UnionType:
        return {kind for member in get_args(annotation) for kind in _kinds(member)}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {BaseModel}
    return {origin or annotation}


def _nested_model(annotation: Any) -> type[BaseModel] | None:
    """Return the model in an annotation such as `Nested` or `Nested | None`."""
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((member for member in members if isinstance(member, type) and issubclass(member, BaseModel)), None)


def _unknown(shown: str, name: str, known: Iterable[str], origin: str) -> SettingsError:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names) or 'none'}"
    return SettingsError(f"unknown setting {shown} in {origin}: {hint}")

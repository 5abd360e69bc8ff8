"""All declaration files together: what a name stands for, and which fields a type has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from parity.module_parser import parse_module
from parity.syntax import (
    Alias,
    Declaration,
    Intersection,
    Mapped,
    Module,
    Object,
    Operation,
    Reference,
    Text,
    Type,
    Union,
)
from parity.tokens import DeclarationError

# What TypeScript and Node.js bring along.
BUILTINS: Final = frozenset(
    {
        *("any", "boolean", "never", "null", "number", "string", "this", "undefined", "unknown", "void"),
        *("Buffer", "Error", "Promise", "Record"),
    }
)


@dataclass(frozen=True)
class Scoped:
    """A type, with where its names are looked up.

    Attributes:
        type: The type.
        module: The module that it is written in.
        arguments: What the type parameters around it stand for.
    """

    type: Type
    module: str
    arguments: Mapping[str, Scoped] = field(default_factory=dict)

    def inner(self, type_: Type) -> Scoped:
        """Return a part of the type."""
        return Scoped(type_, self.module, self.arguments)


@dataclass(frozen=True)
class Field:
    """A field of a structure.

    Attributes:
        type: Its type.
        optional: Whether it may be absent.
    """

    type: Scoped
    optional: bool


@dataclass(frozen=True)
class Found:
    """A declaration, and the module that it is in."""

    declaration: Declaration
    module: str


class Program:
    """All declaration files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._modules: dict[str, Module] = {}

    def module(self, name: str) -> Module:
        """Return a module, read at its first use.

        Raises:
            DeclarationError: There is no such file, or it has something that is not understood.
        """
        if name not in self._modules:
            path = self._folder / f"{name}.d.ts"
            if not path.is_file():
                raise DeclarationError(f"there is no {path.name}")
            self._modules[name] = parse_module(path)
        return self._modules[name]

    def exports(self, name: str) -> dict[str, Found]:
        """Return all that a module exports; whole modules that it exports under a name are left out."""
        module = self.module(name)
        found = {exported: self.lookup(local, name) for exported, local in module.exports.items()}
        for exported, (source, there) in module.reexports.items():
            if there != "*":
                found[exported] = self.exported(there, source)
        for source in module.star_exports:
            found |= self.exports(source)
        return found

    def namespaces(self, name: str) -> dict[str, str]:
        """Return the modules that a module exports whole: exported name to module."""
        return {as_: source for as_, (source, there) in self.module(name).reexports.items() if there == "*"}

    def exported(self, name: str, module: str) -> Found:
        """Return what a module exports under a name.

        Raises:
            DeclarationError: It exports no such thing.
        """
        found = self.exports(module).get(name)
        if found is None:
            raise DeclarationError(f"{module} does not export {name}")
        return found

    def lookup(self, name: str, module: str) -> Found:
        """Return what a name stands for inside a module.

        Raises:
            DeclarationError: It stands for nothing.
        """
        source = self.module(module)
        if name in source.declarations:
            return Found(source.declarations[name], module)
        if name in source.imports:
            there, original = source.imports[name]
            return self.exported(original, there)
        raise DeclarationError(f"{module} uses {name}, which is declared nowhere")

    def is_foreign(self, name: str, module: str) -> bool:
        """Tell whether a name comes from TypeScript, Node.js or another package."""
        source, _ = self.module(module).imports.get(name.partition(".")[0], ("", ""))
        return name in BUILTINS or source.startswith("npm:")

    def resolve(self, scoped: Scoped) -> Scoped:
        """Follow names until the type is no alias; `Pick`, `Omit` and the builtin types are left as they are."""
        type_ = scoped.type
        if not isinstance(type_, Reference) or type_.name in ("Pick", "Omit"):
            return scoped
        if type_.name in scoped.arguments:
            return self.resolve(scoped.arguments[type_.name])
        if self.is_foreign(type_.name, scoped.module):
            return scoped
        found = self.lookup(type_.name, scoped.module)
        if not isinstance(found.declaration, Alias):
            return scoped
        names = found.declaration.type_parameters
        # Arguments that are left out have defaults, which here are always plain app data.
        given = {name: scoped.inner(argument) for name, argument in zip(names, type_.arguments, strict=False)}
        missing = {name: scoped.inner(Reference("unknown")) for name in names if name not in given}
        return self.resolve(Scoped(found.declaration.type, found.module, given | missing))

    def strings(self, scoped: Scoped) -> list[str] | None:
        """Return the values of a union of strings; `None` if the type is no such union."""
        resolved = self.resolve(scoped)
        if isinstance(resolved.type, Text):
            return [resolved.type.value]
        if not isinstance(resolved.type, Union):
            return None
        values: list[str] = []
        for member in resolved.type.members:
            inner = self.strings(resolved.inner(member))
            if inner is None:
                return None
            values += inner
        return values

    def fields(self, scoped: Scoped) -> dict[str, Field] | None:
        """Return the fields of a structure; `None` if the type is none.

        Raises:
            DeclarationError: It is made in a way that is not understood.
        """
        resolved = self.resolve(scoped)
        match resolved.type:
            case Object(members):
                return {
                    member.name: Field(resolved.inner(member.type), member.optional)
                    for member in members
                    if not (member.optional and member.type == Reference("never"))
                }
            case Intersection(parts):
                return self._all_fields(resolved, parts)
            case Union(parts):
                return self._common_fields(resolved, parts)
            case Mapped():
                return self._mapped_fields(resolved, resolved.type)
            case Reference("Pick" | "Omit" as name, (base, keys)):
                return self._selected_fields(resolved, base, keys, keep=name == "Pick")
        return None

    def _all_fields(self, scoped: Scoped, parts: tuple[Type, ...]) -> dict[str, Field] | None:
        fields: dict[str, Field] = {}
        for part in parts:
            inner = self.fields(scoped.inner(part))
            if inner is None:
                return None
            fields |= inner
        return fields

    def _common_fields(self, scoped: Scoped, parts: tuple[Type, ...]) -> dict[str, Field] | None:
        """Return the fields of alternatives: one that not all of them demand is optional."""
        alternatives: list[dict[str, Field]] = []
        for part in parts:
            inner = self.fields(scoped.inner(part))
            if inner is None:
                return None
            alternatives.append(inner)
        merged: dict[str, Field] = {}
        for alternative in alternatives:
            for name, known in alternative.items():
                optional = any(name not in other or other[name].optional for other in alternatives)
                merged.setdefault(name, Field(known.type, optional))
        return merged

    def _mapped_fields(self, scoped: Scoped, mapped: Mapped) -> dict[str, Field] | None:
        """Return the fields of `{[P in keyof T]: T[P]}`, or none for `{[P in keyof T]?: never}`."""
        if not (isinstance(mapped.keys, Operation) and mapped.keys.operator == "keyof"):
            raise DeclarationError(f"{scoped.module}: mapped type over {mapped.keys}")
        (base,) = mapped.keys.operands
        if mapped.optional and mapped.value == Reference("never"):
            return {}
        if mapped.value == Operation("index", (base, Reference(mapped.parameter))):
            return self.fields(scoped.inner(base))
        raise DeclarationError(f"{scoped.module}: mapped type to {mapped.value}")

    def _selected_fields(self, scoped: Scoped, base: Type, keys: Type, *, keep: bool) -> dict[str, Field]:
        fields = self.fields(scoped.inner(base))
        names = self.strings(scoped.inner(keys))
        if fields is None or names is None:
            raise DeclarationError(f"{scoped.module}: Pick or Omit of {base}")
        return {name: known for name, known in fields.items() if (name in names) is keep}

"""What mediasoup offers, from its declarations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from parity.facts import Fact, Kind, snake_case
from parity.program import Field, Found, Program, Scoped
from parity.shapes import ANY, NONE, TEXT, Fields, ListOf, Named, Plain, Shape, TableOf, Values, one_of
from parity.syntax import (
    Alias,
    Class,
    Dictionary,
    Function,
    Intersection,
    Items,
    List,
    Member,
    Operation,
    Parameter,
    Reference,
    Text,
    Union,
    Value,
)
from parity.tokens import DeclarationError

_PRIVATE: Final = re.compile(r"@private\b")
_OPTIONS: Final = ("Options", "Settings", "Listeners")
_UNKNOWN: Final = Reference("unknown")
_EMITTER: Final = "EnhancedEventEmitter"
_PLAIN: Final[Mapping[str, Shape]] = {
    "any": ANY,
    "unknown": ANY,
    "this": ANY,
    "string": TEXT,
    "number": Plain("number"),
    "boolean": Plain("boolean"),
    "Buffer": Plain("bytes"),
    "undefined": NONE,
    "void": NONE,
    "Error": Named("Error"),
}


class Mediasoup:
    """Lists what mediasoup offers.

    Whatever is exported is listed; an export of a form that is not foreseen raises `DeclarationError`.
    """

    def __init__(self, program: Program, has_structure: Callable[[str], bool]) -> None:
        """Look at declarations.

        Args:
            program: The declarations.
            has_structure: Tells whether we have a structure of a name. One that mediasoup declares as an alias of
                another is compared under its own name then.
        """
        self._program = program
        self._has_structure = has_structure
        self._options_seen: set[str] = set()

    def facts(self) -> Iterator[Fact]:
        """Yield all that the package exports, and what the modules do that it exports as a whole."""
        yield from self._functions("index", "")
        for name, module in self._program.namespaces("index").items():
            match name:
                case "types":
                    yield from self._types(module)
                case "errors":
                    for error in self._program.exports(module):
                        yield Fact(f"errors.{error}", "error", error)
                case "ortc":
                    yield from self._functions(module, "ortc.")
                case "extras":
                    yield from self._functions(module, "extras.")
                case _:
                    raise DeclarationError(f"index exports {name}, which nobody here looks at")
        self._check_options()

    def _functions(self, module: str, prefix: str) -> Iterator[Fact]:
        for name, found in self._program.exports(module).items():
            declaration = found.declaration
            path = prefix + snake_case(name)
            if isinstance(declaration, Class):
                yield from self._class(name, found)
            elif isinstance(declaration, Alias):
                yield from self._alias(name, found)
            elif isinstance(declaration.type, Function):
                yield from self._callable(path, name, "function", Scoped(declaration.type, found.module))
            else:
                yield Fact(path, "constant", name, shape=self.shape(Scoped(declaration.type, found.module)))

    def _types(self, module: str) -> Iterator[Fact]:
        exports = self._program.exports(module)
        classes = {name for name, found in exports.items() if isinstance(found.declaration, Class)}
        for name, found in exports.items():
            if found.module == "errors":
                continue
            if name == "Index":
                self._check_index(found)
            elif isinstance(found.declaration, Class):
                yield from self._class(name, found)
            elif name == "ObserverEvents":
                yield from self._event_facts("observer", name, found.module, "event")
            elif name.endswith("Events"):
                self._check_events(name, classes)
            elif found.module != module or not _is_generic(found):
                # The module's own generic types are tools to write the others.
                yield from self._alias(name, found)

    def _check_index(self, found: Found) -> None:
        """Check that the interface of the whole package lists nothing but what the package exports."""
        assert isinstance(found.declaration, Class)
        unknown = {member.name for member in found.declaration.body.members} - set(self._program.exports("index"))
        if unknown:
            raise DeclarationError(f"Index lists {', '.join(sorted(unknown))}, which the package does not export")

    def _check_events(self, name: str, classes: set[str]) -> None:
        """Check that events are those of a class or of its observer."""
        owner = name.removesuffix("Events")
        if owner not in classes and owner.removesuffix("Observer") not in classes:
            raise DeclarationError(f"{name} belongs to no class")

    def _check_options(self) -> None:
        """Check that all options are those of a method or a function."""
        exports = self._program.exports("types")
        options = {name for name in exports if name.endswith(_OPTIONS)}
        if options - self._options_seen:
            raise DeclarationError(f"nobody takes {', '.join(sorted(options - self._options_seen))}")

    # Classes.

    def _class(self, name: str, found: Found) -> Iterator[Fact]:
        yield Fact(name, "class", name)
        for member, scoped in self._members(found).values():
            if _PRIVATE.search(member.comment) or member.kind == "constructor":
                continue
            yield from self._member(name, member, scoped)
        if name != _EMITTER:
            yield from self._events(name, found.module)

    def _members(self, found: Found) -> dict[str, tuple[Member, Scoped]]:
        """Return the members of a class and of its bases; setters are listed beside their getters."""
        assert isinstance(found.declaration, Class)
        members: dict[str, tuple[Member, Scoped]] = {}
        for base in found.declaration.bases:
            if isinstance(base, Reference) and base.name not in (_EMITTER, "EventEmitter", "Error"):
                members |= self._members(self._program.lookup(base.name, found.module))
        unknown = Scoped(_UNKNOWN, found.module)
        generics = dict.fromkeys(found.declaration.type_parameters, unknown)
        for member in found.declaration.body.members:
            key = f"{member.name}=" if member.kind == "set" else member.name
            members[key] = (member, Scoped(member.type, found.module, generics))
        return members

    def _member(self, owner: str, member: Member, scoped: Scoped) -> Iterator[Fact]:
        path = f"{owner}.{snake_case(member.name)}"
        if isinstance(member.type, Function):
            if owner == _EMITTER:
                # Its types are about TypeScript's own; what counts is that the methods are there.
                yield Fact(path, "method", member.name)
                return
            yield from self._callable(path, member.name, "method", scoped, abstract="@abstract" in member.comment)
        elif member.kind == "set":
            yield Fact(f"{path} =", "property", f"{member.name} =", shape=self.shape(scoped))
        else:
            yield Fact(path, "property", member.name, shape=self.shape(scoped))

    def _events(self, name: str, module: str) -> Iterator[Fact]:
        yield from self._event_facts(name, f"{name}Events", module, "event")
        yield from self._event_facts(name, f"{name}ObserverEvents", module, "observer event")

    def _event_facts(self, owner: str, alias: str, module: str, kind: Kind) -> Iterator[Fact]:
        fields = self._program.fields(Scoped(Reference(alias), module))
        if fields is None:
            raise DeclarationError(f"{alias} is no structure")
        for event, known in fields.items():
            # What begins so is between mediasoup's own classes.
            if not event.startswith("@"):
                yield self._event(f"{owner} {event}", kind, event, known)

    def _event(self, path: str, kind: Kind, event: str, known: Field) -> Fact:
        if not isinstance(known.type.type, Items):
            raise DeclarationError(f"{path}: an event without a list of arguments")
        arguments = [
            one_of([self.shape(known.type.inner(item)), NONE]) if optional else self.shape(known.type.inner(item))
            for item, optional in known.type.type.items
        ]
        return Fact(path, kind, event, arguments=tuple(arguments))

    # Functions and methods.

    def _callable(self, path: str, name: str, kind: Kind, scoped: Scoped, *, abstract: bool = False) -> Iterator[Fact]:
        function = scoped.type
        assert isinstance(function, Function)
        unknown = scoped.inner(_UNKNOWN)
        scoped = replace(scoped, arguments={**scoped.arguments, **dict.fromkeys(function.type_parameters, unknown)})
        result, awaited = function.result, False
        if isinstance(result, Reference) and result.name == "Promise":
            (result,), awaited = result.arguments, True
        traits = frozenset({"awaited"} if awaited else ())
        yield Fact(path, kind, name, traits, self.shape(scoped.inner(result)))
        if not abstract:
            for parameter in function.parameters:
                yield from self._options(path, parameter, scoped)

    def _options(self, path: str, parameter: Parameter, scoped: Scoped) -> Iterator[Fact]:
        """Yield a parameter, or, where it is an object of options, each of those."""
        fields = self._program.fields(scoped.inner(parameter.type))
        if parameter.name is None and fields is None:
            raise DeclarationError(f"{path}: a destructured parameter of unknown fields")
        named = isinstance(parameter.type, Reference) and parameter.type.name.endswith(_OPTIONS)
        if isinstance(parameter.type, Reference) and named:
            self._options_seen.add(parameter.type.name)
        if fields is not None and (parameter.name is None or named):
            for option, known in fields.items():
                yield self._option(path, option, known.optional or parameter.optional, known.type)
        else:
            assert parameter.name is not None
            yield self._option(path, parameter.name, parameter.optional, scoped.inner(parameter.type))

    def _option(self, path: str, option: str, optional: bool, scoped: Scoped) -> Fact:
        traits = frozenset({"optional"} if optional else ())
        return Fact(f"{path}({snake_case(option)})", "option", option, traits, self.shape(scoped))

    # Structures.

    def _alias(self, name: str, found: Found) -> Iterator[Fact]:
        scoped = Scoped(Reference(name), found.module)
        resolved = self._program.resolve(scoped).type
        if isinstance(resolved, Reference) and resolved.name == _EMITTER:
            # An observer: the getter that returns it and its events are listed with its class.
            return
        values = self._program.strings(scoped)
        if values is not None:
            yield Fact(name, "union", name)
            for value in values:
                yield Fact(f"{name} '{value}'", "value", value)
            return
        fields = self._program.fields(scoped)
        if fields is None:
            yield Fact(name, "structure", name, shape=self._expand(scoped))
            return
        if name.endswith(_OPTIONS):
            # Options are listed with the methods that take them.
            return
        yield Fact(name, "structure", name)
        if isinstance(resolved, Union):
            yield Fact(f"{name} alternatives", "structure", name, shape=self._expand(scoped))
            return
        for key, known in fields.items():
            traits = frozenset({"optional"} if known.optional else ())
            yield Fact(f"{name}.{key}", "field", key, traits, self.shape(known.type))

    # Types.

    def shape(self, scoped: Scoped) -> Shape:
        """Return a type in the form that both languages share."""
        type_ = scoped.type
        if isinstance(type_, Reference):
            return self._reference(type_, scoped)
        return self._expand(scoped)

    def _reference(self, type_: Reference, scoped: Scoped) -> Shape:
        if type_.name in _PLAIN:
            return _PLAIN[type_.name]
        if type_.name == "Record":
            return TableOf(self.shape(scoped.inner(type_.arguments[1])))
        if type_.name in scoped.arguments:
            return self.shape(scoped.arguments[type_.name])
        if type_.name in ("Pick", "Omit"):
            return self._expand(scoped)
        if self._program.is_foreign(type_.name, scoped.module):
            return Named(type_.name)
        found = self._program.lookup(type_.name, scoped.module)
        if isinstance(found.declaration, Class) or self._has_structure(type_.name):
            return Named(type_.name)
        if isinstance(found.declaration, Value):
            raise DeclarationError(f"{scoped.module}: {type_.name} is no type")
        return self._expand(scoped)

    def _expand(self, scoped: Scoped) -> Shape:
        """Return the type that a name stands for, rather than the name."""
        type_ = scoped.type
        if isinstance(type_, Reference) and type_.name not in ("Pick", "Omit"):
            found = self._program.lookup(type_.name, scoped.module)
            assert isinstance(found.declaration, Alias)
            arguments = zip(found.declaration.type_parameters, type_.arguments, strict=False)
            given = {name: scoped.inner(argument) for name, argument in arguments}
            unknown = {name: scoped.inner(_UNKNOWN) for name in found.declaration.type_parameters if name not in given}
            return self.shape(Scoped(found.declaration.type, found.module, given | unknown))
        match type_:
            case Text(value):
                return Values(frozenset({value}))
            case Union(members):
                return one_of([self.shape(scoped.inner(member)) for member in members])
            case List(item):
                return ListOf(self.shape(scoped.inner(item)))
            case Dictionary(value=value):
                return TableOf(self.shape(scoped.inner(value)))
            case Function() | Operation("typeof"):
                return Plain("callable")
            case Operation() | Intersection((Operation(), *_)):
                # Names of events and the like, computed from a type parameter.
                return ANY
        fields = self._program.fields(scoped)
        if fields is None:
            raise DeclarationError(f"{scoped.module}: a type that is not understood: {type_}")
        return Fields(tuple((name, self.shape(known.type), known.optional) for name, known in fields.items()))


def _is_generic(found: Found) -> bool:
    return isinstance(found.declaration, Alias) and bool(found.declaration.type_parameters)

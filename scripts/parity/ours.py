"""What Tureen offers, by looking at it."""

from __future__ import annotations

import ast
import inspect
import os
import types
import typing
from collections import abc
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from parity.facts import Fact, Kind
from parity.shapes import ANY, NONE, TEXT, Fields, ListOf, Named, Plain, Shape, TableOf, Values, one_of
from tureen import mediasoup
from tureen.mediasoup import errors, extras, ortc
from tureen.mediasoup import types as structures
from tureen.mediasoup.events import EnhancedEventEmitter
from tureen.mediasoup.mediasoup import OBSERVER_EVENTS

_SIMPLE: Final[Mapping[Any, Shape]] = {
    Any: ANY,
    object: ANY,
    None: NONE,
    type(None): NONE,
    str: TEXT,
    int: Plain("number"),
    float: Plain("number"),
    bool: Plain("boolean"),
    bytes: Plain("bytes"),
    bytearray: Plain("bytes"),
    memoryview: Plain("bytes"),
}
_ERRORS: Final = {name: value for name, value in vars(errors).items() if isinstance(value, type)}
# Arguments of a method that only its subclasses spell out.
_ANY_NUMBER: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_LISTS: Final = (list, tuple, abc.Sequence, abc.Iterable)
_TABLES: Final = (dict, abc.Mapping)
_AWAITABLES: Final = (abc.Awaitable, abc.Coroutine)


class Tureen:
    """Lists what `tureen.mediasoup` offers."""

    def __init__(self, named: Callable[[str], bool]) -> None:
        """Look at `tureen.mediasoup`.

        Args:
            named: Tells whether mediasoup has a structure of a name. Structures that it declares in place are
                compared field by field.
        """
        self._named = named
        # Names that modules import for type checkers alone.
        self._names: dict[str, Any] = {
            name: getattr(module, name) for module in (structures, ortc, mediasoup) for name in module.__all__
        } | _ERRORS

    def facts(self) -> Iterator[Fact]:
        """Yield all that the package exports, and what its modules of types, errors, ORTC and events do."""
        for name in mediasoup.__all__:
            yield from self._export(name, name, getattr(mediasoup, name))
        for event, listener in OBSERVER_EVENTS.items():
            yield self._event(f"observer {event}", "event", event, listener)
        for name in structures.__all__:
            yield from self._structure(name, getattr(structures, name))
        for name in ortc.__all__:
            yield from self._export(f"ortc.{name}", name, getattr(ortc, name))
        for name in extras.__all__:
            yield from self._export(f"extras.{name}", name, getattr(extras, name))
        for name in _ERRORS:
            yield Fact(f"errors.{name}", "error", name)

    def _export(self, path: str, name: str, value: Any) -> Iterator[Fact]:
        if isinstance(value, types.ModuleType) or name in structures.__all__:
            # Modules and structures are listed by themselves.
            return
        if isinstance(value, type) and issubclass(value, Exception):
            return
        if isinstance(value, type) and typing.is_typeddict(value):
            yield from self._structure(name, value)
        elif isinstance(value, type):
            yield from self._class(name, value)
        elif inspect.isfunction(value):
            yield from self._callable(path, name, "function", value)
        else:
            is_type = typing.get_origin(value) is not None
            yield Fact(path, "constant", name, shape=None if is_type else self.shape(type(value)))

    # Classes.

    def _class(self, name: str, class_: type) -> Iterator[Fact]:
        yield Fact(name, "class", name)
        if not issubclass(class_, EnhancedEventEmitter):
            # A helper of ours; mediasoup has no such classes.
            return
        inherited = set(dir(EnhancedEventEmitter if class_ is not EnhancedEventEmitter else object))
        for member in dir(class_):
            if member.startswith("_") or member in inherited or member in ("EVENTS", "OBSERVER_EVENTS"):
                continue
            yield from self._member(name, member, inspect.getattr_static(class_, member))
        for event, listener in getattr(class_, "EVENTS", {}).items():
            yield self._event(f"{name} {event}", "event", event, listener)
        for event, listener in getattr(class_, "OBSERVER_EVENTS", {}).items():
            yield self._event(f"{name} {event}", "observer event", event, listener)

    def _member(self, owner: str, name: str, value: Any) -> Iterator[Fact]:
        path = f"{owner}.{name}"
        if isinstance(value, property):
            assert value.fget is not None
            shape = self.shape(self._hints(value.fget)["return"])
            yield Fact(path, "property", name, shape=shape)
            if value.fset is not None:
                yield Fact(f"{path} =", "property", f"{name} =", shape=shape)
        elif inspect.isfunction(value):
            if owner == EnhancedEventEmitter.__name__:
                yield Fact(path, "method", name)
            else:
                yield from self._callable(path, name, "method", value)
        else:
            yield Fact(path, "property", name, shape=self.shape(type(value)))

    def _event(self, path: str, kind: Kind, event: str, listener: str) -> Fact:
        """Make an event's fact from the parameters of its listeners, such as `score: ConsumerScore`."""
        function = ast.parse(f"def listener({listener}): ...").body[0]
        assert isinstance(function, ast.FunctionDef)
        arguments: list[Shape] = []
        for argument in function.args.args:
            assert argument.annotation is not None, f"{path}: {argument.arg} has no type"
            annotation = eval(ast.unparse(argument.annotation), dict(self._names))  # noqa: S307 - it is our own source.
            arguments.append(self.shape(annotation))
        return Fact(path, kind, event, arguments=tuple(arguments))

    # Functions and methods.

    def _callable(self, path: str, name: str, kind: Kind, function: Callable[..., Any]) -> Iterator[Fact]:
        hints = self._hints(function)
        result, awaited = hints["return"], inspect.iscoroutinefunction(function)
        if typing.get_origin(result) in _AWAITABLES:
            result, awaited = typing.get_args(result)[-1], True
        yield Fact(path, kind, name, frozenset({"awaited"} if awaited else ()), self.shape(result))
        for parameter in inspect.signature(function).parameters.values():
            if parameter.name in hints and parameter.kind not in _ANY_NUMBER:
                optional = parameter.default is not inspect.Parameter.empty
                traits = frozenset({"optional"} if optional else ())
                shape = self.shape(hints[parameter.name])
                yield Fact(f"{path}({parameter.name})", "option", parameter.name, traits, shape)

    def _hints(self, function: Callable[..., Any]) -> dict[str, Any]:
        return typing.get_type_hints(function, localns=self._names)

    # Structures.

    def _structure(self, name: str, value: Any) -> Iterator[Fact]:
        shape = self.shape(value)
        if isinstance(shape, Values):
            yield Fact(name, "union", name)
            for text in shape.values:
                yield Fact(f"{name} '{text}'", "value", text)
        elif typing.is_typeddict(value):
            yield Fact(name, "structure", name)
            # What mediasoup declares in place is compared where it is used.
            for key, field, optional in self._fields(value) if self._named(name) else ():
                traits = frozenset({"optional"} if optional else ())
                yield Fact(f"{name}.{key}", "field", key, traits, field)
        elif typing.get_origin(value) is types.UnionType:
            yield Fact(name, "structure", name)
            yield Fact(f"{name} alternatives", "structure", name, shape=shape)
        else:
            yield Fact(name, "structure", name, shape=shape)

    def _fields(self, structure: Any) -> Iterator[tuple[str, Shape, bool]]:
        for key, hint in typing.get_type_hints(structure, localns=self._names, include_extras=True).items():
            # Annotations are strings here, in which the class itself does not see NotRequired.
            optional = typing.get_origin(hint) is typing.NotRequired or key in structure.__optional_keys__
            inner = typing.get_args(hint)[0] if typing.get_origin(hint) is typing.NotRequired else hint
            yield key, self.shape(inner), optional

    # Types.

    def shape(self, hint: Any) -> Shape:
        """Return a type in the form that both languages share."""
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is None:
            return self._simple(hint)
        if origin is typing.Literal:
            return Values(frozenset(map(str, arguments)))
        if origin in (types.UnionType, typing.Union):
            return one_of([self.shape(argument) for argument in arguments])
        if origin in _LISTS:
            return ListOf(one_of([self.shape(argument) for argument in arguments if argument is not ...]))
        if origin in _TABLES:
            return TableOf(self.shape(arguments[1]))
        if origin is os.PathLike:
            return TEXT
        if origin is abc.Callable:
            return Plain("callable")
        raise TypeError(f"a type that is not understood: {hint}")

    def _simple(self, hint: Any) -> Shape:
        if isinstance(hint, typing.TypeVar):
            return self.shape(hint.__bound__) if hint.__bound__ is not None else self._constraints(hint)
        if hint in _SIMPLE:
            return _SIMPLE[hint]
        if typing.is_typeddict(hint) and not self._named(hint.__name__):
            return Fields(tuple(self._fields(hint)))
        if isinstance(hint, type) and issubclass(hint, os.PathLike):
            return TEXT
        if isinstance(hint, type):
            return Named("Error" if issubclass(hint, BaseException) else hint.__name__)
        raise TypeError(f"a type that is not understood: {hint}")

    def _constraints(self, variable: typing.TypeVar) -> Shape:
        constraints = variable.__constraints__
        return one_of([self.shape(constraint) for constraint in constraints]) if constraints else ANY

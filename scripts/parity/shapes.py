"""Types in a form that both languages share, and whether one fits the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Plain:
    """A type without parts; `any` stands for whatever it may be."""

    name: Literal["any", "none", "number", "boolean", "text", "bytes", "callable"]


@dataclass(frozen=True)
class Values:
    """One of several strings."""

    values: frozenset[str]


@dataclass(frozen=True)
class Named:
    """A class or a structure that both sides call by this name."""

    name: str


@dataclass(frozen=True)
class ListOf:
    """A list."""

    item: Shape


@dataclass(frozen=True)
class TableOf:
    """A dictionary with unknown keys."""

    value: Shape


@dataclass(frozen=True)
class Fields:
    """A structure without a name of its own: fields, their types and whether they may be absent."""

    fields: tuple[tuple[str, Shape, bool], ...]


@dataclass(frozen=True)
class OneOf:
    """One of several types; strings among them are collected in one `Values`."""

    members: frozenset[Shape]


Shape = Plain | Values | Named | ListOf | TableOf | Fields | OneOf

ANY = Plain("any")
NONE = Plain("none")
TEXT = Plain("text")


def one_of(members: list[Shape]) -> Shape:
    """Join types: alternatives of alternatives are flattened, strings collected, and `any` swallows the rest."""
    flat: set[Shape] = set()
    values: set[str] = set()
    for member in members:
        for part in member.members if isinstance(member, OneOf) else (member,):
            if part == ANY:
                return ANY
            if isinstance(part, Values):
                values |= part.values
            else:
                flat.add(part)
    if values:
        flat.add(Values(frozenset(values)))
    return next(iter(flat)) if len(flat) == 1 else OneOf(frozenset(flat))


def without_none(shape: Shape) -> Shape:
    """Return a type without the alternative that it may be absent."""
    return one_of([part for part in shape.members if part != NONE]) if isinstance(shape, OneOf) else shape


def fits(theirs: Shape, ours: Shape) -> bool:
    """Tell whether our type is mediasoup's: the same, or more exact."""
    if theirs in (ANY, ours):
        return True
    match theirs, ours:
        case Plain("text"), Values():
            return True
        case ListOf(), ListOf():
            return fits(theirs.item, ours.item)
        case TableOf(), TableOf():
            return fits(theirs.value, ours.value)
        case Fields(), Fields():
            return _fields_fit(theirs, ours)
        case OneOf(), _:
            parts = ours.members if isinstance(ours, OneOf) else frozenset({ours})
            return _members_fit(theirs.members, parts)
    return False


def show(shape: Shape) -> str:
    """Write a type down."""
    match shape:
        case Plain(name):
            return name
        case Values(values):
            return " | ".join(f"'{value}'" for value in sorted(values))
        case Named(name):
            return name
        case ListOf(item):
            return f"[{show(item)}]"
        case TableOf(value):
            return f"{{…: {show(value)}}}"
        case Fields(fields):
            return "{" + ", ".join(f"{name}{'?' if opt else ''}: {show(inner)}" for name, inner, opt in fields) + "}"
        case OneOf(members):
            return " | ".join(sorted(show(member) for member in members))


def _fields_fit(theirs: Fields, ours: Fields) -> bool:
    mine = {name: (shape, optional) for name, shape, optional in ours.fields}
    if len(mine) != len(theirs.fields):
        return False
    return all(
        name in mine and mine[name][1] == optional and fits(shape, mine[name][0])
        for name, shape, optional in theirs.fields
    )


def _members_fit(theirs: frozenset[Shape], ours: frozenset[Shape]) -> bool:
    """Each of our alternatives must be one of mediasoup's, and each of mediasoup's one of ours."""
    return all(any(fits(their, our) for their in theirs) for our in ours) and all(
        any(fits(their, our) for our in ours) for their in theirs
    )

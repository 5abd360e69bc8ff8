"""What declarations consist of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Reference:
    """A type by its name, such as `string` or `Promise<void>`."""

    name: str
    arguments: tuple[Type, ...] = ()


@dataclass(frozen=True)
class Text:
    """A type that is one string, such as `'audio'`."""

    value: str


@dataclass(frozen=True)
class Number:
    """A type that is one number."""

    value: str


@dataclass(frozen=True)
class Union:
    """One of several types."""

    members: tuple[Type, ...]


@dataclass(frozen=True)
class Intersection:
    """Several types at once."""

    members: tuple[Type, ...]


@dataclass(frozen=True)
class List:
    """A list of one type."""

    item: Type


@dataclass(frozen=True)
class Items:
    """A list of fixed length: the arguments of an event. Whether the last may be left out is told for each."""

    items: tuple[tuple[Type, bool], ...]


@dataclass(frozen=True)
class Object:
    """An object with known fields and methods."""

    members: tuple[Member, ...]


@dataclass(frozen=True)
class Dictionary:
    """An object with unknown keys, `{[key: string]: T}`."""

    key: Type
    value: Type


@dataclass(frozen=True)
class Mapped:
    """An object made from the fields of another one, `{[P in keyof T]: …}`."""

    parameter: str
    keys: Type
    value: Type
    optional: bool


@dataclass(frozen=True)
class Operation:
    """`keyof T`, `typeof x`, or a field's type, `T[K]`."""

    operator: Literal["keyof", "typeof", "index"]
    operands: tuple[Type, ...]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function; a destructured one has no name."""

    name: str | None
    type: Type
    optional: bool
    rest: bool = False


@dataclass(frozen=True)
class Function:
    """A function or a method."""

    parameters: tuple[Parameter, ...]
    result: Type
    type_parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Member:
    """A field, an accessor or a method of an object.

    Attributes:
        name: Its name.
        type: Its type; a `Function` for methods.
        kind: What it is.
        optional: Whether it may be absent.
        comment: The comment before it.
    """

    name: str
    type: Type
    kind: Literal["field", "get", "set", "method", "constructor"]
    optional: bool = False
    comment: str = ""


Type = (
    Reference
    | Text
    | Number
    | Union
    | Intersection
    | List
    | Items
    | Object
    | Dictionary
    | Mapped
    | Operation
    | Function
)


@dataclass(frozen=True)
class Alias:
    """`type X = …`."""

    name: str
    type_parameters: tuple[str, ...]
    type: Type


@dataclass(frozen=True)
class Class:
    """An interface or a class."""

    name: str
    type_parameters: tuple[str, ...]
    bases: tuple[Type, ...]
    body: Object


@dataclass(frozen=True)
class Value:
    """A constant or a function."""

    name: str
    type: Type


Declaration = Alias | Class | Value


@dataclass
class Module:
    """A declaration file.

    Attributes:
        name: Its name without `.d.ts`.
        declarations: What it declares, exported or not.
        imports: Local name to module and name there; `*` stands for the module itself.
        exports: Exported name to local name.
        reexports: Exported name to module and name there; `*` stands for the module itself.
        star_exports: Modules all of whose exports are exported.
    """

    name: str
    declarations: dict[str, Declaration] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    exports: dict[str, str] = field(default_factory=dict)
    reexports: dict[str, tuple[str, str]] = field(default_factory=dict)
    star_exports: list[str] = field(default_factory=list)

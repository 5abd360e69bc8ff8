"""The schema, resolved: what the encoders and decoders are compiled from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .names import public_enum_name, public_field_name
from .schema import Declarations, EnumDeclaration, FieldDeclaration, SchemaError

MAX_SLOTS = 125
"""How many fields a table may have (a union counts twice): its vtable is then shorter than 256 bytes, which the reader
relies on. mediasoup's largest has 24."""

PARAMETER_TABLE = "FBS.RtpParameters.Parameter"


@dataclass(frozen=True, slots=True)
class Scalar:
    """Describe a number or a bool: its struct format, its size in bytes, its range (None: any float)."""

    name: str
    format: str
    size: int
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Enum:
    """Describe an enum with its public names."""

    name: str
    scalar: Scalar
    values: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class String:
    """Describe a string."""


@dataclass(frozen=True, slots=True)
class Table:
    """Refer to a table by its full name; tables may refer to themselves."""

    name: str


@dataclass(frozen=True, slots=True)
class Union:
    """Describe a union: member name to (number, table)."""

    name: str
    members: Mapping[str, tuple[int, Table]]


@dataclass(frozen=True, slots=True)
class Vector:
    """Describe a vector."""

    element: Scalar | Enum | String | Table


@dataclass(frozen=True, slots=True)
class Parameters:
    """Describe a vector of name and value pairs that is a plain dict outside (``codec.parameters``)."""

    element: Table


Type: TypeAlias = Scalar | Enum | String | Table | Union | Vector | Parameters


@dataclass(frozen=True, slots=True)
class Field:
    """Describe one field; a union takes two slots, its type (``slot``) and its value (``slot + 1``)."""

    key: str
    slot: int
    type: Type
    required: bool
    default: Any = None

    @property
    def type_key(self) -> str:
        """The key under which the name of a union's member stands."""
        return f"{self.key}Type"


@dataclass(frozen=True, slots=True)
class TableModel:
    """Describe a table."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """Describe a whole schema, by full names."""

    tables: Mapping[str, TableModel]
    enums: Mapping[str, Enum]
    unions: Mapping[str, Union]


def _integer(name: str, format_: str, size: int) -> Scalar:
    bits = 8 * size
    if format_.islower():
        return Scalar(name, format_, size, -(1 << bits - 1), (1 << bits - 1) - 1)
    return Scalar(name, format_, size, 0, (1 << bits) - 1)


BOOL = Scalar("bool", "?", 1)
UINT8 = _integer("uint8", "B", 1)
STRING = String()
_SCALARS: Mapping[tuple[str, ...], Scalar] = {
    ("bool",): BOOL,
    ("int8", "byte"): _integer("int8", "b", 1),
    ("uint8", "ubyte"): UINT8,
    ("int16", "short"): _integer("int16", "h", 2),
    ("uint16", "ushort"): _integer("uint16", "H", 2),
    ("int32", "int"): _integer("int32", "i", 4),
    ("uint32", "uint"): _integer("uint32", "I", 4),
    ("int64", "long"): _integer("int64", "q", 8),
    ("uint64", "ulong"): _integer("uint64", "Q", 8),
    ("float32", "float"): Scalar("float32", "f", 4),
    ("float64", "double"): Scalar("float64", "d", 8),
}
SCALARS: Mapping[str, Scalar] = {alias: scalar for aliases, scalar in _SCALARS.items() for alias in aliases}


def build_model(declarations: Declarations) -> Model:
    """Resolve declarations into types.

    Raises:
        SchemaError: Something is declared that cannot be resolved.
    """
    builder = _Builder(declarations)
    tables = {name: builder.table(name) for name in declarations.tables}
    return Model(tables, builder.enums, builder.unions)


class _Builder:
    def __init__(self, declarations: Declarations) -> None:
        self._declarations = declarations
        self.enums = {name: _enum(name, declared) for name, declared in declarations.enums.items()}
        self.unions = {name: self._union(name) for name in declarations.unions}

    def _union(self, name: str) -> Union:
        declared = self._declarations.unions[name]
        members: dict[str, tuple[int, Table]] = {}
        for number, (member, type_name) in enumerate(declared.members.items(), 1):
            table = self._declarations.resolve(declared.namespace, type_name)
            if table not in self._declarations.tables:
                raise SchemaError(f"member {member} of union {name} is not a table")
            members[member] = number, Table(table)
        return Union(name, members)

    def table(self, name: str) -> TableModel:
        declared = self._declarations.tables[name]
        fields: list[Field] = []
        slot = 0
        for declaration in declared.fields:
            type_ = self._type(declared.namespace, declaration)
            key = public_field_name(name, declaration.name)
            if not declaration.deprecated:
                fields.append(Field(key, slot, type_, declaration.required, _default(type_, declaration)))
            slot += 2 if isinstance(type_, Union) else 1
        if slot > MAX_SLOTS:
            raise SchemaError(f"table {name} has more than {MAX_SLOTS} fields")
        keys = [key for field in fields for key in _keys(field)]
        if len(keys) != len(set(keys)):
            raise SchemaError(f"two fields of table {name} have the same public name")
        return TableModel(name, tuple(fields))

    def _type(self, namespace: str, declaration: FieldDeclaration) -> Type:
        element = self._element_type(namespace, declaration.type_name)
        if not declaration.is_vector:
            return element
        if isinstance(element, Union):
            raise SchemaError(f"field {declaration.name}: vectors of unions are not supported")
        if element == Table(PARAMETER_TABLE):
            return Parameters(Table(PARAMETER_TABLE))
        return Vector(element)

    def _element_type(self, namespace: str, name: str) -> Scalar | Enum | String | Table | Union:
        if name in SCALARS:
            return SCALARS[name]
        if name == "string":
            return STRING
        full = self._declarations.resolve(namespace, name)
        return self.enums.get(full) or self.unions.get(full) or Table(full)


def _keys(field: Field) -> tuple[str, ...]:
    return (field.type_key, field.key) if isinstance(field.type, Union) else (field.key,)


def _enum(name: str, declared: EnumDeclaration) -> Enum:
    values = {public_enum_name(name, member): value for member, value in declared.values.items()}
    if len(values) != len(declared.values):
        raise SchemaError(f"two members of enum {name} have the same public name")
    return Enum(name, SCALARS[declared.scalar], values)


def _default(type_: Type, declaration: FieldDeclaration) -> Any:
    """Return what an absent field means: the schema's default, or None where it has none."""
    text = declaration.default
    if text == "null" or not isinstance(type_, Scalar | Enum):
        return None
    if isinstance(type_, Enum):
        public = {value: name for name, value in type_.values.items()}
        if text is None:
            # FlatBuffers takes zero where no default is given, be it a member or not.
            return public.get(0)
        return public_enum_name(type_.name, text)
    if type_ is BOOL:
        return text == "true"
    if type_.minimum is None:
        return float(text or 0)
    return int(text or "0", 0)

"""Read FlatBuffers schemas (``*.fbs``): text in, declarations out.

Only what mediasoup's schemas use is understood: namespaces, tables, enums, unions, scalars, strings, vectors, default
values and the attributes ``required`` and ``deprecated``. Anything else is refused, because guessing at a layout would
make buffers that the worker, which does not verify them, would crash on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_TOKEN = re.compile(r'\s+|//[^\n]*|/\*.*?\*/|(?P<token>"[^"]*"|[\w.+-]+|[{}()\[\]:;,=])', re.DOTALL)
_IGNORED_STATEMENTS = {"include", "root_type", "file_identifier", "file_extension", "attribute"}


class SchemaError(ValueError):
    """Say that a schema cannot be understood."""


@dataclass(frozen=True, slots=True)
class FieldDeclaration:
    """Hold one field of a table as it is written."""

    name: str
    type_name: str
    is_vector: bool
    default: str | None
    required: bool
    deprecated: bool


@dataclass(frozen=True, slots=True)
class TableDeclaration:
    """Hold one table as it is written."""

    namespace: str
    fields: tuple[FieldDeclaration, ...]


@dataclass(frozen=True, slots=True)
class EnumDeclaration:
    """Hold one enum: its scalar type and its members' values."""

    namespace: str
    scalar: str
    values: dict[str, int]


@dataclass(frozen=True, slots=True)
class UnionDeclaration:
    """Hold one union: its members' names with their table types; the first is number 1."""

    namespace: str
    members: dict[str, str]


@dataclass(slots=True)
class Declarations:
    """Hold everything that a set of schema files declares, by full name (``FBS.Transport.Tuple``)."""

    tables: dict[str, TableDeclaration] = field(default_factory=dict)
    enums: dict[str, EnumDeclaration] = field(default_factory=dict)
    unions: dict[str, UnionDeclaration] = field(default_factory=dict)

    def resolve(self, namespace: str, name: str) -> str:
        """Return the full name of the type that ``name`` means inside ``namespace``.

        Raises:
            SchemaError: No such type is declared.
        """
        scope = namespace
        while True:
            full = f"{scope}.{name}" if scope else name
            if full in self.tables or full in self.enums or full in self.unions:
                return full
            if not scope:
                raise SchemaError(f"unknown type {name} in namespace {namespace}")
            scope = scope.rpartition(".")[0]


def read_schemas(folder: Path) -> Declarations:
    """Parse every ``*.fbs`` file of a folder.

    Raises:
        SchemaError: The folder holds no schema, or one that cannot be understood.
    """
    paths = sorted(folder.glob("*.fbs"))
    if not paths:
        raise SchemaError(f"no FlatBuffers schema (*.fbs) in {folder}")
    declarations = Declarations()
    for path in paths:
        try:
            _Parser(path.read_text(encoding="utf-8"), declarations).parse()
        except SchemaError as error:
            raise SchemaError(f"{path}: {error}") from None
    return declarations


def _tokenize(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise SchemaError(f"unexpected character {text[position]!r}")
        if match["token"] is not None:
            tokens.append(match["token"])
        position = match.end()
    return tokens


class _Parser:
    """Parse one file into the declarations of them all."""

    def __init__(self, text: str, declarations: Declarations) -> None:
        self._tokens = _tokenize(text)
        self._next = 0
        self._namespace = ""
        self._declarations = declarations

    def parse(self) -> None:
        statements = {"table": self._table, "enum": self._enum, "union": self._union}
        while self._next < len(self._tokens):
            keyword = self._take()
            if keyword == "namespace":
                self._namespace = self._take()
                self._take(";")
            elif keyword in _IGNORED_STATEMENTS:
                while self._take() != ";":
                    pass
            elif keyword in statements:
                statements[keyword]()
            else:
                raise SchemaError(f"unsupported statement {keyword!r}")

    def _take(self, expected: str | None = None) -> str:
        if self._next >= len(self._tokens):
            raise SchemaError("unexpected end of file")
        token = self._tokens[self._next]
        if expected is not None and token != expected:
            raise SchemaError(f"expected {expected!r}, found {token!r}")
        self._next += 1
        return token

    def _accept(self, token: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next] == token:
            self._next += 1
            return True
        return False

    def _full_name(self) -> str:
        name = self._take()
        return f"{self._namespace}.{name}" if self._namespace else name

    def _table(self) -> None:
        name = self._full_name()
        self._take("{")
        fields: list[FieldDeclaration] = []
        while not self._accept("}"):
            fields.append(self._field())
        self._declarations.tables[name] = TableDeclaration(self._namespace, tuple(fields))

    def _field(self) -> FieldDeclaration:
        name = self._take()
        self._take(":")
        is_vector = self._accept("[")
        type_name = self._take()
        if is_vector:
            self._take("]")
        default = self._take() if self._accept("=") else None
        attributes = self._attributes()
        self._take(";")
        return FieldDeclaration(
            name, type_name, is_vector, default, "required" in attributes, "deprecated" in attributes
        )

    def _attributes(self) -> set[str]:
        attributes: set[str] = set()
        if self._accept("("):
            while not self._accept(")"):
                attributes.add(self._take())
                self._accept(",")
        unsupported = attributes - {"required", "deprecated"}
        if unsupported:
            raise SchemaError(f"unsupported field attribute {min(unsupported)!r}")
        return attributes

    def _enum(self) -> None:
        name = self._full_name()
        self._take(":")
        scalar = self._take()
        self._take("{")
        values: dict[str, int] = {}
        following = 0
        while not self._accept("}"):
            member = self._take()
            if self._accept("="):
                following = int(self._take(), 0)
            values[member] = following
            following += 1
            self._accept(",")
        self._declarations.enums[name] = EnumDeclaration(self._namespace, scalar, values)

    def _union(self) -> None:
        name = self._full_name()
        self._take("{")
        members: dict[str, str] = {}
        while not self._accept("}"):
            member = self._take()
            type_name = self._take() if self._accept(":") else member
            members[member.rpartition(".")[2]] = type_name
            self._accept(",")
        self._declarations.unions[name] = UnionDeclaration(self._namespace, members)

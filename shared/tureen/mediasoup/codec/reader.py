"""Decode FlatBuffers tables into dicts.

A function is generated for every vtable that is met in practice: with the vtable, the place of every field is a
constant, and one ``struct`` call reads them all. The buffer comes from another process and may hold anything, so every
read is bounded: ``struct`` and indexing check themselves, strings have to end in a NUL inside the buffer, and a vector
has to fit into the buffer before anything is made for its elements. An offset always points forwards, so that nothing
can loop.

Strings that are not UTF-8 come out with U+FFFD, as they do in mediasoup: some of them (a MID, a RID) are what a peer
has put in its RTP packets, and a peer must not be able to close a worker's channel.

What is not bounded is how large a decoded value becomes when a buffer's offsets point at the same part again and again.
FlatBuffers' own builder does not make such buffers. A worker that somebody has taken over could; but it runs as our own
user, and needs no such detour to do harm.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tureen.mediasoup.errors import ChannelError

from .generate import make_function
from .later import PIECE, ReadElements, Words, later
from .model import UINT8, Enum, Field, Model, Parameters, Scalar, String, Table, TableModel, Union, Vector
from .parameters import from_table

# read(buffer, words, position), words being the buffer as 32-bit numbers: indexing is much faster than unpacking.
Read: TypeAlias = Callable[[bytes, Words, int], Any]
# The same with the length of the vector, which is not 0.
ReadVector: TypeAlias = Callable[[bytes, Words, int, int], Any]

# A worker makes a handful of vtables for each table. One that makes no end of them must not fill our memory.
MAX_LAYOUTS = 512


class MalformedError(ValueError):
    """Say that a buffer breaks FlatBuffers' rules, or the schema's."""


DECODE_ERRORS = (struct.error, LookupError, ValueError, RecursionError, MemoryError, OverflowError)
"""What reading raises when a buffer is not what it should be."""


def malformed(error: BaseException) -> ChannelError:
    """Return what to raise instead of one of these."""
    return ChannelError(f"malformed message: {type(error).__name__}: {error}")


def as_words(buffer: bytes) -> Words:
    """Return a buffer as 32-bit numbers; FlatBuffers pads all it makes to whole ones.

    Raises:
        MalformedError: The buffer's length is no multiple of 4.
    """
    if len(buffer) & 3:
        raise MalformedError("a buffer is not padded")
    return memoryview(buffer).cast("I")


def _read_bytes(buffer: bytes, _: Words, position: int, length: int) -> bytes:
    end = position + 4 + length
    if end > len(buffer):
        raise MalformedError("a vector is longer than its buffer")
    return buffer[position + 4 : end]


def _numbers_reader(scalar: Scalar, names: dict[int, str] | None) -> ReadVector:
    def read(buffer: bytes, _: Words, position: int, length: int) -> list[Any]:
        if length * scalar.size > len(buffer):
            raise MalformedError("a vector is longer than its buffer")
        numbers = struct.unpack_from(f"<{length}{scalar.format}", buffer, position + 4)
        return list(numbers) if names is None else [names[number] for number in numbers]

    return read


def _read_texts(buffer: bytes, words: Words, place: int, length: int) -> list[Any]:
    texts: list[Any] = []
    for offset in range(place, place + length):
        start = (offset << 2) + words[offset] + 4
        end = start + words[(start >> 2) - 1]
        if buffer[end]:
            raise MalformedError("a string has no end")
        try:
            texts.append(buffer[start:end].decode())
        except UnicodeDecodeError:
            texts.append(buffer[start:end].decode("utf-8", "replace"))
    return texts


def _elements_reader(read: ReadElements) -> ReadVector:
    """Return what reads a vector of offsets, or leaves it for later if it is long."""

    def read_vector(buffer: bytes, words: Words, position: int, length: int) -> list[Any]:
        place = (position >> 2) + 1
        if place + length > len(words):
            raise MalformedError("a vector is longer than its buffer")
        if length > PIECE and (takes := later()) is not None:
            return takes.put(read, place, length)
        return read(buffer, words, place, length)

    return read_vector


def _parameters_reader(read_table: Read) -> ReadVector:
    def read(buffer: bytes, words: Words, position: int, length: int) -> Any:
        first = (position >> 2) + 1
        if first + length > len(words):
            raise MalformedError("a vector is longer than its buffer")
        places = range(first, first + length)
        return from_table([read_table(buffer, words, (place << 2) + words[place]) for place in places])

    return read


def _tables_reader(reader: TableReader) -> ReadElements:
    layouts, add = reader.layouts, reader.add

    def read(buffer: bytes, words: Words, first: int, length: int) -> list[Any]:
        tables: list[Any] = []
        known = -1
        for place in range(first, first + length):
            # As `TableReader.read` does, but for the vtable: tables that follow each other mostly share one.
            table = (place << 2) + words[place]
            start = table - words[table >> 2] & 0xFFFFFFFF
            if start != known:
                known = start
                vtable = buffer[start : start + buffer[start]]
                read_layout = layouts.get(vtable) or add(vtable)
            tables.append(read_layout(buffer, words, table))
        return tables

    return read


class Readers:
    """Hold the reader of every table of a schema."""

    def __init__(self, model: Model, only: Mapping[str, frozenset[str]] | None = None) -> None:
        """Make readers. Of the tables in ``only``, by their full names, they read these keys and no others."""
        self._model = model
        self._only = only or {}
        self._tables: dict[str, TableReader] = {}

    def table(self, name: str) -> TableReader:
        """Return the reader of a table, made on first use."""
        reader = self._tables.get(name)
        if reader is None:
            # Entered before its parts are asked for, since tables may refer to themselves.
            reader = self._tables[name] = TableReader(self, self._model.tables[name], only=self._only.get(name))
        return reader

    def vector(self, type_: Vector | Parameters) -> ReadVector:
        """Return what reads a vector that is not empty."""
        match type_:
            case Parameters(Table(name)):
                return _parameters_reader(self.table(name).read)
            case Vector(Scalar() as scalar):
                return _read_bytes if scalar is UINT8 else _numbers_reader(scalar, None)
            case Vector(Enum() as enum):
                return _numbers_reader(enum.scalar, names_of(enum))
            case Vector(Table(name)):
                return _elements_reader(_tables_reader(self.table(name)))
            case _:
                return _elements_reader(_read_texts)


def names_of(enum: Enum) -> dict[int, str]:
    """Return the public names of an enum's members, by their numbers."""
    return {value: name for name, value in enum.values.items()}


@dataclass(slots=True)
class _Draft:
    """Collect the source of a function that reads one layout of a table."""

    # (offset, size, format, variable)
    places: list[tuple[int, int, str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    # By key: the expression of the value.
    items: dict[str, str] = field(default_factory=dict)
    namespace: dict[str, Any] = field(default_factory=dict)

    def constant(self, value: Any) -> str:
        """Make a value known to the function and return its name there."""
        name = f"c{len(self.namespace)}"
        self.namespace[name] = value
        return name


class TableReader:
    """Decode one table."""

    def __init__(
        self, readers: Readers, table: TableModel, *, keys: tuple[str, ...] = (), only: frozenset[str] | None = None
    ) -> None:
        """Make a reader. With ``keys`` it reads tuples of their values, and the value of a union as its position."""
        self._readers = readers
        self._fields = [field for field in table.fields if only is None or field.key in only]
        self._name = table.name
        self._keys = keys
        self.layouts: dict[bytes, Read] = {}
        """What reads a table, by its vtable."""
        self.read = self._make_read()

    def _make_read(self) -> Read:
        layouts, add = self.layouts, self.add

        def read(buffer: bytes, words: Words, position: int) -> Any:
            """Return the table at a position."""
            # The vtable may lie in front of its table or behind it: its distance is signed.
            start = position - words[position >> 2] & 0xFFFFFFFF
            # A vtable starts with its own length, in two bytes, of which the second is 0 (see MAX_SLOTS).
            vtable = buffer[start : start + buffer[start]]
            read_layout = layouts.get(vtable) or add(vtable)
            return read_layout(buffer, words, position)

        return read

    def add(self, vtable: bytes) -> Read:
        """Make what reads a table of a vtable that was not met before."""
        if len(self.layouts) >= MAX_LAYOUTS:
            self.layouts.clear()
        read = self.layouts[vtable] = self._compile(vtable)
        return read

    def _compile(self, vtable: bytes) -> Read:
        table_size, offsets = parse_vtable(vtable)
        draft = _Draft()
        for field_ in self._fields:
            self._draft_field(draft, field_, offsets, table_size)
        lines = [*_unpack_lines(draft), *draft.lines, self._result(draft)]
        function: Read = make_function("read", "buffer, words, position", lines, draft.namespace)
        return function

    def _result(self, draft: _Draft) -> str:
        if self._keys:
            return f"return {''.join(f'{draft.items[key]}, ' for key in self._keys)}"
        return f"return {{{', '.join(f'{key!r}: {expression}' for key, expression in draft.items.items())}}}"

    def _draft_field(self, draft: _Draft, field_: Field, offsets: tuple[int, ...], table_size: int) -> None:
        variable = f"f{field_.slot}"
        type_ = field_.type

        def place(slot: int, size: int, format_: str) -> int:
            offset = offsets[slot] if slot < len(offsets) else 0
            if offset and not 4 <= offset <= table_size - size:
                raise MalformedError(f"{self._name}.{field_.key} lies outside of its table")
            if offset:
                draft.places.append((offset, size, format_, f"f{slot}"))
            return offset

        if isinstance(type_, Union):
            self._draft_union(draft, field_, type_, place(field_.slot, 1, "B"), place(field_.slot + 1, 4, "I"))
            return
        scalar = type_.scalar if isinstance(type_, Enum) else type_ if isinstance(type_, Scalar) else None
        offset = place(field_.slot, scalar.size, scalar.format) if scalar else place(field_.slot, 4, "I")
        if not offset:
            if field_.required:
                raise MalformedError(f"{self._name} misses {field_.key}")
            expression = absent(field_)
        elif isinstance(type_, Enum):
            expression = f"{draft.constant(names_of(type_))}[{variable}]"
        elif isinstance(type_, Scalar):
            expression = variable
        elif isinstance(type_, String):
            malformed = draft.constant(MalformedError)
            draft.lines += (
                f"start = position + {offset + 4} + {variable}",
                "end = start + words[(start >> 2) - 1]",
                f"if buffer[end]: raise {malformed}('a string has no end')",
                f"try: {variable} = buffer[start:end].decode()",
                f"except UnicodeDecodeError: {variable} = buffer[start:end].decode('utf-8', 'replace')",
            )
            expression = variable
        elif isinstance(type_, Table):
            read = draft.constant(self._readers.table(type_.name).read)
            expression = f"{read}(buffer, words, position + {offset} + {variable})"
        else:
            draft.lines += (f"{variable} += position + {offset}", f"n{variable} = words[{variable} >> 2]")
            read = draft.constant(self._readers.vector(type_))
            expression = f"{read}(buffer, words, {variable}, n{variable}) if n{variable} else {absent(field_)}"
        draft.items[field_.key] = expression

    def _draft_union(self, draft: _Draft, field_: Field, union: Union, type_offset: int, offset: int) -> None:
        if bool(type_offset) != bool(offset) and (offset or field_.required):
            raise MalformedError(f"{self._name}.{field_.key} has a value or a type, but not both")
        kind, value = f"f{field_.slot}", f"f{field_.slot + 1}"
        names: dict[int, str | None] = {number: name for name, (number, _) in union.members.items()}
        if not type_offset:
            if field_.required:
                raise MalformedError(f"{self._name} misses {field_.key}")
            draft.items |= {field_.type_key: "None", field_.key: "None"}
            return
        if not field_.required:
            names[0] = None
        draft.items[field_.type_key] = f"{draft.constant(names)}[{kind}]"
        if not offset:
            malformed = draft.constant(MalformedError)
            draft.lines.append(f"if {kind}: raise {malformed}('a union has a type, but no value')")
            draft.items[field_.key] = "None"
            return
        position = f"position + {offset} + {value}"
        if self._keys:
            expression = f"{position} if {kind} else None"
        else:
            readers = {number: self._readers.table(table.name).read for number, table in union.members.values()}
            expression = f"{draft.constant(readers)}[{kind}](buffer, words, {position}) if {kind} else None"
        draft.items[field_.key] = expression


def parse_vtable(vtable: bytes) -> tuple[int, tuple[int, ...]]:
    """Return the table's size and the offsets of its fields, 0 for absent ones."""
    if len(vtable) < 4 or len(vtable) & 1:
        raise MalformedError("a vtable is malformed")
    size, table_size, *offsets = struct.unpack(f"<{len(vtable) // 2}H", vtable)
    if size != len(vtable):
        raise MalformedError("a vtable is malformed")
    return table_size, tuple(offsets)


def absent(field_: Field) -> str:
    """Return the source of what an absent field means."""
    match field_.type:
        case Parameters():
            return "{}"
        case Vector(element) if element is UINT8:
            return "b''"
        case Vector():
            return "[]"
        case _:
            return repr(field_.default)


def _unpack_lines(draft: _Draft) -> Iterator[str]:
    """Read all fields by one struct call, in the order in which they lie there."""
    if not draft.places:
        return
    format_ = "<"
    end = 0
    for offset, size, code, _ in sorted(draft.places):
        if offset < end:
            raise MalformedError("two fields overlap")
        format_ += f"{offset - end}x{code}"
        end = offset + size
    names = ", ".join(name for *_, name in sorted(draft.places))
    yield f"{names}, = {draft.constant(struct.Struct(format_).unpack_from)}(buffer, position)"

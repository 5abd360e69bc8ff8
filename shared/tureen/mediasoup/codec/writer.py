"""Encode dicts as FlatBuffers tables.

A function is generated for every set of keys ("shape") that is met in practice: with the shape, the vtable and the
place of every field are constants, and what is left to do at run time is one ``struct`` call and the strings. Buffers
are written forwards: a table, then its strings, then what else hangs on it, which has to follow since FlatBuffers'
offsets point forwards only. Every part takes a multiple of 4 bytes, so only tables with 8-byte fields ever need to be
aligned.

The generated functions check nothing that the operations in them do not check by themselves (a dict of enum names has
no wrong name, ``struct`` takes no number out of range): what goes wrong in them is explained by ``codec.check``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .generate import make_function
from .model import BOOL, UINT8, Enum, Field, Model, Parameters, Scalar, String, Table, TableModel, Type, Union, Vector
from .parameters import to_table
from .parts import (
    BOOLS,
    EMPTY_VECTOR,
    TEXTS,
    Shape,
    Write,
    numbers_writer,
    patch,
    tables_writer,
    write_bytes,
    write_texts,
)
from .shared import SharedTable


class Writers:
    """Hold the writer of every table of a schema."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._tables: dict[str, TableWriter] = {}

    def table(self, name: str) -> TableWriter:
        """Return the writer of a table, made on first use."""
        writer = self._tables.get(name)
        if writer is None:
            # Entered before its parts are asked for, since tables may refer to themselves.
            writer = self._tables[name] = TableWriter(self, self._model.tables[name])
        return writer

    def part(self, type_: Type) -> Callable[[bytearray, Any], int]:
        """Return what appends a value of a type that is referred to by an offset, and returns where it starts."""
        match type_:
            case Table(name):
                return self.table(name).write
            case Parameters(Table(name)):
                write = self.table(name).write_all
                return lambda buffer, values: write(buffer, to_table(values))
            case Vector(Scalar() as scalar):
                if scalar is UINT8:
                    return write_bytes
                return numbers_writer(scalar, BOOLS if scalar is BOOL else None)
            case Vector(Enum(scalar=scalar, values=values)):
                return numbers_writer(scalar, values)
            case Vector(Table(name)):
                return self.table(name).write_all
            case Vector(String()):
                return write_texts
            case _:
                raise AssertionError(f"{type_} stands in its table")


@dataclass(slots=True)
class _Place:
    """Say what stands at one place of a table: a struct format, and the expression of its value."""

    size: int
    slot: int
    format: str
    expression: str
    offset: int = 0


@dataclass(slots=True)
class _Part:
    """Say what follows a table: where its offset stands, the expression that writes it, and what tells it is empty."""

    place: _Place
    expression: str
    is_empty: str | None = None


@dataclass(slots=True)
class _Draft:
    """Collect the source of a function that writes one shape of a table."""

    places: list[_Place] = field(default_factory=list)
    texts: list[tuple[str, _Place]] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)
    namespace: dict[str, Any] = field(default_factory=dict)

    def constant(self, value: Any) -> str:
        """Make a value known to the function and return its name there."""
        name = f"c{len(self.namespace)}"
        self.namespace[name] = value
        return name


class TableWriter:
    """Encode one table."""

    def __init__(self, writers: Writers, table: TableModel) -> None:
        self._writers = writers
        self._table = table
        # By shape. Those that were met with a None in them strip it first, and then look at the second dict.
        self._shapes: dict[Shape, Write] = {}
        self._exact: dict[Shape, Write] = {}
        self.write = self._make_write()
        self.write_all = tables_writer(self._shapes, self._add)

    def _make_write(self) -> Write:
        shapes = self._shapes
        add = self._add

        def write(buffer: bytearray, values: Mapping[str, Any]) -> int:
            """Append a table and return where it starts."""
            if isinstance(values, SharedTable):
                return write_shared(buffer, values)
            shape = tuple(values)
            write_shape = shapes.get(shape) or add(shape)
            return write_shape(buffer, values)

        def write_shared(buffer: bytearray, values: SharedTable) -> int:
            shift = len(buffer) & 4
            if shift not in values.encoded:
                alone = bytearray(shift)
                start = write(alone, dict(values))
                values.encoded[shift] = bytes(alone[shift:]), start - shift
            end = len(buffer)
            encoded, start = values.encoded[shift]
            buffer += encoded
            return end + start

        return write

    def _add(self, shape: Shape) -> Write:
        write = self._shapes[shape] = self._compile(shape)
        return write

    def expect_none(self, shape: Shape) -> None:
        """Take it that values of this shape may be None, which means absent."""
        exact = self._exact

        def write(buffer: bytearray, values: Mapping[str, Any]) -> int:
            present = {key: value for key, value in values.items() if value is not None}
            shape = tuple(present)
            write_shape = exact.get(shape)
            if write_shape is None:
                write_shape = exact[shape] = self._compile(shape)
            return write_shape(buffer, present)

        self._shapes[shape] = write

    def _compile(self, shape: Shape) -> Write:
        draft = _Draft()
        for field_ in _present_fields(self._table, shape):
            self._draft_field(draft, field_)
        lines = list(_lines(draft))
        function: Write = make_function("write", "buffer, values", lines, draft.namespace)
        return function

    def _draft_field(self, draft: _Draft, field_: Field) -> None:
        value = f"values[{field_.key!r}]"
        match field_.type:
            case Scalar() as scalar if scalar is BOOL:
                expression = f"{draft.constant(BOOLS)}[{value}]"
                draft.places.append(_Place(1, field_.slot, "B", expression))
            case Scalar(format=format_, size=size):
                draft.places.append(_Place(size, field_.slot, format_, value))
            case Enum(scalar=scalar, values=names):
                expression = f"{draft.constant(names)}[{value}]"
                draft.places.append(_Place(scalar.size, field_.slot, scalar.format, expression))
            case Union(members=members):
                numbers = {member: number for member, (number, _) in members.items()}
                tables = {member: self._writers.table(table.name).write for member, (_, table) in members.items()}
                member = f"values[{field_.type_key!r}]"
                draft.places.append(_Place(1, field_.slot, "B", f"{draft.constant(numbers)}[{member}]"))
                place = _Place(4, field_.slot + 1, "I", "0")
                draft.places.append(place)
                draft.parts.append(_Part(place, f"{draft.constant(tables)}[{member}](buffer, {value})"))
            case String():
                place = _Place(4, field_.slot, "I", "")
                draft.places.append(place)
                draft.texts.append((value, place))
            case other:
                place = _Place(4, field_.slot, "I", "0")
                draft.places.append(place)
                expression = f"{draft.constant(self._writers.part(other))}(buffer, {value})"
                draft.parts.append(_Part(place, expression, _emptiness(other, value)))


def _emptiness(type_: Type, value: str) -> str | None:
    """Return the source of what tells that a vector of tables is empty: many are, and writing those takes no call."""
    match type_:
        case Parameters():
            return f"{value} == {{}}"
        case Vector(Table()):
            return f"{value} == []"
        case _:
            return None


def _present_fields(table: TableModel, shape: Shape) -> list[Field]:
    """Return the fields that a shape names.

    Raises:
        TypeError: A key is unknown, a required one is missing, or a union stands there without its type.
    """
    left = set(shape)
    present: list[Field] = []
    for field_ in table.fields:
        keys = {field_.key, field_.type_key} if isinstance(field_.type, Union) else {field_.key}
        if keys <= left:
            present.append(field_)
        elif field_.required or keys & left:
            raise TypeError(f"{table.name} misses {min(keys - left)}")
        left -= keys
    if left:
        raise TypeError(f"{table.name} has no such fields")
    return present


def _arrange(draft: _Draft) -> tuple[int, int]:
    """Give every place its offset; return the table's size and its alignment."""
    draft.places.sort(key=lambda place: -place.size)
    alignment = 8 if draft.places and draft.places[0].size == 8 else 4
    end = alignment
    for place in draft.places:
        place.offset = end
        end += place.size
    return end, alignment


def _vtable(draft: _Draft, table_size: int) -> bytes:
    offsets = {place.slot: place.offset for place in draft.places}
    slots = max(offsets) + 1 if offsets else 0
    size = 4 + 2 * slots
    return struct.pack(f"<{slots + 2}H", size, table_size, *(offsets.get(slot, 0) for slot in range(slots)))


def _lines(draft: _Draft) -> Iterator[str]:
    end, alignment = _arrange(draft)
    vtable = _vtable(draft, end)
    padded_size = (end + 3) & -4
    # The vtable goes right before its table, padded in front so that the table is aligned.
    prefixes = {start: bytes(-(start + len(vtable)) % alignment) + vtable for start in (0, 4)}
    prefix = draft.constant(prefixes[0]) if alignment == 4 else f"{draft.constant(prefixes)}[len(buffer) & 4]"
    yield from _text_lines(draft, padded_size)
    yield f"buffer += {prefix}"
    if draft.parts:
        yield "start = len(buffer)"
    head = f"<i{alignment - 4}x" if alignment > 4 else "<i"
    packer = struct.Struct(head + "".join(place.format for place in draft.places) + f"{padded_size - end}x")
    values = "".join(f", {place.expression}" for place in draft.places)
    texts = "".join(f" + t{index}" for index in range(len(draft.texts)))
    result = "" if draft.parts else "start = len(buffer); "
    yield f"{result}buffer += {draft.constant(packer.pack)}({len(vtable)}{values}){texts}"
    patcher = draft.constant(patch) if draft.parts else ""
    for part in draft.parts:
        if part.is_empty is not None:
            yield f"if {part.is_empty}: part = len(buffer); buffer += {draft.constant(EMPTY_VECTOR)}"
            yield f"else: part = {part.expression}"
        else:
            yield f"part = {part.expression}"
        offset = part.place.offset
        yield f"{patcher}(buffer, start + {offset}, part - start - {offset})"
    yield "return start"


def _text_lines(draft: _Draft, table_size: int) -> Iterator[str]:
    """Encode the strings first: with their lengths known, their offsets can be written at once."""
    if not draft.texts:
        return
    texts = draft.constant(TEXTS)
    at = str(table_size)
    for index, (value, place) in enumerate(draft.texts):
        yield f"t{index} = {texts}[{value}]"
        place.expression = f"{at} - {place.offset}" if index else f"{table_size - place.offset}"
        if index + 1 < len(draft.texts):
            at = f"e{index}"
            previous = f"e{index - 1}" if index else str(table_size)
            yield f"{at} = {previous} + len(t{index})"

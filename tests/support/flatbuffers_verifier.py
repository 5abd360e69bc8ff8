"""Verify FlatBuffers as FlatBuffers' own C++ verifier does: bounds, alignment, required fields, strings' ends."""

from __future__ import annotations

import struct

from tureen.mediasoup.codec.model import Enum, Field, Model, Parameters, Scalar, String, Table, Type, Union, Vector


class Verifier:
    """Walk through one buffer that has its length in front."""

    def __init__(self, model: Model, buffer: bytes) -> None:
        self._model = model
        self._buffer = buffer

    def verify(self, table: str) -> None:
        """Fail with an AssertionError unless the buffer is sound and its root is that table."""
        assert self._number("I", 0) == len(self._buffer) - 4
        self._table(table, 4 + self._number("I", 4))

    def _number(self, format_: str, position: int) -> int:
        size = struct.calcsize(f"<{format_}")
        assert 0 <= position <= len(self._buffer) - size, "out of bounds"
        assert position % size == 0, f"{format_} at {position} is not aligned"
        number: int = struct.unpack_from(f"<{format_}", self._buffer, position)[0]
        return number

    def _table(self, name: str, position: int) -> None:
        vtable = position - self._number("i", position)
        vtable_size, table_size = self._number("H", vtable), self._number("H", vtable + 2)
        assert vtable_size % 2 == 0
        assert vtable + vtable_size <= len(self._buffer)
        assert position + table_size <= len(self._buffer)

        def place(slot: int) -> int:
            """Return where the field in a slot is, 0 if it is absent."""
            entry = 4 + 2 * slot
            offset = self._number("H", vtable + entry) if entry < vtable_size else 0
            assert offset < table_size
            return position + offset if offset else 0

        for field in self._model.tables[name].fields:
            self._field(field, place(field.slot), place(field.slot + 1) if isinstance(field.type, Union) else 0)

    def _field(self, field: Field, place: int, value: int) -> None:
        assert place or not field.required, f"{field.key} is missing"
        match field.type:
            case Union(members=members):
                number = self._number("B", place) if place else 0
                assert bool(number) == bool(value)
                tables = [table.name for member, table in members.values() if member == number]
                if number:
                    self._table(tables[0], value + self._number("I", value))
            case Scalar(format=format_) | Enum(scalar=Scalar(format=format_)):
                if place:
                    self._number(format_, place)
            case type_:
                if place:
                    self._part(type_, place + self._number("I", place))

    def _part(self, type_: Type, position: int) -> None:
        match type_:
            case Table(name):
                self._table(name, position)
            case String():
                self._text(position)
            case Vector(element) | Parameters(element):
                length = self._number("I", position)
                for index in range(length):
                    self._element(element, position + 4, index)

    def _element(self, element: Type, start: int, index: int) -> None:
        match element:
            case Scalar(format=format_, size=size) | Enum(scalar=Scalar(format=format_, size=size)):
                self._number(format_, start + size * index)
            case _:
                place = start + 4 * index
                self._part(element, place + self._number("I", place))

    def _text(self, position: int) -> None:
        end = position + 4 + self._number("I", position)
        assert self._number("B", end) == 0
        self._buffer[position + 4 : end].decode()

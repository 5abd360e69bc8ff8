"""Read tables that come again and again in buffers laid out alike.

What a worker tells of its new transports differs in a few strings and numbers; which fields there are, and where they
stand, is mostly as it was for the one before. So what has been read a few times, table by table, becomes an example:
of a buffer of the same length one ``struct`` call takes both what such buffers have in common (lengths, offsets,
vtables) and what differs. Where the former is as in the example, the latter stands where it did there; any other
buffer is read as before.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from .generate import make_function
from .later import Words
from .model import Enum, Field, Model, Scalar, String, Table, Type, Union, Vector
from .reader import Read, absent, names_of, parse_vtable

# read(buffer), which is None where the buffer is not like the example.
_ReadAlike: TypeAlias = Callable[[bytes], "dict[str, Any] | None"]

_ENOUGH = 4
"""How often a table is met in buffers of one length before there is an example: making one takes about a ms."""
_MAX_EXAMPLES = 64
_MAX_LENGTHS = 512


class UnlikeError(Exception):
    """Say that a buffer is not of the kind that examples are made of."""


def read_alike(model: Model, only: Mapping[str, frozenset[str]], name: str, read: Read) -> Read:
    """Return what reads a table as ``read`` does, by example where that can be.

    Args:
        model: The schema.
        only: Of which tables ``read`` gives some keys and no others.
        name: The table.
        read: Reads it from any buffer.
    """
    examples: dict[tuple[int, int], _ReadAlike | None] = {}
    met: Counter[tuple[int, int]] = Counter()

    def read_table(buffer: bytes, words: Words, position: int) -> Any:
        place = position, len(buffer)
        example = examples.get(place)
        if example is not None and (values := example(buffer)) is not None:
            return values
        values = read(buffer, words, position)
        if place not in examples:
            learn(place, buffer, words)
        return values

    def learn(place: tuple[int, int], buffer: bytes, words: Words) -> None:
        met[place] += 1
        if met[place] >= _ENOUGH:
            if len(examples) >= _MAX_EXAMPLES:
                examples.clear()
            examples[place] = _make_example(model, only, name, buffer, words, place[0])
        if len(met) >= _MAX_LENGTHS:
            met.clear()

    return read_table


def _make_example(
    model: Model, only: Mapping[str, frozenset[str]], name: str, buffer: bytes, words: Words, position: int
) -> _ReadAlike | None:
    """Return what reads buffers like this one, in which there is such a table; None where that cannot be."""
    draft = _Draft(model, only, buffer, words)
    try:
        return draft.reader(draft.table(name, position))
    except UnlikeError:
        return None


class _Draft:
    """Walk through a table, and collect what is always the same (``_same``) and what is read (``_read``)."""

    def __init__(self, model: Model, only: Mapping[str, frozenset[str]], buffer: bytes, words: Words) -> None:
        self._model = model
        self._only = only
        self._buffer = buffer
        self._words = words
        self._same: set[int] = set()
        """Bytes."""
        self._read: dict[int, tuple[int, str]] = {}
        """Where a value starts: its size and struct format."""
        self._namespace: dict[str, Any] = {}

    def reader(self, result: str) -> _ReadAlike:
        """Return what reads buffers alike, given the source of the result.

        Raises:
            UnlikeError: Two values overlap.
        """
        formats, names, expected, end = ["<"], [], [], 0
        for start, stop, format_ in self._pieces():
            if start < end:
                raise UnlikeError
            formats.append(f"{start - end}x{format_}")
            names.append(f"v{start}")
            if start in self._same:
                expected.append((f"v{start}", self._buffer[start:stop]))
            end = stop
        self._namespace["unpack"] = struct.Struct("".join(formats)).unpack_from
        self._namespace["expected"] = tuple(value for _, value in expected)
        lines = [
            f"{', '.join(names)}, = unpack(buffer)",
            f"if ({', '.join(name for name, _ in expected)},) != expected: return None",
            f"return {result}",
        ]
        function: _ReadAlike = make_function("read", "buffer", lines, self._namespace)
        return function

    def _pieces(self) -> list[tuple[int, int, str]]:
        """Return start, end and format of all that is unpacked, in order."""
        pieces = [(start, start + size, format_) for start, (size, format_) in self._read.items()]
        for byte in sorted(self._same):
            if byte - 1 not in self._same:
                first = byte
            if byte + 1 not in self._same:
                pieces.append((first, byte + 1, f"{byte + 1 - first}s"))
        return sorted(pieces)

    def _keep(self, start: int, size: int) -> None:
        self._same.update(range(start, start + size))

    def _value(self, start: int, size: int, format_: str) -> str:
        """Have a value read, and return its source."""
        if self._read.setdefault(start, (size, format_)) != (size, format_):
            raise UnlikeError
        return f"v{start}"

    def table(self, name: str, position: int) -> str:
        """Return the source of a table."""
        start = position - self._words[position >> 2] & 0xFFFFFFFF
        vtable = self._buffer[start : start + self._buffer[start]]
        self._keep(position, 4)
        self._keep(start, len(vtable))
        offsets = parse_vtable(vtable)[1]
        only = self._only.get(name)
        items: list[str] = []
        for field in self._model.tables[name].fields:
            if only is None or field.key in only:
                items += self._field(field, position, offsets)
        return f"{{{', '.join(items)}}}"

    def _field(self, field: Field, position: int, offsets: tuple[int, ...]) -> list[str]:
        offset = offsets[field.slot] if field.slot < len(offsets) else 0
        if isinstance(field.type, Union):
            return self._union(field, field.type, position, offset, offsets)
        source = self._part(field.type, position + offset, absent(field)) if offset else absent(field)
        return [f"{field.key!r}: {source}"]

    def _union(self, field: Field, union: Union, position: int, offset: int, offsets: tuple[int, ...]) -> list[str]:
        number = self._buffer[position + offset] if offset else 0
        if offset:
            self._keep(position + offset, 1)
        for member, (known, table) in union.members.items():
            if known == number:
                value = self.table(table.name, self._follow(position + offsets[field.slot + 1]))
                return [f"{field.type_key!r}: {member!r}", f"{field.key!r}: {value}"]
        return [f"{field.type_key!r}: None", f"{field.key!r}: None"]

    def _part(self, type_: Type, place: int, nothing: str) -> str:
        """Return the source of what stands at a place, or is referred to from there."""
        match type_:
            case Scalar(format=format_, size=size):
                return self._value(place, size, format_)
            case Enum(name=name, scalar=scalar):
                self._namespace[constant := f"names{len(self._namespace)}"] = names_of(self._model.enums[name])
                return f"{constant}[{self._value(place, scalar.size, scalar.format)}]"
            case String():
                return self._text(self._follow(place))
            case Table(name):
                return self.table(name, self._follow(place))
            case Vector(element):
                return self._vector(element, self._follow(place), nothing)
            case _:
                raise UnlikeError

    def _follow(self, place: int) -> int:
        self._keep(place, 4)
        return place + self._words[place >> 2]

    def _text(self, position: int) -> str:
        self._keep(position, 4)
        length = self._words[position >> 2]
        self._keep(position + 4 + length, 1)
        return f"{self._value(position + 4, length, f'{length}s')}.decode('utf-8', 'replace')" if length else "''"

    def _vector(self, element: Type, position: int, nothing: str) -> str:
        self._keep(position, 4)
        length = self._words[position >> 2]
        if not length:
            return nothing
        if not isinstance(element, Table | String):
            raise UnlikeError
        places = range(position + 4, position + 4 + 4 * length, 4)
        return f"[{', '.join(self._part(element, place, nothing) for place in places)}]"

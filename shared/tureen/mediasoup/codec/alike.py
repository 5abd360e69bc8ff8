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
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeAlias

from .generate import make_function
from .later import Words
from .messages import Packed, ReadBrief, Response
from .model import Enum, Field, Model, Scalar, String, Table, Type, Union, Vector
from .reader import Read, absent, as_words, names_of, parse_vtable

Example: TypeAlias = Callable[[bytes], Any]
"""Takes a buffer, and returns None where that is not like the example."""

_ENOUGH = 4
"""How often a buffer of one kind is met before there is an example: making one takes about a ms."""
_MAX_EXAMPLES = 64
_MAX_KINDS = 512


class UnlikeError(Exception):
    """Say that a buffer is not of the kind that examples are made of."""


class Examples:
    """Hold an example of each kind of buffer that comes again and again."""

    def __init__(self) -> None:
        self.known: dict[Hashable, Example | None] = {}
        """By kind; None where no example can be made."""
        self._met: Counter[Hashable] = Counter()

    def meet(self, kind: Hashable, make: Callable[[], Example]) -> None:
        """Count a buffer that was read without an example; make one once there were enough of its kind."""
        if kind in self.known:
            return
        self._met[kind] += 1
        if self._met[kind] >= _ENOUGH:
            if len(self.known) >= _MAX_EXAMPLES:
                self.known.clear()
            try:
                self.known[kind] = make()
            except UnlikeError:
                self.known[kind] = None
        if len(self._met) >= _MAX_KINDS:
            self._met.clear()


def read_alike(model: Model, only: Mapping[str, frozenset[str]], name: str, read: Read) -> ReadBrief:
    """Return what reads a table at a position of a buffer: by example where that can be, else as ``read`` does.

    Args:
        model: The schema.
        only: Of which tables ``read`` gives some keys and no others.
        name: The table.
        read: Reads it from any buffer.
    """
    examples = Examples()
    known = examples.known

    def read_table(buffer: bytes, position: int) -> Any:
        kind = position, len(buffer)
        example = known.get(kind)
        if example is not None and (values := example(buffer)) is not None:
            return values
        words = as_words(buffer)
        values = read(buffer, words, position)

        def make() -> Example:
            draft = Draft(model, only, buffer, words)
            return draft.example(draft.table(name, position))

        examples.meet(kind, make)
        return values

    return read_table


def open_alike(
    model: Model, buffer: bytes, words: Words, readers: Mapping[str, Read], briefs: Mapping[str, ReadBrief]
) -> Example:
    """Return what opens responses like this one, which has its length in front.

    Raises:
        UnlikeError: It is no response, or its request was refused.
    """
    draft = Draft(model, {}, buffer, words)
    message = draft.follow(4)
    kind, position = draft.member(_field_of(model, "FBS.Message.Message", "data"), message, draft.offsets(message))
    if kind != "Response":
        raise UnlikeError
    fields = {field.key: field for field in model.tables["FBS.Response.Response"].fields}
    offsets = draft.offsets(position)
    if any(_offset(fields[key], offsets) for key in ("error", "reason")):
        raise UnlikeError
    accepted = position + _offset(fields["accepted"], offsets)
    if accepted == position or not buffer[accepted]:
        raise UnlikeError
    draft.keep(accepted, 1)
    type_, body = draft.member(fields["body"], position, offsets)
    packed = "None"
    if type_ is not None:
        draft.namespace |= {"Packed": Packed, "read_body": readers[type_], "brief": briefs[type_]}
        packed = f"Packed({type_!r}, read_body, buffer, None, {body}, brief)"
    draft.namespace |= {"new": tuple.__new__, "Response": Response}
    return draft.example(
        f"new(Response, ({draft.source(fields['id'], position, offsets)}, True, {packed}, None, None))"
    )


def _field_of(model: Model, table: str, key: str) -> Field:
    return next(field for field in model.tables[table].fields if field.key == key)


def _offset(field: Field, offsets: tuple[int, ...]) -> int:
    """Return where in its table a field stands, a union's type; 0 where it is absent."""
    return offsets[field.slot] if field.slot < len(offsets) else 0


class Draft:
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
        self.namespace: dict[str, Any] = {}

    def example(self, result: str) -> Example:
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
        self.namespace["unpack"] = struct.Struct("".join(formats)).unpack_from
        self.namespace["expected"] = tuple(value for _, value in expected)
        lines = [
            f"{', '.join(names)}, = unpack(buffer)",
            f"if ({', '.join(name for name, _ in expected)},) != expected: return None",
            f"return {result}",
        ]
        function: Example = make_function("read", "buffer", lines, self.namespace)
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

    def keep(self, start: int, size: int) -> None:
        """Have some bytes be the same in all buffers that are like this one."""
        self._same.update(range(start, start + size))

    def _value(self, start: int, size: int, format_: str) -> str:
        """Have a value read, and return its source."""
        if self._read.setdefault(start, (size, format_)) != (size, format_):
            raise UnlikeError
        return f"v{start}"

    def offsets(self, position: int) -> tuple[int, ...]:
        """Return where in a table its fields stand, by slot."""
        start = position - self._words[position >> 2] & 0xFFFFFFFF
        vtable = self._buffer[start : start + self._buffer[start]]
        self.keep(position, 4)
        self.keep(start, len(vtable))
        return parse_vtable(vtable)[1]

    def table(self, name: str, position: int) -> str:
        """Return the source of a table."""
        offsets = self.offsets(position)
        only = self._only.get(name)
        items: list[str] = []
        for field in self._model.tables[name].fields:
            if only is not None and field.key not in only:
                continue
            if isinstance(field.type, Union):
                member, place = self.member(field, position, offsets)
                value = None if member is None else self.table(field.type.members[member][1].name, place)
                items += f"{field.type_key!r}: {member!r}", f"{field.key!r}: {value}"
            else:
                items.append(f"{field.key!r}: {self.source(field, position, offsets)}")
        return f"{{{', '.join(items)}}}"

    def source(self, field: Field, position: int, offsets: tuple[int, ...]) -> str:
        """Return the source of a field that is no union."""
        offset = _offset(field, offsets)
        return self._part(field.type, position + offset, absent(field)) if offset else absent(field)

    def member(self, field: Field, position: int, offsets: tuple[int, ...]) -> tuple[str | None, int]:
        """Return which member a union is, and where that starts; None and 0 where there is none."""
        assert isinstance(field.type, Union)  # noqa: S101 - for mypy.
        offset = _offset(field, offsets)
        if offset:
            self.keep(position + offset, 1)
            for member, (number, _) in field.type.members.items():
                if number == self._buffer[position + offset]:
                    return member, self.follow(position + offsets[field.slot + 1])
        return None, 0

    def _part(self, type_: Type, place: int, nothing: str) -> str:
        """Return the source of what stands at a place, or is referred to from there."""
        match type_:
            case Scalar(format=format_, size=size):
                return self._value(place, size, format_)
            case Enum(name=name, scalar=scalar):
                self.namespace[constant := f"names{len(self.namespace)}"] = names_of(self._model.enums[name])
                return f"{constant}[{self._value(place, scalar.size, scalar.format)}]"
            case String():
                return self._text(self.follow(place))
            case Table(name):
                return self.table(name, self.follow(place))
            case Vector(element):
                return self._vector(element, self.follow(place), nothing)
            case _:
                raise UnlikeError

    def follow(self, place: int) -> int:
        """Return where something starts whose offset stands at a place."""
        self.keep(place, 4)
        return place + self._words[place >> 2]

    def _text(self, position: int) -> str:
        self.keep(position, 4)
        length = self._words[position >> 2]
        self.keep(position + 4 + length, 1)
        return f"{self._value(position + 4, length, f'{length}s')}.decode('utf-8', 'replace')" if length else "''"

    def _vector(self, element: Type, position: int, nothing: str) -> str:
        self.keep(position, 4)
        length = self._words[position >> 2]
        if not length:
            return nothing
        if not isinstance(element, Table | String):
            raise UnlikeError
        places = range(position + 4, position + 4 + 4 * length, 4)
        return f"[{', '.join(self._part(element, place, nothing) for place in places)}]"

"""Write what tables refer to: strings and vectors.

Each function appends one to a buffer and returns where it starts. All take a multiple of 4 bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from .model import Scalar
from .shared import SharedList

Write: TypeAlias = Callable[[bytearray, Any], int]
Shape: TypeAlias = tuple[str, ...]

BOOLS = {False: 0, True: 1}
EMPTY_VECTOR = bytes(4)

_uint32 = struct.Struct("<I")
patch = _uint32.pack_into
"""Write a number over four bytes of a buffer."""


class _Texts(dict[str, bytes]):
    """Hold strings as a buffer has them: the length, the bytes, a NUL, and the padding.

    Most strings are the same few: kinds of feedback, MIME types, modes. Short ones are kept until there are too many.
    """

    def __missing__(self, text: str) -> bytes:
        encoded = text.encode()
        length = len(encoded)
        packed = (_TEXT_PACKERS[length] if length < _SHORT_TEXT else _pack_long_text)(length, encoded)
        if length <= _KEPT_TEXT:
            if len(self) >= _MAX_KEPT_TEXTS:
                self.clear()
            self[text] = packed
        return packed


def _pack_long_text(length: int, encoded: bytes) -> bytes:
    return struct.pack(f"<I{(length + 4) & -4}s", length, encoded)


# Shorter than a UUID.
_KEPT_TEXT = 32
_MAX_KEPT_TEXTS = 1024
# The struct packers of strings that are shorter than this.
_SHORT_TEXT = 256
_TEXT_PACKERS = [struct.Struct(f"<I{(length + 4) & -4}s").pack for length in range(_SHORT_TEXT)]

TEXTS = _Texts()


def write_bytes(buffer: bytearray, value: bytes) -> int:
    """Append a vector of uint8 and return where it starts."""
    start = len(buffer)
    if value.__class__ is not bytes:
        value = memoryview(value).cast("B").tobytes()
    length = len(value)
    buffer += _uint32.pack(length)
    buffer += value
    buffer += bytes(-length & 3)
    return start


def _as_list(items: Any) -> Sequence[Any]:
    """Let a string, or a dict, not pass for the list of what it holds."""
    if isinstance(items, str | bytes) or not isinstance(items, Sequence):
        raise TypeError("not a list")
    return items


def numbers_writer(scalar: Scalar, values: Mapping[Any, int] | None) -> Callable[[bytearray, Any], int]:
    """Return what writes a vector of numbers, or of what ``values`` translates to numbers."""

    def write(buffer: bytearray, items: Any) -> int:
        if scalar.size == 8 and not len(buffer) & 4:
            # The elements have to be aligned, and they follow the 4 bytes of the vector's length.
            buffer += bytes(4)
        start = len(buffer)
        if items.__class__ is not list:
            items = _as_list(items)
        numbers = items if values is None else [values[item] for item in items]
        length = len(numbers)
        buffer += struct.pack(f"<I{length}{scalar.format}{-length * scalar.size & 3}x", length, *numbers)
        return start

    return write


def write_texts(buffer: bytearray, items: Any) -> int:
    """Append a vector of strings and return where it starts."""
    place, start = _make_room(buffer, items)
    for item in items:
        patch(buffer, place, len(buffer) - place)
        buffer += TEXTS[item]
        place += 4
    return start


def tables_writer(shapes: Mapping[Shape, Write], add: Callable[[Shape], Write]) -> Callable[[bytearray, Any], int]:
    """Return what writes a vector of tables, one after another by their shapes."""

    def write(buffer: bytearray, items: Any) -> int:
        if items.__class__ is SharedList:
            return write_shared(buffer, items)
        place, start = _make_room(buffer, items)
        for item in items:
            shape = tuple(item)
            element = (shapes.get(shape) or add(shape))(buffer, item)
            patch(buffer, place, element - place)
            place += 4
        return start

    def write_shared(buffer: bytearray, items: SharedList[Any]) -> int:
        if items.encoded is None or items.encoded[0] is not write:
            items.encoded = write, _encode_anywhere(write, list(items))
        start = len(buffer)
        encoded = items.encoded[1]
        if encoded is None:
            return write(buffer, list(items))
        buffer += encoded
        return start

    return write


def _encode_anywhere(write: Write, items: list[Any]) -> bytes | None:
    """Return a vector as it can be put anywhere in a buffer; None if it holds 8-byte fields: they need alignment."""
    aligned, shifted = bytearray(), bytearray(4)
    write(aligned, items)
    write(shifted, items)
    return bytes(aligned) if shifted[4:] == aligned else None


def _make_room(buffer: bytearray, items: Any) -> tuple[int, int]:
    """Append a vector's length and its offsets, still 0; return where the first offset and the vector start."""
    if items.__class__ is not list:
        items = _as_list(items)
    start = len(buffer)
    length = len(items)
    buffer += _uint32.pack(length) + bytes(4 * length)
    return start + 4, start

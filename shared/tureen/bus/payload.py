"""Bodies of messages: msgpack, or JSON for people with a terminal.

Whatever a client sends, decoding it ends in a map of plain values or in `Malformed`: no deep nesting, no keys but text,
no types of msgpack's extensions.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import msgpack
import msgspec
from pydantic_core import from_json

from tureen.contract.errors import Malformed

DEEPEST = 32
"""Levels of maps and lists in one body; mediasoup's own structures have fewer than ten."""

# Every byte that can begin bytes or an extension, and every byte that begins neither these nor a map or a list. What is
# left of a body without the latter bounds how deep it can be, so that the walk over its values is rarely needed.
_SPECIAL = bytes((*range(0xC4, 0xCA), *range(0xD4, 0xD9)))
_HARMLESS = bytes(
    byte for byte in range(256) if byte not in _SPECIAL and not (0x80 <= byte <= 0x9F or 0xDC <= byte <= 0xDF)
)

_pack = msgspec.msgpack.Encoder().encode


def encode(value: Mapping[str, Any]) -> bytes:
    """Return a body in msgpack.

    Raises:
        Malformed: It holds something that msgpack cannot carry.
    """
    try:
        return _pack(value)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Malformed(f"this cannot be sent: {error}") from None


def decode(body: bytes) -> dict[str, Any]:
    """Return the map in a msgpack body; an empty body is an empty map.

    Raises:
        Malformed: The body is not a map in msgpack, is nested too deeply, or holds what the contract does not know.
    """
    if not body:
        return {}
    try:
        value = msgpack.unpackb(body)
    except (ValueError, TypeError, RecursionError, MemoryError, msgpack.exceptions.UnpackException) as error:
        raise Malformed(f"the payload is not msgpack: {_reason(error)}") from None
    if not isinstance(value, dict):
        raise Malformed("the payload is not a map")
    doubtful = body.translate(None, _HARMLESS)
    if len(doubtful) > DEEPEST or doubtful != doubtful.translate(None, _SPECIAL):
        _check(value)
    return value


def encode_json(value: Mapping[str, Any]) -> bytes:
    """Return a body in JSON, bytes as base64.

    Raises:
        Malformed: It holds something that JSON cannot carry.
    """
    try:
        return json.dumps(value, default=_base64, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Malformed(f"this cannot be sent: {error}") from None


def decode_json(body: bytes) -> dict[str, Any]:
    """Return the map in a JSON body; bytes stay the strings in base64 that they are.

    Raises:
        Malformed: The body is not an object in JSON, or is nested too deeply.
    """
    if not body:
        return {}
    try:
        value = from_json(body, allow_inf_nan=False)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the payload is not JSON: {_reason(error)}") from None
    if not isinstance(value, dict):
        raise Malformed("the payload is not an object")
    _check(value)
    return value


def _base64(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _check(value: dict[str, Any]) -> None:
    """Walk over a value, level by level, for what may not be in it."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for item in level:
            below.extend(_children(item))
        if not below:
            return
        level = below
    raise Malformed(f"the payload is nested more than {DEEPEST} levels deep")


def _children(item: Any) -> list[Any]:
    """Return the maps and lists directly in a map or list."""
    values = item
    if isinstance(item, dict):
        if any(type(key) is not str for key in item):
            raise Malformed("the payload has a key that is not text")
        values = item.values()
    containers = []
    for value in values:
        kind = type(value)
        if kind is dict or kind is list:
            containers.append(value)
        elif kind is msgpack.ExtType or kind is msgpack.Timestamp:
            raise Malformed("the payload holds an extension type of msgpack")
    return containers


def _reason(error: BaseException) -> str:
    """Return why a body could not be read, without quoting what is in it."""
    return type(error).__name__ if isinstance(error, UnicodeDecodeError) else str(error)[:200] or type(error).__name__

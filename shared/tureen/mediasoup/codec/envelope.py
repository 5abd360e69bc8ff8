"""Write what stands around a message's body.

For one method and handler ids of one length, everything up to the body is the same but for the message's id, the
handler's id and where the body starts. So it is made once, by the writers, and from then on copied and filled in.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .again import Encode, Examples
from .model import Model, TableModel, Union
from .parts import Write, patch

ENCODE_ERRORS = (struct.error, AttributeError, LookupError, TypeError, ValueError, OverflowError)
"""What writing raises when a dict is not what it should be."""

# Templates are kept for handler ids up to this length, in bytes. A UUID has 36.
_MAX_LENGTH = 255

_int32 = struct.Struct("<i").unpack_from
_uint16 = struct.Struct("<H").unpack_from
_uint32 = struct.Struct("<I").unpack_from


class _Template(NamedTuple):
    """Hold the beginning of a message, up to its body, and where in it stands what is not always the same.

    A notification has no id, and ``id`` is 0 then.
    """

    beginning: bytes
    id: int
    put_handler_id: Callable[[bytearray, int, bytes], None]
    handler_id: int
    body: int


class Envelope:
    """Encode the requests of one method, or the notifications of one event."""

    def __init__(self, model: Model, kind: str, encode: Encode, write_body: Write | None) -> None:
        """Make an envelope.

        Args:
            model: The schema.
            kind: ``Request`` or ``Notification``.
            encode: Encodes a message of this method or event from nothing, and explains what is wrong with one.
            write_body: Writes a body; None where there is none.
        """
        self._model = model
        self._kind = kind
        self._encode = encode
        self.write_body = write_body
        # By the length of the handler's id, in bytes.
        self._templates: dict[int, _Template] = {}
        self._examples = Examples(encode) if kind == "Request" and write_body is not None else None

    def encode(self, id_: int, handler_id: str, body: Mapping[str, Any] | None) -> bytearray:
        """Return a message with its length in front; a notification's id is 0.

        Raises:
            TypeError: The body does not fit.
        """
        examples = self._examples
        try:
            if examples is not None and body is not None:
                message = examples.encode(id_, handler_id, body)
                if message is not None:
                    return message
            handler = handler_id.encode()
            message = self._fill_in(self._templates[len(handler)], id_, handler, body)
            if examples is not None and body is not None:
                examples.learn(handler_id, body)
            return message
        except ENCODE_ERRORS:
            # There is no template yet, or something is wrong.
            message = self._encode(id_, handler_id, body)
        length = len(handler_id.encode())
        if length not in self._templates and length <= _MAX_LENGTH:
            self._templates[length] = self._dissect(message, length)
        return message

    def _fill_in(self, template: _Template, id_: int, handler_id: bytes, body: Mapping[str, Any] | None) -> bytearray:
        beginning, id_at, put_handler_id, handler_id_at, body_at = template
        buffer = bytearray(beginning)
        put_handler_id(buffer, handler_id_at, handler_id)
        if id_at:
            patch(buffer, id_at, id_)
        if self.write_body is not None:
            patch(buffer, body_at, self.write_body(buffer, body) - body_at)
            patch(buffer, 0, len(buffer) - 4)
        return buffer

    def _dissect(self, message: bytearray, length: int) -> _Template:
        tables = self._model.tables
        content = tables[f"FBS.{self._kind}.{self._kind}"]
        root = _follow(message, 4)
        table = _follow(message, _place(message, root, tables["FBS.Message.Message"], "data"))
        # A string starts with its length, ends in a NUL and is padded; the writers put the body right behind it.
        handler_id_at = _follow(message, _place(message, table, content, "handlerId")) + 4
        beginning = bytes(message[: handler_id_at + ((length + 4) & -4)])
        id_at = _place(message, table, content, "id") if self._kind == "Request" else 0
        body_at = 0 if self.write_body is None else _place(message, table, content, "body")
        return _Template(beginning, id_at, struct.Struct(f"{length}s").pack_into, handler_id_at, body_at)


def _place(buffer: bytearray, table: int, model: TableModel, key: str) -> int:
    """Return where in a buffer a field of a table stands that is present."""
    field = next(field for field in model.fields if field.key == key)
    slot = field.slot + 1 if isinstance(field.type, Union) else field.slot
    vtable = table - _int32(buffer, table)[0]
    return table + int(_uint16(buffer, vtable + 4 + 2 * slot)[0])


def _follow(buffer: bytearray, place: int) -> int:
    """Return what an offset points at."""
    return place + int(_uint32(buffer, place)[0])

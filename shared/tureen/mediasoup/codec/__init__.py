"""Speak the worker's language: dicts to FlatBuffers and back, compiled from the worker's own schema.

How dicts stand for FlatBuffers:

- A table is a dict with camelCase keys made from the schema's names (``transport_wide_cc01``: ``transportWideCc01``).
- A union ``x`` is two keys: ``xType``, the member's name as in the schema, and ``x``, its table.
- Enums are mediasoup's public strings (``codec.names``); methods and events keep the schema's names.
- A vector of uint8 is bytes (any bytes-like object when encoding); the ``parameters`` of codecs and header extensions
  are plain dicts.
- When encoding, a key that is missing or None is absent. An unknown key, a missing required one, and a value of a
  wrong type or out of range raise a TypeError that names the field.
- When decoding, every key is there. What the worker left out has the schema's default; optional scalars, strings and
  tables are None, vectors are empty.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from .check import Checker
from .envelope import ENCODE_ERRORS, Envelope
from .messages import Log, Message, Notification, Packed, Request, Response
from .model import Model, build_model
from .names import bodies_by_name
from .opener import Opener
from .parts import Write
from .reader import DECODE_ERRORS, Read, Readers, as_words, malformed
from .schema import SchemaError, read_schemas
from .shared import SharedList, SharedTable, Sharer
from .writer import Writers

__all__ = [
    "Codec",
    "Log",
    "Message",
    "Notification",
    "Packed",
    "Request",
    "Response",
    "SchemaError",
    "SharedList",
    "SharedTable",
    "Sharer",
    "TableCodec",
]

_HEADER = struct.Struct("<II")


class Codec:
    """Encoders and decoders compiled from the worker's own FlatBuffers schema."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._writers = Writers(model)
        self._readers = Readers(model)
        self._checker = Checker(model, self._none_seen)
        requests, notifications = model.unions["FBS.Request.Body"], model.unions["FBS.Notification.Body"]
        self.request_bodies = bodies_by_name(model.enums["FBS.Request.Method"].values, requests.members, "Request")
        self.notification_bodies = bodies_by_name(
            model.enums["FBS.Notification.Event"].values, notifications.members, "Notification"
        )
        self._write_message = self._writers.table("FBS.Message.Message").write
        self._opener = Opener(model, self._readers)
        # By method, and by event.
        self._requests: dict[str, Envelope] = {}
        self._notifications: dict[str, Envelope] = {}

    @classmethod
    def load(cls, schemas: Path) -> Codec:
        """Return the codec for a folder of schemas (``*.fbs``), which are read once per path and process.

        Raises:
            SchemaError: The folder holds no schema, or one that cannot be understood.
        """
        return _load(Path(schemas).resolve())

    def table(self, name: str) -> TableCodec:
        """Return the codec of one table by its full name (``FBS.Transport.Tuple``), for buffers of its own."""
        return TableCodec(self._writers.table(name).write, self._readers.table(name).read, self._checker, name)

    def encode_request(self, id: int, method: str, handler_id: str, body: Mapping[str, Any] | None) -> bytearray:  # noqa: A002
        """Return a request with its length in front.

        Raises:
            TypeError: The method is unknown, or the body does not fit it.
        """
        envelope = self._requests.get(method) or self._add_envelope("Request", method)
        if (envelope.write_body is None) != (body is None):
            raise _wrong_body(method, body)
        return envelope.encode(id, handler_id, body)

    def encode_notification(self, event: str, handler_id: str, body: Mapping[str, Any] | None) -> bytearray:
        """Return a notification with its length in front.

        Raises:
            TypeError: The event is unknown, or the body does not fit it.
        """
        envelope = self._notifications.get(event) or self._add_envelope("Notification", event)
        if (envelope.write_body is None) != (body is None):
            raise _wrong_body(event, body)
        return envelope.encode(0, handler_id, body)

    def decode(self, buffer: bytes) -> Message:
        """Read a message that has its length in front; its body stays packed.

        Raises:
            ChannelError: The message is malformed.
        """
        return self._opener.open(buffer)

    def _add_envelope(self, kind: str, name: str) -> Envelope:
        requests = kind == "Request"
        bodies = self.request_bodies if requests else self.notification_bodies
        try:
            body_type = bodies[name]
        except KeyError:
            raise TypeError(f"unknown method or event {name!r}") from None

        def encode(id_: int, handler_id: str, body: Mapping[str, Any] | None) -> bytearray:
            values: dict[str, Any] = {"id": id_, "method": name} if requests else {"event": name}
            values["handlerId"] = handler_id
            if body_type is not None:
                values["bodyType"] = body_type
                values["body"] = body
            return self._encode({"dataType": kind, "data": values}, name)

        write_body = None
        if body_type is not None:
            table = self.model.unions[f"FBS.{kind}.Body"].members[body_type][1]
            write_body = self._writers.table(table.name).write
        envelope = Envelope(self.model, kind, encode, write_body)
        (self._requests if requests else self._notifications)[name] = envelope
        return envelope

    def _encode(self, message: Mapping[str, Any], path: str) -> bytearray:
        try:
            return _encode_root(self._write_message, message)
        except ENCODE_ERRORS:
            data = message["data"]
            if data.get("body") is not None:
                body_types = self.model.unions[f"FBS.{message['dataType']}.Body"].members
                self._checker.table(body_types[data["bodyType"]][1].name, data["body"], path)
            self._checker.table("FBS.Message.Message", message, path)
            # Nothing is wrong with it but that some values are None, which the writers now expect.
            return _encode_root(self._write_message, message)

    def _none_seen(self, table: str, keys: tuple[str, ...]) -> None:
        self._writers.table(table).expect_none(keys)


class TableCodec:
    """Encode and decode buffers whose root is one certain table."""

    def __init__(self, write: Write, read: Read, checker: Checker, name: str) -> None:
        self._write = write
        self._read = read
        self._checker = checker
        self._name = name

    def encode(self, values: Mapping[str, Any]) -> bytearray:
        """Return a buffer with its length in front.

        Raises:
            TypeError: The values do not fit the table.
        """
        try:
            return _encode_root(self._write, values)
        except ENCODE_ERRORS:
            self._checker.table(self._name, values, self._name)
            return _encode_root(self._write, values)

    def decode(self, buffer: bytes) -> dict[str, Any]:
        """Read a buffer that has its length in front.

        Raises:
            ChannelError: The buffer is malformed.
        """
        try:
            words = as_words(buffer)
            values: dict[str, Any] = self._read(buffer, words, 4 + words[1])
            return values
        except DECODE_ERRORS as error:
            raise malformed(error) from error


@lru_cache(maxsize=8)
def _load(schemas: Path) -> Codec:
    return Codec(build_model(read_schemas(schemas)))


def _wrong_body(name: str, body: object) -> TypeError:
    return TypeError(f"{name} {'needs a' if body is None else 'takes no'} body")


def _encode_root(write: Write, values: Mapping[str, Any]) -> bytearray:
    buffer = bytearray(8)
    root = write(buffer, values)
    _HEADER.pack_into(buffer, 0, len(buffer) - 4, root - 4)
    return buffer

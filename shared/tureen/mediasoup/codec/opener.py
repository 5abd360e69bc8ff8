"""Read what stands around a message's body, which stays packed."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, TypeAlias

from tureen.mediasoup.errors import ChannelError

from .messages import Log, Message, Notification, Packed, Request, Response, Unpack
from .model import Model
from .reader import Read, Readers, TableReader, Words, as_words

# What the generated functions raise when a buffer is not what it should be.
_DECODE_ERRORS = (struct.error, LookupError, ValueError, RecursionError, MemoryError, OverflowError)

_Open: TypeAlias = Callable[[bytes, Words, int], Message]


class Opener:
    """Open messages."""

    def __init__(self, model: Model, readers: Readers) -> None:
        self._model = model
        self._readers = readers
        self._read_message = self._reader("FBS.Message.Message", "dataType", "data")
        self._kinds = {
            "Request": self._requests(),
            "Response": self._responses(),
            "Notification": self._notifications(),
            "Log": self._logs(),
        }

    def open(self, buffer: bytes) -> Message:
        """Read a message that has its length in front.

        Raises:
            ChannelError: The message is malformed.
        """
        try:
            words = as_words(buffer)
            kind, position = self._read_message(buffer, words, 4 + words[1])
            return self._kinds[kind](buffer, words, position)
        except _DECODE_ERRORS as error:
            raise _malformed(error) from error

    def _reader(self, table: str, *keys: str) -> Read:
        return TableReader(self._readers, self._model.tables[table], keys=keys).read

    def _unpackers(self, union: str) -> dict[str, Unpack]:
        members = self._model.unions[union].members
        return {member: guard(self._readers.table(table.name).read) for member, (_, table) in members.items()}

    def _requests(self) -> _Open:
        unpackers = self._unpackers("FBS.Request.Body")
        read = self._reader("FBS.Request.Request", "id", "method", "handlerId", "bodyType", "body")

        def open_request(buffer: bytes, words: Words, position: int) -> Request:
            id_, method, handler_id, type_, body = read(buffer, words, position)
            return Request(id_, method, handler_id, Packed(type_, unpackers[type_], buffer, body) if type_ else None)

        return open_request

    def _responses(self) -> _Open:
        unpackers = self._unpackers("FBS.Response.Body")
        read = self._reader("FBS.Response.Response", "id", "accepted", "bodyType", "body", "error", "reason")

        def open_response(buffer: bytes, words: Words, position: int) -> Response:
            id_, accepted, type_, body, error, reason = read(buffer, words, position)
            packed = Packed(type_, unpackers[type_], buffer, body) if type_ else None
            return Response(id_, accepted, packed, error, reason)

        return open_response

    def _notifications(self) -> _Open:
        unpackers = self._unpackers("FBS.Notification.Body")
        read = self._reader("FBS.Notification.Notification", "handlerId", "event", "bodyType", "body")

        def open_notification(buffer: bytes, words: Words, position: int) -> Notification:
            handler_id, event, type_, body = read(buffer, words, position)
            packed = Packed(type_, unpackers[type_], buffer, body) if type_ else None
            return Notification(handler_id, event, packed)

        return open_notification

    def _logs(self) -> _Open:
        read = self._reader("FBS.Log.Log", "data")
        return lambda buffer, words, position: Log(*read(buffer, words, position))


def guard(read: Read) -> Unpack:
    """Make a reader say ``ChannelError`` whatever a malformed buffer makes it stumble over."""

    def guarded(buffer: bytes, position: int) -> dict[str, Any]:
        try:
            values: dict[str, Any] = read(buffer, as_words(buffer), position)
            return values
        except _DECODE_ERRORS as error:
            raise _malformed(error) from error

    return guarded


def _malformed(error: BaseException) -> ChannelError:
    return ChannelError(f"malformed message: {type(error).__name__}: {error}")

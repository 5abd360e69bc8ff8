"""Read what stands around a message's body, which stays packed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias, cast

from .alike import Examples, open_alike, read_alike
from .later import Words
from .messages import Log, Message, Notification, Packed, ReadBrief, Request, Response
from .model import Model
from .names import OF_NEW
from .reader import DECODE_ERRORS, Read, Readers, TableReader, as_words, malformed

_Open: TypeAlias = Callable[[bytes, Words, int], Message]


class Opener:
    """Open messages."""

    def __init__(self, model: Model, readers: Readers) -> None:
        self._model = model
        self._readers = readers
        self._read_message = self._reader("FBS.Message.Message", "dataType", "data")
        self._examples = Examples()
        """Of responses, by their lengths."""
        self._response_bodies = self._bodies("FBS.Response.Body", readers)
        self._briefs = self._brief_bodies()
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
        example = self._examples.known.get(len(buffer))
        if example is not None and (response := example(buffer)) is not None:
            return cast("Response", response)
        try:
            words = as_words(buffer)
            kind, position = self._read_message(buffer, words, 4 + words[1])
            message = self._kinds[kind](buffer, words, position)
        except DECODE_ERRORS as error:
            raise malformed(error) from error
        if kind == "Response":
            make = partial(open_alike, self._model, buffer, words, self._response_bodies, self._briefs)
            self._examples.meet(len(buffer), make)
        return message

    def _reader(self, table: str, *keys: str) -> Read:
        return TableReader(self._readers, self._model.tables[table], keys=keys).read

    def _bodies(self, union: str, readers: Readers) -> dict[str, Read]:
        members = self._model.unions[union].members
        return {member: readers.table(table.name).read for member, (_, table) in members.items()}

    def _requests(self) -> _Open:
        readers = self._bodies("FBS.Request.Body", self._readers)
        read = self._reader("FBS.Request.Request", "id", "method", "handlerId", "bodyType", "body")

        def open_request(buffer: bytes, words: Words, position: int) -> Request:
            id_, method, handler_id, type_, body = read(buffer, words, position)
            packed = Packed(type_, readers[type_], buffer, words, body) if type_ else None
            return Request(id_, method, handler_id, packed)

        return open_request

    def _responses(self) -> _Open:
        readers, briefs = self._response_bodies, self._briefs
        read = self._reader("FBS.Response.Response", "id", "accepted", "bodyType", "body", "error", "reason")

        def open_response(buffer: bytes, words: Words, position: int) -> Response:
            id_, accepted, type_, body, error, reason = read(buffer, words, position)
            packed = Packed(type_, readers[type_], buffer, words, body, briefs[type_]) if type_ else None
            # As Response(…), without a call in Python.
            return tuple.__new__(Response, (id_, accepted, packed, error, reason))

        return open_response

    def _brief_bodies(self) -> dict[str, ReadBrief]:
        """Return what reads the bodies of responses in short: those that tell of new objects, which are all alike."""
        readers = Readers(self._model, OF_NEW)
        members = self._model.unions["FBS.Response.Body"].members
        tables = {member: table.name for member, (_, table) in members.items()}
        return {
            member: read_alike(self._model, OF_NEW, name, readers.table(name).read) for member, name in tables.items()
        }

    def _notifications(self) -> _Open:
        readers = self._bodies("FBS.Notification.Body", self._readers)
        read = self._reader("FBS.Notification.Notification", "handlerId", "event", "bodyType", "body")

        def open_notification(buffer: bytes, words: Words, position: int) -> Notification:
            handler_id, event, type_, body = read(buffer, words, position)
            packed = Packed(type_, readers[type_], buffer, words, body) if type_ else None
            return Notification(handler_id, event, packed)

        return open_notification

    def _logs(self) -> _Open:
        read = self._reader("FBS.Log.Log", "data")
        return lambda buffer, words, position: Log(*read(buffer, words, position))

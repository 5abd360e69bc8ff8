"""What all of mediasoup's objects have in common: a channel to the worker, an observer, an end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from typing import Any, ClassVar, NamedTuple

from tureen.mediasoup.asking import Asking
from tureen.mediasoup.codec import Packed
from tureen.mediasoup.errors import MediasoupError, NotFoundError, RequestTimeoutError, WorkerClosedError
from tureen.mediasoup.events import EnhancedEventEmitter
from tureen.mediasoup.turns import in_turns
from tureen.mediasoup.types import AppData

_logger = logging.getLogger("tureen.mediasoup")


def check_app_data(app_data: AppData | None) -> None:
    """Check what an app attaches to a new object.

    Raises:
        TypeError: It is no dict.
    """
    if app_data is not None and not isinstance(app_data, dict):
        raise TypeError("if given, app_data must be a dict")


def check_number(value: object, name: str) -> None:
    """Check an argument that the codec would take for an absent one if it were None.

    Raises:
        TypeError: It is no integer.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer")


def check_trace_types(types: list[Any]) -> None:
    """Check what a call of ``enable_trace_event`` asks for. As in mediasoup, unknown names pass: they are ignored.

    Raises:
        TypeError: It is no list of strings.
    """
    if not isinstance(types, list | tuple):
        raise TypeError("types must be a list")
    if not all(isinstance(kind, str) for kind in types):
        raise TypeError("every type must be a string")


class Entity(EnhancedEventEmitter):
    """Be the base of workers and of everything that lives in one."""

    __slots__ = ("__weakref__", "_app_data", "_channel", "_closed", "_id", "_observer")

    EVENTS: ClassVar[Mapping[str, str]] = {}
    """The events of the class: name to what listeners get."""
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {}
    """The events of its ``observer``: name to what listeners get."""

    def __init__(self, id_: str, channel: Asking, app_data: AppData | None) -> None:
        """Stand for an object that exists in the worker. Apps do not call this: they create objects by their parents.

        Args:
            id_: Its id, by which the worker knows it; empty for the worker itself.
            channel: The channel to the worker.
            app_data: What the app attaches.
        """
        super().__init__()
        self._id = id_
        self._channel = channel
        self._app_data = app_data
        self._closed = False
        self._observer: EnhancedEventEmitter | None = None

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._closed

    @property
    def app_data(self) -> AppData:
        """What the app has attached; never looked at. It may be replaced, and changed in place."""
        if self._app_data is None:
            self._app_data = {}
        return self._app_data

    @app_data.setter
    def app_data(self, app_data: AppData) -> None:
        self._app_data = app_data

    @property
    def observer(self) -> EnhancedEventEmitter:
        """Emits events for those who watch without having made the object; see ``OBSERVER_EVENTS``."""
        if self._observer is None:
            self._observer = EnhancedEventEmitter()
        return self._observer

    def _observe(self, event: str, *args: Any) -> None:
        """Emit an event to observers."""
        if self._observer is not None:
            self._observer.safe_emit(event, *args)

    def _announce(self, event: str, *args: Any) -> None:
        """Emit an event, and the same to observers."""
        self.safe_emit(event, *args)
        if self._observer is not None:
            self._observer.safe_emit(event, *args)

    def _request(self, method: str, body: Mapping[str, Any] | None = None, *, decode: bool = True) -> Awaitable[Any]:
        """Send a request about this object at once.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
            TypeError: The body is wrong.
        """
        self._check_open()
        return self._channel.request(method, self._id, body, decode=decode)

    async def _dump(self, method: str) -> Any:
        """Ask for a dump and decode it in pieces: it grows with what hangs on this object.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        packed: Packed = await self._request(method, decode=False)
        return await in_turns(packed.unpacking())

    def _notify(self, event: str, body: Mapping[str, Any]) -> None:
        """Send a notification about this object at once; do nothing if it is closed, as the worker would not.

        Raises:
            WorkerClosedError: The worker is closed.
            TypeError: The body is wrong.
        """
        if not self._closed or self._channel.closed:
            self._channel.notify(event, self._id, body)

    def _check_open(self) -> None:
        """Check that it is not closed.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        if self._closed:
            raise self._closed_error()

    def _closed_error(self) -> MediasoupError:
        name = type(self).__name__
        if self._channel.closed:
            return WorkerClosedError(f"{name} {self._told_id} is closed, with its worker")
        return NotFoundError(f"{name} {self._told_id} is closed")

    @property
    def _told_id(self) -> str:
        """Its id as whoever made it knows it."""
        return self._id

    def _log_unknown(self, event: str) -> None:
        _logger.error("%s %s: ignoring unknown event %s", type(self).__name__, self._id, event)

    def _tell(self, method: str, handler_id: str, body: Mapping[str, Any]) -> None:
        """Send a request whose outcome does not matter: the closing of something."""
        if self._channel.closed:
            return
        try:
            self._channel.request(method, handler_id, body, awaited=False)
        except MediasoupError:
            # The worker has not read for so long that it will not read this either. Its end is near.
            return


class Identified(Entity):
    """Be the base of what has an id."""

    __slots__ = ()

    @property
    def id(self) -> str:
        """Its id, unique within its worker."""
        return self._id

    def _on_notification(self, event: str, body: Mapping[str, Any]) -> None:
        """Handle what the worker sends about it."""
        self._log_unknown(event)


class Undo(NamedTuple):
    """Say how to close a child: by which method of its parent, with its id under which key."""

    method: str
    key: str


class Parent(Entity):
    """Be the base of what other objects are created by."""

    __slots__ = ()

    async def _create(
        self, child_id: str, method: str, body: Mapping[str, Any], undo: Undo, *, decode: bool = True
    ) -> Any:
        """Have the worker create a child; the request is written before this awaits anything.

        Args:
            child_id: The child's id.
            method: The request's method.
            body: The request's body.
            undo: How to close the child, should nobody want it any more by the time it is there.
            decode: Whether to decode the response.

        Raises:
            TypeError: The id or the body is wrong, an object of this id is being created, or the worker refuses.
            NotFoundError: This parent is closed, or was closed before the child was there; the child is gone then.
            WorkerClosedError: The worker is closed.
            MediasoupError: The worker refuses, or has an object of this id, of whatever kind.
        """
        self._check_free(child_id)
        self._channel.creating.add(child_id)
        try:
            request = self._request(method, body, decode=decode)
            response = await request
        except (asyncio.CancelledError, RequestTimeoutError):
            # The worker may create it all the same.
            self._tell(undo.method, self._id, {undo.key: child_id})
            raise
        finally:
            self._channel.creating.discard(child_id)
        self._check_open()
        return response

    def _check_free(self, child_id: str) -> None:
        """Check the id of an object that is to be created.

        The worker must not be asked for an id that it has. It refuses, but some kinds of objects are left behind half
        made, with a timer or a WebRtcServer that refers to them, and the worker crashes a little later.

        Raises:
            TypeError: It is no string, is empty, or an object of this id is being created.
            MediasoupError: There is an object of this id in the worker.
        """
        if not isinstance(child_id, str) or not child_id:
            raise TypeError("if given, id must be a non-empty string")
        if child_id in self._channel.creating:
            raise TypeError(f'an object with same id "{child_id:.128}" is being created')
        if self._channel.listens(child_id):
            raise MediasoupError(f'an object with same id "{child_id:.128}" already exists in the worker')

"""The ids of some of a worker's objects, where several owners share the worker and must not notice each other."""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tureen.mediasoup.asking import Listener
from tureen.mediasoup.codec import Packed
from tureen.mediasoup.errors import MediasoupError
from tureen.mediasoup.ids import new_id
from tureen.mediasoup.left import Left
from tureen.mediasoup.types import AppData, RouterRtpCodecCapability

if TYPE_CHECKING:
    from tureen.mediasoup.router import Router
    from tureen.mediasoup.worker import Worker

_NAMES = frozenset(
    {
        "routerId",
        "transportId",
        "producerId",
        "consumerId",
        "dataProducerId",
        "dataConsumerId",
        "rtpObserverId",
    }
)
"""Which fields of a request name an owner's object. WebRtcServers, which all owners use, are not an owner's."""


_AT_ONCE = 64
"""Entries of a list that are told before others get their turn."""


class NameSpace:
    """The way to a worker for one of its owners: the ids on this side are the owner's, whatever the others use.

    A worker has one name space for all its objects. An id that somebody else's object has there already becomes
    another one in the worker, a random UUID, and what the worker says is told with the owner's.
    """

    def __init__(self, worker: Worker, left: Left) -> None:
        """Make a name space in which there is nothing yet.

        Args:
            worker: The worker that all its owners share.
            left: What they have closed, which they share as well.
        """
        self._left = left
        self._worker = worker
        self._channel = worker._channel
        self._objects: set[str] = set()
        """The owner's ids of what exists."""
        self._aliases: dict[str, str] = {}
        """What the worker calls an object, by the owner's id, where the two differ; also of some that are closed."""
        self._ids: dict[str, str] = {}
        """The same the other way round."""
        self._look_in = 0
        """After so many objects more it is looked which aliases are of what is closed: as many as there are aliases."""
        self.creating = _Creating(self)
        """The owner's ids of objects that the worker has been asked for."""

    async def create_router(
        self,
        *,
        id: str,  # noqa: A002
        media_codecs: list[RouterRtpCodecCapability] | None = None,
        app_data: AppData | None = None,
    ) -> Router:
        """Make a router of this owner's; see ``Worker.create_router()``.

        The router's own ``id`` is the worker's, those of all that is made in it are the owner's.
        """
        router = await self._worker._make_router(self, media_codecs, self.in_worker(id), app_data)
        router._owners_id = id
        return router

    @property
    def closed(self) -> bool:
        """Whether nothing can be asked any more."""
        return self._channel.closed

    def request(
        self,
        method: str,
        handler_id: str = "",
        body: Mapping[str, Any] | None = None,
        *,
        decode: bool = True,
        awaited: bool = True,
    ) -> Awaitable[Any]:
        """Ask; see ``Asking``."""
        if not self._aliases:
            return self._channel.request(method, handler_id, body, decode=decode, awaited=awaited)
        response = self._channel.request(
            method, self._in_worker(handler_id), self._translated(body), decode=decode, awaited=awaited
        )
        return self._told_later(response) if awaited else response

    def notify(self, event: str, handler_id: str = "", body: Mapping[str, Any] | None = None) -> None:
        """Tell at once, without an answer."""
        self._channel.notify(event, self._in_worker(handler_id), self._translated(body))

    def subscribe(self, handler_id: str, listener: Listener) -> None:
        """Have ``listener(event, body)`` called for what an object sends."""
        self._objects.add(handler_id)
        self._channel.subscribe(self._in_worker(handler_id), partial(self._hear, listener))

    def unsubscribe(self, handler_id: str) -> None:
        """Drop the listener of an object, if it has one; until its id is used again it may still be asked to close."""
        if handler_id in self._objects:
            self._objects.discard(handler_id)
            known_as = self._in_worker(handler_id)
            self._channel.unsubscribe(known_as)
            self._left.add(known_as, self)

    def listens(self, handler_id: str) -> bool:
        """Tell whether the owner has an object of that id."""
        return handler_id in self._objects

    def in_worker(self, object_id: str) -> str:
        """Return what the worker shall call a new object, and keep it: the owner's id, unless it has that already."""
        channel = self._channel
        if self._aliases:
            self._forget_closed(object_id)
        if object_id in channel.creating or channel.listens(object_id) or self._left.by_another(object_id, self):
            alias = self._aliases[object_id] = new_id()
            self._ids[alias] = object_id
        return self._in_worker(object_id)

    def told(self, value: Any) -> Any:
        """Return what the worker said, with the owner's ids in it."""
        if not self._ids:
            return value
        if isinstance(value, str):
            return self._ids.get(value, value)
        if isinstance(value, Mapping):
            return {self._ids.get(key, key): self.told(item) for key, item in value.items()}
        return [self.told(item) for item in value] if isinstance(value, list) else value

    def telling(self, value: Any) -> Generator[None, None, Any]:
        """Return the same as ``told``, in turns: what a large transport tells of thousands of consumers is long."""
        if not self._ids or not isinstance(value, Mapping | list):
            return self.told(value)
        if isinstance(value, Mapping):
            result = {}
            for key, item in value.items():
                result[self._ids.get(key, key)] = yield from self.telling(item)
            return result
        told = []
        for number, item in enumerate(value, 1):
            told.append(self.told(item))
            if number % _AT_ONCE == 0:
                yield
        return told

    def _in_worker(self, object_id: str) -> str:
        return self._aliases.get(object_id, object_id)

    def _translated(self, body: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if body is None or not self._aliases:
            return body
        return {name: self._in_worker(value) if name in _NAMES else value for name, value in body.items()}

    async def _told_later(self, response: Awaitable[Any]) -> Any:
        try:
            body = await response
        except (TypeError, MediasoupError) as error:
            text = str(error)
            for alias in filter(text.__contains__, self._ids):
                raise type(error)(text.replace(alias, self._ids[alias])) from None
            raise
        return _Told(self, body) if isinstance(body, Packed) else self.told(body)

    def _hear(self, listener: Listener, event: str, body: Mapping[str, Any]) -> None:
        listener(event, self.told(body))

    def _forget_closed(self, object_id: str) -> None:
        """Drop the alias of an id if it is of what is gone, and now and then all such."""
        self._look_in -= 1
        for known in list(self._aliases) if self._look_in < 0 else self._aliases.keys() & {object_id}:
            self._forget(known)
        if self._look_in < 0:
            self._look_in = len(self._aliases)

    def _forget(self, object_id: str) -> None:
        alias = self._aliases[object_id]
        if alias not in self._channel.creating and not self._channel.listens(alias):
            del self._aliases[object_id], self._ids[alias]


class _Told:
    """A ``Packed`` body, with the owner's ids in it once it is decoded."""

    __slots__ = ("_names", "_packed")

    def __init__(self, names: NameSpace, packed: Packed) -> None:
        self._names = names
        self._packed = packed

    def unpack(self, *, brief: bool = False) -> Any:
        return self._names.told(self._packed.unpack(brief=brief))

    def unpacking(self) -> Generator[None, None, Any]:
        value = yield from self._packed.unpacking()
        return (yield from self._names.telling(value))


class _Creating:
    """What an owner has asked the worker for, by the owner's ids; the worker's channel knows of it as well."""

    def __init__(self, names: NameSpace) -> None:
        self._names = names
        self._ids: set[str] = set()

    def add(self, object_id: str, /) -> None:
        self._ids.add(object_id)
        self._names._channel.creating.add(self._names.in_worker(object_id))

    def discard(self, object_id: str, /) -> None:
        self._ids.discard(object_id)
        self._names._channel.creating.discard(self._names._in_worker(object_id))

    def __contains__(self, object_id: object, /) -> bool:
        return object_id in self._ids

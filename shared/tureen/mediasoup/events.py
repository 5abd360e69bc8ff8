"""Emit events as mediasoup's classes do."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

_logger = logging.getLogger("tureen.mediasoup.events")

Listener = TypeVar("Listener", bound=Callable[..., Any])

Tap = Callable[[str, tuple[Any, ...]], None]
"""Gets the name of an event and what listeners get."""

LISTENER_ERROR = "listenererror"
"""The event that a listener's error becomes: listeners get the name of the event that it listened to, and the error."""


# asyncio itself holds tasks only weakly.
_tasks: set[asyncio.Task[Any]] = set()


class _Once:
    """Hold a listener that is called no more than once, even if it emits the event itself."""

    __slots__ = ("called", "listener")

    def __init__(self, listener: Callable[..., Any]) -> None:
        self.listener = listener
        self.called = False


_Entry: TypeAlias = "Callable[..., Any] | _Once"


class EnhancedEventEmitter:
    """Let listeners know of events.

    A listener may be a plain function, which is called at once, or a coroutine function, which is run as a task. The
    same function listens to the same event only once, however often it is added.

    mediasoup's own events are emitted by ``safe_emit``: when a listener raises, at once or in its task, that is logged
    and emitted as ``listenererror``, and neither the other listeners nor who emits notice anything.

    Made for thousands of consumers: one that nobody listens to holds two references, and one with a listener for each
    of six events less than 700 bytes.
    """

    __slots__ = ("_listeners", "_tap")

    def __init__(self) -> None:
        # By event. Tuples are small, and who goes through one does not notice when another takes its place.
        self._listeners: dict[str, tuple[_Entry, ...]] | None = None
        self._tap: Tap | None = None

    def tap(self, tap: Tap | None) -> None:
        """Have ``tap(event, args)`` called for every event that ``safe_emit`` emits, before its listeners.

        One function for all events, for those who pass every event of thousands of objects on: a listener for each of
        them would cost several KB an object.

        Args:
            tap: The only tap from now on; None for none.
        """
        self._tap = tap

    def on(self, event: str, listener: Listener) -> Listener:
        """Call ``listener`` whenever ``event`` is emitted. Return the listener."""
        self._add(event, listener)
        return listener

    add_listener = on

    def once(self, event: str, listener: Listener) -> Listener:
        """Call ``listener`` when ``event`` is emitted the next time, and no more. Return the listener."""
        self._add(event, _Once(listener))
        return listener

    def prepend_listener(self, event: str, listener: Listener) -> Listener:
        """Do as ``on``, but before the listeners that are there already. Return the listener."""
        self._add(event, listener, first=True)
        return listener

    def prepend_once_listener(self, event: str, listener: Listener) -> Listener:
        """Do as ``once``, but before the listeners that are there already. Return the listener."""
        self._add(event, _Once(listener), first=True)
        return listener

    def off(self, event: str, listener: Callable[..., Any]) -> None:
        """Do not call ``listener`` for ``event`` any more; do nothing if it does not listen."""
        entries = self._entries(event)
        left = tuple(entry for entry in entries if _function(entry) != listener)
        if len(left) < len(entries):
            self._set(event, left)

    remove_listener = off

    def remove_all_listeners(self, event: str | None = None) -> None:
        """Drop the listeners of an event, or of all of them."""
        if event is None:
            self._listeners = None
        else:
            self._set(event, ())

    def emit(self, event: str, *args: Any) -> bool:
        """Call the listeners of an event; return whether there are any.

        Raises:
            Exception: The first error that a listener raises; those after it are not called.
        """
        entries = self._entries(event)
        for entry in entries:
            self._call(event, entry, args)
        return bool(entries)

    def safe_emit(self, event: str, *args: Any) -> bool:
        """Call all listeners of an event, whatever they raise; return whether there are any."""
        if self._tap is not None:
            try:
                self._tap(event, args)
            except Exception as error:
                _logger.error("tap failed [event:%s]", event, exc_info=error)
        entries = self._entries(event)
        for entry in entries:
            try:
                self._call(event, entry, args)
            except Exception as error:
                self._report(event, error)
        return bool(entries)

    def listener_count(self, event: str) -> int:
        """Return how many listeners an event has."""
        return len(self._entries(event))

    def listeners(self, event: str) -> list[Callable[..., Any]]:
        """Return the listeners of an event, as they were added."""
        return [_function(entry) for entry in self._entries(event)]

    def event_names(self) -> set[str]:
        """Return the events that have listeners."""
        return set(self._listeners or ())

    def _entries(self, event: str) -> tuple[_Entry, ...]:
        return () if self._listeners is None else self._listeners.get(event, ())

    def _add(self, event: str, entry: _Entry, *, first: bool = False) -> None:
        self.off(event, _function(entry))
        entries = self._entries(event)
        self._set(event, (entry, *entries) if first else (*entries, entry))

    def _set(self, event: str, entries: tuple[_Entry, ...]) -> None:
        listeners = self._listeners or {}
        if entries:
            listeners[event] = entries
        else:
            listeners.pop(event, None)
        self._listeners = listeners or None

    def _call(self, event: str, entry: _Entry, args: tuple[Any, ...]) -> None:
        if isinstance(entry, _Once):
            if entry.called:
                return
            entry.called = True
            self.off(event, entry.listener)
        result = _function(entry)(*args)
        if inspect.iscoroutine(result):
            task = asyncio.get_running_loop().create_task(result)
            _tasks.add(task)
            task.add_done_callback(lambda done: self._task_done(event, done))

    def _task_done(self, event: str, task: asyncio.Task[Any]) -> None:
        _tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._report(event, error)

    def _report(self, event: str, error: BaseException) -> None:
        _logger.error("listener failed [event:%s]", event, exc_info=error)
        # A listener for errors that fails itself has been logged; it would be called for ever.
        if event != LISTENER_ERROR:
            self.safe_emit(LISTENER_ERROR, event, error)


async def enhanced_once(emitter: EnhancedEventEmitter, event: str) -> tuple[Any, ...]:
    """Wait until an event is emitted the next time, and return what it was emitted with."""
    happened: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()

    def listener(*args: Any) -> None:
        if not happened.done():
            happened.set_result(args)

    emitter.once(event, listener)
    try:
        return await happened
    finally:
        emitter.off(event, listener)


def _function(entry: _Entry) -> Callable[..., Any]:
    return entry.listener if isinstance(entry, _Once) else entry

"""Emit events as mediasoup's classes do, on pyee."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from pyee.base import EventEmitter

_logger = logging.getLogger("tureen.mediasoup.events")

Listener = TypeVar("Listener", bound=Callable[..., Any])

Tap = Callable[[str, tuple[Any, ...]], None]
"""Gets the name of an event and what listeners get."""

LISTENER_ERROR = "listenererror"
"""The event that a listener's error becomes: listeners get the name of the event that it listened to, and the error."""


class EnhancedEventEmitter:
    """Let listeners know of events.

    A listener may be a plain function, which is called at once, or a coroutine function, which is run as a task. The
    same function listens to the same event only once, however often it is added.

    mediasoup's own events are emitted by ``safe_emit``: when a listener raises, at once or in its task, that is logged
    and emitted as ``listenererror``, and neither the other listeners nor who emits notice anything.

    Made for thousands of consumers, most of which have no listener: the emitter behind it is made on first use.
    """

    __slots__ = ("_emitter", "_tap")

    def __init__(self) -> None:
        self._emitter: _Emitter | None = None
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
        self._get_emitter().add_listener(event, listener)
        return listener

    add_listener = on

    def once(self, event: str, listener: Listener) -> Listener:
        """Call ``listener`` when ``event`` is emitted the next time, and no more. Return the listener."""
        self._get_emitter().once(event, listener)
        return listener

    def prepend_listener(self, event: str, listener: Listener) -> Listener:
        """Do as ``on``, but before the listeners that are there already. Return the listener."""
        self.on(event, listener)
        self._get_emitter().move_to_front(event, listener)
        return listener

    def prepend_once_listener(self, event: str, listener: Listener) -> Listener:
        """Do as ``once``, but before the listeners that are there already. Return the listener."""
        self.once(event, listener)
        self._get_emitter().move_to_front(event, listener)
        return listener

    def off(self, event: str, listener: Callable[..., Any]) -> None:
        """Do not call ``listener`` for ``event`` any more; do nothing if it does not listen."""
        if self._emitter is not None and listener in self._emitter.listeners(event):
            self._emitter.remove_listener(event, listener)

    remove_listener = off

    def remove_all_listeners(self, event: str | None = None) -> None:
        """Drop the listeners of an event, or of all of them."""
        if self._emitter is not None:
            self._emitter.remove_all_listeners(event)

    def emit(self, event: str, *args: Any) -> bool:
        """Call the listeners of an event; return whether there are any.

        Raises:
            Exception: The first error that a listener raises; those after it are not called.
        """
        if self._emitter is None:
            return False
        functions = self._emitter.functions(event)
        for function in functions:
            self._call(event, function, args)
        return bool(functions)

    def safe_emit(self, event: str, *args: Any) -> bool:
        """Call all listeners of an event, whatever they raise; return whether there are any."""
        if self._tap is not None:
            try:
                self._tap(event, args)
            except Exception as error:
                _logger.error("tap failed [event:%s]", event, exc_info=error)
        if self._emitter is None:
            return False
        functions = self._emitter.functions(event)
        for function in functions:
            try:
                self._call(event, function, args)
            except Exception as error:
                self._report(event, error)
        return bool(functions)

    def listener_count(self, event: str) -> int:
        """Return how many listeners an event has."""
        return 0 if self._emitter is None else len(self._emitter.listeners(event))

    def listeners(self, event: str) -> list[Callable[..., Any]]:
        """Return the listeners of an event, as they were added."""
        return [] if self._emitter is None else self._emitter.listeners(event)

    def event_names(self) -> set[str]:
        """Return the events that have listeners."""
        return (
            set() if self._emitter is None else {name for name in self._emitter.event_names() if self.listeners(name)}
        )

    def _get_emitter(self) -> _Emitter:
        if self._emitter is None:
            self._emitter = _Emitter()
        return self._emitter

    def _call(self, event: str, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        result = function(*args)
        if inspect.iscoroutine(result):
            task = asyncio.get_running_loop().create_task(result)
            # asyncio itself holds tasks only weakly.
            tasks = self._get_emitter().tasks
            tasks.add(task)
            task.add_done_callback(lambda done: self._task_done(event, done))

    def _task_done(self, event: str, task: asyncio.Task[Any]) -> None:
        self._get_emitter().tasks.discard(task)
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


class _Emitter(EventEmitter):
    """Give ``EnhancedEventEmitter`` what pyee does not offer."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: set[asyncio.Task[Any]] = set()

    def functions(self, event: str) -> list[Callable[..., Any]]:
        """Return what to call for an event: its listeners, or what pyee wraps those in that are called once."""
        with self._lock:
            return list(self._events.get(event, {}).values())

    def move_to_front(self, event: str, listener: Callable[..., Any]) -> None:
        """Let a listener be the first to be called."""
        with self._lock:
            self._events[event].move_to_end(listener, last=False)

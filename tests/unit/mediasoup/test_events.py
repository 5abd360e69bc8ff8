"""Events, listeners, and what happens when one raises."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from tureen.mediasoup.events import EnhancedEventEmitter, enhanced_once


def failing(*_: object) -> None:
    """Raise."""
    raise ValueError("oops")


def test_listeners_come_in_order() -> None:
    """Listeners are called in the order in which they were added, prepended ones first, those of once() once."""
    emitter = EnhancedEventEmitter()
    heard: list[Any] = []
    emitter.on("event", lambda value: heard.append(("on", value)))
    emitter.once("event", lambda value: heard.append(("once", value)))
    emitter.prepend_listener("event", lambda value: heard.append(("first", value)))
    emitter.prepend_once_listener("event", lambda value: heard.append(("first once", value)))
    assert emitter.listener_count("event") == 4
    assert emitter.emit("event", 1) is True
    assert emitter.safe_emit("event", 2) is True
    assert heard == [("first once", 1), ("first", 1), ("on", 1), ("once", 1), ("first", 2), ("on", 2)]


def test_a_tap_hears_every_event(caplog: pytest.LogCaptureFixture) -> None:
    """A tap gets each event that is emitted safely, before its listeners; that it fails disturbs nobody."""
    emitter = EnhancedEventEmitter()
    heard: list[Any] = []
    emitter.tap(lambda event, args: heard.append((event, args)))
    assert emitter.safe_emit("one") is False
    emitter.on("two", heard.append)
    assert emitter.safe_emit("two", 2) is True
    assert heard == [("one", ()), ("two", (2,)), 2]
    emitter.tap(failing)
    assert emitter.safe_emit("two", 3) is True
    assert "tap failed" in caplog.text
    emitter.tap(None)
    emitter.safe_emit("two", 4)
    assert heard[3:] == [3, 4]


def test_a_function_listens_once_to_an_event() -> None:
    """Adding a function again changes when it is called, not how often."""
    emitter = EnhancedEventEmitter()
    heard: list[Any] = []

    def listen(value: int) -> None:
        heard.append(value)

    for add in (emitter.on, emitter.prepend_listener, emitter.add_listener, emitter.once):
        add("event", listen)
        assert emitter.listeners("event") == [listen]
    emitter.emit("event", 1)
    emitter.emit("event", 2)
    assert heard == [1]


def test_once_is_once_even_if_it_emits() -> None:
    """A listener of once() that emits the event itself is not called again, nor is one that waits behind it."""
    emitter = EnhancedEventEmitter()
    heard: list[str] = []

    def again() -> None:
        heard.append("again")
        emitter.emit("event")

    emitter.once("event", again)
    emitter.once("event", lambda: heard.append("behind"))
    emitter.emit("event")
    assert heard == ["again", "behind"]
    assert emitter.listener_count("event") == 0


def test_listeners_can_go() -> None:
    """A listener that was taken off is not called any more; one that was never there does not matter."""
    emitter = EnhancedEventEmitter()
    heard: list[Any] = []
    emitter.off("event", failing)
    assert emitter.on("event", heard.append) == heard.append
    emitter.remove_listener("event", failing)
    emitter.off("event", heard.append)
    assert emitter.emit("event", 1) is False
    emitter.on("a", failing)
    emitter.on("b", failing)
    assert emitter.event_names() == {"a", "b"}
    emitter.remove_all_listeners("a")
    assert emitter.event_names() == {"b"}
    assert emitter.listeners("a") == []
    emitter.remove_all_listeners()
    assert emitter.safe_emit("b") is False


def test_a_listener_may_change_the_listeners() -> None:
    """Adding and taking off listeners while an event is emitted counts for the next time."""
    emitter = EnhancedEventEmitter()
    heard: list[Any] = []

    def once_more() -> None:
        emitter.off("event", once_more)
        emitter.on("event", lambda: heard.append("new"))

    emitter.on("event", once_more)
    emitter.emit("event")
    assert heard == []
    emitter.emit("event")
    assert heard == ["new"]


def test_emit_raises_and_safe_emit_does_not(caplog: pytest.LogCaptureFixture) -> None:
    """With safe_emit the other listeners are called, and the error is logged and emitted as listenererror."""
    emitter = EnhancedEventEmitter()
    heard: list[Any] = []
    errors: list[Any] = []
    emitter.on("event", failing)
    emitter.on("event", heard.append)
    emitter.on("listenererror", lambda event, error: errors.append((event, str(error))))
    with pytest.raises(ValueError, match="oops"):
        emitter.emit("event", 1)
    assert (heard, errors) == ([], [])
    assert emitter.safe_emit("event", 2) is True
    assert (heard, errors) == ([2], [("event", "oops")])
    assert "listener failed [event:event]" in caplog.text


def test_a_failing_listener_for_errors_ends_there(caplog: pytest.LogCaptureFixture) -> None:
    """A listener for errors that raises itself is logged, and that is all."""
    emitter = EnhancedEventEmitter()
    emitter.on("listenererror", failing)
    emitter.on("event", failing)
    assert emitter.safe_emit("event") is True
    assert [record.getMessage() for record in caplog.records] == [
        "listener failed [event:event]",
        "listener failed [event:listenererror]",
    ]


async def test_listeners_may_be_coroutines(caplog: pytest.LogCaptureFixture) -> None:
    """A coroutine function is run as a task; its error is logged and emitted, a cancellation is neither."""
    emitter = EnhancedEventEmitter()
    heard: list[Any] = []
    errors: list[Any] = []
    done = asyncio.Event()

    async def listen(value: int) -> None:
        await asyncio.sleep(0)
        heard.append(value)

    async def fail(_: int) -> None:
        await asyncio.sleep(0)
        raise ValueError("oops")

    async def cancelled(_: int) -> None:
        raise asyncio.CancelledError

    def on_error(event: str, error: Exception) -> None:
        errors.append((event, str(error)))
        done.set()

    for listener in (listen, fail, cancelled):
        emitter.once("event", listener)
    emitter.on("listenererror", on_error)
    emitter.safe_emit("event", 1)
    assert heard == []
    await done.wait()
    assert (heard, errors) == ([1], [("event", "oops")])
    assert [record.getMessage() for record in caplog.records] == ["listener failed [event:event]"]


async def test_waiting_for_an_event() -> None:
    """enhanced_once() waits for the next event and returns its values; cancelled, it leaves no listener."""
    emitter = EnhancedEventEmitter()
    asyncio.get_running_loop().call_soon(emitter.safe_emit, "event", 1, "two")
    values: tuple[Any, ...] = await enhanced_once(emitter, "event")
    assert values == (1, "two")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(enhanced_once(emitter, "event"), 0.01)
    assert emitter.listener_count("event") == 0


def test_an_unused_emitter_is_small() -> None:
    """An emitter that nobody listens to holds one reference and nothing more, whatever is asked of it."""
    emitter = EnhancedEventEmitter()
    emitter.emit("event")
    emitter.safe_emit("event")
    emitter.off("event", failing)
    emitter.remove_all_listeners()
    assert (emitter.listener_count("event"), emitter.listeners("event"), emitter.event_names()) == (0, [], set())
    assert emitter._listeners is None
    assert not hasattr(emitter, "__dict__")
    assert sys.getsizeof(emitter) <= 64


def test_listeners_take_little() -> None:
    """What listens to six events takes less than 700 bytes, and nothing once it has gone."""
    emitter = EnhancedEventEmitter()
    events = [f"event{number}" for number in range(6)]
    for event in events:
        emitter.on(event, failing)
    listeners = emitter._listeners
    assert listeners is not None
    assert sys.getsizeof(listeners) + sum(map(sys.getsizeof, listeners.values())) < 700
    for event in events:
        emitter.off(event, failing)
    assert emitter._listeners is None

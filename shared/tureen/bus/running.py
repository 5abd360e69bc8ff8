"""How a service's process runs."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any, TypeVar

import uvloop

Result = TypeVar("Result")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_COLLECT_AFTER = (10_000, 2, 50)
"""Allocations until the youngest objects are searched for cycles, and how often until the older ones are.

What grows is searched in small portions, which take some ms each, and everything but rarely: with 10,000 consumers
that takes a quarter of a second.
"""


class _Stop:
    """What signals do to the process's coroutine."""

    def __init__(self) -> None:
        self.task: asyncio.Task[Any] | None = None
        self.event: asyncio.Event | None = None
        self.cancelled = False

    def on_signal(self) -> None:
        """Ask to stop where somebody listens, and cancel where nobody does or it was asked already."""
        if self.event is not None and not self.event.is_set():
            self.event.set()
        elif self.task is not None:
            self.cancelled = True
            self.task.cancel()


_stop: ContextVar[_Stop | None] = ContextVar("tureen_stop", default=None)


def start_task(work: Coroutine[Any, Any, Result], loop: asyncio.AbstractEventLoop) -> asyncio.Task[Result]:
    """Start a task; from Python 3.12 on at once, so that one which never waits is done without a turn of the loop.

    Tasks that are started here begin in the order in which they were started, whatever the Python.
    """
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=loop, eager_start=True)
    return loop.create_task(work)


def run(main: Coroutine[Any, Any, Result]) -> Result | None:
    """Run a coroutine on uvloop until it ends; return its result, or None where a signal ended it.

    SIGINT and SIGTERM cancel the coroutine, which cleans up in its `finally` blocks; a second one cancels the cleaning
    up. To be told of a signal rather than be cancelled, see `stop_requested`.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_until_signal(main))


def stop_requested() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set instead of cancelling; a second one cancels all the same.

    Raises:
        RuntimeError: The coroutine is not run by `run`.
    """
    stop = _stop.get()
    if stop is None:
        raise RuntimeError("stop_requested() needs a coroutine that tureen.bus.run runs")
    if stop.event is None:
        stop.event = asyncio.Event()
    return stop.event


def spare_what_started() -> None:
    """Leave everything that exists by now out of Python's garbage collection, and collect less often.

    For a process that has started: its models and codecs stay until its end. Searching them for cycles over and over
    holds up a busy agent's answers; docs/benchmarks.md, «The wire», has what it took.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


async def _until_signal(main: Coroutine[Any, Any, Result]) -> Result | None:
    loop = asyncio.get_running_loop()
    stop = _Stop()
    _stop.set(stop)
    stop.task = task = loop.create_task(main)
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.on_signal)
    try:
        return await task
    except asyncio.CancelledError:
        if stop.cancelled:
            return None
        raise
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

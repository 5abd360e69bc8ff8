"""How a service's process runs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

Result = TypeVar("Result")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(main: Coroutine[Any, Any, Result]) -> Result | None:
    """Run a coroutine on uvloop until it ends; return its result, or None where a signal ended it.

    SIGINT and SIGTERM cancel the coroutine, which cleans up in its `finally` blocks; a second one cancels the cleaning
    up. To wait for a signal rather than be cancelled, see `stop_requested`.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_until_signal(main))


def stop_requested() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set from now on, instead of cancelling; a second one still cancels."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    event = asyncio.Event()

    def on_signal() -> None:
        if event.is_set() and task is not None:
            task.cancel()
        event.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal)
    return event


async def _until_signal(main: Coroutine[Any, Any, Result]) -> Result | None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(main)
    stopped = False

    def on_signal() -> None:
        nonlocal stopped
        stopped = True
        task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal)
    try:
        return await task
    except asyncio.CancelledError:
        if stopped:
            return None
        raise
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

"""What holds for every test: it leaves no process, no socket and no task behind."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest
import uvloop
from hypothesis import HealthCheck, settings

from tureen.bundle import WorkerBundle, locate

# How long an example takes says something of the machine, not of the code.
settings.register_profile("tureen", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tureen")

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

# A process that has been killed takes a moment to end, and a socket that has been closed is so in the loop's next turn.
PATIENCE = 3.0


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers of this file, and let the programs that tests run be interrupted.

    Who starts the tests in the background of a script has them ignore SIGINT, and all that they start as well.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "each_loop: runs on asyncio's event loop and on uvloop's")


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, LoopFactory]:
    """Run tests on asyncio's own event loop, and those with the mark on both that are supported."""
    factories: dict[str, LoopFactory] = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    return factories if item.get_closest_marker("each_loop") else {"asyncio": factories["asyncio"]}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Watch the tasks of all tests that have an event loop."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(inspect.unwrap(item.function)):
            # First set up, last torn down: what other fixtures leave behind counts as well.
            item.fixturenames.insert(0, "no_task_left")


@pytest.fixture(scope="session")
def worker_bundle() -> WorkerBundle:
    """Give the worker that tests run against."""
    return locate()


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test after which there is a child process, a zombie included, or a socket that was not there before."""
    children, sockets = _children(), _sockets()
    yield
    deadline = time.monotonic() + PATIENCE
    while True:
        left = [*(_children() - children), *(_sockets() - sockets)]
        if not left:
            return
        if time.monotonic() > deadline:
            pytest.fail(f"{request.node.name} leaves behind: {', '.join(map(_describe, left))}")
        # What nobody refers to any more, but for itself, has not been closed by anybody either; warnings say so.
        gc.collect()
        time.sleep(0.01)


@pytest.fixture
async def no_task_left(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fail a test after which a task is pending that was not there before."""
    before = asyncio.all_tasks()
    yield
    ours = before | {asyncio.current_task()}
    deadline = time.monotonic() + PATIENCE
    while left := asyncio.all_tasks() - ours:
        if time.monotonic() > deadline:
            pytest.fail(f"{request.node.name} leaves tasks behind: {left}")
        await asyncio.sleep(0.01)


def _children() -> set[psutil.Process | str]:
    return set(psutil.Process().children())


def _sockets() -> set[psutil.Process | str]:
    """Return the open sockets, as the kernel names them."""
    links = (_link(descriptor) for descriptor in Path("/proc/self/fd").iterdir())
    return {link for link in links if link.startswith("socket:")}


def _link(descriptor: Path) -> str:
    try:
        return os.readlink(descriptor)
    except FileNotFoundError:
        # It was the descriptor of the listing itself.
        return ""


def _describe(left: psutil.Process | str) -> str:
    if isinstance(left, str):
        return left
    try:
        return f"process {left.pid} ({left.status()}: {' '.join(left.cmdline()) or left.name()})"
    except psutil.NoSuchProcess:
        return f"process {left.pid}"

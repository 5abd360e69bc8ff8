"""Start child processes from a thread that lives as long as this process.

The kernel kills a worker when the thread that started it ends (PR_SET_PDEATHSIG), so it must not be one of a pool, nor
one that an application runs an event loop in for a while.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

_LAUNCHER = str(Path(__file__).with_name("launcher.py"))

Child: TypeAlias = "subprocess.Popen[bytes]"


class _Spawner:
    """Run the thread."""

    def __init__(self) -> None:
        self._orders: queue.SimpleQueue[tuple[concurrent.futures.Future[Child], _Order]] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._run, name="tureen-spawner", daemon=True)
        self.thread.start()

    def popen(self, order: _Order) -> concurrent.futures.Future[Child]:
        future: concurrent.futures.Future[Child] = concurrent.futures.Future()
        self._orders.put((future, order))
        return future

    def _run(self) -> None:
        while True:
            future, order = self._orders.get()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(order.start())
                except Exception as error:
                    # It belongs to who gave the order.
                    future.set_exception(error)


class _Order:
    """Hold what is to be started."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], reads: socket.socket, writes: socket.socket
    ) -> None:
        self._command = command
        self._environment = environment
        self._descriptors = reads.fileno(), writes.fileno()

    def start(self) -> Child:
        launcher = [sys.executable, "-I", "-S", _LAUNCHER, str(os.getpid()), *map(str, self._descriptors)]
        return subprocess.Popen(
            [*launcher, *self._command],
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment,
            # All other descriptors are closed there; these two keep their numbers until the launcher moves them.
            pass_fds=self._descriptors,
            # Ctrl-C in a terminal is for us, who then close the workers in order.
            process_group=0,
        )


_spawner: _Spawner | None = None
_lock = threading.Lock()


def _get_spawner() -> _Spawner:
    """Return the spawner, a new one after a fork: threads do not survive it."""
    global _spawner  # noqa: PLW0603 (there is one per process)
    with _lock:
        if _spawner is None or not _spawner.thread.is_alive():
            _spawner = _Spawner()
        return _spawner


async def popen(
    command: Sequence[str], environment: Mapping[str, str], worker_reads: socket.socket, worker_writes: socket.socket
) -> Child:
    """Start a process that has the two sockets as descriptors 3 and 4, and that dies with this one.

    Its standard output and error are pipes.

    Raises:
        OSError: Not even the launcher could be started. What goes wrong after that is the process's exit code.
    """
    starting = _get_spawner().popen(_Order(command, environment, worker_reads, worker_writes))
    try:
        return await asyncio.wrap_future(starting)
    except asyncio.CancelledError:
        # It may be starting right now; the sockets must stay open until it has.
        if not starting.cancel():
            _discard(starting)
        raise


def _discard(starting: concurrent.futures.Future[Child]) -> None:
    """Wait for a process that nobody wants any more, and end it."""
    if starting.exception() is None:
        child = starting.result()
        child.kill()
        child.communicate()

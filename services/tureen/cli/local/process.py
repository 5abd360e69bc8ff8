"""One supervised child: its log lines, its readiness, its end."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
from collections.abc import Callable
from typing import Any

from tureen.cli.local.plan import ProcessPlan

STOP_PATIENCE = 8.0
"""Seconds that a child has to end by itself after SIGTERM."""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)

LogSink = Callable[[str, str], None]


class Child:
    """A running process of the cluster.

    Args:
        plan: What runs.
        log: Takes the child's name and each line that it prints.
    """

    def __init__(self, plan: ProcessPlan, log: LogSink) -> None:
        self.plan = plan
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._running.pid

    @property
    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError(f"{self.plan.name} was not started")
        return self._process

    async def start(self) -> dict[str, Any]:
        """Start the process and return what it says when it is ready; {} where it announces nothing.

        Raises:
            ChildFailedError: It ended before it was ready.
        """
        read_end, write_end = os.pipe()
        try:
            self._process = await self._spawn(write_end)
        except OSError as error:
            os.close(read_end)
            raise ChildFailedError(f"{self.plan.name} cannot be started: {error}") from error
        finally:
            os.close(write_end)
        self._pump = asyncio.create_task(self._forward(self._process), name=f"log of {self.plan.name}")
        if not self.plan.announces:
            os.close(read_end)
            return {}
        line = await _read_line(read_end)
        if not line:
            status = await self.wait()
            raise ChildFailedError(f"{self.plan.name} ended with status {status} before it was ready; its log says why")
        ready: dict[str, Any] = json.loads(line)
        return ready

    async def wait(self) -> int:
        """Wait for the end of the process and of its log; return its status."""
        status = await self._running.wait()
        if self._pump is not None:
            await self._pump
        return status

    async def stop(self) -> None:
        """End the process: politely, then not."""
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_PATIENCE):
                await self.wait()
        except TimeoutError:
            self._log(self.plan.name, f"did not stop within {STOP_PATIENCE:.0f} s and is killed")
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self.wait()

    async def _spawn(self, ready_fd: int) -> asyncio.subprocess.Process:
        environment = {**os.environ, **self.plan.environment}
        if self.plan.announces:
            environment["TUREEN_READY_FD"] = str(ready_fd)
        parent = os.getpid()
        return await asyncio.create_subprocess_exec(
            *self.plan.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
            pass_fds=[ready_fd] if self.plan.announces else [],
            # Ctrl-C reaches the whole foreground group; the children are stopped in order instead.
            start_new_session=True,
            preexec_fn=lambda: _die_with(parent),
        )

    async def _forward(self, process: asyncio.subprocess.Process) -> None:
        stream = process.stdout
        if stream is None:
            return
        while True:
            try:
                line = await stream.readline()
            except ValueError:
                # A line longer than the stream's buffer was dropped.
                continue
            if not line:
                return
            self._log(self.plan.name, line.decode(errors="replace").rstrip("\n"))


class ChildFailedError(Exception):
    """A process could not be started, or ended before it was ready."""


def _die_with(parent: int) -> None:
    """In the child: end when the supervisor does, however it ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


async def _read_line(descriptor: int) -> bytes:
    """Read a line from a pipe and close it; b"" where the other end was closed first."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    try:
        return await reader.readline()
    finally:
        transport.close()

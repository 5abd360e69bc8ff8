"""Run mediasoup-worker processes: start, watch and end them, and leave none behind.

A worker ends in one of these ways, and its ``exited`` future says which:

- ``close()`` asks it to end, and kills it if it has not done so after a grace period (one that is busy, or stopped by
  SIGSTOP, never reads what it is asked).
- It dies by itself. The kernel says so through a pidfd, at once, on whatever event loop.
- This process ends, however it does. The kernel then sends SIGKILL (PR_SET_PDEATHSIG). "This process" is for the kernel
  the thread that started the worker, which is why one thread starts them all, and lives as long as the process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tureen.mediasoup.channel import REQUEST_TIMEOUT, Channel
from tureen.mediasoup.codec import Codec
from tureen.mediasoup.describe import describe
from tureen.mediasoup.errors import ChannelError, MediasoupError
from tureen.mediasoup.spawner import popen

START_TIMEOUT = 30.0
"""How long a worker may take to start, in seconds."""

CLOSE_GRACE = 2.0
"""How long a worker may take to end when it is asked to, in seconds."""

WRONG_SETTINGS = 42
"""The exit code by which a worker says that its settings are wrong."""

_LINE_MAX_LENGTH = 65_536
_LAST_READS = 16

_logger = logging.getLogger("tureen.mediasoup.process")
_worker_logger = logging.getLogger("tureen.mediasoup.worker")


def worker_arguments(
    *,
    log_level: str | None = None,
    log_tags: Sequence[str] = (),
    rtc_min_port: int | None = None,
    rtc_max_port: int | None = None,
    dtls_certificate_file: str | None = None,
    dtls_private_key_file: str | None = None,
    libwebrtc_field_trials: str | None = None,
) -> list[str]:
    """Return mediasoup-worker's command line for the settings of mediasoup's ``createWorker()``.

    Raises:
        TypeError: A setting is nothing that a command line can hold; what else may be wrong the worker says.
    """
    if isinstance(log_tags, str):
        raise TypeError("log_tags must be a list")
    settings: list[tuple[str, str | int | None]] = [
        ("logLevel", log_level or None),
        *(("logTag", tag) for tag in log_tags if tag),
        ("rtcMinPort", rtc_min_port),
        ("rtcMaxPort", rtc_max_port),
        ("dtlsCertificateFile", dtls_certificate_file or None),
        ("dtlsPrivateKeyFile", dtls_private_key_file or None),
        ("libwebrtcFieldTrials", libwebrtc_field_trials or None),
    ]
    return [_argument(name, value) for name, value in settings if value is not None]


def _argument(name: str, value: str | int) -> str:
    try:
        argument = f"--{name}={value}"
        os.fsencode(argument)
    except ValueError:
        argument = "\0"
    if "\0" in argument:
        raise TypeError(f"wrong settings: {name} is {describe(value)}")
    return argument


async def spawn_worker(
    binary: Path,
    codec: Codec,
    *,
    version: str,
    arguments: Sequence[str] = (),
    request_timeout: float = REQUEST_TIMEOUT,
    start_timeout: float = START_TIMEOUT,
) -> WorkerProcess:
    """Start a worker and wait until it runs.

    Args:
        binary: The mediasoup-worker executable.
        codec: The codec of this binary's own schemas.
        version: The version of mediasoup, which the worker wants to be told.
        arguments: Its command line (see ``worker_arguments``).
        request_timeout: How long a request on its channel may take by default, in seconds.
        start_timeout: How long it may take to start, in seconds.

    Raises:
        TypeError: The worker says that its settings are wrong.
        MediasoupError: It cannot be started, has ended at once, or does not start in time; the message says why.
    """
    _check_binary(binary)
    environment = {**os.environ, "MEDIASOUP_VERSION": version}
    producer, worker_reads = socket.socketpair()
    consumer, worker_writes = socket.socketpair()
    with worker_reads, worker_writes:
        try:
            child = await popen([str(binary), *arguments], environment, worker_reads, worker_writes)
        except BaseException as error:
            producer.close()
            consumer.close()
            if isinstance(error, OSError):
                raise MediasoupError(f"the worker cannot be started: {error.strerror}") from error
            raise
    process = WorkerProcess(child, codec, request_timeout)
    try:
        await process._start(producer, consumer, start_timeout)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return process


def _check_binary(binary: Path) -> None:
    if not binary.exists():
        raise MediasoupError(f"the mediasoup-worker binary does not exist: {binary}")
    if not binary.is_file() or not os.access(binary, os.X_OK):
        raise MediasoupError(f"the mediasoup-worker binary is not executable: {binary}")


class WorkerProcess:
    """Hold a mediasoup-worker process and the channel to it."""

    def __init__(self, child: subprocess.Popen[bytes], codec: Codec, request_timeout: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._child = child
        self.pid = child.pid
        self.exited: asyncio.Future[int] = self._loop.create_future()
        """Gets the exit code when the process has ended, or the signal's number, negative. Await ``wait()`` instead."""
        self.channel = Channel(codec, name=f"pid:{self.pid}", request_timeout=request_timeout)
        self.channel.on_close = self._on_channel_closed
        self._pidfd = os.pidfd_open(self.pid)
        self._loop.add_reader(self._pidfd, self._on_exit)
        self._outputs = [
            _Output(self._loop, child.stdout, self._log(logging.DEBUG, "stdout")),
            _Output(self._loop, child.stderr, self._log(logging.ERROR, "stderr")),
        ]
        self._kill_timer: asyncio.TimerHandle | None = None
        self._channel_error: MediasoupError | None = None

    @property
    def returncode(self) -> int | None:
        """The exit code, or the signal's number, negative; None while it runs."""
        return self._child.returncode

    def obituary(self) -> str:
        """Say which process it was, and how it has ended."""
        return f"[pid:{self.pid}, {describe_exit(self.exited.result())}]"

    async def wait(self) -> int:
        """Wait until the process has ended, and return its exit code, or the signal's number, negative."""
        return await asyncio.shield(self.exited)

    def close(self, grace: float = CLOSE_GRACE) -> None:
        """Ask the worker to end, close the channel, and kill the worker if it still runs after ``grace`` seconds."""
        if self.returncode is not None or self._kill_timer is not None:
            return
        try:
            if not self.channel.closed:
                self.channel.notify("WORKER_CLOSE")
        except MediasoupError:
            # It does not read what it is sent.
            grace = 0
        self.channel.close()
        self._kill_timer = self._loop.call_later(grace, self.kill)

    def kill(self) -> None:
        """End the worker at once."""
        self.channel.close()
        if self.returncode is None:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    async def _start(self, producer: socket.socket, consumer: socket.socket, timeout: float) -> None:
        running = asyncio.Event()
        self.exited.add_done_callback(lambda _: running.set())

        def on_notification(event: str, _: Mapping[str, Any]) -> None:
            if event == "WORKER_RUNNING":
                running.set()

        self.channel.subscribe(str(self.pid), on_notification)
        try:
            async with asyncio.timeout(timeout):
                await self.channel.attach(producer, consumer)
                await running.wait()
        except TimeoutError:
            raise MediasoupError(f"the worker has not started within {timeout} s [pid:{self.pid}]") from None
        if self.exited.done():
            raise self._start_error(self.exited.result())
        self.channel.unsubscribe(str(self.pid))

    def _start_error(self, code: int) -> Exception:
        if isinstance(self._channel_error, ChannelError):
            return self._channel_error
        said = "; ".join(self._outputs[1].last_lines) or "it said nothing"
        if code == WRONG_SETTINGS:
            return TypeError(f"wrong settings: {said}")
        return MediasoupError(f"the worker ended at its start [pid:{self.pid}, {describe_exit(code)}]: {said}")

    def _log(self, level: int, stream: str) -> Callable[[str], None]:
        return lambda line: _worker_logger.log(level, "[pid:%d] (%s) %s", self.pid, stream, line)

    def _on_channel_closed(self, error: MediasoupError) -> None:
        # Nobody can talk with it any more. Most often that is because it is dead already.
        self._channel_error = error
        if isinstance(error, ChannelError):
            self.kill()
        elif self._kill_timer is None:
            self._kill_timer = self._loop.call_later(CLOSE_GRACE, self.kill)

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._pidfd)
        code = self._child.wait()
        os.close(self._pidfd)
        if self._kill_timer is not None:
            self._kill_timer.cancel()
        for output in self._outputs:
            output.finish()
        _logger.debug("worker ended [pid:%d, %s]", self.pid, describe_exit(code))
        self.channel.abort()
        if not self.exited.done():
            self.exited.set_result(code)


class _Output:
    """Log what a worker writes to its standard output or error, line by line."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stream: IO[bytes] | None, log: Callable[[str], None]) -> None:
        assert stream is not None  # noqa: S101 (it was asked for)
        self.last_lines: deque[str] = deque(maxlen=8)
        self._loop = loop
        self._stream = stream
        self._log = log
        self._rest = b""
        os.set_blocking(stream.fileno(), False)
        loop.add_reader(stream.fileno(), self._read)

    def _read(self) -> bool:
        """Read what is there; return whether there may be more."""
        try:
            data = os.read(self._stream.fileno(), 65_536)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._stream.fileno())
            return False
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LINE_MAX_LENGTH:
            lines.append(self._rest)
            self._rest = b""
        self._write(lines)
        return True

    def _write(self, lines: list[bytes]) -> None:
        for line in filter(None, lines):
            text = line.decode("utf-8", "replace")
            self.last_lines.append(text)
            self._log(text)

    def finish(self) -> None:
        """Read what is left, and close."""
        # The process is gone, but one that it has started may still write.
        for _ in range(_LAST_READS):
            if not self._read():
                break
        self._write([self._rest])
        self._loop.remove_reader(self._stream.fileno())
        self._stream.close()


def describe_exit(code: int) -> str:
    """Say how a process has ended: ``exit code 1``, ``signal SIGKILL``."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"

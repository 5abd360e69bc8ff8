"""Child processes of an installation: followed line by line, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_TAIL_LINES = 40
_GRACE_SECONDS = 5.0


class ToolError(Exception):
    """A tool that an installation ran failed, or could not be started."""

    def __init__(self, tool: str, status: int | None, tail: Sequence[str]) -> None:
        super().__init__(f"{tool} failed" if status is None else f"{tool} failed with status {status}")
        self.tail = tuple(tail)
        """The last lines of its output."""


@contextmanager
def signals_held() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back until the block has ended.

    A handler that raises while `Popen` is at work would leave a child that nobody knows of. The child itself does not
    inherit any of this. Handlers run in the main thread alone, so in another one there is nothing to hold back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def keep(number: int, _: Any) -> None:
        came.append(number)

    handlers = {number: signal.signal(number, keep) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for late in came:
        signal.raise_signal(late)


def ignore_line(line: str) -> None:
    """Take a line of output and do nothing with it."""


def run_tool(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    on_line: Callable[[str], None] = ignore_line,
) -> list[str]:
    """Run `command` to its end and return the last lines of its output.

    The child has its own process group, which is ended with whatever ends this call: nothing goes on building
    after an interrupt.

    Raises:
        ToolError: It could not be started, or its exit status was not 0.
    """
    tool = Path(command[0]).name
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    child: subprocess.Popen[str] | None = None
    try:
        with signals_held():
            child = subprocess.Popen(
                [str(word) for word in command],
                cwd=cwd,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        assert child.stdout is not None  # noqa: S101 - It was asked for above.
        with child.stdout as output:
            for line in output:
                tail.append(line.rstrip())
                on_line(tail[-1])
        status = child.wait()
    except BaseException as error:
        if child is not None:
            _end_group(child)
        elif isinstance(error, OSError):
            raise ToolError(tool, None, [str(error)]) from error
        raise
    if status != 0:
        raise ToolError(tool, status, tail)
    return list(tail)


def _end_group(child: subprocess.Popen[str]) -> None:
    """End the child and everything it started, first politely."""
    for attempt in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, attempt)
        except ProcessLookupError:
            break
        try:
            child.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    child.wait()

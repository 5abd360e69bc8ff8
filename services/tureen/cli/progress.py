"""How the command line shows what an installation does: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from tureen.bundle.progress import Reporter

_SECONDS_BETWEEN_LINES = 15.0


class LineReporter:
    """Write plain lines, for logs: each message, and progress every 15 seconds and at the end."""

    def __init__(self, stream: IO[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._last_line = clock()

    def say(self, message: str) -> None:
        """Write the message."""
        self._write(message)

    def advance(self, task: str, done: int, total: int) -> None:
        """Write the progress if the last line is a while ago, or the task is done."""
        if done >= total or self._clock() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._write(f"{task}: {done} of {total} steps ({100 * done // max(total, 1)} %)")

    def _write(self, line: str) -> None:
        self._last_line = self._clock()
        self._stream.write(f"{line}\n")
        self._stream.flush()


class BarReporter:
    """Draw a progress bar below the messages, on a terminal."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def say(self, message: str) -> None:
        """Print the message above the bar."""
        self._console.print(message, highlight=False, markup=False)

    def advance(self, task: str, done: int, total: int) -> None:
        """Move the task's bar."""
        if task not in self._tasks:
            self._tasks[task] = self._progress.add_task(task, total=total)
        self._progress.update(self._tasks[task], completed=done, total=total)


@contextmanager
def terminal_reporter() -> Iterator[Reporter]:
    """Give the reporter that suits standard error."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield LineReporter(sys.stderr)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield BarReporter(console, progress)

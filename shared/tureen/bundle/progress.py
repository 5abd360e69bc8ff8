"""What an installation says while it works."""

from __future__ import annotations

import re
from typing import Protocol

_NINJA_STEP = re.compile(r"\[(\d+)/(\d+)\]")


class Reporter(Protocol):
    """Where an installation tells what it does."""

    def say(self, message: str) -> None:
        """Tell that something new begins or was found out, as one sentence."""

    def advance(self, task: str, done: int, total: int) -> None:
        """Tell that `done` of the `total` steps of `task` are done."""


class SilentReporter:
    """Say nothing."""

    def say(self, message: str) -> None:
        """Ignore the message."""

    def advance(self, task: str, done: int, total: int) -> None:
        """Ignore the progress."""


def ninja_step(line: str) -> tuple[int, int] | None:
    """Read `[done/total]` from the start of a line of ninja's output, if it has it."""
    match = _NINJA_STEP.match(line)
    return (int(match[1]), int(match[2])) if match else None

"""One log stream on standard error: every line begins with the name of the service that wrote it."""

from __future__ import annotations

import sys
from typing import TextIO

from rich.console import Console
from rich.text import Text

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_red")


class PrefixedLog:
    """Writes lines with aligned, on terminals coloured, prefixes."""

    def __init__(self, width: int, stream: TextIO | None = None) -> None:
        self._width = width
        self._console = Console(file=stream or sys.stderr, highlight=False, soft_wrap=True)
        self._colours: dict[str, str] = {}

    def __call__(self, name: str, line: str) -> None:
        """Write one line of a service's."""
        colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
        prefix = Text(f"{name:<{self._width}} | ", style=colour)
        self._console.print(prefix + Text.from_ansi(line))

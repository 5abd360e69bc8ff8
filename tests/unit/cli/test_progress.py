from __future__ import annotations

import io

from rich.console import Console
from rich.progress import Progress

from tureen.cli.progress import BarReporter, LineReporter


def test_a_log_gets_a_line_now_and_then() -> None:
    """Progress is written every 15 seconds and at the end; messages are written at once."""
    clock, stream = [0.0], io.StringIO()
    reporter = LineReporter(stream, lambda: clock[0])
    reporter.say("Building.")
    for second in range(40):
        clock[0] = float(second)
        reporter.advance("Build", second + 1, 40)
    assert stream.getvalue().splitlines() == [
        "Building.",
        "Build: 16 of 40 steps (40 %)",
        "Build: 31 of 40 steps (77 %)",
        "Build: 40 of 40 steps (100 %)",
    ]


def test_a_terminal_gets_one_bar_for_a_task() -> None:
    """The bar moves, and messages appear as they are, markup or not."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100)
    progress = Progress(console=console, auto_refresh=False)
    reporter = BarReporter(console, progress)
    reporter.say("It is in [bold]/tmp/x[/bold].")
    reporter.advance("Build", 1, 260)
    reporter.advance("Build", 130, 260)
    assert "[bold]/tmp/x[/bold]" in stream.getvalue()
    assert [(task.description, task.completed, task.total) for task in progress.tasks] == [("Build", 130, 260)]

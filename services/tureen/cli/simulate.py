"""`tureen simulate`: what a workload would do to a cluster, asked of placement's own engine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tureen.cli.show.simulation_report import as_json, simulation_report
from tureen.placement.simulator import (
    Result,
    WrongRecordingError,
    WrongWorkloadError,
    parse,
    read,
    replay,
    simulate,
)

app = typer.Typer(add_completion=False)

_EPILOG = """\
docs/scaling.md tells what a workload file may say; examples/workloads has some. Record with
`tureen listen heartbeat > heartbeats.jsonl`. Exit status: 0 done, 2 the command line or the file is wrong."""


@app.command("simulate", epilog=_EPILOG)
def simulate_command(
    workload: Annotated[
        Path | None, typer.Argument(metavar="[WORKLOAD]", help="A workload file (TOML).", show_default="none")
    ] = None,
    recording: Annotated[
        Path | None,
        typer.Option("--replay", metavar="FILE", help="Replay recorded heartbeats instead.", show_default="none"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="What is drawn is drawn from it.", show_default="the workload's")
    ] = None,
    png: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw it (needs tureen\\[plot]).", show_default="none")
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every sample.", show_default="none")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one line of JSON instead of the table.")] = False,
) -> None:
    """Run a workload on nodes that do not exist: load of each worker, pipes, hops and refusals over time."""
    if (workload is None) == (recording is None):
        raise typer.BadParameter("name a workload file, or a recording with --replay")
    draw = _drawing() if png is not None else None
    result = _simulated(workload, seed) if workload is not None else _replayed(recording)
    if json_:
        sys.stdout.write(json.dumps(as_json(result)) + "\n")
    else:
        Console(highlight=False).print(simulation_report(result))
    try:
        if csv is not None:
            with csv.open("w", newline="") as file:
                result.write_csv(file)
        if png is not None and draw is not None:
            title = (workload or recording or png).stem.replace("_", " ").replace("-", " ")
            draw(result, png, title)
    except OSError as error:
        raise typer.BadParameter(f"{error.filename}: {error.strerror}") from None


def _simulated(workload: Path, seed: int | None) -> Result:
    try:
        wanted = parse(workload.read_text())
    except OSError as error:
        raise typer.BadParameter(f"{workload}: {error.strerror}") from None
    except (WrongWorkloadError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{workload}: {error}") from None
    if seed is not None:
        wanted = wanted.model_copy(update={"seed": seed})
    columns = (TextColumn("simulating"), BarColumn(), TextColumn("{task.completed:.0f} of {task.total:.0f} s"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=wanted.duration)
        return simulate(wanted, lambda done, _of: progress.update(task, completed=done))


def _replayed(recording: Path | None) -> Result:
    if recording is None:
        raise AssertionError("one of both is named")
    try:
        with recording.open() as lines:
            result = replay(read(lines))
    except OSError as error:
        raise typer.BadParameter(f"{recording}: {error.strerror}") from None
    except (WrongRecordingError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{recording}: {error}") from None
    if not result.samples:
        raise typer.BadParameter(f"{recording}: there is no heartbeat in it")
    return result


def _drawing() -> Callable[[Result, Path, str], None]:
    """Return what draws; told before anything is simulated where it is not installed."""
    try:
        from tureen.cli.show.chart import draw
    except ImportError:
        raise typer.BadParameter("drawing needs matplotlib: pip install 'tureen[plot]'") from None
    return draw

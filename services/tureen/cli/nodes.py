"""`tureen nodes`: the nodes of a running cluster, and how busy their workers are."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from tureen.bus import BusSettings, run
from tureen.cli.show import failures
from tureen.cli.show.json_text import one_line
from tureen.cli.show.node_report import node_report
from tureen.cli.wire import connecting, finding
from tureen.config import SettingsError
from tureen.contract.cluster import Heartbeat
from tureen.contract.errors import TureenError, Unavailable

app = typer.Typer(add_completion=False)

_EPILOG = "Exit status: 0 there are nodes, 1 this user may not hear them, 3 there is none, or no connection."


@app.command(epilog=_EPILOG)
def nodes(
    url: connecting.Url = None,
    timeout: Annotated[
        float, typer.Option(min=0.001, metavar="SECONDS", help="How long to wait for all of them.")
    ] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="Lines of JSON, on a terminal too.")] = False,
) -> None:
    """Show every node and its workers, as their heartbeats tell; as JSON, a heartbeat a line."""
    try:
        settings = connecting.settings(url)
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from None
    try:
        found = run(_nodes(settings, timeout))
        if found == {}:
            raise Unavailable(f"no node was heard within {timeout:g} s: start a node agent (`tureen up` runs one)")
    except TureenError as error:
        failures.show(Console(stderr=True, highlight=False), error, as_json=as_json)
        raise typer.Exit(failures.status_of(error)) from None
    if found is None:
        raise typer.Exit(130)
    console = Console(highlight=False)
    if as_json or not console.is_terminal:
        sys.stdout.writelines(one_line(each.to_wire()) + "\n" for each in found.values())
    else:
        console.print(node_report(found.values()))


async def _nodes(settings: BusSettings, timeout: float) -> dict[str, Heartbeat]:
    async with connecting.connected(settings) as bus:
        return await finding.heartbeats(bus, timeout)

"""`tureen nodes`: the nodes of a running cluster, and how busy their workers are."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from tureen.bus import BusSettings, run, stop_requested
from tureen.cli.show import failures
from tureen.cli.show.json_text import one_line
from tureen.cli.show.node_report import node_report
from tureen.cli.wire import connecting, finding
from tureen.config import SettingsError
from tureen.contract import subjects
from tureen.contract.cluster import HEARTBEAT_INTERVAL, Heartbeat
from tureen.contract.errors import TureenError, Unavailable

app = typer.Typer(add_completion=False)

_EPILOG = "Exit status: 0 there are nodes, 1 this user may not hear them, 3 there is none, or no connection."


@app.command(epilog=_EPILOG)
def nodes(
    url: connecting.Url = None,
    timeout: Annotated[
        float, typer.Option(min=0.001, metavar="SECONDS", help="How long to wait for all of them.")
    ] = 5.0,
    watch: Annotated[bool, typer.Option("--watch", help="Follow the heartbeats until Ctrl-C, on a terminal.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Lines of JSON, on a terminal too.")] = False,
) -> None:
    """Show every node and its workers, as their heartbeats tell; as JSON, a heartbeat a line."""
    console = Console(highlight=False)
    if watch and (as_json or not console.is_terminal):
        raise typer.BadParameter("needs a terminal: `tureen listen heartbeat` has lines of JSON", param_hint="--watch")
    try:
        settings = connecting.settings(url)
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from None
    try:
        if watch:
            run(_watch(settings, console))
            return
        found = run(_nodes(settings, timeout))
        if found == {}:
            raise Unavailable(f"no node was heard within {timeout:g} s: start a node agent (`tureen up` runs one)")
    except TureenError as error:
        failures.show(Console(stderr=True, highlight=False), error, as_json=as_json)
        raise typer.Exit(failures.status_of(error)) from None
    if found is None:
        raise typer.Exit(130)
    if as_json or not console.is_terminal:
        sys.stdout.writelines(one_line(each.to_wire()) + "\n" for each in found.values())
    else:
        console.print(node_report(found.values()))


async def _nodes(settings: BusSettings, timeout: float) -> dict[str, Heartbeat]:
    async with connecting.connected(settings) as bus:
        return await finding.heartbeats(bus, timeout)


async def _watch(settings: BusSettings, console: Console) -> None:
    stop = stop_requested()
    loop = asyncio.get_running_loop()
    heard: dict[str, tuple[Heartbeat, float]] = {}

    def take(_: str, body: dict[str, object]) -> None:
        heartbeat = Heartbeat.model_validate(body)
        heard[heartbeat.node_id] = (heartbeat, loop.time())

    async with connecting.connected(settings) as bus:
        await bus.subscribe(subjects.HEARTBEATS, take)
        with Live(console=console, auto_refresh=False) as live:
            while not stop.is_set():
                now = loop.time()
                silent = {node: now - at for node, (_, at) in heard.items()}
                report = node_report((heard[node][0] for node in sorted(heard)), silent)
                live.update(report if heard else Text("waiting for heartbeats", "dim"), refresh=True)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), HEARTBEAT_INTERVAL)

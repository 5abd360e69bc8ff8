"""`tureen why`: why a room's transports are where they are."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from rich.console import Console

from tureen.bus import Bus, BusSettings, run
from tureen.cli.show import failures
from tureen.cli.show.json_text import one_line
from tureen.cli.show.why_report import why_report
from tureen.cli.wire import connecting
from tureen.config import SettingsError
from tureen.contract.decisions import RoomWhyAnswer
from tureen.contract.errors import NotFound, TureenError

app = typer.Typer(add_completion=False)

_EPILOG = """\
Placement's replicas keep their last few thousand decisions, and no more than fifty of a room; older ones are in their
logs. Exit status: 0 known, 1 no such room or transport, or not yours, 3 not now."""


@app.command(epilog=_EPILOG)
def why(
    name: Annotated[str, typer.Argument(metavar="ROOM|TRANSPORT", help="The id of a room or of a transport.")],
    tenant: connecting.Tenant = None,
    url: connecting.Url = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="The newest so many decisions of a room.")] = 5,
    inputs: Annotated[
        bool, typer.Option("--inputs", help="With --json: what each was made from as well, to make it again.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0.001, metavar="SECONDS", help="How long to wait for the answer.")
    ] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON, on a terminal too.")] = False,
) -> None:
    """Say why the transports of a room are where they are, or why one is: what was weighed, and what refused it."""
    try:
        settings = connecting.settings(url)
        speaks_for = connecting.speaks_for(settings, tenant)
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from None
    asked = {"limit": limit, "inputs": inputs}
    try:
        answer = run(_ask(settings, speaks_for, name, asked, timeout))
    except TureenError as error:
        failures.show(Console(stderr=True, highlight=False), error, as_json=as_json)
        raise typer.Exit(failures.status_of(error)) from None
    if answer is None:
        raise typer.Exit(130)
    console = Console(highlight=False)
    if as_json or not console.is_terminal:
        sys.stdout.write(one_line(answer.to_wire()) + "\n")
    else:
        console.print(why_report(name, answer))


async def _ask(settings: BusSettings, tenant: str, name: str, asked: dict[str, Any], timeout: float) -> RoomWhyAnswer:
    async with connecting.connected(settings) as bus:
        try:
            return await _command(bus, tenant, {"roomId": name, **asked}, timeout)
        except NotFound:
            return await _command(bus, tenant, {"transportId": name, **asked}, timeout)


async def _command(bus: Bus, tenant: str, payload: dict[str, Any], timeout: float) -> RoomWhyAnswer:
    body = await bus.command("placement", "room.why", payload, tenant=tenant, timeout=timeout)
    return RoomWhyAnswer.model_validate(body)

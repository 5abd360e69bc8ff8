"""`tureen call`: one command to a running cluster."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from tureen.bus import Bus, BusSettings, run
from tureen.cli import completion
from tureen.cli.show import failures, fields
from tureen.cli.show.json_text import json_text, one_line
from tureen.cli.wire import asking, commands, connecting, finding, payloads
from tureen.config import SettingsError
from tureen.contract import subjects
from tureen.contract.errors import Timeout, TureenError
from tureen.contract.registry import Audience, Command
from tureen.telemetry import TraceContext

app = typer.Typer(add_completion=False)

_EPILOG = """\
Answers and errors are coloured on a terminal and lines of JSON elsewhere; errors go to standard error. Exit status: 0
done, 1 refused (asking the same again is useless), 2 the command line is wrong, 3 not now (nothing was done: ask
again), 4 it may have been done, 130 interrupted."""


@app.command(epilog=_EPILOG)
def call(
    name: Annotated[
        str,
        typer.Argument(
            metavar="COMMAND", help="<object>.<method>, such as router.dump.", autocompletion=completion.commands
        ),
    ],
    payload: Annotated[
        str, typer.Argument(metavar="PAYLOAD", help="'{…}' in JSON, @file, or - for standard input.")
    ] = "{}",
    node: Annotated[
        str | None,
        typer.Option(
            metavar="NODE",
            help="Which node, where a node answers; may be left out where there is one.",
            autocompletion=completion.nodes,
        ),
    ] = None,
    tenant: connecting.Tenant = None,
    url: connecting.Url = None,
    timeout: Annotated[
        float, typer.Option(min=0.001, metavar="SECONDS", help="How long to wait, finding the node included.")
    ] = 5.0,
    show_fields: Annotated[
        bool, typer.Option("--fields", help="Show what the command takes and answers, and ask nobody.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Lines of JSON, on a terminal too.")] = False,
) -> None:
    """Send a command to a node, or to placement, and print the answer.

    mediasoup's names are the commands': tureen call router.createPlainTransport --node node-1
    '{"routerId": "…", "listenInfo": {"protocol": "udp", "ip": "127.0.0.1"}}'
    """
    command = _command(name, to_node=node is not None)
    console = Console(highlight=False)
    if show_fields:
        _show_fields(console, command, as_json=as_json)
        return
    try:
        body = payloads.read(payload, sys.stdin)
        settings = connecting.settings(url)
        speaks_for = connecting.speaks_for(settings, tenant)
    except (payloads.PayloadError, SettingsError) as error:
        raise typer.BadParameter(str(error)) from None
    if command.audience is Audience.SYSTEM and tenant is None:
        speaks_for = subjects.SYSTEM
    started = time.monotonic()
    try:
        answer = run(_ask(command, body, settings, node, speaks_for, timeout))
    except finding.NodesUnknownError as error:
        raise typer.BadParameter(str(error), param_hint="--node") from None
    except TureenError as error:
        failures.show(Console(stderr=True, highlight=False), error, command, as_json=as_json)
        raise typer.Exit(failures.status_of(error)) from None
    if answer is None:
        raise typer.Exit(130)
    _show(console, command, answer, time.monotonic() - started, as_json=as_json)


def _command(name: str, *, to_node: bool) -> Command:
    try:
        return commands.find(name, to_node=to_node)
    except commands.UnknownCommandError as error:
        hint = f": did you mean {' or '.join(error.near)}?" if error.near else ""
        raise typer.BadParameter(f"{error}{hint}", param_hint="COMMAND") from None


async def _ask(
    command: Command, body: dict[str, Any], settings: BusSettings, node: str | None, tenant: str, timeout: float
) -> dict[str, Any]:
    trace, loop = TraceContext.new(), asyncio.get_running_loop()
    async with connecting.connected(settings) as bus:
        until = loop.time() + timeout
        if command.service == "node" and node is None:
            node = await _only_node(bus, timeout)
        subject, tries = asking.subject(command, tenant, node), asking.tries(command, body)
        return await asking.ask(bus, subject, body, timeout=until - loop.time(), trace=trace, tries=tries)


async def _only_node(bus: Bus, timeout: float) -> str:
    try:
        async with asyncio.timeout(timeout):
            return await finding.only_node(bus, timeout)
    except TimeoutError:
        raise Timeout(f"which node there is was not found out within {timeout:g} s: name one with --node") from None


def _show(console: Console, command: Command, answer: dict[str, Any], seconds: float, *, as_json: bool) -> None:
    if as_json or not console.is_terminal:
        sys.stdout.write(one_line(answer) + "\n")
        return
    if answer:
        console.print(json_text(answer, console.width), soft_wrap=True)
        return
    console.print(Text.assemble(("✓ ", "bold green"), command.name, (f"  {seconds * 1000:.0f} ms", "dim")))


def _show_fields(console: Console, command: Command, *, as_json: bool) -> None:
    if as_json or not console.is_terminal:
        sys.stdout.write(one_line(fields.as_json(command)) + "\n")
    else:
        fields.show(console, command)

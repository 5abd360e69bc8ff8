"""`tureen listen`: what a running cluster tells, as it happens."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from tureen.bus import BusSettings, run, stop_requested
from tureen.cli import completion
from tureen.cli.show import event_lines, failures
from tureen.cli.wire import connecting, patterns
from tureen.config import SettingsError
from tureen.contract.errors import TureenError

app = typer.Typer(add_completion=False)

_EPILOG = """\
Coloured columns on a terminal, a line of JSON an event elsewhere, with every field. Exit status: 0 after Ctrl-C or
`--count` events, 1 this user may not hear that, 2 the command line is wrong, 3 there is no connection."""


@app.command(epilog=_EPILOG)
def listen(
    wanted: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="EVENT",
            help="score; producer.score; producer.*; event.<the rest of a subject>; system, heartbeat, inventory; or a "
            "whole subject. Quote what holds * or >.",
            show_default="event.>",
            autocompletion=completion.patterns,
        ),
    ] = None,
    room: Annotated[str, typer.Option(metavar="ROOM", help="Of this room alone.", show_default="all")] = "*",
    count: Annotated[int | None, typer.Option(min=1, metavar="N", help="End after so many.")] = None,
    wide: Annotated[bool, typer.Option("--wide", help="Whole ids and all data, however long the line.")] = False,
    tenant: connecting.Tenant = None,
    url: connecting.Url = None,
    as_json: Annotated[bool, typer.Option("--json", help="Lines of JSON, on a terminal too.")] = False,
) -> None:
    """Print events until Ctrl-C: mediasoup's own, of all objects of a tenant, or what the cluster tells of itself."""
    try:
        settings = connecting.settings(url)
        speaks_for = connecting.speaks_for(settings, tenant)
        heard = [patterns.subject(each, tenant=speaks_for, room=room) for each in wanted or ["event"]]
    except (SettingsError, patterns.PatternError) as error:
        raise typer.BadParameter(str(error)) from None
    printer = _Printer(count, wide=wide, as_json=as_json or not sys.stdout.isatty())
    try:
        run(_listen(settings, heard, printer))
    except BrokenPipeError:
        # Whoever read this has had enough; what Python still has to write at the end must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except TureenError as error:
        failures.show(Console(stderr=True, highlight=False), error, as_json=as_json)
        raise typer.Exit(failures.status_of(error)) from None


class _Printer:
    """Prints what is heard.

    Attributes:
        done: Set when it has printed all that was wanted, or cannot print.
    """

    def __init__(self, count: int | None, *, wide: bool, as_json: bool) -> None:
        self._left = count
        self._wide = wide
        self._as_json = as_json
        self._console = Console(highlight=False)
        self._error: OSError | None = None
        self.done = asyncio.Event()

    def start(self, subjects: Sequence[str]) -> None:
        """Say what is listened to, to people."""
        if self._as_json:
            return
        shown = Text.assemble("listening to ", (" ".join(subjects), "bold"), ", Ctrl-C ends")
        Console(stderr=True, highlight=False).print(shown, style="dim", soft_wrap=True)
        self._console.print(event_lines.header(wide=self._wide), soft_wrap=True)

    def take(self, subject: str, body: dict[str, Any]) -> None:
        """Print a message."""
        if self.done.is_set():
            return
        heard = event_lines.Heard(datetime.now().astimezone(), subject, body)
        try:
            if self._as_json:
                sys.stdout.write(event_lines.as_json(heard) + "\n")
                sys.stdout.flush()
            else:
                event_lines.show(self._console, heard, wide=self._wide)
        except BrokenPipeError as error:
            self._error = error
            self.done.set()
        self._count()

    def check(self) -> None:
        """Raise what printing ended with."""
        if self._error is not None:
            raise self._error

    def _count(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.done.set()


async def _listen(settings: BusSettings, heard: Sequence[str], printer: _Printer) -> None:
    stop = stop_requested()
    async with connecting.connected(settings) as bus:
        for subject in heard:
            await bus.subscribe(subject, printer.take)
        bus.on_reconnect(lambda: typer.echo("connected again: what was told meanwhile was missed", err=True))
        printer.start(heard)
        waiting = [asyncio.ensure_future(event.wait()) for event in (stop, printer.done)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()
    printer.check()

"""How an error is shown, and the exit status that it ends with."""

from __future__ import annotations

from enum import IntEnum

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tureen.cli.show.json_text import json_line, one_line, printable
from tureen.cli.wire.commands import nearest, spelled
from tureen.contract.errors import CallerError, TureenError
from tureen.contract.registry import Command


class Status(IntEnum):
    """Exit statuses, beside 0 and the 2 of a command line that is wrong."""

    REFUSED = 1
    """The command is wrong, and nothing was done: asking the same again is useless."""
    NOT_NOW = 3
    """The moment is wrong, and nothing was done: it may be asked again."""
    NOT_KNOWN = 4
    """It may have been done."""


_ADVICE = {
    "Unauthorized": "sign in as somebody who may: the user in NATS_URL or --url, and --tenant, decide; "
    "docs/operations.md lists who may do what",
    "NotFoundError": "check the id, --node and --tenant: an object is known to its own node and its own tenant only",
    "Conflict": "take another id, or look at what is there with a dump",
    "Stale": "read the room again with `tureen call room.get`, and decide anew",
    "WorkerClosedError": "the worker has ended, and everything on it: make it anew on another",
    "TooLarge": "ask for less at once; details.limit is what the server takes, in bytes",
    "Busy": "wait a moment and ask again",
    "RateLimited": "wait a moment and ask again",
    "UnsupportedError": "this worker or object cannot do that",
    "Internal": "look for the trace id in the services' logs",
    "Unavailable": "check that the node or service runs (`tureen nodes`), and that the URL is the right one",
    "NoCapacity": "`tureen nodes` shows how much room is left; add a node, or raise the room's limits",
    "Draining": "take another node: this one takes nothing new",
    "Timeout": "ask what became of it before you ask again, or wait longer with --timeout",
}


def status_of(error: TureenError) -> Status:
    """Return the exit status for an error."""
    if not error.nothing_done:
        return Status.NOT_KNOWN
    return Status.REFUSED if isinstance(error, CallerError) else Status.NOT_NOW


def advice(error: TureenError, command: Command | None = None) -> str:
    """Return what to do about an error; for a wrong field, which fields the command has."""
    path = error.details.get("path")
    if command is None or not isinstance(path, str):
        return _ADVICE.get(error.type, "")
    known = [field.alias or name for name, field in command.request.model_fields.items()]
    near = nearest(path, known) if error.type == "UnknownField" else []
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return f"{hint}`tureen call {spelled(command)} --fields` lists the fields"


def show(console: Console, error: TureenError, command: Command | None = None, *, as_json: bool = False) -> None:
    """Print an error: for people on a terminal, else the body of the answer as a line of JSON."""
    if as_json or not console.is_terminal:
        console.file.write(one_line(error.body()) + "\n")
        return
    headline = Text.assemble(("✗ ", "bold red"), (f"{error.code} {error.type}", "bold red"), "  ")
    console.print(headline + Text(printable(error.message)))
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    for name, value in error.details.items():
        rows.add_row(printable(name), Text(printable(value)) if isinstance(value, str) else json_line(value))
    if error.trace_id:
        rows.add_row("trace", Text(printable(error.trace_id)))
    if todo := advice(error, command):
        rows.add_row("to do", Text(todo, "yellow"))
    console.print(Padding(rows, (0, 0, 0, 2), expand=False))

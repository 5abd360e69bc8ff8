"""The `tureen` command: a registry of sub-commands, each loaded only when it is used."""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

# The name of each command, and where its Typer app is; they are listed in this order.
_COMMANDS = {
    "up": "tureen.cli.up:app",
    "call": "tureen.cli.call:app",
    "listen": "tureen.cli.listen:app",
    "nodes": "tureen.cli.nodes:app",
    "plan": "tureen.cli.plan:app",
    "simulate": "tureen.cli.simulate:app",
    "why": "tureen.cli.why:app",
    "worker": "tureen.cli.worker:app",
}


class LazyGroup(TyperGroup):
    """A group whose commands are imported when they are asked for, so that each starts fast."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import and return the command called `cmd_name`, or None."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name].partition(":")
        command = typer.main.get_command(getattr(importlib.import_module(module), attribute))
        command.name = cmd_name
        return command


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("tureen"))
        raise typer.Exit


@app.callback()
def tureen(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print Tureen's version.")
    ] = False,
) -> None:
    """Make many mediasoup workers, on many CPUs and hosts, look like one."""


def main() -> None:
    """Run the `tureen` command."""
    app()

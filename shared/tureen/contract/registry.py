"""The one list of commands: what each takes, answers and may fail with, and who may ask.

Dispatch, clients, ADR-32 answers, schemas and the reference are made from it, so that they cannot disagree. A new
command goes into `node_commands.py` or `cluster_commands.py`; the checks then ask for an example of it (docs/wire.md,
«For those who change the contract»).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tureen.contract.cluster_commands import BETWEEN, PLACEMENT
from tureen.contract.command import ANY_COMMAND, Audience, Command
from tureen.contract.errors import NotFound
from tureen.contract.node_commands import NODE
from tureen.contract.schema import SchemaFound, SchemaGet

__all__ = ["ANY_COMMAND", "SERVICES", "Audience", "Command", "all_commands", "commands_of"]

SERVICES = ("node", "placement", "signaling", "metrics")


def _schema(service: str) -> Command:
    about = "Tell the contract of this service, as an AsyncAPI 3 document with its JSON Schemas."
    return Command(service, "schema", "get", SchemaGet, SchemaFound, about, (NotFound,))


_ALL: tuple[Command, ...] = (*NODE, *BETWEEN, *PLACEMENT, *map(_schema, SERVICES))


def commands_of(service: str) -> Mapping[str, Command]:
    """Return a service's commands by `<object>.<method>`."""
    return {command.name: command for command in _ALL if command.service == service}


def all_commands() -> Iterable[Command]:
    """Return every command."""
    return _ALL

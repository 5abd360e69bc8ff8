"""What the shell offers for a word that is being typed; whatever goes wrong, nothing is offered and nothing is said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping

import typer

PATIENCE = 3.0
"""Seconds in which somebody must tell which nodes there are; placement does so at once."""


def commands(incomplete: str) -> Iterator[tuple[str, str]]:
    """Offer the commands' names, each with what it does."""
    from tureen.contract.registry import all_commands

    return _beginning(incomplete, {command.name: command.about for command in all_commands()})


def patterns(incomplete: str) -> Iterator[tuple[str, str]]:
    """Offer what can be listened to, each with what it means."""
    from tureen.cli.wire.patterns import shorthands

    return _beginning(incomplete, shorthands())


def _beginning(incomplete: str, offered: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    # Shells would take a backtick for a command of theirs.
    return ((name, about.replace("`", "")) for name, about in offered.items() if name.startswith(incomplete))


def nodes(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the nodes of the cluster that `--url` or the environment names."""
    logging.disable()
    try:
        found = asyncio.run(_nodes(ctx.params.get("url")))
    except Exception:
        return []
    return [node for node in found if node.startswith(incomplete)]


async def _nodes(url: str | None) -> list[str]:
    from tureen.cli.wire import connecting, finding

    async with connecting.connected(connecting.settings(url)) as bus:
        listed = await finding.listed(bus, PATIENCE)
        return listed if listed is not None else list(await finding.heartbeats(bus, PATIENCE))

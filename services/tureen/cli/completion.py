"""What the shell offers for a word that is being typed; whatever goes wrong, nothing is offered and nothing is said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import typer

PATIENCE = 3.0
"""Seconds in which somebody must tell which nodes there are; placement does so at once."""


def commands(incomplete: str) -> Iterator[tuple[str, str]]:
    """Offer the commands' names, each with what it takes."""
    from tureen.contract.registry import all_commands

    seen: set[str] = set()
    for command in all_commands():
        if command.name.startswith(incomplete) and command.name not in seen:
            seen.add(command.name)
            about = (command.request.__doc__ or "").split("\n\n", 1)[0]
            # Shells would take a backtick for a command of theirs.
            yield command.name, " ".join(about.replace("`", "").split())


def patterns(incomplete: str) -> Iterator[str]:
    """Offer what can be listened to."""
    from tureen.cli.wire.patterns import shorthands

    return (each for each in shorthands() if each.startswith(incomplete))


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

"""What rooms need, for a terminal and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tureen.placement.engine import COSTS, Costs
from tureen.placement.engine.planning import media
from tureen.placement.engine.planning.capacity import NETWORK_LIMIT, Capacity, Wanted


def as_json(wanted: Wanted, needed: Capacity, costs: Costs) -> dict[str, Any]:
    """Return what was asked, what it needs, and what that rests on."""
    return {
        "wanted": asdict(wanted),
        "needed": needed._asdict(),
        "assumptions": {"costs": costs._asdict(), "said": list(assumptions(wanted, costs))},
    }


def capacity_report(wanted: Wanted, needed: Capacity, costs: Costs) -> Group:
    """Return the answer, how it comes about, and what it rests on."""
    parts: list[RenderableType] = [_answer(wanted, needed), _figures(wanted, needed), Text("")]
    parts.append(Text("This rests on", "bold"))
    table = Table.grid(padding=(0, 1))
    for said in assumptions(wanted, costs):
        table.add_row("  ·", Text(said, "dim"))
    return Group(*parts, table)


def assumptions(wanted: Wanted, costs: Costs) -> Iterator[str]:
    """Say what the figures rest on, and where that comes from."""
    yield from media.SOURCES
    told = "as placement starts with, measured on a slow core" if costs == COSTS else "as learned from the recording"
    ingest, copy = (10_000 * cost / media.MEAN_PACKETS for cost in (costs.ingest, costs.copy))
    yield (
        f"CPU: {ingest:.0f} µs a packet that comes in, {copy:.0f} µs a packet to a consumer, {ingest + copy:.0f} µs a "
        f"packet over a pipe, {costs.transport:g} % of a core a transport ({told}); --learn takes your own"
    )
    yield (
        f"a worker a core, filled to {wanted.watermark:g} % (`watermark`); {NETWORK_LIMIT:.0%} of a network of "
        f"{wanted.network:,.0f} Mbit/s, all pipes taken to leave their host"
    )
    yield "all peers are there at once, everybody sends and receives all the time"


def _answer(wanted: Wanted, needed: Capacity) -> Panel:
    spare = f", {wanted.spare} of them to spare" if wanted.spare else ""
    cause = "the network decides" if needed.hosts_by_network > needed.hosts_by_cores else "the cores decide"
    text = Text.assemble(
        (f"{needed.hosts:,} host{'s' if needed.hosts != 1 else ''}", "bold green"),
        f" of {wanted.cores} cores{spare}: {needed.workers:,} worker{'s' if needed.workers != 1 else ''}; {cause}",
    )
    people = f"{wanted.peers:,} peer{'s' if wanted.peers != 1 else ''}" + (
        f" and {wanted.viewers:,} viewers" if wanted.viewers else ""
    )
    title = f"{wanted.rooms:,} room{'s' if wanted.rooms != 1 else ''} of {people}"
    return Panel(text, title=title, title_align="left", border_style="green", expand=False, padding=(0, 2))


def _figures(wanted: Wanted, needed: Capacity) -> Padding:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    shared = (
        f"{needed.rooms_per_worker:,} rooms share a worker"
        if needed.rooms_per_worker
        else (
            f"a room spreads over {needed.workers_per_room:,}, with {needed.receiving} receiving "
            f"transport{'s' if needed.receiving != 1 else ''} a peer"
        )
    )
    table.add_row("workers", f"{needed.workers:,}", shared)
    table.add_row(
        "cores in use", f"{needed.cpu / 100:,.1f}", f"of {needed.workers:,} that are filled to {wanted.watermark:g} %"
    )
    table.add_row("producers", f"{needed.producers:,}", f"{needed.inbound:,.0f} Mbit/s in")
    table.add_row("consumers", f"{needed.consumers:,}", f"{needed.outbound:,.0f} Mbit/s out")
    table.add_row("pipe consumers", f"{needed.pipe_consumers:,}", f"{needed.piped:,.0f} Mbit/s between workers")
    table.add_row("hosts for cores", f"{needed.hosts_by_cores:,}", f"{wanted.cores} workers each")
    table.add_row("hosts for network", f"{needed.hosts_by_network:,}", f"{wanted.network:,.0f} Mbit/s each")
    return Padding(table, (1, 0, 0, 2), expand=False)

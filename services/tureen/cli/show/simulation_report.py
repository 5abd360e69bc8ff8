"""What a simulation came to, for a terminal and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tureen.placement.simulator import Result, Sample

_ROWS = 12
"""How many moments the table shows; the last one always."""
_WORKERS = 24
"""How many workers are drawn; the busiest ones."""
_WIDTH = 60
_STEPS = " ▁▂▃▄▅▆▇█"
_WARM, _HOT = 60, 90


def as_json(result: Result) -> dict[str, Any]:
    """Return everything: the samples, and what was refused by cause."""
    samples = [{**asdict(sample), "loads": dict(sample.loads)} for sample in result.samples]
    return {"decisions": result.decisions, "refusals": result.refusals, "samples": samples}


def simulation_report(result: Result) -> Group:
    """Return the totals over time, the load of each worker over time, and what was refused."""
    parts: list[RenderableType] = [_totals(result.samples), Text(""), _loads(result), Text("")]
    legend = (
        "piped: consumers of pipes; hops: of the longest way; max: the busiest worker; extra: receiving transports "
        "beyond one a peer"
    )
    parts.append(Text(f"{result.decisions:,} decisions. {legend}", "dim"))
    if result.refusals:
        causes = ", ".join(f"{count:,} {cause}" for cause, count in sorted(result.refusals.items()))
        parts.append(Text(f"refused: {causes}", "yellow"))
    return Group(*parts)


def _totals(samples: list[Sample]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    heads = ("s", "rooms", "peers", "consumers", "piped", "pipes", "hops", "max", "refused", "moved", "extra")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for sample in _some(samples, _ROWS):
        busiest = max(sample.loads.values(), default=0.0)
        counts = (sample.rooms, sample.peers, sample.consumers, sample.pipe_consumers, sample.pipes, sample.depth)
        refused = Text(f"{sample.refusals:,}", "red" if sample.refusals else "dim")
        cells = [f"{sample.at:,.0f}", *(f"{count:,}" for count in counts)]
        table.add_row(*cells, _percent(busiest), refused, f"{sample.moves:,}", f"{sample.extra_transports:,}")
    return table


def _loads(result: Result) -> Table:
    """Draw a line of blocks a worker: how full it was, from the left to the right."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("worker", "load over time"):
        table.add_column(name, no_wrap=True)
    table.add_column("most", justify="right")
    moments = _some(result.samples, _WIDTH)
    most = {worker: max(sample.loads.get(worker, 0.0) for sample in result.samples) for worker in result.workers}
    shown = sorted(most, key=lambda worker: -most[worker])[:_WORKERS]
    for worker in (each for each in result.workers if each in set(shown)):
        line = Text()
        for sample in moments:
            load = sample.loads.get(worker, 0.0)
            step = 0 if load <= 0 else min(1 + int(load / 100 * (len(_STEPS) - 1)), len(_STEPS) - 1)
            line.append(_STEPS[step], _style(load))
        table.add_row(Text(worker, "cyan"), line, _percent(most[worker]))
    if len(most) > len(shown):
        table.add_row(Text(f"and {len(most) - len(shown):,} with less", "dim"), "", "")
    return table


def _some(samples: list[Sample], count: int) -> list[Sample]:
    """Return about so many samples, evenly, the last one among them."""
    if len(samples) <= count:
        return samples
    step = (len(samples) - 1) / (count - 1)
    return [samples[round(number * step)] for number in range(count)]


def _percent(load: float) -> Text:
    return Text(f"{load:.0f} %", _style(load))


def _style(load: float) -> str:
    return "green" if load < _WARM else "yellow" if load < _HOT else "red"

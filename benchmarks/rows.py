"""The rows that every benchmark prints and writes."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

Better = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its peer's.

    Attributes:
        ratio: Ours divided by the peer's.
        spread: Half the distance between the quartiles of our rounds, as a share of the median.
    """

    name: str
    value: float
    unit: str
    peer: float
    ratio: float
    better: Better
    spread: float = 0.0


def row(name: str, ours: Sequence[float], peer: Sequence[float], unit: str, better: Better) -> Row:
    """Make a row of the rounds' medians; the ratio is the median of the rounds' own ratios, which share their noise."""
    value = statistics.median(ours)
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, peer, strict=True))
    return Row(name, value, unit, statistics.median(peer), ratio, better, _spread(ours, value))


def _spread(rounds: Sequence[float], median: float) -> float:
    if len(rounds) < 3 or median == 0:
        return 0.0
    lower, _, upper = statistics.quantiles(rounds, n=4)
    return (upper - lower) / 2 / median


def show(title: str, rows: Sequence[Row], file: Path | None) -> None:
    """Print the table, and write the rows where a file is named."""
    table = Table(title=title, title_justify="left")
    for heading, justify in (("", "left"), ("ours", "right"), ("±", "right"), ("peer", "right"), ("ratio", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    table.add_column("better")
    for entry in rows:
        good = entry.ratio <= 1.0 if entry.better == "lower" else entry.ratio >= 1.0
        table.add_row(
            entry.name,
            f"{entry.value:,.1f} {entry.unit}",
            f"{entry.spread:.0%}",
            f"{entry.peer:,.1f} {entry.unit}",
            f"[{'green' if good else 'red'}]{entry.ratio:.2f}[/]",
            entry.better,
        )
    Console().print(table)
    write(rows, file)


def write(rows: Sequence[Row], file: Path | None) -> None:
    """Write the rows as JSON, where a file is named."""
    if file is not None:
        file.write_text(json.dumps([asdict(entry) for entry in rows], indent=2) + "\n")

"""How many pipes a room of known size needs, and how few workers carry the largest rooms: ours beside what must be.

usage: python benchmarks/placement_plans.py [--json FILE]

The first tables have one row a room: everyone watches everyone, or each peer nine others; two producers a peer, 500
consumers a worker, pipe consumers counted at their sources. Then the same rooms joined one by one, with placement's own
engine, and the largest rooms.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent))
from rows import Row, write

from tureen.placement import simulator
from tureen.placement.engine import planning
from tureen.placement.engine.planning import Case, Limits, Plan

PEERS = (5, 10, 15, 20, 30, 40)
WORKERS = (1, 2, 4, 8, 16, 32, 64)
PRODUCERS = 2
CONSUMERS = 500
OTHERS = 9
SEED = 1


def known_size(console: Console) -> list[Row]:
    """Print the table of rooms of known size; return a row for each that fits."""
    rows: list[Row] = []
    rows += _pipes(console, "everyone watches everyone", [planning.everyone(peers, PRODUCERS) for peers in PEERS])
    nine = [planning.some(peers, OTHERS, PRODUCERS, Random(SEED)) for peers in PEERS]
    rows += _pipes(console, f"each peer watches {OTHERS} others, drawn at random", nine)
    return rows


def _pipes(console: Console, title: str, cases: list[Case]) -> Iterator[Row]:
    table = Table(title=f"Pipe consumers, planned: {title}; {PRODUCERS} producers a peer", title_justify="left")
    for heading in ("peers", "workers", "full mesh", "bound", "1 receiving transport", "ratio", "2", "16"):
        table.add_column(heading, justify="right")
    for case in cases:
        for workers in WORKERS:
            plans = [checked(case, Limits(CONSUMERS, receiving, workers)) for receiving in (1, 2, 16)]
            mesh = case.producers * (workers - 1)
            first = plans[0]
            limit = _bound(case, first)
            ratio = f"{first.pipe_consumers / limit:.2f}" if first is not None and limit else ""
            shown = [_pipes_of(made) for made in plans]
            table.add_row(f"{case.peers}", f"{workers}", f"{mesh:,}", f"{limit:,}", shown[0], ratio, *shown[1:])
            if first is not None:
                yield row(f"{title}: {case.peers} peers, {workers} workers", first.pipe_consumers, "pipes", limit)
    console.print(table)


def _bound(case: Case, made: Plan | None) -> int:
    """Return the yardstick: producers × (k - 1), or what the plan's own audience needs where not all watch all."""
    if case.consumers == case.producers * (case.peers - 1):
        return planning.pipe_bound(case, Limits(CONSUMERS))[1]
    return made.watched_bound if made is not None else 0


def _pipes_of(made: Plan | None) -> str:
    if made is None:
        return "does not fit"
    return f"{made.pipe_consumers:,} on {made.workers}"


def one_by_one(console: Console) -> list[Row]:
    """Print what the engine makes of the same rooms, decided at each join; return a row for each that fits."""
    rows = []
    for watch in ("all", OTHERS):
        who = "everyone watches everyone" if watch == "all" else f"each peer watches {OTHERS} others"
        table = Table(title=f"Joined one by one: {who}; {PRODUCERS} producers a peer", title_justify="left")
        for heading in (
            "peers",
            "workers",
            "size not known",
            "moved",
            "extra",
            "size known",
            "moved",
            "extra",
            "planned",
        ):
            table.add_column(heading, justify="right")
        for peers in PEERS:
            for workers in WORKERS:
                case = planning.everyone(peers, PRODUCERS)
                if watch != "all":
                    case = planning.some(peers, OTHERS, PRODUCERS, Random(SEED))
                made = checked(case, Limits(CONSUMERS, 1, workers))
                results = [joined(peers, workers, watch, known=known) for known in (False, True)]
                cells = [cell for result in results for cell in _joined_cells(result)]
                table.add_row(f"{peers}", f"{workers}", *cells, _pipes_of(made))
                last = results[1].samples[-1]
                if made is not None and not last.refusals:
                    name = f"one by one, {who}: {peers} peers, {workers} workers"
                    rows.append(row(name, last.pipe_consumers, "pipes", made.pipe_consumers))
        console.print(table)
    return rows


def joined(peers: int, workers: int, watch: object, *, known: bool) -> simulator.Result:
    """Let peers join one a second, on one host with so many workers; `known` tells the room how many will come."""
    policy: dict[str, object] = {"limit": "spill"}
    if known:
        policy |= {"max_peers": peers, "expected_producers_per_peer": PRODUCERS}
    workload = {
        "duration": peers + 5,
        "consumers_per_worker": CONSUMERS,
        "costs": {"ingest": 0.0, "copy": 90 / CONSUMERS, "transport": 0.0},
        "nodes": [{"workers": workers}],
        "rooms": [{"peers": peers, "producers": PRODUCERS, "watch": watch, "policy": policy}],
    }
    return simulator.simulate(simulator.Workload.model_validate(workload))


def _joined_cells(result: simulator.Result) -> tuple[str, str, str]:
    last = result.samples[-1]
    used = sum(load > 0 for load in last.loads.values())
    pipes = f"{last.pipe_consumers:,} on {used}" if not last.refusals else f"{last.refusals:,} refused"
    return pipes, f"{last.moves}", f"{last.extra_transports}"


def large_rooms(console: Console) -> list[Row]:
    """Print the reasoning and the plan of the largest rooms; return their rows."""
    cases = {
        "2,000 peers, all to all": planning.everyone(2000),
        "2,000 peers, each shows 49 others, random": planning.some(2000, 49, rng=Random(SEED)),
        "2,000 peers, each shows its 49 neighbours": planning.some(2000, 49),
        "100,000 viewers of one stream": planning.stream(100_000),
    }
    table = Table(title=f"The largest rooms: {CONSUMERS} consumers a worker", title_justify="left")
    headings = ("fewest workers", "planned", "ratio", "pipe consumers", "receiving transports", "hops", "time", "CPU")
    table.add_column("")
    for heading in headings:
        table.add_column(heading, justify="right")
    rows = []
    for name, case in cases.items():
        limits = Limits(CONSUMERS)
        least = planning.bound(case, limits)
        console.print(f"[bold]{name}[/]", *(f"  {step}" for step in least.reasoning), sep="\n", highlight=False)
        began, worked = time.perf_counter(), time.process_time()
        made = planning.plan(case, limits)
        took, work = time.perf_counter() - began, time.process_time() - worked
        assert made is not None
        assert not planning.faults(case, limits, made)
        hops = max(map(made.depth, range(case.producers)))
        rows += [row(name, made.workers, "workers", least.workers), row(f"{name}: processor time", work, "s", 10.0)]
        figures = (f"{made.workers / least.workers:.3f}", f"{made.pipe_consumers:,}", f"{made.receiving_transports}")
        table.add_row(
            name, f"{least.workers:,}", f"{made.workers:,}", *figures, f"{hops}", f"{took:.1f} s", f"{work:.1f} s"
        )
    console.print(table)
    return rows


def checked(case: Case, limits: Limits) -> Plan | None:
    """Plan, and check the plan with what was written for that alone."""
    made = planning.plan(case, limits)
    assert made is None or not planning.faults(case, limits, made)
    return made


def row(name: str, value: float, unit: str, peer: float) -> Row:
    """Return a figure beside what it is measured by; nothing beside nothing is as good as it gets."""
    return Row(name, value, unit, peer, value / peer if peer else 1.0 if not value else float(value), "lower")


def run(console: Console) -> list[Row]:
    """Print all tables and return their rows."""
    return [*known_size(console), *one_by_one(console), *large_rooms(console)]


def main() -> None:
    """Plan, print, and write the rows where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    rows = run(Console(width=140 if not sys.stdout.isatty() else None))
    write(rows, options.json)


if __name__ == "__main__":
    main()

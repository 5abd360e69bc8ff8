"""mediasoup for Python against Node.js's mediasoup: the same work, the same worker binary, the same run.

Both sides stay alive and take turns case by case, so that whatever else the machine does weighs on both alike.

usage: python benchmarks/control_plane.py [--rounds 15] [--count 1000] [--only consume] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, cast

sys.path.insert(0, str(Path(__file__).parent))
from npm import PEERS, install_peers
from rows import Row, row, show

from tureen.bundle import MEDIASOUP_VERSION, locate

HERE = Path(__file__).parent
WORKLOAD = PEERS / "workload.json"
WARM_UP = 4
CONSUMERS = 1000
# What takes little time is done more often in a round.
QUICK = 5


class Case(NamedTuple):
    """What is measured: what is done, and how often at a time."""

    name: str
    mode: str

    def __str__(self) -> str:
        return f"{self.name}, {self.mode}"


CASES = [
    *(
        Case(name, mode)
        for name in (
            "create + close WebRtcTransport",
            "produce + close",
            "consume + close",
            "transport.getStats",
            "worker.getResourceUsage",
        )
        for mode in ("in sequence", "in flight")
    ),
    Case("consumers on one transport", "in flight"),
]


class Took(NamedTuple):
    """What one of something took on the average, in seconds."""

    seconds: float
    cpu: float


class Side:
    """One of the two programs. It does what it is told, and says how long it took."""

    def __init__(self, command: list[str], folder: Path) -> None:
        environment = {**os.environ, "MEDIASOUP_WORKER_BIN": str(locate().worker)}
        self._process = subprocess.Popen(
            [*command, str(WORKLOAD)],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.about = self._read()

    def _read(self) -> dict[str, Any]:
        line = cast("IO[str]", self._process.stdout).readline()
        if not line:
            raise SystemExit(f"{self._process.args!r} has ended: exit code {self._process.wait()}")
        return cast("dict[str, Any]", json.loads(line))

    def run(self, case: Case, count: int) -> Took:
        """Do a case so often."""
        order = json.dumps({"case": case.name, "mode": case.mode, "count": count})
        cast("IO[str]", self._process.stdin).write(order + "\n")
        took = self._read()
        return Took(took["seconds"] / count, took["cpu"] / count)

    def __enter__(self) -> Side:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with self._process as process:
            if kind is not None:
                process.kill()


class Pair(NamedTuple):
    """What a case took on both sides, one right after the other."""

    ours: Took
    peer: Took


def measure(ours: Side, peer: Side, case: Case, count: int, rounds: int) -> Iterator[Pair]:
    """Run a case on both sides in turns; who is first changes every round."""
    if case.name == "consumers on one transport":
        count = CONSUMERS
    elif ".get" in case.name:
        count *= QUICK
    for _ in range(WARM_UP):
        ours.run(case, count)
        peer.run(case, count)
    for number in range(rounds):
        sides = (ours, peer) if number % 2 == 0 else (peer, ours)
        took = {side: side.run(case, count) for side in sides}
        yield Pair(took[ours], took[peer])


def clock_row(case: Case, pairs: list[Pair]) -> Row:
    """Make a row of wall-clock time: microseconds of one, or how many a second."""
    ours, peer = [pair.ours.seconds for pair in pairs], [pair.peer.seconds for pair in pairs]
    if case.mode == "in sequence":
        return row(str(case), [s * 1e6 for s in ours], [s * 1e6 for s in peer], "µs", "lower")
    return row(str(case), [1 / s for s in ours], [1 / s for s in peer], "/s", "higher")


def cpu_row(case: Case, pairs: list[Pair]) -> Row:
    """Make a row of processor time, the worker's not included."""
    ours, peer = [pair.ours.cpu * 1e6 for pair in pairs], [pair.peer.cpu * 1e6 for pair in pairs]
    return row(f"{case}: processor time", ours, peer, "µs", "lower")


def main() -> None:
    """Run both sides in turns and show the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="how often each side runs each case (default: 15)")
    parser.add_argument("--count", type=int, default=1000, help="how often it does it in one round (default: 1000)")
    parser.add_argument("--only", default="", help="run only the cases whose names contain this")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    folder = install_peers()
    results: dict[Case, list[Pair]] = {}
    with (
        Side([sys.executable, str(HERE / "control_plane_ours.py")], HERE) as ours,
        Side(["node", "control_plane.mjs"], folder) as peer,
    ):
        for case in CASES:
            if options.only in str(case):
                sys.stderr.write(f"{case}\n")
                results[case] = list(measure(ours, peer, case, options.count, options.rounds))
    versions = f"{ours.about['version']} against {peer.about['version']}"
    clock = [clock_row(case, pairs) for case, pairs in results.items()]
    cpu = [cpu_row(case, pairs) for case, pairs in results.items()]
    show(f"{versions}, mediasoup {MEDIASOUP_VERSION}, {options.rounds} rounds", [*clock, *cpu], options.json)


if __name__ == "__main__":
    main()

"""mediasoup for Python against Node.js's mediasoup: the same work, the same worker binary, the same run.

usage: python benchmarks/control_plane.py [--rounds 7] [--sequence 1000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from rows import Row, row, show

from tureen.bundle import locate

PEERS = Path(__file__).parent / "peers"
IN_FLIGHT = 64
CONSUMERS = 1000


def install_peer() -> Path:
    """Install Node.js's mediasoup into the cache folder, without its own worker; return the folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tureen" / "benchmarks" / "peers"
    cache.mkdir(parents=True, exist_ok=True)
    for file in PEERS.iterdir():
        shutil.copy(file, cache)
    if not (cache / "node_modules" / "mediasoup").is_dir():
        subprocess.run(
            ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=cache, check=True
        )
    return cache


def run(command: list[str], size: dict[str, int], folder: Path) -> dict[str, Any]:
    """Run one side once and return what it printed."""
    environment = {**os.environ, "MEDIASOUP_WORKER_BIN": str(locate().worker)}
    output = subprocess.run(
        [*command, str(folder / "workload.json"), json.dumps(size)],
        cwd=folder,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    printed: dict[str, Any] = json.loads(output)
    return printed


def rows(rounds: list[tuple[dict[str, Any], dict[str, Any]]], size: dict[str, int]) -> list[Row]:
    """Turn the rounds' seconds into microseconds of one, and into how many a second."""
    result = []
    for name in rounds[0][0]["seconds"]:
        count = size["consumers"] if name.startswith("consumers") else size["sequence"]
        ours = [mine["seconds"][name] / count for mine, _ in rounds]
        peer = [theirs["seconds"][name] / count for _, theirs in rounds]
        if name.endswith("in sequence"):
            result.append(row(name, [s * 1e6 for s in ours], [s * 1e6 for s in peer], "µs", "lower"))
        else:
            result.append(row(name, [1 / s for s in ours], [1 / s for s in peer], "/s", "higher"))
    return result


def main() -> None:
    """Run both sides in turns and show the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sequence", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    folder = install_peer()
    size = {"sequence": options.sequence, "inFlight": IN_FLIGHT, "consumers": CONSUMERS}
    rounds = []
    for number in range(options.rounds):
        sys.stderr.write(f"round {number + 1} of {options.rounds}\n")
        ours = run([sys.executable, str(folder / "control_plane_ours.py")], size, folder)
        rounds.append((ours, run(["node", "control_plane.mjs"], size, folder)))
    title = (
        f"Python {rounds[0][0]['version']} with uvloop against Node.js {rounds[0][1]['version']}, {IN_FLIGHT} in flight"
    )
    show(title, rows(rounds, size), options.json)


if __name__ == "__main__":
    main()

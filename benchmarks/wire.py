"""Our node agent against a Node.js sidecar, mediasoup behind NATS: the same worker binary, server and requester.

Both answer for one router; this program creates and closes WebRtcTransports, so many at a time. Both stay alive and
take turns, so that whatever else the machine does weighs on both alike. Ours validates, books and publishes events as
it always does; the sidecar does not.

usage: python benchmarks/wire.py [--rounds 15] [--count 2000] [--in-flight 1,16,64] [--python PYTHON] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import uvloop

sys.path.insert(0, str(Path(__file__).parent))
from npm import PEERS, install_peers
from rows import Row, row, show
from wire_requester import Requester, Took, pairs

from tureen.bundle import MEDIASOUP_VERSION, locate
from tureen.cli.local import nats_server

WARM_UP = 2
PORTS = {"min": 40000, "max": 49999}


class Side:
    """One of the two answering processes, with its router."""

    def __init__(self, stack: ExitStack, node: str, command: list[str], folder: Path, nats: str) -> None:
        reading, writing = os.pipe()
        environment = {
            **os.environ,
            # What this Python finds, another one of the same version finds as well.
            "PYTHONPATH": os.pathsep.join(path for path in sys.path[1:] if not path.startswith(sys.base_prefix)),
            "MEDIASOUP_WORKER_BIN": str(locate().worker),
            "TUREEN_READY_FD": str(writing),
            "TUREEN_NODE_AGENT_NATS__SERVERS": nats,
            # What is measured is how fast it answers, not when it says that its worker has enough to do.
            "TUREEN_NODE_AGENT_HARD_LIMIT": "100",
        }
        self.process = stack.enter_context(
            running(subprocess.Popen(command, cwd=folder, env=environment, pass_fds=[writing]))
        )
        os.close(writing)
        with os.fdopen(reading) as ready:
            line = ready.readline()
        if not line:
            raise SystemExit(f"{command} did not start")
        self.node = node
        self.worker_id: str = json.loads(line)["workers"][0]
        self.version: str = json.loads(line).get("version", "")
        self.options: dict[str, Any] = {}
        self._tasks = Path(f"/proc/{self.process.pid}/task")

    def cpu(self) -> float:
        """Return the processor time of this process's threads, its worker's not included, in seconds.

        The scheduler counts it in ns; what `times` tells is counted in ticks of 10 ms.
        """
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in self._tasks.iterdir()) / 1e9

    async def prepare(self, requester: Requester, workload: dict[str, Any]) -> None:
        """Make the router that all transports are made on."""
        made = await requester.ask(
            self.node, "worker.createRouter", {"workerId": self.worker_id, "mediaCodecs": workload["mediaCodecs"]}
        )
        self.options = {
            "routerId": made["id"],
            "listenInfos": [{**info, "portRange": PORTS} for info in workload["listenInfos"]],
            "grant": {
                "workerId": self.worker_id,
                "roomId": "room",
                "cost": 0.01,
                "reserve": 0.01,
                "expiresAt": int(time.time() * 1000) + 3_600_000,
            },
        }


class Round(NamedTuple):
    """What one round took on one side."""

    took: Took
    cpu: float

    @property
    def rate(self) -> float:
        """Pairs a second."""
        return len(self.took.creates) / self.took.seconds

    @property
    def cpu_each(self) -> float:
        """Processor time of one pair, in µs."""
        return self.cpu / len(self.took.creates) * 1e6

    def percentile(self, percent: int) -> float:
        """Return a percentile of one create, in µs."""
        return statistics.quantiles(self.took.creates, n=100)[percent - 1] * 1e6


@contextmanager
def running(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """End a process in order when the block ends."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start_nats(stack: ExitStack) -> int:
    """Start a server as a local cluster has it, but for users; return its port."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    (folder / "nats.conf").write_text(nats_server.configuration(folder, -1, ()))
    command = [nats_server.find(), "-c", str(folder / "nats.conf")]
    process = stack.enter_context(running(subprocess.Popen(command, stderr=subprocess.DEVNULL)))
    return uvloop.run(nats_server.wait_for_port(folder, process.pid))


class Case(NamedTuple):
    """How many are in flight, and whether they are sent as Tureen's own clients do: with an id and a trace."""

    in_flight: int
    as_clients: bool

    @property
    def name(self) -> str:
        """What its rows are called."""
        return f"create + close, {self.in_flight} in flight{', with id and trace' if self.as_clients else ''}"


async def one_round(requester: Requester, side: Side, count: int, case: Case) -> Round:
    before = side.cpu()
    took = await pairs(requester, side.node, side.options, count, case.in_flight, as_clients=case.as_clients)
    return Round(took, side.cpu() - before)


async def measure(port: int, sides: list[Side], options: argparse.Namespace) -> dict[Case, list[list[Round]]]:
    """Run every case on both sides in turns; who is first changes every round."""
    requester = await Requester.connect(port)
    workload = json.loads((PEERS / "workload.json").read_text())
    for side in sides:
        await side.prepare(requester, workload)
    results: dict[Case, list[list[Round]]] = {}
    cases = [Case(in_flight, as_clients=False) for in_flight in options.in_flight]
    for case in [*cases, Case(max(options.in_flight), as_clients=True)]:
        sys.stderr.write(f"{case.name}\n")
        rounds: list[list[Round]] = [[], []]
        for number in range(WARM_UP + options.rounds):
            for index in (0, 1) if number % 2 == 0 else (1, 0):
                done = await one_round(requester, sides[index], options.count, case)
                if number >= WARM_UP:
                    rounds[index].append(done)
        results[case] = rounds
    requester.close()
    return results


def rows_of(case: Case, ours: list[Round], peer: list[Round]) -> list[Row]:
    """Make the rows of one case."""
    name = case.name
    mine, theirs = [[each.rate for each in side] for side in (ours, peer)]
    rows = [row(f"{name}: pairs", mine, theirs, "/s", "higher")]
    for percent in (50, 99):
        mine, theirs = [[each.percentile(percent) for each in side] for side in (ours, peer)]
        rows.append(row(f"{name}: p{percent} of one create", mine, theirs, "µs", "lower"))
    mine, theirs = [[each.cpu_each for each in side] for side in (ours, peer)]
    return [*rows, row(f"{name}: processor time", mine, theirs, "µs", "lower")]


def main() -> None:
    """Run both sides in turns and show the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="how often each side runs each case (default: 15)")
    parser.add_argument("--count", type=int, default=2000, help="pairs in one round (default: 2000)")
    parser.add_argument(
        "--in-flight", type=lambda text: [int(each) for each in text.split(",")], default=[1, 16, 64], help="how many"
    )
    parser.add_argument("--python", default=sys.executable, help="what runs the agent (default: this one)")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    folder = install_peers()
    with ExitStack() as stack:
        port = start_nats(stack)
        nats = f"nats://127.0.0.1:{port}"
        agent = [options.python, "-m", "tureen.node_agent", "--node-id", "ours", "--workers", "1"]
        ours = Side(stack, "ours", agent, Path.cwd(), nats)
        peer = Side(stack, "peer", ["node", "sidecar.mjs", nats], folder, nats)
        results = uvloop.run(measure(port, [ours, peer], options))
    asked = [options.python, "-c", "import platform; print(platform.python_version())"]
    python = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    versions = f"Python {python}, uvloop {version('uvloop')} against {peer.version}"
    rows = [each for case, rounds in results.items() for each in rows_of(case, *rounds)]
    show(f"{versions}, mediasoup {MEDIASOUP_VERSION}, {options.rounds} rounds", rows, options.json)


if __name__ == "__main__":
    main()

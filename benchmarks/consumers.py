"""One node agent that holds very many consumers: how fast it stays, and what each of them takes of its memory.

A second agent that holds few is asked in turns with it: what is slow with both is the machine. Each agent's consumers
are spread over its two workers, a hundred on a transport, with the parameters of a browser's VP8 simulcast; each has
the id that its client chose. No media flows.

usage: python benchmarks/consumers.py [--consumers 10000] [--few 500] [--seconds 20] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgpack
import psutil
import uvloop

sys.path.insert(0, str(Path(__file__).parent))
from npm import PEERS
from rows import Row, show
from wire import Side, start_nats
from wire_requester import Requester

from tureen.bundle import MEDIASOUP_VERSION
from tureen.bus import Bus, BusSettings
from tureen.contract import subjects
from tureen.contract.ids import new_id
from tureen.contract.paging import FIRST

ON_ONE_TRANSPORT = 100
AT_ONCE = 50
PAUSE = 0.002
"""Seconds between two commands of those that are timed: the agents are not to be kept busy by them."""
GOAL_MS = 10.0
GOAL_BYTES = 6 * 1024


class Agent:
    """A node agent and what was made on it."""

    def __init__(self, stack: ExitStack, node: str, nats: str) -> None:
        command = [sys.executable, "-m", "tureen.node_agent", "--node-id", node, "--workers", "2"]
        self._side = Side(stack, node, command, Path.cwd(), nats)
        self.node = node
        self.consumers: list[str] = []
        self.routers: list[str] = []
        self._process = psutil.Process(self._side.process.pid)
        self._producers: dict[str, str] = {}
        self._capabilities: dict[str, Any] = {}
        self._requester: Requester

    def cpu(self) -> float:
        """Return the agent's processor time, its workers' not included, in seconds."""
        return self._side.cpu()

    def resident(self) -> int:
        """Return the agent's resident memory in bytes, its workers' not included."""
        return int(self._process.memory_info().rss)

    async def ask(self, name: str, **payload: Any) -> dict[str, Any]:
        """Send it a command."""
        return await self._requester.ask(self.node, name, payload, timeout=60.0)

    async def prepare(self, requester: Requester, workload: dict[str, Any], worker_ids: list[str]) -> None:
        """Make a router and a producer on each worker."""
        self._requester = requester
        for worker_id in worker_ids:
            router = await self.ask("worker.createRouter", workerId=worker_id, mediaCodecs=workload["mediaCodecs"])
            self._capabilities = router["rtpCapabilities"]
            self.routers.append(router["id"])
            transport = await self._transport(router["id"], worker_id)
            made = await self.ask(
                "transport.produce", transportId=transport, kind="video", rtpParameters=workload["rtpParameters"]
            )
            self._producers[router["id"]] = made["id"]
        self._workers = dict(zip(self.routers, worker_ids, strict=True))

    async def consume(self, count: int) -> None:
        """Make so many consumers, on both routers in turns."""
        for router_id, _ in zip(itertools.cycle(self.routers), range(count // ON_ONE_TRANSPORT), strict=False):
            transport = await self._transport(router_id, self._workers[router_id])
            for _ in range(ON_ONE_TRANSPORT // AT_ONCE):
                await asyncio.gather(*(self._consume_one(transport, router_id) for _ in range(AT_ONCE)))

    async def _transport(self, router_id: str, worker_id: str) -> str:
        grant = {"grantId": new_id(), "workerId": worker_id, "roomId": "room", "expiresAt": 2**50}
        made = await self.ask("router.createWebRtcTransport", id=new_id(), routerId=router_id, grant=grant)
        return str(made["id"])

    async def _consume_one(self, transport_id: str, router_id: str) -> None:
        made = await self.ask(
            "transport.consume",
            id=new_id(),
            transportId=transport_id,
            producerId=self._producers[router_id],
            rtpCapabilities=self._capabilities,
            paused=True,
        )
        self.consumers.append(made["id"])

    async def come_and_go(self) -> None:
        """Make a transport with a consumer on it, and close it."""
        router_id = self.routers[0]
        transport = await self._transport(router_id, self._workers[router_id])
        await self._consume_one(transport, router_id)
        self.consumers.pop()
        await self.ask("transport.close", transportId=transport)


class Listener:
    """Hears the agents' heartbeats and inventories."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._beats: dict[str, list[float]] = {}
        self._pages: dict[str, list[tuple[int, int]]] = {}
        self._complete = asyncio.Event()
        self._beat = asyncio.Event()
        self.workers: dict[str, list[str]] = {}

    async def start(self) -> None:
        """Begin to listen."""
        await self._bus.subscribe(subjects.HEARTBEATS, self._on_heartbeat)
        await self._bus.subscribe(subjects.INVENTORIES, self._on_inventory)

    def begin(self) -> None:
        """Count heartbeats from now on."""
        self._beats.clear()

    async def late(self, node: str) -> list[float]:
        """Return by how many ms each heartbeat came later than a second after the one before."""
        while len(self._beats.get(node, ())) < 3:
            self._beat.clear()
            await self._beat.wait()
        return [max(0.0, (after - before - 1.0) * 1000) for before, after in itertools.pairwise(self._beats[node])]

    async def inventory(self, node: str) -> tuple[float, list[int]]:
        """Ask for an inventory; return the seconds until its last page was there, and the pages' sizes in bytes."""
        self._pages[node] = []
        self._complete.clear()
        started = time.perf_counter()
        await self._bus.command("node", "inventory.get", {}, tenant="system", node_id=node, timeout=60.0)
        await asyncio.wait_for(self._complete.wait(), 60.0)
        return time.perf_counter() - started, [size for _, size in self._pages[node]]

    async def heard(self, *nodes: str) -> None:
        """Wait until every node was heard."""
        while not self.workers.keys() >= set(nodes):
            self._beat.clear()
            await self._beat.wait()

    def _on_heartbeat(self, _: str, body: dict[str, Any]) -> None:
        self._beats.setdefault(body["nodeId"], []).append(time.perf_counter())
        self._beat.set()
        self.workers[body["nodeId"]] = [worker["workerId"] for worker in body["workers"]]

    def _on_inventory(self, _: str, body: dict[str, Any]) -> None:
        pages = self._pages.setdefault(body["nodeId"], [])
        pages.append((body["page"], len(msgpack.packb(body))))
        if len(pages) == body["pages"]:
            self._complete.set()


class Latencies:
    """What commands took, in ms, by agent."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = {}

    async def time(self, agents: list[Agent], seconds: float) -> None:
        """Pause, resume and look at consumers, one command after the other, on both agents in turns."""
        ends = time.perf_counter() + seconds
        for number in itertools.count():
            if time.perf_counter() >= ends:
                return
            for agent in agents if number % 2 else reversed(agents):
                consumer = agent.consumers[number * 7919 % len(agent.consumers)]
                for name in ("consumer.resume", "consumer.pause", "consumer.getStats"):
                    started = time.perf_counter()
                    await agent.ask(name, consumerId=consumer)
                    self.took.setdefault(agent.node, []).append((time.perf_counter() - started) * 1000)
            await asyncio.sleep(PAUSE)

    def rows(self, name: str, many: Agent, few: Agent) -> list[Row]:
        """Return median and 99th percentile, beside those of the agent that holds few."""
        mine, theirs = self.took[many.node], self.took[few.node]
        return [
            _beside(f"{name}: p{percent}", _percentile(mine, percent), _percentile(theirs, percent))
            for percent in (50, 99)
        ]


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def _beside(name: str, value: float, peer: float, unit: str = "ms") -> Row:
    return Row(name, value, unit, peer, value / peer if peer else 1.0, "lower")


def _of_goal(name: str, value: float, goal: float, unit: str) -> Row:
    return Row(name, value, unit, goal, value / goal, "lower")


async def dump(agent: Agent) -> int:
    """Take a router's dump in pages, and return how many there were."""
    answer = await agent.ask("router.dump", routerId=agent.routers[0], page=FIRST)
    while "next" in answer:
        answer = await agent.ask("router.dump", routerId=agent.routers[0], page=answer["next"])
    return int(answer["pages"])


async def during(work: Callable[[], Awaitable[Any]], every: float, timing: Awaitable[None]) -> None:
    """Do some work over and over while something is timed."""

    async def again() -> None:
        while True:
            await work()
            await asyncio.sleep(every)

    task = asyncio.create_task(again())
    try:
        await timing
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def measure(port: int, many: Agent, few: Agent, options: argparse.Namespace) -> list[Row]:
    """Fill the agents and time what they do."""
    requester = await Requester.connect(port)
    bus = await Bus.connect(BusSettings(servers=[f"nats://127.0.0.1:{port}"], name="benchmark"))
    workload = json.loads((PEERS / "workload.json").read_text())
    listener = Listener(bus)
    await listener.start()
    agents = [many, few]
    await listener.heard(many.node, few.node)
    for agent in agents:
        await agent.prepare(requester, workload, listener.workers[agent.node])
        await agent.consume(2 * ON_ONE_TRANSPORT)  # Once to warm up.
    sys.stderr.write(f"making {options.consumers} consumers\n")
    before = many.resident()
    await many.consume(options.consumers)
    grown = (many.resident() - before) / options.consumers
    await few.consume(options.few)
    rows = [_of_goal("memory of a consumer", grown, GOAL_BYTES, "B")]
    all_late: dict[str, list[float]] = {agent.node: [] for agent in agents}

    async def phase(name: str, work: Callable[[], Awaitable[Any]] | None = None, every: float = 1.0) -> Latencies:
        sys.stderr.write(f"{name}\n")
        listener.begin()
        latencies = Latencies()
        timing = latencies.time(agents, options.seconds)
        await (during(work, every, timing) if work is not None else timing)
        rows.extend(latencies.rows(name, many, few))
        beats = [await listener.late(agent.node) for agent in agents]
        mine, theirs = (max(late) for late in beats)
        rows.append(_beside(f"{name}: heartbeats late by, at most", mine, theirs))
        for agent, late in zip(agents, beats, strict=True):
            all_late[agent.node] += late
        return latencies

    async def inventories() -> None:
        for agent in agents:
            await listener.inventory(agent.node)

    async def dumps() -> None:
        for agent in agents:
            await dump(agent)

    async def comings() -> None:
        await asyncio.gather(*(agent.come_and_go() for agent in agents for _ in range(8)))

    before_cpu = [agent.cpu() for agent in agents]
    latencies = await phase("commands")
    costs = [
        (agent.cpu() - before) / len(latencies.took[agent.node]) * 1e6
        for agent, before in zip(agents, before_cpu, strict=True)
    ]
    rows.append(_beside("commands and heartbeats: processor time of a command", costs[0], costs[1], "µs"))
    await phase("commands while others come and go", comings, every=0.05)
    await phase("commands while inventories are asked for", inventories)
    await phase("commands while dumps are asked for", dumps)
    mine, theirs = [_percentile(all_late[agent.node], 99) for agent in agents]
    rows.append(_beside("heartbeats all the while: late by, p99", mine, theirs))
    rows.extend(await _large(listener, many, few))
    worst = max(row.value for row in rows if row.name.endswith("p99"))
    rows.append(_of_goal("the worst p99 of these", worst, GOAL_MS, "ms"))
    await bus.close()
    requester.close()
    return rows


async def _large(listener: Listener, many: Agent, few: Agent) -> list[Row]:
    """Time an inventory and a router's dump."""
    rows: list[Row] = []
    inventories = [[await listener.inventory(agent.node) for _ in range(5)] for agent in (many, few)]
    mine, theirs = (statistics.median(seconds * 1000 for seconds, _ in each) for each in inventories)
    rows.append(_beside("an inventory", mine, theirs))
    mine, theirs = (max(max(sizes) for _, sizes in each) / 1024 for each in inventories)
    rows.append(_beside("the largest page of an inventory", mine, theirs, "KiB"))
    times: dict[str, float] = {}
    pages: dict[str, int] = {}
    for agent in (many, few):
        started = time.perf_counter()
        pages[agent.node] = await dump(agent)
        times[agent.node] = (time.perf_counter() - started) * 1000
    rows.append(_beside("a router's dump", times[many.node], times[few.node]))
    return [*rows, _beside("its pages", pages[many.node], pages[few.node], "")]


def main() -> None:
    """Run both agents and show the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--consumers", type=int, default=10_000, help="how many the one agent holds (default: 10000)")
    parser.add_argument("--few", type=int, default=500, help="how many the other holds (default: 500)")
    parser.add_argument("--seconds", type=float, default=20, help="how long each case is timed (default: 20)")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    with ExitStack() as stack:
        port = start_nats(stack)
        nats = f"nats://127.0.0.1:{port}"
        many, few = Agent(stack, "many", nats), Agent(stack, "few", nats)
        rows = uvloop.run(measure(port, many, few, options))
    versions = f"Python {platform.python_version()}, uvloop {version('uvloop')}, mediasoup {MEDIASOUP_VERSION}"
    show(f"{versions}: {options.consumers} consumers; the peer is an agent with {options.few}", rows, options.json)


if __name__ == "__main__":
    main()

"""Replicas as processes of their own: they share the work, and either may die at any moment."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.integration.placement.conftest import Ask, StartAgent, StartReplica, knows, until
from tests.support.nats_server import NatsServer

from tureen.bus import Bus
from tureen.contract import subjects
from tureen.contract.errors import Timeout, Unavailable
from tureen.contract.ids import new_id
from tureen.contract.rooms import RoomRouter

Process = asyncio.subprocess.Process
StartProcess = Callable[[str], Awaitable[Process]]

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def start_process(nats_server: NatsServer) -> AsyncIterator[StartProcess]:
    """Give a function that runs a replica as a process, and waits until it answers."""
    async with AsyncExitStack() as stack:

        async def start(name: str) -> Process:
            reading, writing = os.pipe()
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tureen.placement",
                "--replica-id",
                name,
                env={
                    **os.environ,
                    "TUREEN_READY_FD": str(writing),
                    "TUREEN_PLACEMENT_NATS__SERVERS": nats_server.url,
                    "TUREEN_PLACEMENT_LISTEN": "0.6",
                },
                pass_fds=[writing],
                stderr=asyncio.subprocess.DEVNULL,
            )
            stack.push_async_callback(process.wait)
            stack.callback(_kill, process)
            os.close(writing)
            with os.fdopen(reading) as ready:
                assert name in await asyncio.to_thread(ready.readline)
            return process

        yield start


def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()


async def _insist(ask: Ask, name: str, **payload: Any) -> dict[str, Any]:
    """Ask as clients do: again after a timeout, and where nobody answers for a moment."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await ask(name, timeout=2.0, **payload)
            except Timeout:
                continue
            except Unavailable:
                await asyncio.sleep(0.1)


async def test_one_dies_while_both_work(start_process: StartProcess, start_agent: StartAgent, ask: Ask) -> None:
    """With one of two killed in the middle of many joins every join gets a place, and no router is in no record.

    A machine that is busy enough to make a node miss heartbeats lets a room spread, so routers are not counted. What
    the one that died had listed and not made yet is made when somebody is placed there.
    """
    agents = [await start_agent("a", 2), await start_agent("b", 2)]
    first = await start_process("first")
    await start_process("second")
    rooms = [f"r{number}" for number in range(20)]

    async def join(room: str) -> dict[str, Any]:
        await _insist(ask, "room.create", roomId=room)
        return await _insist(ask, "room.place", roomId=room, direction="send")

    joining = [asyncio.create_task(join(room)) for room in rooms for _ in range(3)]
    await until(lambda: sum(task.done() for task in joining) >= 10, 60)
    first.send_signal(signal.SIGKILL)
    placed = await asyncio.gather(*joining)
    listed = {room: (await _insist(ask, "room.get", roomId=room))["routers"] for room in rooms}
    held = {router for agent in agents for router in agent.routers}
    assert held <= {router["routerId"] for routers in listed.values() for router in routers}
    assert {place["routerId"] for place in placed} <= held
    assert all(listed.values())


async def test_one_dies_while_a_router_is_made(start_process: StartProcess, start_agent: StartAgent, ask: Ask) -> None:
    """A replica that is killed between record and answer leaves a room that the other goes on with."""
    agent = await start_agent("a")
    first = await start_process("first")
    await _insist(ask, "room.create", roomId="r")
    agent.failing["worker.createRouter"] = hanging = asyncio.Event()
    asking = asyncio.ensure_future(ask("room.place", roomId="r", timeout=3.0))
    await until(lambda: agent.count("worker.createRouter") == 1, 20)
    first.send_signal(signal.SIGKILL)
    await first.wait()
    await start_process("second")
    with pytest.raises(Timeout):
        await asking
    (listed,) = (await _insist(ask, "room.get", roomId="r"))["routers"]
    agent.failing.clear()
    hanging.set()
    placed = await _insist(ask, "room.place", roomId="r")
    assert placed["routerId"] == listed["routerId"]
    assert list(agent.routers) == [listed["routerId"]]


async def test_a_router_that_was_listed_and_never_asked_for(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask
) -> None:
    """Where a replica died right after it wrote the record, the next one to be asked has the router made."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    known = await placement.state.store.get("default", "r")
    router = RoomRouter(router_id=new_id(), node_id="a", worker_id="a-w1")
    await placement.state.routers.enlist(known, router)
    await placement.close()
    other = await start_replica()
    await knows(other, agent)
    assert agent.routers == {}
    placed = await ask("room.place", roomId="r")
    assert placed["routerId"] == router.router_id
    assert list(agent.routers) == [router.router_id]


async def test_both_answer(start_process: StartProcess, start_agent: StartAgent, ask: Ask, bus: Bus) -> None:
    """Requests are shared out: of many decisions each replica makes some."""
    await start_agent("a", 2)
    for name in ("first", "second"):
        await start_process(name)
    decided: set[str] = set()
    await bus.subscribe(subjects.system_event("decided"), lambda _, event: decided.add(event["replicaId"]))
    await _insist(ask, "room.create", roomId="r")
    for _ in range(30):
        await _insist(ask, "room.place", roomId="r", direction="send")
    await until(lambda: decided == {"first", "second"})

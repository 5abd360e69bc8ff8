from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.integration.bus.conftest import Serve
from tests.integration.conftest import Connect
from tests.support.echo import COMMANDS, EchoSay
from tests.support.nats_server import nats_cluster

from tureen.bus import Bus, BusSettings, Call, Service
from tureen.contract import subjects
from tureen.contract.errors import Timeout, TureenError

pytestmark = pytest.mark.each_loop

SUBJECT = "tureen.v1.*.echo.>"
COMMAND = subjects.service_command("system", "echo", "echo", "say")
ASKERS = 16
ROUNDS = 15


async def answer(call: Call, command: EchoSay) -> dict[str, int]:
    """Answer a little later."""
    await asyncio.sleep(0.001)
    return {"number": command.number}


async def start(bus: Bus) -> Service:
    """Start one replica."""
    service = Service(
        bus,
        name="echo",
        version="0.1.0",
        commands=COMMANDS,
        handlers={"echo.say": answer},
        subject=SUBJECT,
        queue="echo",
    )
    await service.start()
    return service


@asynccontextmanager
async def load(buses: list[Bus]) -> AsyncIterator[Counter[str]]:
    """Keep asking until the block ends; yield how the requests ended."""
    ended: Counter[str] = Counter()
    stop = asyncio.Event()

    async def asking(bus: Bus) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                assert (await bus.request(COMMAND, {"number": number}, timeout=5))["number"] == number
                ended["answered"] += 1
            except TureenError as error:
                ended[error.type] += 1
                await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for bus in buses:
            for _ in range(ASKERS // len(buses)):
                group.create_task(asking(bus))
        try:
            yield ended
        finally:
            stop.set()


async def test_drain_loses_nothing(connect: Connect) -> None:
    """While replicas come and go under load, every request is answered."""
    staying = await start(await connect())
    going = await connect()
    async with load([await connect(), await connect()]) as ended:
        for _ in range(ROUNDS):
            service = await start(going)
            before = ended["answered"]
            while ended["answered"] < before + 100:
                await asyncio.sleep(0.001)
            await service.drain()
    await staying.drain()
    assert ended.keys() == {"answered"}


async def test_the_last_replica_drains_as_well(connect: Connect) -> None:
    """With nobody else there a request is answered or Unavailable, never lost."""
    bus = await connect()
    async with load([await connect()]) as ended:
        for _ in range(ROUNDS):
            service = await start(bus)
            before = ended["answered"]
            while ended["answered"] < before + 50:
                await asyncio.sleep(0.001)
            await service.drain()
    assert ended.keys() <= {"answered", "Unavailable"}


async def test_drain_on_a_cluster(tmp_path: Path) -> None:
    """On two servers, asked from both, a replica that leaves loses nothing."""
    with nats_cluster(tmp_path, 2) as servers:
        buses = [await Bus.connect(BusSettings(servers=[server.url])) for server in servers for _ in range(2)]
        staying_bus, asker, going_bus, other_asker = buses
        staying = await start(staying_bus)
        async with load([asker, other_asker]) as ended:
            for _ in range(ROUNDS):
                service = await start(going_bus)
                before = ended["answered"]
                while ended["answered"] < before + 100:
                    await asyncio.sleep(0.001)
                await service.drain()
        await staying.drain()
        for bus in buses:
            await bus.close()
    assert ended["Timeout"] == 0
    assert ended["answered"] > 0
    assert ended.keys() <= {"answered", "Unavailable"}


async def test_what_takes_too_long_is_answered(bus: Bus, serve: Serve, connect: Connect) -> None:
    """A handler that does not come to an end is cancelled, and its caller told so."""
    started = asyncio.Event()

    async def forever(call: Call, command: EchoSay) -> None:
        started.set()
        await asyncio.Event().wait()

    service = await serve(bus, {"echo.say": forever})
    asked = asyncio.create_task(
        (await connect()).command("node", "echo.say", {}, tenant="system", node_id="n1", timeout=30)
    )
    await started.wait()
    await service.drain(timeout=0.05)
    with pytest.raises(Timeout, match="the service ended before this was done"):
        await asked
    await service.drain()

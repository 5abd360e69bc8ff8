"""`tureen listen`, run as people and scripts run it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys

import pytest
from tests.integration.node_agent.conftest import Run
from tests.support.nats_server import NatsServer
from tests.support.terminal import terminal, tureen

from tureen.bus import Bus

pytestmark = pytest.mark.timeout(180)

SCORE = "tureen.v1.default.event.a-room-with-a-long-name.0123456789abcdef.producer.fedcba9876543210.score"


async def until_heard(bus: Bus, subject: str, seconds: float = 30.0) -> None:
    """Publish an event again and again until somebody listens: who starts a process learns not when it is ready."""
    async with asyncio.timeout(seconds):
        while True:
            bus.publish(subject, {"startId": "s", "seq": 1, "data": [{"score": 10, "ssrc": 1}]})
            await asyncio.sleep(0.05)


async def test_a_script_gets_lines_of_json(run_node: Run, nats_server: NatsServer) -> None:
    """Each event is a line with the parts of its subject by name and all that it says; `--count` ends it."""
    node = await run_node()
    listening = asyncio.create_task(tureen("listen", "--count", "1", "transport.close", url=nats_server.url))
    number = 0
    while not listening.done():
        number += 1
        router, transport = f"r{number}", f"t{number}"
        await node.router(id=router)
        await node.ask("router.createDirectTransport", routerId=router, id=transport)
        await node.ask("transport.close", transportId=transport)
        await node.ask("router.close", routerId=router)
        await asyncio.sleep(0.05)
    ran = await listening
    (line,) = ran.out.splitlines()
    event = json.loads(line)
    assert (ran.status, ran.err) == (0, "")
    assert (event["tenant"], event["roomId"], event["object"], event["event"]) == ("default", "-", "transport", "close")
    assert event["objectId"].removeprefix("t") == event["routerId"].removeprefix("r")
    assert event["seq"] >= 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", event["time"])


async def test_a_person_gets_columns_until_ctrl_c(bus: Bus, nats_server: NatsServer) -> None:
    """Time, room, router, object, event and data stand below each other; Ctrl-C ends with status 0 and no noise."""
    async with terminal("listen", "score", url=nats_server.url) as session:
        await session.shows("DATA")
        publishing = asyncio.create_task(until_heard(bus, SCORE))
        try:
            await session.shows("ssrc")
        finally:
            publishing.cancel()
        session.type(b"\x03")
        ran = await session.ended()
    assert ran.status == 0
    assert "Traceback" not in ran.plain
    header, line = ran.plain.splitlines()[1:3]
    assert re.match(r"\d\d:\d\d:\d\d\.\d{3}  ", line)
    for title, cell in {
        "ROOM": "a-room-with…",
        "ROUTER": "01234567",
        "OBJECT": "producer fedcba98",
        "EVENT": "score",
    }.items():
        at = header.index(title)
        assert line[at : at + len(cell)] == cell
    assert line[header.index("DATA") :] == '[{"score": 10, "ssrc": 1}]'


async def test_a_reader_that_has_enough(bus: Bus, nats_server: NatsServer) -> None:
    """When the other end of the pipe is closed it ends in silence."""
    read, write = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from tureen.cli.main import main; main()", "listen", "--url", nats_server.url),
        stdout=write,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(write)
    publishing = asyncio.create_task(until_heard(bus, SCORE))
    try:
        line = await asyncio.to_thread(os.read, read, 65536)
        os.close(read)
        async with asyncio.timeout(30):
            _, err = await process.communicate()
    finally:
        publishing.cancel()
    assert json.loads(line.splitlines()[0])["subject"] == SCORE
    assert (process.returncode, err) == (0, b"")


async def test_what_the_cluster_tells(run_node: Run, nats_server: NatsServer) -> None:
    """Heartbeats are heard by their short name."""
    await run_node("node-1")
    ran = await tureen("listen", "heartbeat", "--count", "2", url=nats_server.url)
    first, second = map(json.loads, ran.out.splitlines())
    assert first["subject"] == "tureen.v1.system.heartbeat.node-1"
    assert second["data"]["seq"] == first["data"]["seq"] + 1


async def test_a_lost_connection(nats_server: NatsServer) -> None:
    """While there is no connection it waits, and says afterwards that something may have been missed."""
    async with terminal("listen", url=nats_server.url) as session:
        await session.shows("DATA")
        nats_server.stop()
        await session.shows("connection to NATS is lost")
        nats_server.start()
        await session.shows("connected again")
        session.type(b"\x03")
        assert (await session.ended()).status == 0

"""Placement as a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys

import pytest
from tests.integration.placement.conftest import Ask
from tests.support.nats_server import NatsServer


async def _start(*arguments: str, **environment: str) -> tuple[asyncio.subprocess.Process, int]:
    """Start placement; return it and the descriptor on which it says that it is ready."""
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tureen.placement",
        *arguments,
        env={**os.environ, "TUREEN_READY_FD": str(writing), **environment},
        pass_fds=[writing],
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writing)
    return process, reading


async def _ready(reading: int) -> str:
    """Wait for the line that says that it is ready, or for its end."""
    with os.fdopen(reading) as stream:
        return await asyncio.to_thread(stream.readline)


async def test_runs_until_it_is_told_to_stop(nats_server: NatsServer, ask: Ask) -> None:
    """It says when it is ready, answers, and ends in order on SIGTERM."""
    process, reading = await _start(
        "--replica-id", "first", TUREEN_PLACEMENT_NATS__SERVERS=nats_server.url, TUREEN_PLACEMENT_LISTEN="0.1"
    )
    assert json.loads(await _ready(reading)) == {"replicaId": "first"}
    assert (await ask("room.create", roomId="r"))["roomId"] == "r"
    process.send_signal(signal.SIGTERM)
    _, log = await process.communicate()
    assert process.returncode == 0
    assert b"placement is ready" in log
    assert b"Traceback" not in log


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"TUREEN_PLACEMENT_LISTENN": "1"}, b"did you mean listen?"),
        ({"TUREEN_PLACEMENT_TICK": "0"}, b"tick"),
        (
            {"TUREEN_PLACEMENT_MEDIA_CODECS": '[{"kind": "video", "mimeType": "video/H266", "clockRate": 90000}]'},
            b"H266",
        ),
    ],
)
async def test_wrong_settings(nats_server: NatsServer, environment: dict[str, str], sentence: bytes) -> None:
    """A setting that is unknown, out of range or that mediasoup does not support ends it with one sentence."""
    process, reading = await _start(**{"TUREEN_PLACEMENT_NATS__SERVERS": nats_server.url, **environment})
    assert await _ready(reading) == ""
    _, log = await process.communicate()
    assert process.returncode == 1
    assert sentence in log
    assert b"Traceback" not in log


async def test_stops_while_it_waits_for_a_store(nats_server: NatsServer) -> None:
    """Without JetStream it waits and says why; it can be stopped all the same."""
    nats_server.stop()
    bare = NatsServer(nats_server.folder.with_name("bare"), jetstream=False)
    bare.start()
    try:
        process, reading = await _start(TUREEN_PLACEMENT_NATS__SERVERS=bare.url)
        assert process.stderr is not None
        async with asyncio.timeout(20):
            line = await process.stderr.readline()
        assert b"is it enabled" in line
        process.send_signal(signal.SIGTERM)
        assert await _ready(reading) == ""
        await process.communicate()
        assert process.returncode == 0
    finally:
        bare.stop()

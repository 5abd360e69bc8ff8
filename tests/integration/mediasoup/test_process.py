"""Starting worker processes, and what is said when they do not start."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from tureen.bundle import WorkerBundle
from tureen.mediasoup.codec import Codec
from tureen.mediasoup.errors import ChannelError, MediasoupError, NotFoundError
from tureen.mediasoup.process import WorkerProcess, describe_exit, spawn_worker, worker_arguments
from tureen.mediasoup.spawner import popen

pytestmark = pytest.mark.each_loop


@pytest.fixture(scope="module")
def codec(worker_bundle: WorkerBundle) -> Codec:
    """Give the codec of the worker's own schema."""
    return Codec.load(worker_bundle.schemas)


Start = Callable[..., Awaitable[WorkerProcess]]


@pytest.fixture
async def start(worker_bundle: WorkerBundle, codec: Codec) -> AsyncIterator[Start]:
    """Give what starts real workers; those that still run after the test are killed."""
    processes: list[WorkerProcess] = []

    async def start(*arguments: str) -> WorkerProcess:
        process = await spawn_worker(worker_bundle.worker, codec, version=worker_bundle.version, arguments=arguments)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        await process.wait()


def script(folder: Path, text: str) -> Path:
    """Return a program that stands in for the worker's binary."""
    path = folder / "mediasoup-worker"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


async def test_a_worker_starts_and_answers(start: Start) -> None:
    """A worker runs in its own process group, answers requests, and ends with code 0 when it is closed."""
    process = await start()
    assert process.returncode is None
    # Ctrl-C in our terminal is not for the worker.
    assert os.getpgid(process.pid) == process.pid
    dump = await process.channel.request("WORKER_DUMP")
    assert dump["pid"] == process.pid
    assert dump["routerIds"] == []
    with pytest.raises(NotFoundError, match="nobody"):
        await process.channel.request("ROUTER_DUMP", "nobody")
    process.close()
    process.close()
    assert process.channel.closed
    assert await process.wait() == 0
    assert process.returncode == 0


async def test_responses_come_in_order(start: Start) -> None:
    """Many requests at once, some of them refused, are answered each with its own response."""
    process = await start()
    channel = process.channel
    creations = [channel.request("WORKER_CREATE_ROUTER", body={"routerId": f"r{number}"}) for number in range(200)]
    again = channel.request("WORKER_CREATE_ROUTER", body={"routerId": "r0"})
    dumps = [channel.request("ROUTER_DUMP", f"r{number}") for number in range(200)]
    assert await asyncio.gather(*creations) == [{}] * 200
    with pytest.raises(MediasoupError, match="same routerId"):
        await again
    assert [dump["id"] for dump in await asyncio.gather(*dumps)] == [f"r{number}" for number in range(200)]
    assert len((await channel.request("WORKER_DUMP"))["routerIds"]) == 200
    process.close()
    await process.wait()


async def test_settings_reach_the_worker(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """The worker's log lines of the chosen level and tags go to the log."""
    caplog.set_level(logging.DEBUG, "tureen.mediasoup.worker")
    arguments = worker_arguments(log_level="debug", log_tags=["info"], rtc_min_port=40000, rtc_max_port=40099)
    process = await start(*arguments)
    process.close()
    await process.wait()
    assert f"[pid:{process.pid}]" in caplog.text
    assert "rtcMinPort: 40000" in caplog.text


@pytest.mark.parametrize(
    "arguments",
    [
        worker_arguments(log_level="chicken"),
        worker_arguments(rtc_min_port=1000, rtc_max_port=999),
        worker_arguments(dtls_certificate_file="/notfound/cert.pem"),
    ],
)
async def test_wrong_settings(worker_bundle: WorkerBundle, codec: Codec, arguments: Sequence[str]) -> None:
    """Settings that the worker refuses are a TypeError with its own words."""
    with pytest.raises(TypeError, match=r"wrong settings: .*settings error"):
        await spawn_worker(worker_bundle.worker, codec, version=worker_bundle.version, arguments=arguments)


async def test_a_missing_binary(codec: Codec, tmp_path: Path) -> None:
    """A binary that is not there, or that is not one, is named."""
    with pytest.raises(MediasoupError, match="does not exist: /nowhere/mediasoup-worker"):
        await spawn_worker(Path("/nowhere/mediasoup-worker"), codec, version="3")
    with pytest.raises(MediasoupError, match=f"is not executable: {tmp_path}"):
        await spawn_worker(tmp_path, codec, version="3")
    path = tmp_path / "mediasoup-worker"
    path.write_bytes(b"\x7fELF, but not really")
    with pytest.raises(MediasoupError, match="is not executable"):
        await spawn_worker(path, codec, version="3")
    path.chmod(0o755)
    with pytest.raises(MediasoupError, match=rf"exit code 127\]: cannot run {path}: .*Exec format error"):
        await spawn_worker(path, codec, version="3")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exit 3", r"exit code 3\]: it said nothing"),
        ("echo one >&2; printf two >&2; exit 41", r"exit code 41\]: one; two"),
        ("kill -SEGV $$", r"signal SIGSEGV\]"),
        # The channel's end comes first, the process's own a little later.
        ("exec 3<&- 4<&-; sleep 0.1; echo bye >&2; exit 1", r"exit code 1\]: bye"),
    ],
)
async def test_a_worker_that_ends_at_once(codec: Codec, tmp_path: Path, text: str, message: str) -> None:
    """A process that ends before it is ready is an error which says how, and what it has written last."""
    with pytest.raises(MediasoupError, match=message):
        await spawn_worker(script(tmp_path, text), codec, version="3")


async def test_a_worker_that_talks_nonsense(codec: Codec, tmp_path: Path) -> None:
    """A process that does not speak the protocol is killed, and the error says so."""
    with pytest.raises(ChannelError, match="the worker sent a message of"):
        await spawn_worker(script(tmp_path, "echo HTTP/1.1 >&4; exec sleep 60"), codec, version="3")


async def test_a_worker_that_never_gets_ready(codec: Codec, tmp_path: Path) -> None:
    """A process that does not get ready in time is killed."""
    with pytest.raises(MediasoupError, match=r"has not started within 0\.2 s"):
        await spawn_worker(script(tmp_path, "exec sleep 60"), codec, version="3", start_timeout=0.2)


async def test_what_it_writes_is_logged(codec: Codec, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Lines on standard output and error go to the log, the last one even without its end."""
    caplog.set_level(logging.DEBUG, "tureen.mediasoup.worker")
    text = 'echo "$MEDIASOUP_VERSION $1 $2"; printf "caf\\351" >&2; head -c 100000 /dev/zero | tr "\\0" x; exit 1'
    with pytest.raises(MediasoupError):
        await spawn_worker(script(tmp_path, text), codec, version="3.4", arguments=["--a=b", "c d"])
    lines = [(record.levelname, record.getMessage().partition("] ")[2]) for record in caplog.records]
    assert ("DEBUG", "(stdout) 3.4 --a=b c d") in lines
    assert ("ERROR", "(stderr) caf\ufffd") in lines
    assert sum(line.count("x") for _, line in lines) >= 100_000


@pytest.mark.parametrize("delay", [0, 0.005, 0.02, 0.05])
async def test_cancelling_a_start(worker_bundle: WorkerBundle, codec: Codec, delay: float) -> None:
    """A start that is cancelled, whenever that is, leaves no process behind."""
    task = asyncio.create_task(spawn_worker(worker_bundle.worker, codec, version=worker_bundle.version))
    await asyncio.sleep(delay)
    if task.cancel():
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        process = await task
        process.kill()
        await process.wait()


async def test_many_at_once(start: Start) -> None:
    """Workers that are started at the same time share no descriptor of their channels."""
    processes = await asyncio.gather(*(start() for _ in range(8)))
    sockets = [inherited_sockets(process.pid) for process in processes]
    assert all(len(links) == 2 for links in sockets)
    assert len(set().union(*sockets)) == 16
    # Nor does any other child of ours get one.
    other = await asyncio.create_subprocess_exec("sleep", "60", close_fds=False)
    assert not inherited_sockets(other.pid)
    other.kill()
    await other.wait()
    for process in processes:
        process.close()
    assert await asyncio.gather(*(process.wait() for process in processes)) == [0] * 8


def inherited_sockets(pid: int) -> set[str]:
    """Return the sockets that a process has open."""
    links = set()
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        # One that is closed meanwhile is no socket that stays.
        with contextlib.suppress(FileNotFoundError):
            links.add(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
    return {link for link in links if link.startswith("socket:")}


async def test_a_child_outlives_the_loop_that_started_it() -> None:
    """A process that an event loop in another thread has started lives on when that thread ends."""
    reads, writes = socket.socketpair()
    started: list[subprocess.Popen[bytes]] = []

    async def start() -> None:
        started.append(await popen(["/bin/sh", "-c", "echo here; exec sleep 60"], {}, reads, writes))

    with reads, writes:
        await asyncio.to_thread(asyncio.run, start())
        thread = threading.Thread(target=lambda: asyncio.run(start()))
        thread.start()
        await asyncio.to_thread(thread.join)
    for child in started:
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"
        assert child.poll() is None
        child.kill()
        child.communicate()


def test_exits_in_words() -> None:
    """Exit codes and signals are described."""
    assert [describe_exit(code) for code in (0, 42, -9, -99)] == [
        "exit code 0",
        "exit code 42",
        "signal SIGKILL",
        "signal 99",
    ]


def test_arguments() -> None:
    """Settings become the worker's command line; what is not set is left out."""
    assert worker_arguments() == []
    assert worker_arguments(
        log_level="warn",
        log_tags=["ice", "dtls"],
        rtc_min_port=0,
        rtc_max_port=9,
        dtls_certificate_file="/c",
        dtls_private_key_file="/k",
        libwebrtc_field_trials="A/B/",
    ) == [
        "--logLevel=warn",
        "--logTag=ice",
        "--logTag=dtls",
        "--rtcMinPort=0",
        "--rtcMaxPort=9",
        "--dtlsCertificateFile=/c",
        "--dtlsPrivateKeyFile=/k",
        "--libwebrtcFieldTrials=A/B/",
    ]

"""No worker outlives what it was started for, however either of them ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tureen.bundle import WorkerBundle
from tureen.mediasoup.codec import Codec
from tureen.mediasoup.errors import ChannelError, WorkerClosedError
from tureen.mediasoup.process import WorkerProcess, spawn_worker

# How long the kernel may take to end a process, on a machine that is busy.
SOON = 5.0

# A program that starts a worker, says its process id, and then does as it is told.
PARENT = """
import asyncio, os, sys
from pathlib import Path
from tureen.mediasoup.codec import Codec
from tureen.mediasoup.process import spawn_worker

async def main():
    worker = await spawn_worker(Path(sys.argv[1]), Codec.load(Path(sys.argv[2])), version=sys.argv[3])
    print(worker.pid, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    {ending}

asyncio.run(main())
"""
ENDINGS = {
    "returns": "return",
    "raises": "raise ValueError('oops')",
    "exits": "sys.exit(3)",
    "exits at once": "os._exit(3)",
    "aborts": "os.abort()",
    "becomes another program": "os.execv('/bin/sleep', ['sleep', '60'])",
}


@pytest.fixture
async def process(worker_bundle: WorkerBundle) -> AsyncIterator[WorkerProcess]:
    """Give a worker, which is killed after the test if it still runs."""
    codec = Codec.load(worker_bundle.schemas)
    process = await spawn_worker(worker_bundle.worker, codec, version=worker_bundle.version)
    yield process
    process.kill()
    await process.wait()


def gone(pid: int) -> bool:
    """Tell whether a process has ended; who should have waited for it may not have done so yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until_gone(pid: int) -> None:
    """Wait until a process that is not our child has ended."""
    deadline = time.monotonic() + SOON
    while not gone(pid):
        assert time.monotonic() < deadline, f"process {pid} lives on"
        time.sleep(0.005)


@pytest.fixture
def start_parent(worker_bundle: WorkerBundle) -> Iterator[Callable[[str], tuple[subprocess.Popen[str], int]]]:
    """Give what starts a process that starts a worker, and returns both."""
    parents: list[subprocess.Popen[str]] = []

    def start(ending: str) -> tuple[subprocess.Popen[str], int]:
        arguments = [str(worker_bundle.worker), str(worker_bundle.schemas), worker_bundle.version]
        command = [sys.executable, "-c", PARENT.replace("{ending}", ending), *arguments]
        pipe = subprocess.PIPE
        parent = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        parents.append(parent)
        assert parent.stdout is not None
        return parent, int(parent.stdout.readline())

    yield start
    for parent in parents:
        parent.kill()
        parent.communicate()


Parent = Callable[[str], tuple[subprocess.Popen[str], int]]


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV], ids=lambda number: number.name)
def test_the_parent_is_killed(start_parent: Parent, number: signal.Signals, stopped: bool) -> None:
    """When the parent is killed the worker ends, even one that is stopped and reads nothing."""
    parent, pid = start_parent("return")
    if stopped:
        os.kill(pid, signal.SIGSTOP)
    parent.send_signal(number)
    assert parent.wait(SOON) == -number
    wait_until_gone(pid)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_parent_ends(start_parent: Parent, ending: str) -> None:
    """However the parent ends without closing its worker, the worker ends too, though it is stopped."""
    parent, pid = start_parent(ENDINGS[ending])
    os.kill(pid, signal.SIGSTOP)
    assert parent.stdin is not None
    parent.stdin.write("\n")
    parent.stdin.flush()
    wait_until_gone(pid)


def test_the_parent_dies_before_the_launcher_looks(worker_bundle: WorkerBundle) -> None:
    """A launcher whose parent is not the one it was told does not become a worker."""
    import tureen.mediasoup.launcher

    launcher = str(Path(tureen.mediasoup.launcher.__file__))
    command = [sys.executable, "-I", "-S", launcher, "1", "0", "1", str(worker_bundle.worker)]
    finished = subprocess.run(command, capture_output=True, check=False, text=True, timeout=30)
    assert finished.returncode == 127
    assert "the parent is gone" in finished.stderr


@pytest.mark.each_loop
async def test_a_worker_that_dies(process: WorkerProcess) -> None:
    """Pending requests of a worker that dies fail at once, and its end is noticed at once."""
    os.kill(process.pid, signal.SIGSTOP)
    futures = [process.channel.request("WORKER_DUMP") for _ in range(3)]
    loop = asyncio.get_running_loop()
    start = loop.time()
    os.kill(process.pid, signal.SIGKILL)
    for future in futures:
        with pytest.raises(WorkerClosedError):
            await future
    assert await process.wait() == -signal.SIGKILL
    assert loop.time() - start < 1
    assert process.channel.closed
    assert process.returncode == -signal.SIGKILL
    process.close()
    process.kill()


@pytest.mark.each_loop
async def test_a_worker_that_ends_by_itself(process: WorkerProcess) -> None:
    """SIGTERM lets a worker end in order, which is noticed as well."""
    os.kill(process.pid, signal.SIGTERM)
    assert await process.wait() == 0
    with pytest.raises(WorkerClosedError):
        process.channel.request("WORKER_DUMP")


@pytest.mark.each_loop
async def test_closing_a_worker_that_is_stopped(process: WorkerProcess) -> None:
    """A worker that does not end when asked is killed after the grace period, and not before."""
    os.kill(process.pid, signal.SIGSTOP)
    loop = asyncio.get_running_loop()
    start = loop.time()
    process.close(grace=0.2)
    assert await process.wait() == -signal.SIGKILL
    assert 0.2 <= loop.time() - start < 2


@pytest.mark.each_loop
async def test_closing_a_worker_with_a_full_channel(process: WorkerProcess) -> None:
    """A stopped worker for which much waits to be sent is closed all the same."""
    os.kill(process.pid, signal.SIGSTOP)
    for _ in range(20):
        process.channel.notify("PRODUCER_SEND", "p", {"data": bytes(1_000_000)})
    process.close(grace=0.1)
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.each_loop
async def test_killing_a_worker(process: WorkerProcess) -> None:
    """kill() ends a worker at once, also one that has been asked to close."""
    future = process.channel.request("WORKER_DUMP")
    os.kill(process.pid, signal.SIGSTOP)
    process.close(grace=60)
    process.kill()
    with pytest.raises(WorkerClosedError):
        await future
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.each_loop
async def test_a_channel_that_fails_ends_the_worker(process: WorkerProcess) -> None:
    """A worker that has sent nonsense is killed: nobody can talk with it any more."""
    future = process.channel.request("WORKER_DUMP")
    process.channel.fail(ChannelError("nonsense"))
    with pytest.raises(ChannelError, match="nonsense"):
        await future
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.each_loop
async def test_waiting_can_be_cancelled(process: WorkerProcess) -> None:
    """Cancelling one who waits for the end takes nothing from the others."""
    waiting = asyncio.create_task(process.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    process.close()
    assert await process.wait() == 0
    assert await process.exited == 0

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

SCRIPT = """
import asyncio, sys
from tureen.bus import run, stop_requested

async def cancelled():
    print(type(asyncio.get_running_loop()).__module__, flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaning up", flush=True)
        await asyncio.sleep({cleaning})
        print("clean", flush=True)

async def waiting():
    stop = stop_requested()
    print("waiting", flush=True)
    await stop.wait()
    print("asked to stop", flush=True)
    await asyncio.sleep({cleaning})
    return "done"

async def failing():
    print("failing", flush=True)
    raise ValueError("broken")

async def ended_by_itself():
    print("ended", flush=True)
    asyncio.current_task().cancel()
    await asyncio.sleep(0)

print(run({main}()), flush=True)
"""


def started(main: str, cleaning: float = 0) -> subprocess.Popen[str]:
    """Run a script's coroutine in a process of its own, up to its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.replace("{main}", main).replace("{cleaning}", str(cleaning))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.first_line = process.stdout.readline().strip()  # type: ignore[attr-defined]
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels(number: signal.Signals) -> None:
    """SIGINT and SIGTERM let the coroutine clean up, on uvloop, and end without a traceback."""
    process = started("cancelled")
    assert process.first_line == "uvloop"  # type: ignore[attr-defined]
    process.send_signal(number)
    output, errors = process.communicate(timeout=10)
    assert output.split("\n") == ["cleaning up", "clean", "None", ""]
    assert errors == ""
    assert process.returncode == 0


def test_a_second_signal_cancels_the_cleaning_up() -> None:
    """Who does not want to wait for the cleaning up asks twice."""
    process = started("cancelled", cleaning=60)
    assert process.stdout is not None
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "cleaning up\n"
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=10)
    assert output == "None\n"
    assert errors == ""


@pytest.mark.parametrize(("signals", "said"), [(1, "done"), (2, "None")])
def test_who_waits_for_the_signal(signals: int, said: str) -> None:
    """With stop_requested() a signal sets an event; a second one cancels all the same."""
    process = started("waiting", cleaning=60 if signals > 1 else 0)
    assert process.stdout is not None
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "asked to stop\n"
    if signals > 1:
        process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=10)
    assert output == f"{said}\n"
    assert errors == ""


def test_a_failure_is_not_hidden() -> None:
    """What the coroutine raises ends the process with a traceback."""
    process = started("failing")
    _, errors = process.communicate(timeout=10)
    assert "ValueError: broken" in errors
    assert process.returncode == 1


def test_a_cancellation_without_a_signal_is_not_hidden() -> None:
    """A coroutine that is cancelled by something else did not end well."""
    process = started("ended_by_itself")
    _, errors = process.communicate(timeout=10)
    assert "CancelledError" in errors
    assert process.returncode == 1

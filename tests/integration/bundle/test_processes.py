from __future__ import annotations

import os
import time
from pathlib import Path

import psutil
import pytest

from tureen.bundle.processes import ToolError, run_tool


def test_the_last_lines_of_a_failure_are_kept(tmp_path: Path) -> None:
    """A tool that fails is an error with its status and the end of its output."""
    with pytest.raises(ToolError, match="sh failed with status 3") as caught:
        run_tool(["sh", "-c", "seq 100; exit 3"], cwd=tmp_path, environ=os.environ)
    assert caught.value.tail[-1] == "100"
    assert len(caught.value.tail) == 40


def test_a_tool_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A missing tool is the same kind of error as one that fails."""
    with pytest.raises(ToolError, match="no-such-tool failed"):
        run_tool(["no-such-tool"], cwd=tmp_path, environ={"PATH": ""})


def test_an_interrupt_ends_the_tool_and_its_children(tmp_path: Path) -> None:
    """Whatever interrupts the wait ends the whole process group, even members that ignore SIGTERM."""
    script = "trap '' TERM; sleep 600 & echo $!; echo $$; echo go; wait; sleep 600"
    pids: list[int] = []

    def interrupt(line: str) -> None:
        if line == "go":
            raise KeyboardInterrupt
        pids.append(int(line))

    with pytest.raises(KeyboardInterrupt):
        run_tool(["sh", "-c", script], cwd=tmp_path, environ=os.environ, on_line=interrupt)
    assert len(pids) == 2
    # The tool itself is waited for; what it started is another's to reap, and takes a moment to go.
    deadline = time.monotonic() + 5
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

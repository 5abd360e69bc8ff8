"""`tureen simulate`: files in, tables, pictures and figures out."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from tests.unit.placement.fixed import heartbeat, worker
from typer.testing import CliRunner

from tureen.cli.main import app

WORKLOAD = """
duration = 12
[[nodes]]
workers = 2
[[rooms]]
peers = 4
"""


@pytest.fixture
def workload(tmp_path: Path) -> Path:
    """Return a small workload file."""
    file = tmp_path / "small-room.toml"
    file.write_text(WORKLOAD)
    return file


def run(*arguments: object) -> tuple[int, str]:
    """Run `tureen simulate`; return its status and what it wrote."""
    ran = CliRunner().invoke(app, ["simulate", *map(str, arguments)], env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"})
    return ran.exit_code, ran.output


def test_the_table(workload: Path) -> None:
    """People see totals over time, and a line a worker."""
    status, output = run(workload)
    assert status == 0
    assert "consumers" in output
    assert "1-1-1" in output
    assert "▁" in output


def test_pictures_and_files(workload: Path, tmp_path: Path) -> None:
    """The PNG is one, of a size that can be read; the CSV has a line a sample; the JSON is one line."""
    png, csv = tmp_path / "small.png", tmp_path / "small.csv"
    status, output = run(workload, "--png", png, "--csv", csv, "--json")
    assert status == 0
    told = json.loads(output)
    assert len(told["samples"]) == len(csv.read_text().splitlines()) - 1 == 13
    assert told["samples"][-1]["consumers"] == 24
    width, height = struct.unpack(">II", png.read_bytes()[16:24])
    assert png.read_bytes().startswith(b"\x89PNG")
    assert width > 1000
    assert height > 800


def test_a_recording(tmp_path: Path) -> None:
    """Heartbeats that were recorded are replayed."""
    file = tmp_path / "heartbeats.jsonl"
    told = heartbeat("a", worker("a-1", 42.0)).to_wire()
    file.write_text(json.dumps({"time": "2026-01-01T00:00:00+00:00", "subject": "x", "data": told}) + "\n")
    status, output = run("--replay", file)
    assert status == 0
    assert "42 %" in output


def test_what_is_refused(workload: Path, tmp_path: Path) -> None:
    """A wrong command line or file ends with status 2, and says what is wrong."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(WORKLOAD + "peeers = 3\n")
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    for arguments, hint in (
        ((), "--replay"),
        ((workload, "--replay", workload), "--replay"),
        ((wrong,), "peeers"),
        ((tmp_path / "none.toml",), "No such file"),
        (("--replay", workload), "line 2"),
        (("--replay", empty), "no heartbeat"),
        ((workload, "--csv", tmp_path / "none" / "x.csv"), "No such file"),
    ):
        status, output = run(*arguments)
        assert status == 2, output
        assert hint in output

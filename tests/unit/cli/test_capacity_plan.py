"""`tureen plan`: an answer for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.placement.fixed import heartbeat, worker
from typer.testing import CliRunner

from tureen.cli.main import app


def run(*arguments: object) -> tuple[int, str]:
    """Run `tureen plan`; return its status and what it wrote."""
    ran = CliRunner().invoke(app, ["plan", *map(str, arguments)], env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"})
    return ran.exit_code, ran.output


def test_the_answer_and_what_it_rests_on() -> None:
    """People see hosts and workers first, then figures, then the assumptions with their sources."""
    status, output = run("--rooms", 200, "--peers", 12, "--video", "720p", "--receive", "180p")
    assert status == 0
    assert "200 rooms of 12 peers" in output
    assert "hosts of 8 cores" in output
    for source in ("libwebrtc", "RFC 7587", "watermark", "µs a packet"):
        assert source in output


def test_programs_get_the_same() -> None:
    """As JSON there is one line with what was asked, what is needed and the assumptions."""
    status, output = run("--rooms", 3, "--json")
    assert status == 0
    told = json.loads(output)
    assert told["wanted"]["rooms"] == 3
    assert told["needed"]["producers"] == 24
    assert told["assumptions"]["costs"]["copy"] > 0


def test_costs_are_learned(tmp_path: Path) -> None:
    """Heartbeats of workers that do twice the work with the same CPU make it cheaper."""
    file = tmp_path / "heartbeats.jsonl"
    beat = heartbeat("a", worker("a-1", 20.0, producers=40, consumers=400, transports=20)).to_wire()
    lines = ({"time": f"2026-01-01T00:{at // 60:02}:{at % 60:02}+00:00", "data": beat} for at in range(300))
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    _, usual = run("--json")
    status, learned = run("--json", "--learn", file)
    assert status == 0
    assert json.loads(learned)["needed"]["cpu"] < json.loads(usual)["needed"]["cpu"]
    assert "as learned" in " ".join(json.loads(learned)["assumptions"]["said"])


def test_what_is_refused(tmp_path: Path) -> None:
    """Wrong options end with 2, what no cluster carries with 3; both say what to do."""
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text("{}\n")
    for status, arguments, hint in (
        (2, ("--video", "none", "--no-audio"), "audio"),
        (2, ("--receive", "none"), "resolution"),
        (2, ("--learn", tmp_path / "none"), "No such file"),
        (2, ("--learn", wrong), "line 1"),
        (3, ("--peers", 300, "--video", "1080p", "--watermark", 5), "fewer"),
    ):
        told, output = run(*arguments)
        assert told == status, output
        assert hint in output

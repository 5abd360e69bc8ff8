"""Recorded heartbeats drive placement's own picture of the cluster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.placement.fixed import heartbeat, worker

from tureen.cli.show.event_lines import Heard, as_json
from tureen.contract.cluster import Heartbeat
from tureen.placement.simulator import WrongRecordingError, read, replay

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def line(at: float, told: Heartbeat) -> str:
    """Return a line as `tureen listen heartbeat` writes it."""
    subject = f"tureen.v1.heartbeat.{told.node_id}"
    return as_json(Heard(BEGAN + timedelta(seconds=at), subject, told.to_wire()))


def test_loads_are_those_that_were_told() -> None:
    """Each second shows what the heartbeats up to then had said."""
    lines = [line(second, heartbeat("a", worker("a-1", 10.0 * second), seq=second + 1)) for second in range(5)]
    result = replay(read(lines))
    assert [(sample.at, sample.loads["a-1"]) for sample in result.samples] == [
        (1.0, 0.0),
        (2.0, 10.0),
        (3.0, 20.0),
        (4.0, 30.0),
        (5.0, 40.0),
    ]
    assert result.samples[-1].refusals == 0


def test_the_engine_is_asked_at_each_look() -> None:
    """Where all workers are full, each look is a refusal, with its cause."""
    lines = [line(second, heartbeat("a", worker("a-1", 95.0), seq=second + 1)) for second in range(3)]
    result = replay(read(lines))
    assert result.decisions == 3
    assert result.samples[-1].refusals == 3
    assert set(result.refusals) <= {"hard-limit", "watermark"}


def test_a_silent_node_is_suspect() -> None:
    """A node that stops telling gets nothing new: with two of three full, the last look finds nothing."""
    told = [(second, name, 95.0) for second in range(10) for name in ("a", "b")]
    lines = [line(0, heartbeat("c", worker("c-1")))]
    lines += [line(at, heartbeat(name, worker(f"{name}-1", cpu), seq=at + 1)) for at, name, cpu in told]
    result = replay(read(lines))
    assert result.refusals["suspect"] == 1


@pytest.mark.parametrize("wrong", ["{", "[]", '{"time": "yesterday"}', '{"time": "2026-01-01T00:00:00", "data": {}}'])
def test_what_is_no_recording(wrong: str) -> None:
    """A line that is no heartbeat is refused by its number; empty ones do not count."""
    lines = [line(0, heartbeat("a", worker("a-1"))), "\n", wrong]
    with pytest.raises(WrongRecordingError, match="line 3"):
        list(read(lines))

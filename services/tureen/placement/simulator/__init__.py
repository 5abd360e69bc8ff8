"""The engine, tried on nodes that do not exist: what a workload would do to a cluster. Pure, and the same by seed."""

from __future__ import annotations

from tureen.placement.simulator.recording import Recorded, WrongRecordingError, read, replay
from tureen.placement.simulator.result import Result, Sample
from tureen.placement.simulator.run import simulate
from tureen.placement.simulator.workload import Workload, WrongWorkloadError, parse

__all__ = [
    "Recorded",
    "Result",
    "Sample",
    "Workload",
    "WrongRecordingError",
    "WrongWorkloadError",
    "parse",
    "read",
    "replay",
    "simulate",
]

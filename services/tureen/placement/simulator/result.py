"""What a simulation or a replay came to, over time."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at everything.

    Attributes:
        at: Seconds since the beginning.
        loads: Percent of a core, by worker.
        depth: Over how many hops a producer travels at most.
        refusals: How often so far something was refused; `moves` and `extra_transports` likewise.
    """

    at: float
    loads: Mapping[str, float]
    peers: int = 0
    rooms: int = 0
    consumers: int = 0
    pipe_consumers: int = 0
    pipes: int = 0
    depth: int = 0
    refusals: int = 0
    moves: int = 0
    extra_transports: int = 0


TOTALS = (
    "peers",
    "rooms",
    "consumers",
    "pipe_consumers",
    "pipes",
    "depth",
    "refusals",
    "moves",
    "extra_transports",
)


@dataclass(slots=True)
class Result:
    """All samples, in order.

    Attributes:
        refusals: How often what was refused, by cause.
        decisions: How often the engine decided.
    """

    samples: list[Sample] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    decisions: int = 0

    @property
    def workers(self) -> list[str]:
        """Every worker that was there at any time, in the order of appearance."""
        return list(dict.fromkeys(worker for sample in self.samples for worker in sample.loads))

    def write_csv(self, file: IO[str]) -> None:
        """Write one line a sample: the time, the totals, and the load of each worker."""
        writer = csv.writer(file)
        workers = self.workers
        writer.writerow(["seconds", *TOTALS, *(f"load:{worker}" for worker in workers)])
        for sample in self.samples:
            loads = (f"{sample.loads[worker]:.2f}" if worker in sample.loads else "" for worker in workers)
            writer.writerow([f"{sample.at:g}", *(getattr(sample, name) for name in TOTALS), *loads])

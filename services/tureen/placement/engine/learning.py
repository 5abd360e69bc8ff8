"""What producers and consumers really cost in this cluster, from the workers' CPU and counts.

Least squares over `cpu = producers * ingest + consumers * copy`, with the starting costs as a prior that some busy
minutes outweigh and idle ones bring back. A count says little by itself: reports for one core range from 60 to 9,900
consumers, so what they cost here is measured, not assumed.
"""

from __future__ import annotations

import math

from tureen.contract.cluster import Heartbeat, WorkerLoad
from tureen.placement.engine.costs import COSTS, Costs

HALF_LIFE = 120.0
"""Seconds after which a measurement counts half."""

PRIOR = 40.0
"""How much the starting costs weigh: as a few measurements of a worker at a tenth of a core."""

FURTHEST = 20.0
"""By which factor a learned cost may lie below or above the starting one."""


class CostLearner:
    """Learns from heartbeats; one worker of each counts, which is plenty: they come every second.

    Both unknowns are kept in units of their starting costs, so that 1.0 means «as assumed».
    """

    def __init__(self, prior: Costs = COSTS) -> None:
        self._prior = prior
        self._costs = prior
        self._decayed_at = 0.0
        # The sums of squares and products: producers, both, consumers; and each with the CPU.
        self._pp = self._pc = self._cc = 0.0
        self._py = self._cy = 0.0

    @property
    def costs(self) -> Costs:
        """The costs as known by now."""
        return self._costs

    def hear(self, heartbeat: Heartbeat, now: float) -> None:
        """Learn from one of the node's workers, each in its turn; one without streams teaches nothing."""
        if heartbeat.workers:
            load = heartbeat.workers[heartbeat.seq % len(heartbeat.workers)]
            if load.producers or load.consumers:
                self.observe(load, now)

    def observe(self, load: WorkerLoad, now: float) -> None:
        """Learn from one worker's second."""
        self._decay(now)
        prior = self._prior
        producers, consumers = prior.ingest * load.producers, prior.copy * load.consumers
        cpu = load.cpu - prior.transport * load.transports
        # The noise of a measurement grows with it.
        weight = 1.0 / (1.0 + producers + consumers)
        self._pp += weight * producers * producers
        self._pc += weight * producers * consumers
        self._cc += weight * consumers * consumers
        self._py += weight * producers * cpu
        self._cy += weight * consumers * cpu
        self._solve()

    def _decay(self, now: float) -> None:
        left = math.exp2(-max(0.0, now - self._decayed_at) / HALF_LIFE)
        self._decayed_at = now
        self._pp *= left
        self._pc *= left
        self._cc *= left
        self._py *= left
        self._cy *= left

    def _solve(self) -> None:
        """Solve the two equations, the prior added: both unknowns are 1.0 by it."""
        pp, cc = self._pp + PRIOR, self._cc + PRIOR
        py, cy = self._py + PRIOR, self._cy + PRIOR
        determinant = pp * cc - self._pc * self._pc
        ingest = _bounded((py * cc - cy * self._pc) / determinant)
        copy = _bounded((cy * pp - py * self._pc) / determinant)
        self._costs = self._prior._replace(ingest=self._prior.ingest * ingest, copy=self._prior.copy * copy)


def _bounded(factor: float) -> float:
    return min(max(factor, 1 / FURTHEST), FURTHEST)

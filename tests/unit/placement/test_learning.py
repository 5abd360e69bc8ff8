"""What producers and consumers cost, learned."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.placement.fixed import heartbeat, worker

from tureen.placement.engine import COSTS, CostLearner
from tureen.placement.engine.learning import FURTHEST


def _teach(learner: CostLearner, ingest: float, copy: float, *, seconds: int = 300, noise: float = 0.0) -> None:
    rng = Random(1)
    for second in range(seconds):
        producers, consumers = rng.randrange(1, 60), rng.randrange(1, 400)
        cpu = producers * ingest + consumers * copy + COSTS.transport * 10
        load = worker(
            "w", cpu * (1 + noise * (rng.random() - 0.5)), producers=producers, consumers=consumers, transports=10
        )
        learner.observe(load, float(second))


def test_begins_with_what_was_measured_elsewhere() -> None:
    """Without load nothing is learned."""
    learner = CostLearner()
    learner.hear(heartbeat("a", worker("a-1", 3.0), worker("a-2")), 0.0)
    assert learner.costs == COSTS


@pytest.mark.parametrize(("ingest", "copy"), [(0.1, 0.02), (1.0, 0.6), (0.25, 0.15)])
def test_learns_what_streams_cost_here(ingest: float, copy: float) -> None:
    """After some busy minutes consumers and whole workers are known to a tenth, in spite of noisy measurements."""
    learner = CostLearner()
    _teach(learner, ingest, copy, noise=0.3)
    assert learner.costs.copy == pytest.approx(copy, rel=0.1)
    whole = 30 * learner.costs.ingest + 200 * learner.costs.copy
    assert whole == pytest.approx(30 * ingest + 200 * copy, rel=0.1)


def test_forgets_what_is_long_over() -> None:
    """What was measured half an hour ago does not count against what is measured now."""
    learner = CostLearner()
    _teach(learner, 1.0, 0.6)
    learner.observe(worker("w", 0.0), 4_000.0)
    assert learner.costs.copy == pytest.approx(COSTS.copy, rel=0.01)


def test_rooms_of_one_size_tell_little_and_do_no_harm() -> None:
    """Where consumers always come with as many producers, their sum is right, and neither is absurd."""
    learner = CostLearner()
    for second in range(300):
        learner.observe(worker("w", 20.0, producers=20, consumers=100), float(second))
    costs = learner.costs
    assert 20 * costs.ingest + 100 * costs.copy == pytest.approx(20.0, rel=0.1)
    assert COSTS.copy / 2 < costs.copy < COSTS.copy * 2


def test_workers_have_their_turns() -> None:
    """Each heartbeat teaches of one worker, the next of the next."""
    busy, idle = worker("a-1", 30.0, consumers=100), worker("a-2", 90.0)
    learner = CostLearner()
    learner.hear(heartbeat("a", busy, idle, seq=1), 0.0)
    assert learner.costs == COSTS
    learner.hear(heartbeat("a", busy, idle, seq=2), 1.0)
    assert learner.costs != COSTS
    learner.hear(heartbeat("a", seq=3), 2.0)


_LOAD = st.tuples(st.floats(0, 100), st.integers(0, 2000), st.integers(0, 20000), st.integers(0, 5000))


@given(st.lists(_LOAD, max_size=40))
def test_never_absurd(loads: list[tuple[float, int, int, int]]) -> None:
    """Whatever workers tell, costs stay within a factor of the starting ones."""
    learner = CostLearner()
    for second, (cpu, producers, consumers, transports) in enumerate(loads):
        learner.observe(
            worker("w", cpu, producers=producers, consumers=consumers, transports=transports), float(second)
        )
    for learned, started in ((learner.costs.ingest, COSTS.ingest), (learner.costs.copy, COSTS.copy)):
        assert started / FURTHEST <= learned <= started * FURTHEST

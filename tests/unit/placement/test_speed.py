"""That decisions and heartbeats stay cheap: bounds ten times looser than the goals, in this thread's processor time."""

from __future__ import annotations

import statistics
import time
from random import Random

import msgpack
from tests.unit.placement.fixed import book_decision, decide, heartbeat, record, worker

from tureen.contract.cluster import Heartbeat
from tureen.contract.quick import decode_heartbeat
from tureen.placement.engine import CostLearner
from tureen.placement.picture import Picture


def _beat(node: int, rng: Random) -> Heartbeat:
    return heartbeat(f"n{node}", *(worker(f"n{node}-{index}", rng.uniform(0, 80)) for index in range(16)))


def _picture(nodes: int) -> Picture:
    seen, rng = Picture(), Random(1)
    for node in range(nodes):
        seen.hear(_beat(node, rng), 0.0)
    return seen


def _decisions(nodes: int, count: int) -> list[float]:
    """Return the seconds that each decision takes, its reason spelled out."""
    seen = _picture(nodes)
    rooms = [record(f"n{number % nodes}-0", f"n{number % nodes}-1", room_id=f"r{number}") for number in range(100)]
    took = []
    for number in range(count):
        started = time.thread_time()
        decision = decide(seen, rooms[number % 100], number, direction="send")
        decision.reason.to_contract()
        took.append(time.thread_time() - started)
        if decision.place is not None and number % 10 == 0:
            book_decision(seen, decision, str(number), f"new{number}")
    return took


def test_decisions_are_cheap() -> None:
    """Among 16,000 workers a decision with its reason takes under half a millisecond, and hardly ever ten."""
    took = _decisions(1000, 2000)
    assert statistics.fmean(took) < 0.0005
    assert statistics.quantiles(took, n=100)[98] < 0.01


def test_a_larger_cluster_is_not_dearer() -> None:
    """What a decision costs does not grow with the cluster."""
    small, large = (statistics.median(_decisions(nodes, 500)) for nodes in (10, 1000))
    assert large < 5 * small


def test_heartbeats_are_cheap() -> None:
    """A heartbeat of sixteen workers takes under a millisecond, from its bytes to what is learned from it."""
    rng = Random(1)
    bodies = [msgpack.packb(_beat(node, rng).to_wire()) for node in range(500)]
    seen, learner = Picture(), CostLearner()
    started = time.thread_time()
    for body in bodies:
        told = decode_heartbeat(body)
        seen.hear(told, 0.0)
        learner.hear(told, 0.0)
    assert (time.thread_time() - started) / len(bodies) < 0.001

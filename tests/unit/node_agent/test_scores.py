"""Scores over several hops."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tureen.mediasoup.types import ConsumerScore
from tureen.node_agent.pipes.scores import of_producer, seen, worse

SCORES = st.lists(st.integers(0, 10), max_size=4)


def score(own: int, producer: int, *producers: int) -> ConsumerScore:
    """Return a consumer's score."""
    return {"score": own, "producerScore": producer, "producerScores": list(producers)}


def test_by_encoding() -> None:
    """A producer tells of its streams in any order, and of those that came so far."""
    assert of_producer([]) == []
    assert of_producer([{"encodingIdx": 2, "ssrc": 3, "score": 4}, {"encodingIdx": 0, "ssrc": 1, "score": 7}]) == [
        7,
        10,
        4,
    ]


@given(SCORES, SCORES)
def test_the_worse_counts(one: list[int], other: list[int]) -> None:
    """Of two hops the worse counts for each encoding; what one of them does not know is perfect there."""
    both = worse(one, other)
    assert both == worse(other, one)
    assert worse(both, one) == both
    assert len(both) == max(len(one), len(other))
    assert all(value <= 10 for value in both)


def test_what_a_consumer_shows() -> None:
    """A consumer shows the worse of origin and hop for the layer that it sends, and its own score as it is."""
    assert seen(score(9, 10), [], 0) == score(9, 10)
    assert seen(score(9, 10, 10, 10), [3, 8], 1) == score(9, 8, 3, 8)
    assert seen(score(9, 2, 2), [5], 0) == score(9, 2, 2)
    # Layer 1 was switched off where it is sent; who gets layer 0 does not suffer.
    assert seen(score(9, 10, 10, 0), [10, 0], 0) == score(9, 10, 10, 0)
    assert seen(score(9, 10), [4], 3) == score(9, 10)

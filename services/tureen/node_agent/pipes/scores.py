"""Scores of streams that crossed pipes: what is worse counts, of all hops and the origin. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from tureen.mediasoup.types import ConsumerScore, ProducerScore

PERFECT = 10
"""What counts for an encoding that nothing is known of."""


def of_producer(entries: Iterable[ProducerScore]) -> list[int]:
    """Return a producer's scores by encoding."""
    known = {entry["encodingIdx"]: entry["score"] for entry in entries}
    return [known.get(index, PERFECT) for index in range(max(known, default=-1) + 1)]


def worse(one: Sequence[int], other: Sequence[int]) -> list[int]:
    """Return the worse of two scores of each encoding."""
    return [min(pair) for pair in zip_longest(one, other, fillvalue=PERFECT)]


def seen(score: ConsumerScore, before: Sequence[int], layer: int) -> ConsumerScore:
    """Return a consumer's score with what happened before its router.

    Args:
        score: As the consumer's worker sees it: the last hop's.
        before: The scores before that hop, by encoding.
        layer: The encoding that it sends now.
    """
    if not before:
        return score
    now = before[layer] if layer < len(before) else PERFECT
    return {
        "score": score["score"],
        "producerScore": min(score["producerScore"], now),
        "producerScores": worse(score["producerScores"], before) if score["producerScores"] else [],
    }

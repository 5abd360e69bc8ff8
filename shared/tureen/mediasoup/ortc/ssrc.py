"""Where SSRCs come from."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

LOWEST_SSRC: Final = 100_000_000
HIGHEST_SSRC: Final = 999_999_999

SsrcSource = Callable[[int], int]
"""Takes a count, returns the first of as many consecutive SSRCs."""


def random_ssrcs(count: int) -> int:
    """Draw SSRCs at random, as mediasoup does; two draws may overlap.

    Args:
        count: How many consecutive SSRCs are needed.

    Returns:
        The first of them.
    """
    span = HIGHEST_SSRC - LOWEST_SSRC - count
    return LOWEST_SSRC + int(random.random() * span)  # noqa: S311 - SSRCs are no secret.


class SsrcSequence:
    """SSRCs one after another, so that none is used twice on one transport.

    They start anew after 900 million.
    """

    def __init__(self, first: int | None = None) -> None:
        self._next = random_ssrcs(1) if first is None else first

    def __call__(self, count: int) -> int:
        """Take the next SSRCs; see `random_ssrcs`."""
        first = self._next
        if first + count > HIGHEST_SSRC:
            first = LOWEST_SSRC
        self._next = first + count
        return first

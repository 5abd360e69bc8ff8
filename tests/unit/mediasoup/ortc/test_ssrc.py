from __future__ import annotations

from tureen.mediasoup.ortc.ssrc import HIGHEST_SSRC, LOWEST_SSRC, SsrcSequence, random_ssrcs


def test_random_ssrcs_are_in_range() -> None:
    """Random SSRCs have nine digits, however many are drawn at once."""
    for count in (1, 3, 1000):
        for _ in range(1000):
            first = random_ssrcs(count)
            assert first >= LOWEST_SSRC
            assert first + count <= HIGHEST_SSRC


def test_a_sequence_never_repeats() -> None:
    """SSRCs of a sequence do not overlap."""
    ssrcs = SsrcSequence()
    seen: set[int] = set()
    for count in (3, 1, 3, 2) * 1000:
        first = ssrcs(count)
        drawn = set(range(first, first + count))
        assert not drawn & seen
        seen |= drawn


def test_a_sequence_starts_anew_at_its_end() -> None:
    """SSRCs of one draw are never split between the end and the start of the range."""
    ssrcs = SsrcSequence(HIGHEST_SSRC - 2)
    assert ssrcs(2) == HIGHEST_SSRC - 2
    assert ssrcs(2) == LOWEST_SSRC
    assert ssrcs(2) == LOWEST_SSRC + 2

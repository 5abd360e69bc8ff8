from __future__ import annotations

from tureen.signaling.limits import Strikes, TokenBucket


def test_a_burst_is_allowed_once() -> None:
    """As many messages as the burst pass at once, then none."""
    bucket = TokenBucket(rate=1, burst=3)
    assert [bucket.take(0) for _ in range(5)] == [True, True, True, False, False]


def test_tokens_come_back_with_time() -> None:
    """In the long run the rate holds, and idleness saves up no more than the burst."""
    bucket = TokenBucket(rate=2, burst=2)
    assert [bucket.take(0), bucket.take(0), bucket.take(0)] == [True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]
    assert [bucket.take(100) for _ in range(3)] == [True, True, False]


def test_strikes_add_up() -> None:
    """One more than the limit is one too many."""
    strikes = Strikes(limit=2)
    assert [strikes.add(0), strikes.add(1), strikes.add(2)] == [False, False, True]


def test_strikes_are_forgotten() -> None:
    """After a pause the count starts anew."""
    strikes = Strikes(limit=2, forget=60)
    strikes.add(0)
    strikes.add(1)
    assert not strikes.add(100)

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tureen.client.former import Former
from tureen.client.hearing import Count


def test_an_object_of_our_own_begins_at_one() -> None:
    """The first event of what was made here is the first there is."""
    assert Count().follows("run", 1)
    assert not Count().follows("run", 2)


def test_an_object_of_another_begins_anywhere() -> None:
    """Of what somebody else made any event may come first; from then on none is missing unnoticed."""
    count = Count(None)
    assert count.follows("run", 7)
    assert count.follows("run", 8)
    assert not count.follows("run", 10)


def test_another_run() -> None:
    """An event of another run of the node follows nothing."""
    count = Count()
    assert count.follows("run", 1)
    assert not count.follows("other run", 2)


@given(st.sets(st.integers(1, 40)))
def test_every_gap_is_noticed_once(lost: set[int]) -> None:
    """However events get lost, each gap shows with the next event that comes, and with no other."""
    count = Count()
    noticed = [seq for seq in range(1, 42) if seq not in lost and not count.follows("run", seq)]
    assert noticed == [seq for seq in range(2, 42) if seq not in lost and seq - 1 in lost]


def test_a_dump_says_where_the_count_stands() -> None:
    """After a dump the events before it are not missed."""
    count = Count()
    count.stands_at("run", 5)
    assert count.follows("run", 6)


def test_former_ids() -> None:
    """An id counts as used for two minutes."""
    former = Former()
    former.add("a", 0.0)
    assert former.holds("a", 119.0)
    assert not former.holds("a", 120.0)
    assert not former.holds("b", 0.0)
    former.add("b", 200.0)
    assert former._until.keys() == {"b"}


@given(st.sets(st.integers(1, 12)), st.integers(0, 12), st.integers(0, 12))
def test_a_dump_that_answers_late(lost: set[int], moment: int, later: int) -> None:
    """What was heard between a dump's moment and its answer counts: the next event misses what was lost alone."""
    count = Count()
    last = moment + later
    for seq in range(1, last + 1):
        if seq not in lost:
            count.follows("run", seq)
    count.stands_at("run", moment)
    assert count.follows("run", last + 1) is lost.isdisjoint(range(moment + 1, last + 1))
    assert count.follows("run", last + 2)


def test_what_events_told_since() -> None:
    """While somebody wants to know it is noted of what events tell, and which were later than a dump."""
    count = Count()
    count.follows("run", 1)
    count.note("a", "pause")
    with count.noting():
        assert count.mark() == 1
        assert not count.told_since(0, "a", "pause")
        count.follows("run", 2)
        count.note("a", "pause")
        assert count.told_since(1, "a", "pause", "resume")
        assert not count.told_since(2, "a", "pause", "resume")
        assert not count.told_since(1, "a", "resume")
        assert not count.told_since(1, "b", "pause")
    assert not count.told_since(1, "a", "pause")

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.node_agent.bookings import SETTLING, Bookings


def test_a_cost_counts_until_heartbeats_show_it() -> None:
    """The booked cost is dropped once the measured CPU holds it; the reserve stays."""
    bookings = Bookings()
    bookings.book("t", cost=3.0, reserve=5.0, now=100.0)
    assert bookings.unseen(100.0 + SETTLING / 2) == 3.0
    assert bookings.unseen(100.0 + SETTLING) == 0.0
    assert bookings.reserved() == 5.0


def test_a_released_booking_is_gone() -> None:
    """Releasing gives back cost and reserve, and releasing twice changes nothing."""
    bookings = Bookings()
    bookings.book("t", cost=3.0, reserve=5.0, now=0.0)
    bookings.release("t")
    bookings.release("t")
    assert (bookings.unseen(0.0), bookings.reserved(), len(bookings)) == (0, 0, 0)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans(), st.floats(0, 100), st.floats(0, 100)), max_size=50))
def test_bookings_never_leak(history: list[tuple[str, bool, float, float]]) -> None:
    """After any history, releasing every transport leaves nothing booked."""
    bookings = Bookings()
    for transport_id, books, cost, reserve in history:
        if books:
            bookings.book(transport_id, cost, reserve, now=0.0)
        else:
            bookings.release(transport_id)
    for transport_id in "abcd":
        bookings.release(transport_id)
    assert (bookings.unseen(0.0), bookings.reserved()) == (0, 0)


def test_a_place_booked_again_counts_once() -> None:
    """A second booking of the same transport takes the place of the first, and starts to settle anew."""
    bookings = Bookings()
    bookings.book("a", 1.0, 0.0, now=0.0)
    bookings.book("b", 0.25, 0.0, now=0.5)
    bookings.book("a", 0.5, 0.0, now=1.0)
    assert bookings.unseen(1.0) == 0.75
    assert bookings.unseen(0.5 + SETTLING) == 0.5
    assert bookings.unseen(1.0 + SETTLING) == 0.0
    assert len(bookings) == 2


def test_consumers_use_the_reserve() -> None:
    """Consumers that the cost covers change nothing; each further one costs now, and takes its part of the reserve."""
    bookings = Bookings()
    bookings.book("t", cost=2.0, reserve=3.0, now=0.0, covered=2, consumer_cost=1.0)
    for _ in range(2):
        bookings.add_consumer("t", now=1.0)
    assert (bookings.unseen(1.0), bookings.reserved()) == (2.0, 3.0)
    assert bookings.next_consumer("t") == 1.0
    bookings.add_consumer("t", now=2.5)
    assert (bookings.unseen(2.5), bookings.reserved()) == (1.0, 2.0)
    for _ in range(5):
        bookings.add_consumer("t", now=2.5)
    assert bookings.reserved() == 0.0
    for _ in range(8):
        bookings.remove_consumer("t")
    assert (bookings.unseen(9.0), bookings.reserved()) == (0.0, 3.0)


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.sampled_from(["book", "release", "add", "remove"]), st.floats(0, 3, width=16)
        ),
        max_size=80,
    )
)
def test_unseen_is_what_was_booked_lately(history: list[tuple[str, str, float]]) -> None:
    """After any history the unseen cost is the sum of what transports that are left booked in the last two seconds."""
    bookings = Bookings()
    booked: dict[str, list[tuple[float, float]]] = {}
    now = 0.0
    for transport_id, what, amount in history:
        now += amount / 4
        if what == "book":
            bookings.book(transport_id, amount, 1.0, now, consumer_cost=0.5)
            booked[transport_id] = [(now, amount)]
        elif what == "release":
            bookings.release(transport_id)
            booked.pop(transport_id, None)
        elif what == "add":
            bookings.add_consumer(transport_id, now)
            booked.get(transport_id, []).append((now, 0.5))
        else:
            bookings.remove_consumer(transport_id)
        fresh = [cost for costs in booked.values() for at, cost in costs if now - at < SETTLING]
        assert bookings.unseen(now) == pytest.approx(sum(fresh))
    bookings.release("a")
    bookings.release("b")
    assert (bookings.unseen(now), bookings.reserved(), len(bookings)) == (0, 0, 0)

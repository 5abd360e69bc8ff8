from __future__ import annotations

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

from __future__ import annotations

import pytest

from tureen.contract.errors import Busy
from tureen.placement.offers import LOOK, Offers


class Books:
    """Which offers are open."""

    def __init__(self) -> None:
        self.closed: set[str] = set()
        self.looks = 0

    def is_open(self, _worker_id: str, grant_id: str) -> bool:
        """Tell whether an offer is open."""
        self.looks += 1
        return grant_id not in self.closed


def test_a_tenant_has_so_many_open_offers() -> None:
    """Beyond the limit the answer is Busy, until offers were taken or expired; others are not concerned."""
    offers, books = Offers(limit=2), Books()
    for number in range(2):
        offers.check("a", books.is_open, now=0)
        offers.add("a", "w", f"g{number}")
    with pytest.raises(Busy) as refused:
        offers.check("a", books.is_open, now=0)
    assert refused.value.details == {"maxOpenOffersPerTenant": 2}
    offers.check("b", books.is_open, now=0)
    books.closed.add("g1")
    offers.check("a", books.is_open, now=LOOK)
    offers.add("a", "w", "g2")
    with pytest.raises(Busy):
        offers.check("a", books.is_open, now=3 * LOOK)


def test_who_insists_costs_little() -> None:
    """However often a tenant asks that is at its limit, its offers are looked at ten times a second."""
    offers, books = Offers(limit=10), Books()
    for number in range(10):
        offers.add("a", "w", f"g{number}")
    for _ in range(1000):
        with pytest.raises(Busy):
            offers.check("a", books.is_open, now=0)
    assert books.looks == 10


def test_the_operator_has_no_limit() -> None:
    """What `system` asks for is not counted."""
    offers, books = Offers(limit=1), Books()
    for number in range(5):
        offers.check("system", books.is_open, now=0)
        offers.add("system", "w", f"g{number}")
    assert len(offers) == 0


def test_tidying_forgets_what_is_closed() -> None:
    """What was taken or expired takes no memory."""
    offers, books = Offers(limit=10), Books()
    for tenant in "ab":
        for number in range(3):
            offers.add(tenant, "w", f"{tenant}{number}")
    books.closed = {"a0", "a1", "a2", "b1"}
    offers.tidy(books.is_open)
    assert len(offers) == 2

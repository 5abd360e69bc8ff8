from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tureen.contract.errors import NoCapacity, NotFound
from tureen.node_agent.leases import Lease, Leases


@dataclass(eq=False)
class Made:
    """Something that a lease may own."""

    id: str
    closed: bool = False

    def close(self) -> None:
        """Close it."""
        self.closed = True


def test_a_lease_is_due_when_nobody_renews_it() -> None:
    """A lease ends its time after the last renewal, and not before."""
    leases = Leases(limit=10)
    lease = leases.renew("a", "owner", ttl=5, now=0)
    assert leases.renew("a", "owner", ttl=5, now=4) is lease
    assert leases.due(now=8.9) == []
    assert leases.due(now=9) == [lease]


def test_without_a_bus_the_clock_stands_still() -> None:
    """Nothing is due while nobody can renew; afterwards each lease lasts its whole time anew."""
    leases = Leases(limit=10)
    lease = leases.renew("a", "owner", ttl=5, now=0)
    leases.stop_clock()
    assert leases.due(now=1000) == []
    leases.start_clock(now=1000)
    assert leases.due(now=1004) == []
    assert leases.due(now=1005) == [lease]


def test_a_lease_is_its_tenants_alone() -> None:
    """The same owner's name with another tenant is another lease, and ending one leaves the other."""
    leases = Leases(limit=10)
    lease = leases.renew("a", "owner", ttl=5, now=0)
    with pytest.raises(NotFound, match=r"lease\.renew"):
        leases.get("b", "owner")
    assert leases.end("b", "owner") is None
    other = leases.renew("b", "owner", ttl=5, now=0)
    assert other is not lease
    assert leases.end("b", "owner") is other
    assert leases.get("a", "owner") is lease


def test_a_tenant_has_so_many_leases_and_no_more() -> None:
    """The limit is each tenant's own, and what ended makes room."""
    leases = Leases(limit=1)
    leases.renew("a", "one", ttl=5, now=0)
    with pytest.raises(NoCapacity):
        leases.renew("a", "two", ttl=5, now=0)
    leases.renew("b", "two", ttl=5, now=0)
    leases.end("a", "one")
    leases.renew("a", "two", ttl=5, now=0)


def test_a_lease_that_ended_owns_nothing_new() -> None:
    """What was made while its lease ended is not owned, also where the owner has begun another one."""
    leases = Leases(limit=10)
    lease = leases.renew("a", "owner", ttl=5, now=0)
    leases.end("a", "owner")
    assert not leases.own(lease, Made("x"))
    again = leases.renew("a", "owner", ttl=5, now=0)
    assert again.id != lease.id
    assert not leases.own(lease, Made("x"))
    assert leases.own(again, Made("x"))


class History(RuleBasedStateMachine):
    """Owners come and go, objects are made and closed, the bus goes and comes back."""

    def __init__(self) -> None:
        super().__init__()
        self.leases = Leases(limit=3)
        self.now = 0.0
        self.connected = True
        self.made: dict[str, tuple[Lease, Made]] = {}
        self.renewed: dict[Lease, float] = {}

    @rule(tenant=st.sampled_from("ab"), owner=st.sampled_from("pqrs"), ttl=st.floats(1, 10))
    def renew(self, tenant: str, owner: str, ttl: float) -> None:
        """Renew a lease."""
        try:
            lease = self.leases.renew(tenant, owner, ttl, self.now)
        except NoCapacity:
            assert sum(known.tenant == tenant for known in self.renewed) == 3
        else:
            self.renewed[lease] = self.now

    @rule(tenant=st.sampled_from("ab"), owner=st.sampled_from("pqrs"))
    def make(self, tenant: str, owner: str) -> None:
        """Make an object for an owner."""
        try:
            lease = self.leases.get(tenant, owner)
        except NotFound:
            return
        made = Made(f"id{len(self.made)}")
        assert self.leases.own(lease, made)
        self.made[made.id] = (lease, made)

    @rule(number=st.integers(0, 40))
    def close(self, number: int) -> None:
        """An object closes by itself."""
        if f"id{number}" in self.made:
            self.made[f"id{number}"][1].close()
            self.leases.disown(self.made[f"id{number}"][1])

    @rule(seconds=st.floats(0, 12))
    def wait(self, seconds: float) -> None:
        """Let time pass, and close what was due."""
        self.now += seconds
        for lease in self.leases.due(self.now):
            assert self.connected
            assert self.now >= self.renewed.pop(lease) + lease.ttl
            assert self.leases.end(lease.tenant, lease.owner_id) is lease
            for made in list(lease.owned):
                made.close()
                self.leases.disown(made)

    @rule()
    def lose_the_bus(self) -> None:
        """Nobody can renew any more."""
        self.connected = False
        self.leases.stop_clock()

    @rule()
    def find_the_bus(self) -> None:
        """It is back."""
        self.connected = True
        self.leases.start_clock(self.now)
        self.renewed = dict.fromkeys(self.renewed, self.now)

    @invariant()
    def what_is_open_is_owned(self) -> None:
        """What is open belongs to a lease that lasts, and what a lease owns is open."""
        for lease, made in self.made.values():
            assert made.closed != (lease in self.renewed and made in lease.owned)
        assert len(self.leases) == len(self.renewed)


TestHistory = History.TestCase

from __future__ import annotations

import pytest

from tureen.bus.admission import Admission, ServiceLimits, deadline
from tureen.contract.errors import Busy

LIMITS = ServiceLimits(
    under_way=4, under_way_per_tenant=3, system_reserve=2, bytes=1000, bytes_per_tenant=500, longest_timeout=60
)


def test_a_tenant_has_its_share() -> None:
    """One tenant cannot take it all; another still gets in."""
    admission = Admission(LIMITS)
    for _ in range(3):
        admission.enter("a", 1)
    with pytest.raises(Busy, match="of a are under way"):
        admission.enter("a", 1)
    admission.enter("b", 1)
    assert admission.under_way == 4


def test_the_whole_is_bounded_and_the_operator_has_a_reserve() -> None:
    """When tenants have filled the service, `system` still gets in, up to its reserve."""
    admission = Admission(LIMITS)
    for tenant in "abcd":
        admission.enter(tenant, 1)
    with pytest.raises(Busy, match="4 commands are under way"):
        admission.enter("e", 1)
    admission.enter("system", 1)
    admission.enter("system", 1)
    with pytest.raises(Busy):
        admission.enter("system", 1)


def test_bytes_are_bounded() -> None:
    """Few large commands are too much as well."""
    admission = Admission(LIMITS)
    admission.enter("a", 400)
    with pytest.raises(Busy):
        admission.enter("a", 101)
    admission.enter("b", 400)
    with pytest.raises(Busy):
        admission.enter("c", 201)


def test_leaving_makes_room() -> None:
    """What is done counts no more, and a tenant without commands takes no memory."""
    admission = Admission(LIMITS)
    for _ in range(10):
        for number in range(3):
            admission.enter("a", number)
        for number in range(3):
            admission.leave("a", number)
    assert (admission.under_way, admission.bytes) == (0, 0)
    assert not admission._shares


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("250", 0.25), ("0", 0), ("-5", 0), (None, 5), ("", 5), ("soon", 5), ("9" * 11, 60), ("9" * 5000, 5), ("1.5", 5)],
)
def test_deadline(header: str | None, seconds: float) -> None:
    """The time left counts from arrival; nonsense is the default, too long is the longest."""
    assert deadline(header, 100.0, LIMITS) == 100.0 + seconds

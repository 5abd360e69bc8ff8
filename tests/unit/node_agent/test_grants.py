from __future__ import annotations

import pytest

from tureen.contract.errors import Conflict, Stale
from tureen.contract.rooms import Grant
from tureen.node_agent.grants import REMEMBERED, UsedGrants


def grant(grant_id: str = "g", expires_at: int = 10_000) -> Grant:
    """Return a grant that holds until second 10."""
    return Grant(grant_id=grant_id, worker_id="w", room_id="r", expires_at=expires_at)


def test_a_grant_is_for_one_transport() -> None:
    """Used again for the same transport it holds, for another one it does not; another tenant's is another grant."""
    used = UsedGrants()
    used.use("a", grant(), "t1", now=1)
    used.use("a", grant(), "t1", now=2)
    with pytest.raises(Conflict, match="another transport") as refused:
        used.use("a", grant(), "t2", now=2)
    assert refused.value.details["transportId"] == "t1"
    used.use("a", grant("other"), "t2", now=2)
    used.use("b", grant(), "t3", now=2)


def test_a_transport_that_was_not_made_used_nothing() -> None:
    """Its grant may be used for another one; freeing what has none changes nothing."""
    used = UsedGrants()
    used.use("a", grant(), "t1", now=1)
    used.free("a", "t1")
    used.free("a", "t1")
    used.use("a", grant(), "t2", now=2)
    assert len(used) == 1


def test_a_grant_expires() -> None:
    """After its time on the agent's clock it is stale, which tells the caller to ask placement again."""
    used = UsedGrants()
    used.use("a", grant(), "t1", now=10.0)
    with pytest.raises(Stale, match="ask placement"):
        used.use("a", grant("other"), "t2", now=10.001)


def test_used_grants_do_not_pile_up() -> None:
    """What has long expired is forgotten."""
    used = UsedGrants()
    for number in range(100):
        used.use("a", grant(f"g{number}", 10**9), f"t{number}", now=number * REMEMBERED)
    assert len(used) == 1


def test_a_transport_made_again_has_another_grant() -> None:
    """An id may be used again while its first grant is remembered: the second is forgotten like the first."""
    used = UsedGrants()
    used.use("a", grant("first"), "t1", now=1)
    used.use("a", grant("second"), "t1", now=2)
    with pytest.raises(Conflict, match="another transport"):
        used.use("a", grant("first"), "t2", now=3)
    used.use("a", grant("third", 10**9), "t2", now=3 + REMEMBERED)
    assert len(used) == 1
    used.use("a", grant("fourth", 10**9), "t2", now=3 + REMEMBERED)
    used.free("a", "t2")
    used.use("b", grant("fifth", 10**9), "t3", now=4 + 2 * REMEMBERED)
    assert len(used) == 1


def test_two_tenants_call_their_transports_the_same() -> None:
    """What one's transport did not use, or used, says nothing of the other's."""
    used = UsedGrants()
    used.use("a", grant("first"), "t1", now=1)
    used.use("b", grant("second"), "t1", now=1)
    used.free("b", "t1")
    with pytest.raises(Conflict, match="another transport"):
        used.use("a", grant("first"), "t2", now=1)
    used.use("b", grant("second"), "t2", now=1)

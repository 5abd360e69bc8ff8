"""What an overloaded worker gives up, and when."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.placement.fixed import heartbeat, picture, worker

from tureen.placement.engine import COSTS
from tureen.placement.picture import HeldRouter, Picture
from tureen.placement.rebalance import Limits, Offer, Overload

LIMITS = Limits(above=90, below=70, after=10, pause=30, most=10)


def _router(name: str, worker_id: str = "a-1", *, transports: int, consumers: int = 0) -> HeldRouter:
    return HeldRouter(name, "a", worker_id, transports=transports, consumers=consumers)


ROUTERS = {"a-1": [_router("small", transports=4, consumers=8), _router("large", transports=20, consumers=400)]}


def _look(
    overload: Overload, cpu: float, now: float, routers: dict[str, list[HeldRouter]] | None = None
) -> list[Offer]:
    seen: Picture = picture(heartbeat("a", worker("a-1", cpu)))
    held = ROUTERS if routers is None else routers
    return list(overload.look(seen.cluster.nodes.values(), lambda name: held.get(name, []), COSTS, now))


def test_only_after_a_while() -> None:
    """A worker is asked for nothing until it has been above its limit for long enough, without a dip."""
    overload = Overload(LIMITS)
    assert _look(overload, 95, 0) == []
    assert _look(overload, 95, 9) == []
    assert _look(overload, 89, 9.5) == []
    assert _look(overload, 95, 10) == []
    assert _look(overload, 95, 19) == []
    (offer,) = _look(overload, 95, 20)
    assert (offer.router.id, offer.load, offer.seconds) == ("large", 95, 10)


def test_the_dearest_room_first_and_not_too_much() -> None:
    """The dearest room gives up as many transports as bring the worker down, no more than one offer may ask for."""
    overload = Overload(LIMITS)
    _look(overload, 95, 0)
    (offer,) = _look(overload, 95, 10)
    each = (400 * COSTS.copy + 20 * COSTS.transport) / 20
    assert offer.transports == round((95 - 70) / each)
    cheap = {"a-1": [_router("r", transports=500), _router("s", transports=500)]}
    _look(overload, 10, 11)
    _look(overload, 95, 12)
    offers = _look(overload, 95, 22, cheap)
    assert sum(offer.transports for offer in offers) == LIMITS.most


def test_hysteresis() -> None:
    """After an offer there is a pause; then it goes on until the worker is well below its limit, and no longer."""
    overload = Overload(LIMITS)
    _look(overload, 95, 0)
    assert _look(overload, 95, 10)
    assert _look(overload, 95, 20) == []
    assert _look(overload, 80, 41), "still above where it should come down to"
    assert overload.is_watched("a-1")
    assert _look(overload, 70, 60) == []
    assert not overload.is_watched("a-1")
    assert _look(overload, 80, 200) == []


def test_another_replicas_offer_counts() -> None:
    """What another replica has asked for is not asked for twice."""
    overload = Overload(LIMITS)
    _look(overload, 95, 0)
    overload.heard("a-1", 9.9)
    assert _look(overload, 95, 10) == []
    assert _look(overload, 95, 39) == []
    assert _look(overload, 95, 40)


def test_nothing_to_give_up() -> None:
    """A worker without transports of rooms, one that is silent and one that is gone are asked for nothing."""
    overload = Overload(LIMITS)
    _look(overload, 95, 0)
    assert _look(overload, 95, 10, {"a-1": [_router("r", transports=0, consumers=9)]}) == []
    seen = picture(heartbeat("a", worker("a-1", 95)))
    seen.cluster.nodes["a"].state = "suspect"
    assert list(overload.look(seen.cluster.nodes.values(), ROUTERS.__getitem__, COSTS, 20)) == []
    assert not overload.is_watched("a-1")


@pytest.mark.parametrize("tenant", ["acme"])
def test_a_tenants_own_worker_is_its_own(tenant: str) -> None:
    """A worker that a tenant started for itself is that tenant's to fill."""
    overload = Overload(LIMITS)
    seen = picture(heartbeat("a", worker("a-1", 99, tenant=tenant)))
    for now in (0.0, 20.0):
        assert list(overload.look(seen.cluster.nodes.values(), ROUTERS.__getitem__, COSTS, now)) == []


@given(st.lists(st.floats(0, 100), min_size=1, max_size=120))
def test_any_load(loads: list[float]) -> None:
    """Two rounds of offers are never closer than the pause, and none comes from a worker that came down."""
    overload = Overload(LIMITS)
    offered: list[int] = []
    for now, cpu in enumerate(loads):
        offers = _look(overload, cpu, float(now))
        if offers:
            offered.append(now)
            assert cpu > LIMITS.below
            assert sum(offer.transports for offer in offers) <= LIMITS.most
            assert all(load > LIMITS.above for load in loads[offered[0] - 10 : offered[0]])
    assert all(later - earlier >= LIMITS.pause for earlier, later in itertools.pairwise(offered))

"""Plans for rooms of known size."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tureen.placement.engine.planning import Case, Limits, bound, everyone, faults, pipe_bound, plan, some, stream

PEERS = (5, 10, 15, 20, 30, 40)
ONE = Limits(receiving=1)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return a room in which anybody sends and watches anything."""
    peers = draw(st.integers(1, 24))
    owners = tuple(sorted(draw(st.lists(st.integers(0, peers - 1), max_size=30))))
    every = (1 << len(owners)) - 1
    return Case(owners, tuple(draw(st.integers(0, every)) for _ in range(peers)))


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    """Return limits as tight as may be, also such that hardly anything fits."""
    return Limits(
        consumers=draw(st.integers(1, 60)),
        receiving=draw(st.integers(1, 4)),
        workers=draw(st.none() | st.integers(1, 12)),
        fan_out=draw(st.integers(1, 4)),
        depth=draw(st.integers(1, 4)),
    )


@settings(max_examples=400, deadline=None)
@given(cases(), limits())
def test_any_plan_keeps_to_its_limits(case: Case, allowed: Limits) -> None:
    """Every watched producer reaches each watcher once, in trees within bounds, and no worker is over its limit."""
    made = plan(case, allowed)
    if made is not None:
        assert faults(case, allowed, made) == []
        least = bound(case, allowed)
        assert made.workers >= least.workers
        assert made.pipe_consumers >= least.pipe_consumers


@settings(max_examples=100, deadline=None)
@given(cases())
def test_what_fits_one_worker_needs_no_pipe(case: Case) -> None:
    """Where one worker is enough there is one, and nothing is piped."""
    made = plan(case, Limits(consumers=max(1, case.consumers), workers=1))
    assert made is not None
    assert (made.workers, made.pipe_consumers) == (1, 0)


@pytest.mark.parametrize("peers", PEERS)
@pytest.mark.parametrize("receiving", [1, 2, 16])
def test_pipes_stay_near_the_bound(peers: int, receiving: int) -> None:
    """With everyone watching everyone there are at most 1.2 times producers × (workers − 1) pipe consumers."""
    case = everyone(peers, 2)
    workers, most = pipe_bound(case, ONE)
    allowed = Limits(receiving=receiving, workers=workers)
    made = plan(case, allowed)
    assert made is not None
    assert faults(case, allowed, made) == []
    assert made.pipe_consumers <= 1.2 * most


@pytest.mark.parametrize("peers", PEERS)
def test_watching_fewer_needs_fewer_pipes(peers: int) -> None:
    """With each peer watching nine others there are fewer pipe consumers than with all watching all, or none."""
    all_watched, nine = plan(everyone(peers, 2), ONE), plan(some(peers, 9, 2, Random(1)), ONE)
    assert all_watched is not None
    assert nine is not None
    assert nine.pipe_consumers < all_watched.pipe_consumers or nine.pipe_consumers == all_watched.pipe_consumers == 0
    assert nine.pipe_consumers <= 1.2 * nine.watched_bound


def test_too_few_workers() -> None:
    """A room that cannot fit gets no plan, however many receiving transports there may be."""
    assert plan(everyone(40, 2), Limits(workers=6)) is None
    assert plan(everyone(40, 2), Limits(workers=7)) is not None


def test_one_peer_too_much() -> None:
    """A peer that watches more than all its receiving transports may hold gets no plan."""
    assert plan(everyone(11), Limits(consumers=9, receiving=1)) is None
    assert plan(everyone(11), Limits(consumers=9, receiving=2)) is not None


def test_producers_of_a_peer_stay_together() -> None:
    """Two workers that share the producers out need no pipe, though each peer has two producers on one transport."""
    made = plan(everyone(20, 2), Limits(receiving=2))
    assert made is not None
    assert (made.workers, made.pipe_consumers) == (2, 0)


def test_a_stream_for_many() -> None:
    """A stream for 10,000 viewers goes to hardly more workers than must be, at most four hops deep."""
    case, allowed = stream(10_000), Limits()
    made = plan(case, allowed)
    assert made is not None
    assert faults(case, allowed, made) == []
    assert made.depth(0) <= 4
    assert made.workers <= 1.1 * bound(case, allowed).workers


def test_all_to_all_in_the_small() -> None:
    """The shape of 2,000 peers who watch each other, in the small: within 1.3 times the fewest workers that can do."""
    case, allowed = everyone(200), Limits(consumers=50, receiving=16)
    made = plan(case, allowed)
    assert made is not None
    assert faults(case, allowed, made) == []
    assert made.workers <= 1.3 * bound(case, allowed).workers


def test_neighbours_are_served_together() -> None:
    """Peers who watch the same are put on the same workers, whatever their numbers are."""
    ring = some(300, 9)
    places = list(range(300))
    Random(5).shuffle(places)
    shuffled = [0] * 300
    for peer, watched in enumerate(ring.watches):
        shuffled[places[peer]] = sum(1 << places[other] for other in range(300) if watched >> other & 1)
    made = plan(Case(ring.owners, tuple(shuffled)), Limits(receiving=1))
    assert made is not None
    assert made.pipe_consumers <= 20 * made.workers


def test_the_bound_says_why() -> None:
    """The reasoning has the case's own numbers, up to the bound itself."""
    least = bound(everyone(2000), Limits())
    assert least.workers == 9_991
    assert "3,998,000" in least.reasoning[0]
    assert "32,000 receiving transports" in least.reasoning[1]
    assert f"at least {least.workers:,} workers" in least.reasoning[-1]


def test_nothing_at_all() -> None:
    """An empty room, and peers who watch nothing, are planned as well."""
    for case in (Case((), ()), Case((), (0, 0)), Case((0, 1), (0, 0))):
        made = plan(case, Limits(workers=1))
        assert made is not None
        assert faults(case, Limits(workers=1), made) == []
        assert made.pipe_consumers == 0

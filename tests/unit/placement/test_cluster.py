"""Nodes and workers, from heartbeats, grants and silence."""

from __future__ import annotations

import pytest
from tests.unit.placement.fixed import NODE_IDLE, book, decide, grant, heartbeat, picture, record, worker

from tureen.contract.cluster import Inventory, RouterEntry, RouterLoad
from tureen.placement.picture import Joined, Picture, Replaced


def test_a_new_node_joins() -> None:
    """The first heartbeat of a node says that it joined, later ones say nothing."""
    seen = Picture()
    (joined,) = seen.hear(NODE_IDLE, 0.0)
    assert isinstance(joined, Joined)
    assert not joined.returned
    assert seen.hear(NODE_IDLE, 1.0) == []


def test_a_new_run_replaces_the_old() -> None:
    """A new start id means that the old run is gone, with its workers and what they held."""
    seen = picture(heartbeat("a", worker("a-1")))
    seen.take_page(_inventory("a", "a-1", "r"))
    again = heartbeat("a", worker("a-9"), start_id="another run")
    replaced, joined = seen.hear(again, 1.0)
    assert isinstance(replaced, Replaced)
    assert (replaced.old_start_id, replaced.old_worker_ids) == ("a-run", ("a-1",))
    assert isinstance(joined, Joined)
    assert seen.cluster.worker("a-1") is None
    assert seen.holdings.router("r") is None
    assert not seen.is_complete("a")


def test_grants_count_until_heartbeats_show_them() -> None:
    """A grant weighs on its worker until the transport shows in the router's count."""
    seen = picture(heartbeat("a", worker("a-1", 10)))
    seen.take_page(_inventory("a", "a-1", "r"))
    book(seen, grant("a-1", "r", "g1", 5, 2), grant("a-1", "r", "g2", 5, 2))
    known = seen.cluster.worker("a-1")
    assert known is not None
    assert (known.load, known.hard_load) == (24, 20)
    shown = heartbeat("a", worker("a-1", 10, booked=5, reserved=2), routers=[RouterLoad(router_id="r", transports=1)])
    seen.hear(shown, 1.0)
    assert (known.load, known.hard_load) == (24, 20)
    assert seen.cluster.bookings.expected("r") == (1, 0)
    seen.hear(shown, 2.0)
    assert seen.cluster.bookings.expected("r") == (1, 0)


def test_grants_expire() -> None:
    """A grant that nobody used is forgotten when it has expired; the same one told twice counts once."""
    seen = picture(heartbeat("a", worker("a-1", 10)))
    book(seen, grant("a-1", "r", "g", 5), grant("a-1", "r", "g", 5))
    known = seen.cluster.worker("a-1")
    assert known is not None
    assert known.load == 15
    seen.hear(heartbeat("a", worker("a-1", 10), clock=9_000), 9.0)
    assert known.load == 15
    seen.hear(heartbeat("a", worker("a-1", 10), clock=10_500), 10.5)
    assert known.load == 10
    seen.book(grant("a-1", "r", "late"), 20.0)
    assert len(seen.cluster.bookings) == 0


def test_grants_of_a_replica_whose_clock_is_another() -> None:
    """When a grant ends is told on its agent's clock: that of the replica that gave it out does not matter."""
    here, there = picture(), picture()
    for seen, now in ((here, 5.0), (there, 99_000.0)):
        seen.hear(heartbeat("a", worker("a-1", 10), clock=700_000), now)
    granted = grant("a-1", "r", "g", 5).model_copy(update={"expires_at": there.expiry("a", 10_000, 99_000.0)})
    here.book(granted, 5.0)
    known = here.cluster.worker("a-1")
    assert known is not None
    assert known.load == 15
    here.hear(heartbeat("a", worker("a-1", 10), clock=710_500), 15.5)
    assert known.load == 10


def test_withdrawn_grants_weigh_nothing() -> None:
    """A grant that was not given to anybody after all leaves nothing behind."""
    seen = picture(NODE_IDLE)
    book(seen, grant("idle-1", "r", "g", 5, 5, 3))
    seen.cluster.unbook("idle-1", "g")
    seen.cluster.unbook("idle-1", "g")
    known = seen.cluster.worker("idle-1")
    assert known is not None
    assert known.load == pytest.approx(0)
    assert seen.cluster.bookings.expected("r") == (0, 0)


def test_a_worker_that_is_not_told_any_more_is_gone() -> None:
    """A heartbeat lists all workers: one that it lacks is gone, with its grants."""
    seen = picture(heartbeat("a", worker("a-1"), worker("a-2")))
    book(seen, grant("a-1", "r", "g"))
    seen.hear(heartbeat("a", worker("a-2"), worker("a-3")), 1.0)
    assert seen.cluster.worker("a-1") is None
    assert len(seen.cluster.bookings) == 0
    assert {known.id for known in seen.cluster.nodes["a"].pool} == {"a-2", "a-3"}


def test_drained_nodes_stay_so_when_they_return() -> None:
    """What the operator drains takes nothing new until undrained, also after a restart of its agent."""
    seen = picture(NODE_IDLE)
    seen.cluster.set_drained(["idle"])
    assert decide(seen, record()).reason.refusals == {"draining": 2}
    seen.hear(heartbeat("idle", worker("idle-7"), start_id="again"), 1.0)
    assert decide(seen, record()).reason.refusals == {"draining": 1}
    seen.cluster.set_drained([])
    assert decide(seen, record()).place is not None


def test_silence_makes_suspect() -> None:
    """After two and a half missed heartbeats a node is suspect, with the next one it is back."""
    seen = picture(*(heartbeat(name, worker(f"{name}-1")) for name in "abc"))
    for second in (1.0, 2.0, 2.6):
        for name in "bc":
            seen.hear(heartbeat(name, worker(f"{name}-1")), second)
        suspects = seen.cluster.check(second)
        assert [node.id for node in suspects] == (["a"] if second > 2.5 else [])
    assert seen.cluster.check(2.7) == []
    (back,) = seen.hear(heartbeat("a", worker("a-1")), 3.0)
    assert isinstance(back, Joined)
    assert back.returned


def test_silence_of_most_makes_nobody_suspect() -> None:
    """If over half of the nodes fall silent together none is suspect, however far apart their heartbeats are."""
    seen = picture()
    for number in range(10):
        seen.hear(heartbeat(f"n{number}", worker(f"n{number}-1")), number / 10)
    assert [node for step in range(20, 100) for node in seen.cluster.check(step / 10)] == []


def test_the_only_node_is_judged_alone() -> None:
    """A cluster of one host has nobody to be compared with: it turns suspect, and stays so."""
    seen = picture(NODE_IDLE)
    assert [node.id for node in seen.cluster.check(2.6)] == ["idle"]
    assert seen.cluster.nodes["idle"].state == "suspect"


def test_our_own_standing_still_is_nobodys_silence() -> None:
    """Time in which our loop or connection stood still does not count."""
    seen = picture(NODE_IDLE)
    seen.cluster.stood_still(10.0)
    assert seen.cluster.check(12.0) == []
    assert len(seen.cluster.check(12.6)) == 1


def test_removing_a_worker_that_died() -> None:
    """A worker that died takes nothing more, before the next heartbeat says so."""
    seen = picture(NODE_IDLE)
    seen.forget_worker("idle-1")
    seen.forget_worker("idle-1")
    assert {decision.place.worker_id for seed in range(5) if (decision := decide(seen, record(), seed)).place} == {
        "idle-2"
    }


def test_the_newest_version_that_takes_something() -> None:
    """New rooms get the newest mediasoup among the nodes that take something."""
    seen = picture(
        heartbeat("a", worker("a-1"), mediasoup_version="3.9.1"),
        heartbeat("b", worker("b-1"), mediasoup_version="3.10.0"),
        heartbeat("c", worker("c-1"), mediasoup_version="3.11.0", draining=True),
    )
    assert seen.cluster.newest_version() == "3.10.0"
    assert Picture().cluster.newest_version() is None


def test_a_node_as_operators_see_it() -> None:
    """The list of nodes tells state, drain and workers."""
    seen = picture(NODE_IDLE)
    seen.cluster.set_drained(["idle"])
    info = seen.cluster.nodes["idle"].info()
    assert (info.state, info.draining, len(info.workers)) == ("alive", True, 2)


def _inventory(node_id: str, worker_id: str, router_id: str) -> Inventory:
    entry = RouterEntry(router_id=router_id, worker_id=worker_id, tenant="default", record=record(worker_id))
    return Inventory(node_id=node_id, start_id=f"{node_id}-run", version=0, routers=[entry])


def test_a_tenants_own_worker_is_no_other() -> None:
    """A tenant may call its own worker what the pool's is called, here or on another node: the pool's stays."""
    seen = picture(heartbeat("a", worker("a-1", 10), worker("a-1", 90, tenant="t")), heartbeat("b", worker("b-1", 20)))
    pool = seen.cluster.worker("a-1")
    assert pool is not None
    assert (pool.node.id, pool.load) == ("a", 10)
    seen.hear(heartbeat("b", worker("b-1", 20), worker("a-1", 95, tenant="t")), 1.0)
    assert seen.cluster.worker("a-1") is pool
    seen.hear(heartbeat("b", worker("b-1", 20)), 2.0)
    assert seen.cluster.worker("a-1") is pool
    node = seen.cluster.nodes["a"]
    assert [load.cpu for load in node.info().workers] == [10, 90]
    assert node.pool == [pool]

"""Nodes that are avoided for a while, and hosts whose network is full."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.placement.fixed import (
    NODE_FAR,
    NODE_IDLE,
    NODE_OVERLOADED,
    book,
    chosen,
    decide,
    grant,
    heartbeat,
    picture,
    record,
    worker,
)

from tureen.contract.cluster import HostLoad, Inventory, RouterEntry
from tureen.placement.picture import Picture

WIRED = HostLoad(cores=4, network_limit=1_000_000.0)


def test_a_node_that_failed_is_avoided_for_a_minute() -> None:
    """Nothing goes to a node that failed, not even where it holds the room, until a minute is over."""
    seen = picture(NODE_IDLE, heartbeat("bad", worker("bad-1")))
    seen.cluster.fail("bad", 0.0)
    for seed in range(8):
        assert chosen(decide(seen, record("bad-1"), seed)) != "bad-1"
    assert decide(seen, record("bad-1")).reason.refusals == {"failed": 1}
    seen.hear(heartbeat("bad", worker("bad-1")), 59.0)
    assert chosen(decide(seen, record("bad-1"))) != "bad-1"
    seen.hear(heartbeat("bad", worker("bad-1")), 61.0)
    assert chosen(decide(seen, record("bad-1"))) == "bad-1"


def test_a_node_that_failed_is_better_than_none() -> None:
    """Where nothing else is left, a node that failed gets its second chance, and the reason says so."""
    seen = picture(heartbeat("bad", worker("bad-1")), heartbeat("full", worker("full-1", 95)))
    seen.cluster.fail("bad", 0.0)
    decision = decide(seen, record("full-1"))
    assert (chosen(decision), decision.reason.rule) == ("bad-1", "last-resort")
    assert chosen(decide(seen, record("bad-1"))) == "bad-1"


@pytest.mark.parametrize("how", ["silence", "restart"])
def test_what_counts_as_failing(how: str) -> None:
    """A node that fell silent, or ended without a word, has failed when it is back."""
    seen = picture(NODE_IDLE, heartbeat("bad", worker("bad-1")))
    if how == "restart":
        seen.hear(heartbeat("bad", worker("bad-1"), start_id="another"), 0.1)
    else:
        seen.hear(NODE_IDLE, 2.0)
        assert [node.id for node in seen.cluster.check(2.6)] == ["bad"]
        seen.hear(heartbeat("bad", worker("bad-1")), 3.0)
    assert seen.cluster.nodes["bad"].failed
    assert {chosen(decide(seen, record(), seed)) for seed in range(8)} <= {"idle-1", "idle-2"}


def test_a_node_that_left_in_order_has_not_failed() -> None:
    """A node that said goodbye and comes back is as welcome as any."""
    seen = picture(heartbeat("a", worker("a-1")))
    seen.forget_node("a")
    seen.hear(heartbeat("a", worker("a-1"), start_id="another"), 1.0)
    assert decide(seen, record()).reason.rule == "first"


def test_overloaded_hosts_get_no_new_rooms() -> None:
    """A host whose cores are all busy gets rooms that it does not carry yet only where nothing else is left."""
    seen = picture(NODE_OVERLOADED, NODE_IDLE)
    assert {chosen(decide(seen, record(), seed)) for seed in range(8)} <= {"idle-1", "idle-2"}
    assert chosen(decide(seen, record("overloaded-1"))) == "overloaded-1"
    alone = decide(picture(NODE_OVERLOADED), record())
    assert (chosen(alone), alone.reason.rule) == ("overloaded-1", "first")
    calm = heartbeat("overloaded", worker("overloaded-1"), host=HostLoad(cpu=10.0))
    seen = picture(NODE_OVERLOADED, heartbeat("busy", worker("busy-1", 50)))
    assert chosen(decide(seen, record())) == "busy-1"
    seen.hear(calm, 1.0)
    assert chosen(decide(seen, record())) == "overloaded-1"


@pytest.mark.parametrize(
    ("load", "cause"),
    [
        ({"network_limit": 1000.0, "network_out": 901.0}, "network"),
        ({"network_limit": 1000.0, "network_in": 901.0}, "network"),
        ({"packets_limit": 100.0, "packets_in": 50.0, "packets_out": 41.0}, "packets"),
    ],
)
def test_a_full_network(load: dict[str, Any], cause: str) -> None:
    """A host whose network, or the packets it is meant to handle, are nearly used up takes nothing new."""
    decision = decide(picture(heartbeat("a", worker("a-1"), host=HostLoad(**load))), record("a-1"))
    assert decision.reason.refusals == {cause: 1}
    unlimited = {name: value for name, value in load.items() if not name.endswith("limit")}
    seen = picture(heartbeat("a", worker("a-1"), host=HostLoad(**unlimited)))
    assert chosen(decide(seen, record("a-1"))) == "a-1"


def test_a_burst_counts_against_the_network() -> None:
    """Consumers on offer count with what consumers send on that host, before any heartbeat shows them."""
    seen = picture(heartbeat("a", worker("a-1"), worker("a-2"), host=WIRED))
    book(seen, grant("a-1", "r", "g", consumers=20))
    assert decide(seen, record("a-1")).place is not None
    book(seen, grant("a-2", "s", "h", consumers=5))
    assert decide(seen, record("a-1")).reason.refusals == {"network": 2}
    seen.cluster.unbook("a-2", "h")
    assert decide(seen, record("a-1")).place is not None
    told = worker("a-1", consumers=100)
    seen.hear(heartbeat("a", told, worker("a-2"), host=WIRED.model_copy(update={"network_out": 10_000.0})), 1.0)
    book(seen, grant("a-2", "s", "i", consumers=4000))
    assert decide(seen, record("a-1")).place is not None, "a hundred bytes each"


def test_region_groups() -> None:
    """When the room's region is full the others of its group come before those beyond, however idle these are."""
    near = heartbeat("near", worker("near-1", 50), region="eu-2")
    seen = picture(heartbeat("home", worker("home-1", 60), region="eu-1"), near, NODE_FAR)
    groups = (frozenset({"eu-1", "eu-2"}), frozenset({"us"}))
    decision = decide(seen, record("home-1"), groups=groups)
    assert (chosen(decision), decision.reason.rule) == ("near-1", "spill-group")
    full = heartbeat("near", worker("near-1", 60), region="eu-2")
    decision = decide(picture(heartbeat("home", worker("home-1", 60), region="eu-1"), full, NODE_FAR), record("home-1"))
    assert decision.reason.rule == "spill-region"


def test_every_region_is_looked_at() -> None:
    """Many nodes in one region do not hide the lighter ones of another."""
    many = [heartbeat(f"a{number}", worker(f"a{number}-1", 40), region="a") for number in range(20)]
    seen = picture(*many, heartbeat("b", worker("b-1", 1), region="b"))
    assert chosen(decide(seen, record())) == "b-1"


def test_degrade_goes_on_with_the_lowest_layers() -> None:
    """Past the watermark a room that degrades takes less for each transport, and never goes past the hard limit."""
    seen = picture(heartbeat("a", worker("a-1", 80), worker("a-2", 75)))
    _fill(seen, "room-on-a-1", 20)
    plain = decide(seen, record("a-1", watermark=85.0), direction="recv", expected_consumers=20)
    decision = decide(seen, record("a-1", limit="degrade"), direction="recv", expected_consumers=20)
    assert (chosen(decision), decision.reason.rule) == ("a-1", "degrade")
    assert decision.demand.cost < plain.demand.cost / 2
    assert decision.demand.reserve == 0
    assert decide(picture(heartbeat("a", worker("a-1", 90))), record("a-1", limit="degrade")).place is None


def test_degrade_stays_in_its_regions() -> None:
    """A room that degrades does so where it may be."""
    seen = picture(heartbeat("home", worker("home-1", 89.95)), NODE_FAR)
    assert decide(seen, record("home-1", limit="degrade", regions=["eu"]), direction="send").place is None


def _fill(seen: Picture, router_id: str, producers: int) -> None:
    entry = RouterEntry(router_id=router_id, worker_id="a-1", tenant="default", record=record("a-1"))
    seen.take_page(Inventory(node_id="a", start_id="a-run", version=0, routers=[entry]))
    for number in range(producers):
        seen.holdings.learn_producer(router_id, f"p{number}", None)

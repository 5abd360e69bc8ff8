"""Pack, then spill."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.unit.placement.fixed import (
    NODE_BUSY,
    NODE_DRAINING,
    NODE_FAR,
    NODE_FULL,
    NODE_IDLE,
    NODE_NO_FILES,
    NODE_NO_PORTS,
    NODE_OTHER_VERSION,
    NODE_STALE,
    NODE_TENANTS,
    book,
    book_decision,
    chosen,
    decide,
    grant,
    heartbeat,
    picture,
    record,
    worker,
)

from tureen.contract.cluster import Heartbeat
from tureen.contract.rooms import RoomRouter
from tureen.placement import records


def test_first_worker_is_the_lightest() -> None:
    """A room without routers begins where there is most room for it to grow."""
    decision = decide(picture(NODE_BUSY, NODE_IDLE), record())
    assert chosen(decision) in {"idle-1", "idle-2"}
    assert decision.reason.rule == "first"
    assert decision.place is not None
    assert decision.place.router_id is None


def test_packs_where_the_room_is() -> None:
    """A worker that holds the room is preferred to an idle one while it stays under the watermark."""
    decision = decide(picture(NODE_BUSY, NODE_IDLE), record("busy-1"))
    assert chosen(decision) == "busy-1"
    assert decision.reason.rule == "pack"
    assert decision.place is not None
    assert decision.place.router_id == "room-on-busy-1"


def test_packs_the_fullest_first() -> None:
    """Of the workers that hold the room, the fullest that has room is used, so that the others can empty."""
    assert chosen(decide(picture(NODE_BUSY, NODE_IDLE), record("idle-1", "busy-1"))) == "busy-1"


def test_spills_to_the_same_host() -> None:
    """Above the watermark another worker of the same host is used."""
    seen = picture(heartbeat("a", worker("a-1", 60), worker("a-2", 30), worker("a-3", 20)), NODE_IDLE)
    decision = decide(seen, record("a-1"))
    assert chosen(decision) == "a-3"
    assert decision.reason.rule == "spill-worker"


def test_spills_to_another_host_of_the_region() -> None:
    """When the host is full another one of its region is used, however idle those beyond are."""
    seen = picture(heartbeat("a", worker("a-1", 60), worker("a-2", 60)), NODE_BUSY, NODE_FAR)
    decision = decide(seen, record("a-1"))
    assert chosen(decision) == "busy-1"
    assert decision.reason.rule == "spill-node"


def test_spills_beyond_the_region_last() -> None:
    """When the region is full another one is used."""
    decision = decide(picture(NODE_FULL, NODE_FAR), record("full-1"))
    assert chosen(decision) in {"far-1", "far-2"}
    assert decision.reason.rule == "spill-region"


def test_goes_where_the_caller_wants_it() -> None:
    """A wanted region beats the workers that hold the room elsewhere; when it is full they are used."""
    room = record("idle-1")
    assert chosen(decide(picture(NODE_IDLE, NODE_FAR), room, region="us")) in {"far-1", "far-2"}
    decision = decide(picture(NODE_IDLE, NODE_FAR), room, region="asia")
    assert chosen(decision) == "idle-1"
    assert decision.reason.rule == "spill-region"


def test_stays_in_the_regions_of_the_policy() -> None:
    """A room leaves its regions only with `spill`."""
    seen = picture(NODE_FULL, NODE_FAR)
    refused = decide(seen, record(regions=["eu"]))
    assert refused.place is None
    assert refused.reason.refusals["region"] == 2
    assert chosen(decide(seen, record(regions=["eu"], limit="spill"))) in {"far-1", "far-2"}


def test_named_node() -> None:
    """A request that names a node gets a worker of it or none."""
    seen = picture(NODE_IDLE, NODE_BUSY, NODE_FULL)
    assert chosen(decide(seen, record("idle-1"), node_id="busy")) == "busy-1"
    assert decide(seen, record("idle-1"), node_id="full").reason.refusals == {"hard-limit": 2}
    assert decide(seen, record("idle-1"), node_id="nowhere").reason.refusals == {"unknown-node": 1}


def test_first_node_of_the_policy() -> None:
    """The app may choose the node of the first worker; later ones are chosen as always."""
    seen = picture(NODE_IDLE, heartbeat("busy", worker("busy-1", 40), worker("busy-2", 58)))
    assert chosen(decide(seen, record(first_node_id="busy"))) == "busy-1"
    full = record("busy-2", first_node_id="busy", max_transports_per_worker=1)
    book(seen, grant("busy-2", "room-on-busy-2", "g"), grant("busy-1", "other", "h", cost=30))
    assert chosen(decide(seen, full)) in {"idle-1", "idle-2"}


def test_a_tenants_own_worker_is_its_own() -> None:
    """A worker that a tenant started for itself carries no rooms."""
    assert decide(picture(NODE_TENANTS), record()).place is None
    assert chosen(decide(picture(NODE_TENANTS, NODE_IDLE), record())) in {"idle-1", "idle-2"}


@pytest.mark.parametrize("node", [NODE_DRAINING, NODE_NO_PORTS, NODE_NO_FILES, NODE_OTHER_VERSION])
def test_unfit_nodes_get_nothing(node: Heartbeat) -> None:
    """Nothing goes to a node that drains, lacks ports or files, or has another mediasoup than the room."""
    assert decide(picture(node), record()).place is None
    assert chosen(decide(picture(node, NODE_IDLE), record(node.workers[0].worker_id))) in {"idle-1", "idle-2"}


def test_suspect_nodes_get_nothing() -> None:
    """Nothing goes to a node that has fallen silent, not even to a worker that holds the room."""
    decision = decide(picture(NODE_STALE, NODE_IDLE), record("stale-1"))
    assert chosen(decision) in {"idle-1", "idle-2"}
    assert decision.reason.refusals == {"suspect": 2}


def test_counts_are_hard() -> None:
    """A room never has more transports on a worker than its policy says, with `spill` neither."""
    seen = picture(heartbeat("a", worker("a-1")))
    room = record("a-1", max_transports_per_worker=2, limit="spill")
    book(seen, grant("a-1", "room-on-a-1", "g1"), grant("a-1", "room-on-a-1", "g2"))
    decision = decide(seen, room)
    assert decision.place is None
    assert decision.reason.refusals == {"max-transports": 1}


def test_consumers_are_counted() -> None:
    """Consumers expected on places that are on offer count; a worker without any takes what would fit nowhere."""
    seen = picture(heartbeat("a", worker("a-1"), worker("a-2")))
    room = record("a-1", max_consumers_per_worker=10)
    for name in ("p1", "p2"):
        seen.holdings.learn_producer("room-on-a-1", name, None)
    assert chosen(decide(seen, room, direction="recv", expected_consumers=20)) == "a-1"
    book(seen, grant("a-1", "room-on-a-1", "g", consumers=10))
    assert chosen(decide(seen, room, direction="send")) == "a-1"


def test_spill_fills_to_the_hard_limit() -> None:
    """With `spill` workers are filled past the watermark, the lightest first, and never past the hard limit."""
    seen = picture(heartbeat("a", worker("a-1", 80), worker("a-2", 70)), NODE_FULL)
    assert decide(seen, record("a-1")).place is None
    decision = decide(seen, record("a-1", limit="spill"))
    assert chosen(decision) == "a-1"
    assert decision.reason.rule == "spill"
    assert decide(picture(NODE_FULL), record("full-1", limit="spill")).place is None


def test_reserves_count_against_the_watermark_alone() -> None:
    """What transports may grow to leaves room under the watermark, and takes none under the hard limit."""
    seen = picture(heartbeat("a", worker("a-1", 10, reserved=49), worker("a-2", 30)))
    assert chosen(decide(seen, record("a-1"))) == "a-2"
    assert (
        chosen(decide(picture(heartbeat("a", worker("a-1", 10, reserved=85))), record("a-1", limit="spill"))) == "a-1"
    )


def test_a_burst_is_spread() -> None:
    """Five hundred joins between two heartbeats fill worker after worker, none above the watermark."""
    seen = picture(heartbeat("a", *(worker(f"a-{index}") for index in range(1, 9))))
    room = record()
    placed: Counter[str] = Counter()
    for number in range(500):
        decision = decide(seen, room, number, direction="recv", expected_consumers=4)
        assert decision.place is not None
        placed[decision.place.worker_id] += 1
        new_router = f"room-on-{decision.place.worker_id}"
        book_decision(seen, decision, str(number), new_router)
        router = RoomRouter(router_id=new_router, node_id="a", worker_id=decision.place.worker_id)
        room = records.with_router(room, router) or room
    assert len(placed) == 6
    assert all(known.load <= 60 for known in seen.cluster.nodes["a"].workers.values())


def test_a_burst_of_rooms_is_spread() -> None:
    """Rooms that begin between two heartbeats begin on different workers."""
    seen = picture(*(heartbeat(f"n{node}", worker(f"n{node}-1"), worker(f"n{node}-2")) for node in range(10)))
    placed: Counter[str] = Counter()
    for number in range(100):
        decision = decide(seen, record(room_id=f"room{number}"), number)
        assert decision.place is not None
        placed[decision.place.worker_id] += 1
        book_decision(seen, decision, str(number), f"router{number}")
    assert len(placed) == 20
    assert max(placed.values()) <= 8


def test_same_inputs_same_decision() -> None:
    """A decision can be made again: same picture, request and draw give the same place and the same digest."""
    first, again = (decide(picture(NODE_IDLE, NODE_BUSY, NODE_FAR), record("busy-2"), 7) for _ in range(2))
    assert (first.place, first.reason.digest) == (again.place, again.reason.digest)
    other = decide(picture(NODE_IDLE, NODE_BUSY, NODE_FAR), record("busy-2"), 7, direction="send")
    assert other.reason.digest != first.reason.digest


def test_a_refusal_names_every_cause() -> None:
    """When nothing fits, every worker of the cluster is counted under the cause that kept it out."""
    nodes = (NODE_FULL, NODE_DRAINING, NODE_OTHER_VERSION, NODE_NO_PORTS)
    decision = decide(picture(*nodes), record("full-1"), exclude=["full-2"])
    assert decision.reason.refusals == {
        "hard-limit": 1,
        "excluded": 1,
        "draining": 1,
        "mediasoup-version": 1,
        "no-ports": 1,
    }


def test_the_reason_shows_the_best_candidates() -> None:
    """The reason names the chosen worker first, then others that would do, then those refused; at most eight."""
    seen = picture(*(heartbeat(f"n{node}", worker(f"n{node}-1", node)) for node in range(20)))
    decision = decide(seen, record("n19-1", max_transports_per_worker=1), exclude=["n19-1"])
    reason = decision.reason.to_contract()
    assert len(reason.candidates) == 8
    assert reason.candidates[0].worker_id == chosen(decision) == "n0-1"
    assert reason.rule == "spill-node"
    assert reason.refusals == {"excluded": 1}


def test_excluding_the_lightest_worker_keeps_its_node() -> None:
    """A node whose lightest worker refused offers its next one."""
    seen = picture(heartbeat("a", worker("a-1", 1), worker("a-2", 2)))
    assert chosen(decide(seen, record(), exclude=["a-1"])) == "a-2"

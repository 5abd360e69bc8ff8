"""A decision can be made again from what it was made from."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.unit.placement.fixed import book, decide, grant, heartbeat, picture, record, worker

from tureen.contract.cluster import Heartbeat, HostLoad
from tureen.placement.engine import Inputs, replay
from tureen.placement.picture import Picture

REGIONS = ("eu-1", "eu-2", "us")
GROUPS = (frozenset({"eu-1", "eu-2"}),)
COUNT = 14

_node = st.tuples(
    st.lists(st.sampled_from([0.0, 10.0, 30.0, 55.0, 59.5, 60.0, 70.0, 89.0, 95.0]), min_size=1, max_size=3),
    st.sampled_from(REGIONS),
    st.sampled_from(["", "", "", "draining", "no-ports", "overloaded", "failed"]),
)
_policy = st.fixed_dictionaries(
    {"limit": st.sampled_from(["deny", "spill", "degrade"])},
    optional={
        "regions": st.just(["eu-1", "eu-2"]),
        "max_transports_per_worker": st.integers(1, 3),
        "first_node_id": st.just("n1"),
    },
)
_request = st.fixed_dictionaries(
    {"direction": st.sampled_from(["send", "recv", "both"])},
    optional={
        "expected_consumers": st.integers(0, 300),
        "region": st.sampled_from(REGIONS),
        "node_id": st.sampled_from(["n1", "nowhere"]),
        "exclude": st.lists(st.sampled_from(["n0-0", "n1-0", "n2-1"]), max_size=2),
    },
)


def _heartbeat(number: int, cpus: list[float], region: str, state: str) -> Heartbeat:
    host = HostLoad(cpu=99.0 if state == "overloaded" else 5.0, ports=100, free_ports=0 if state == "no-ports" else 100)
    workers = (worker(f"n{number}-{index}", cpu) for index, cpu in enumerate(cpus))
    return heartbeat(f"n{number}", *workers, region=region, draining=state == "draining", host=host)


def _picture(nodes: list[tuple[list[float], str, str]], offers: int) -> Picture:
    seen = picture(*(_heartbeat(number, *node) for number, node in enumerate(nodes)))
    for number, (_, _, state) in enumerate(nodes):
        if state == "failed":
            seen.cluster.fail(f"n{number}", 0.0)
    for number in range(offers):
        book(seen, grant(f"n{number % len(nodes)}-0", f"room-on-n{number % len(nodes)}-0", f"g{number}", 0.7, 1.1, 3))
    return seen


@settings(max_examples=120, deadline=None)
@given(
    st.lists(_node, min_size=1, max_size=COUNT),
    st.lists(st.integers(0, COUNT - 1), unique=True, max_size=3),
    _policy,
    _request,
    st.integers(0, 6),
    st.integers(0, 1000),
)
# Looked at once as the room's first node, and once more among the others, in another order.
@example([([59.5], "eu-1", "")] * 3, [], {"limit": "spill", "first_node_id": "n1"}, {"direction": "send"}, 0, 0)
def test_any_decision_can_be_made_again(
    nodes: list[tuple[list[float], str, str]],
    routers: list[int],
    policy: dict[str, Any],
    request: dict[str, Any],
    offers: int,
    seed: int,
) -> None:
    """From its inputs, stored as JSON, the same engine gives the same place, reason and digest."""
    seen = _picture(nodes, offers)
    room = record(*(f"n{number}-0" for number in routers), **policy)
    decision = decide(seen, room, seed, GROUPS, **request)
    stored = json.dumps(decision.reason.inputs.to_wire())
    again = replay(Inputs.from_wire(json.loads(stored)))
    assert again.place == decision.place
    assert again.demand == decision.demand
    assert again.reason.to_contract() == decision.reason.to_contract()


def test_a_recording_does_not_change_with_the_cluster() -> None:
    """What heartbeats tell later has no part in a decision that was made before."""
    seen = picture(heartbeat("a", worker("a-1", 10), worker("a-2", 20)))
    decision = decide(seen, record("a-1"))
    digest = decision.reason.digest
    seen.hear(heartbeat("a", worker("a-1", 95), worker("a-2", 95)), 1.0)
    assert decision.reason.digest == digest
    assert replay(decision.reason.inputs).place == decision.place


def test_other_inputs_another_digest() -> None:
    """The digest depends on loads, on the room and on what is asked."""
    room = record("a-1")
    seen = picture(heartbeat("a", worker("a-1", 10)))
    digests = {
        decide(seen, room).reason.digest,
        decide(seen, room, direction="send").reason.digest,
        decide(seen, room.model_copy(update={"generation": 2})).reason.digest,
        decide(picture(heartbeat("a", worker("a-1", 11))), room).reason.digest,
    }
    assert len(digests) == 4

"""What a transport is expected to need."""

from __future__ import annotations

import pytest

from tureen.contract.rooms import Direction, RoomPlace, RoomPolicy
from tureen.placement.engine.costs import COSTS, demand


def _request(direction: Direction, expected: int | None = None) -> RoomPlace:
    return RoomPlace(room_id="r", direction=direction, expected_consumers=expected)


def test_sending_costs_its_producers() -> None:
    """A sending transport costs the producers that a peer has, and grows no further."""
    needed = demand(_request("send"), RoomPolicy(expected_producers_per_peer=3), 10)
    assert needed.cost == pytest.approx(COSTS.transport + 3 * COSTS.ingest)
    assert needed.reserve == 0
    assert needed.consumers == 0


def test_receiving_reserves_for_twice_the_room() -> None:
    """A receiving transport costs what is there to watch, and may come to hold as much again."""
    needed = demand(_request("recv"), RoomPolicy(), 10)
    assert needed.cost == pytest.approx(COSTS.transport + 10 * COSTS.copy)
    assert needed.reserve == pytest.approx(10 * COSTS.copy)
    assert needed.consumers == 10


def test_receiving_reserves_for_the_known_size() -> None:
    """Where the room's final size is known, the reserve is for that."""
    needed = demand(_request("recv"), RoomPolicy(max_peers=40, expected_producers_per_peer=2), 10)
    assert needed.cost + needed.reserve == pytest.approx(COSTS.transport + 80 * COSTS.copy)


def test_the_caller_knows_best() -> None:
    """What the caller expects beats what the policy says."""
    needed = demand(_request("recv", 4), RoomPolicy(max_peers=1000), 10)
    assert needed.consumers == 4
    assert needed.reserve == 0


def test_nothing_is_too_large_for_an_idle_worker() -> None:
    """Cost and reserve together never exceed the watermark, or they would fit nowhere."""
    needed = demand(_request("both", 100_000), RoomPolicy(watermark=20), 100_000)
    assert needed.cost + needed.reserve == pytest.approx(20)


def test_both_directions_add_up() -> None:
    """A transport for both directions costs both."""
    both, send, recv = (demand(_request(way), RoomPolicy(), 4) for way in ("both", "send", "recv"))
    assert both.cost == pytest.approx(send.cost + recv.cost - COSTS.transport)

"""The agent's copies of the rooms' records."""

from __future__ import annotations

import pytest

from tureen.contract.errors import Stale
from tureen.contract.rooms import RoomPolicy, RoomRecord, RoomRouter
from tureen.node_agent import rooms
from tureen.node_agent.objects import Objects


def _record(generation: int, *node_ids: str) -> RoomRecord:
    return RoomRecord(
        room_id="r",
        tenant="default",
        incarnation=1,
        generation=generation,
        mediasoup_version="3.27.1",
        media_codecs=[],
        rtp_capabilities={},
        policy=RoomPolicy(),
        routers=[RoomRouter(router_id=f"on-{node}", node_id=node, worker_id=f"{node}-1") for node in node_ids],
    )


def test_an_older_record_is_stale() -> None:
    """A record is kept unless a newer one is known; the answer tells which."""
    objects = Objects()
    rooms.accept(objects, _record(2))
    rooms.accept(objects, _record(2))
    with pytest.raises(Stale) as stale:
        rooms.accept(objects, _record(1))
    assert stale.value.details == {"incarnation": 1, "generation": 2}


def test_a_record_is_kept_for_a_router_that_is_being_made() -> None:
    """A record that lists a router of this node is kept though the router is not there yet; else it is dropped."""
    objects = Objects()
    rooms.accept(objects, _record(1, "here", "there"))
    rooms.forget_unused(objects, "default", "r", "here")
    assert ("default", "r") in objects.rooms
    rooms.accept(objects, _record(2, "there"))
    rooms.forget_unused(objects, "default", "r", "here")
    rooms.forget_unused(objects, "default", "r", "here")
    assert objects.rooms == {}

"""Rebuilding the records from what agents hold."""

from __future__ import annotations

from tests.unit.placement.fixed import record

from tureen.contract.rooms import RoomRecord
from tureen.placement.picture import HeldRouter
from tureen.placement.recovery import rebuilt


def _held(router_id: str, node_id: str, copy: RoomRecord | None) -> HeldRouter:
    return HeldRouter(id=router_id, node_id=node_id, worker_id=f"{node_id}-1", record=copy)


def test_the_newest_copy_with_every_router() -> None:
    """A room comes back as its newest copy tells, listing every router that is announced, also of older copies."""
    old = record("a-1")
    new = old.model_copy(update={"generation": 5, "policy": old.policy.model_copy(update={"watermark": 33.0})})
    (room,) = rebuilt([_held("r1", "a", old), _held("r2", "b", new), _held("r3", "c", old)], 9)
    assert (room.incarnation, room.generation, room.policy.watermark) == (9, 5, 33.0)
    assert {router.router_id for router in room.routers} == {"r1", "r2", "r3"}


def test_rooms_are_kept_apart() -> None:
    """Rooms of the same id belong to their tenants; routers outside of rooms to none."""
    first, second = record(room_id="x"), record(room_id="x").model_copy(update={"tenant": "acme"})
    rooms = rebuilt([_held("r1", "a", first), _held("r2", "a", second), _held("r3", "a", None)], 9)
    assert {(room.tenant, len(room.routers)) for room in rooms} == {("default", 1), ("acme", 1)}

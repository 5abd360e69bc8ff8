"""What the janitor finds to tidy up."""

from __future__ import annotations

from tests.unit.placement.fixed import NODE_IDLE, NODE_STALE, book, grant, picture, record

from tureen.contract.cluster import Heartbeat, Inventory, ProducerEntry, RouterEntry
from tureen.contract.rooms import RoomRecord
from tureen.placement.janitor import Ages, CloseRoom, CloseRouter, CloseUnlisted, Strike, Task, look
from tureen.placement.picture import Picture
from tureen.placement.settings import PlacementSettings

SETTINGS = PlacementSettings(empty_router_after=30, unlisted_after=10, vanished_after=10)


def _holding(node: Heartbeat, *rooms: RoomRecord, transports: int = 0, producers: int = 0) -> Picture:
    """Return a picture of one node that holds the first router of each of these rooms."""
    seen = picture(node)
    entries = [
        RouterEntry(
            router_id=room.routers[0].router_id,
            worker_id=room.routers[0].worker_id,
            tenant=room.tenant,
            record=room,
            transports=transports,
            producers=[ProducerEntry(producer_id=f"p{number}", kind="audio") for number in range(producers)],
        )
        for room in rooms
    ]
    seen.take_page(Inventory(node_id=node.node_id, start_id=node.start_id, version=0, routers=entries))
    return seen


def _rounds(seen: Picture, rooms: list[RoomRecord], *seconds: float) -> list[list[Task]]:
    ages = Ages()
    return [_round(seen, rooms, ages, second) for second in seconds]


def _round(seen: Picture, rooms: list[RoomRecord], ages: Ages, second: float) -> list[Task]:
    return [task for tasks in look(rooms, seen, ages, SETTINGS, second) for task in tasks]


def test_closes_a_router_that_nobody_uses() -> None:
    """A router that was empty for thirty seconds is closed."""
    room = record("idle-1")
    assert _rounds(_holding(NODE_IDLE, room), [room], 0, 29, 30) == [[], [], [CloseRouter(room, room.routers[0])]]


def test_leaves_what_is_in_use() -> None:
    """Transports, producers and places on offer keep a router."""
    room = record("idle-1")
    assert _rounds(_holding(NODE_IDLE, room, transports=1), [room], 0, 100) == [[], []]
    assert _rounds(_holding(NODE_IDLE, room, producers=1), [room], 0, 100) == [[], []]
    seen = _holding(NODE_IDLE, room)
    book(seen, grant("idle-1", room.routers[0].router_id, "g"))
    assert _rounds(seen, [room], 0, 100) == [[], []]


def test_a_use_in_between_begins_the_time_anew() -> None:
    """Only thirty seconds without any use count."""
    room = record("idle-1")
    seen = _holding(NODE_IDLE, room)
    ages = Ages()
    assert _round(seen, [room], ages, 0) == []
    book(seen, grant("idle-1", room.routers[0].router_id, "g"))
    assert _round(seen, [room], ages, 29) == []
    seen.cluster.unbook("idle-1", "g")
    assert _round(seen, [room], ages, 31) == []
    assert _round(seen, [room], ages, 61) == [CloseRouter(room, room.routers[0])]


def test_closes_a_deserted_room() -> None:
    """A room with an empty timeout is closed when nobody was in it for that long, with or without routers."""
    room, bare = record("idle-1", empty_timeout=5), record(room_id="bare", empty_timeout=5)
    assert _rounds(_holding(NODE_IDLE, room), [room, bare], 0, 5)[1] == [CloseRoom(room), CloseRoom(bare)]
    assert _rounds(_holding(NODE_IDLE, room, transports=1), [room], 0, 5)[1] == []


def test_rooms_without_a_timeout_stay() -> None:
    """A room stays until it is closed, unless its policy says otherwise."""
    room = record()
    assert _rounds(picture(NODE_IDLE), [room], 0, 10_000) == [[], []]


def test_strikes_routers_that_vanished() -> None:
    """A router that its node does not announce for ten seconds leaves the record; until then it may be being made."""
    room = record("idle-1")
    found = _rounds(_holding(NODE_IDLE), [room], 0, 9, 10)
    assert found == [[], [], [Strike(room, frozenset({"room-on-idle-1"}))]]


def test_strikes_routers_of_workers_that_are_gone() -> None:
    """A worker that its node does not have any more has no routers."""
    room = record("idle-9")
    assert _rounds(_holding(NODE_IDLE), [room], 0, 10)[1] == [Strike(room, frozenset({"room-on-idle-9"}))]


def test_leaves_routers_of_silent_nodes() -> None:
    """Of a node that is suspect, or has not told everything, nothing is known: its routers stay listed."""
    room = record("stale-1")
    seen = picture(NODE_STALE)
    assert seen.cluster.nodes["stale"].state == "suspect"
    assert _rounds(seen, [room], 0, 100) == [[], []]
    assert _rounds(picture(NODE_IDLE), [record("idle-1")], 0, 100) == [[], []]


def test_closes_routers_that_no_record_lists() -> None:
    """A router that is announced but not listed for ten seconds is closed, also where its room is gone."""
    room = record("idle-1")
    seen = _holding(NODE_IDLE, room, transports=5)
    assert _rounds(seen, [record()], 0, 9, 10) == [[], [], [CloseUnlisted(room, "idle")]]
    assert _rounds(seen, [], 0, 10)[1] == [CloseUnlisted(room, "idle")]


def test_clocks_begin_anew() -> None:
    """After the bus was away all ages start from nothing."""
    ages = Ages()
    assert ages.age("unused", "r", 0) == 0
    ages.end_round()
    assert ages.age("unused", "r", 20) == 20
    ages.clear()
    assert ages.age("unused", "r", 40) == 0

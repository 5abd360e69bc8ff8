"""How records change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.placement.fixed import record

from tureen.contract.rooms import RoomPolicy, RoomRecord, RoomRouter
from tureen.placement import records


def _router(number: int) -> RoomRouter:
    return RoomRouter(router_id=f"router{number}", node_id="n", worker_id=f"n-{number % 4}")


def test_one_router_a_worker() -> None:
    """A worker that has a router of the room gets no second one, and no router is listed twice."""
    room = records.with_router(record(), _router(1))
    assert room is not None
    assert records.with_router(room, _router(1)) is None
    assert records.with_router(room, _router(5)) is None
    assert records.with_router(room, _router(2)) is not None


def test_what_changes_nothing_is_no_change() -> None:
    """A transition that would leave the record as it is makes no new generation."""
    room = record("a-1")
    assert records.without_routers(room, {"nothing"}) is None
    assert records.updated(room, policy=room.policy, media_codecs=[]) is None
    assert records.merged(room, room) is None
    assert records.past(room, room.generation) is None


def test_updates_leave_out_what_is_not_given() -> None:
    """Codecs and policy change one without the other; the capabilities follow the codecs."""
    policy = RoomPolicy(watermark=20)
    room = records.updated(record("a-1"), policy=policy)
    assert room is not None
    assert (room.policy, room.generation, room.media_codecs) == (policy, 2, [])
    codecs = records.updated(room, media_codecs=[{"kind": "audio"}], rtp_capabilities={"codecs": []})
    assert codecs is not None
    assert (codecs.policy, codecs.rtp_capabilities, codecs.generation) == (policy, {"codecs": []}, 3)


def test_a_room_made_anew_is_newer() -> None:
    """A room that is made anew under the same id begins beyond all that was known of it."""
    first = records.first_generation(1_000, 5_000)
    assert records.first_generation(1_000, 5_001) > first
    assert records.first_generation(1_000, 500) == 1


def test_a_closed_room_has_no_routers() -> None:
    """Agents are told that a room is closed by a newer record that lists none of their routers."""
    room = record("a-1", "b-1")
    closed = records.closed(room)
    assert closed.routers == []
    assert closed.version > room.version


def test_routers_of_another_incarnation_are_listed_again() -> None:
    """What a late node holds is added to the room as it is now, in an incarnation that the node takes for newer."""
    room, copy = record("a-1"), record("b-1").model_copy(update={"incarnation": 0, "generation": 99})
    again = records.readmitted(room, copy, copy.routers)
    assert again is not None
    assert [router.node_id for router in again.routers] == ["a", "b"]
    assert again.version == (1, 2)
    assert records.readmitted(again, copy, copy.routers) is None
    later = records.readmitted(again, copy.model_copy(update={"incarnation": 8}), copy.routers)
    assert later is not None
    assert later.version == (9, 3)


def test_a_room_that_is_long_closed() -> None:
    """What an agent is told of a room of which only its own copy is left is newer than all that it may know."""
    copy = record("a-1")
    assert records.long_closed(copy, 500_000).generation == 499_999
    assert records.long_closed(copy, 0).generation == copy.generation + 1
    assert records.long_closed(copy, 0).routers == []


def test_a_record_is_lifted_past_what_an_agent_knows() -> None:
    """The store's record becomes newer than the one with which an agent refused it."""
    lifted = records.past(record("a-1"), 41)
    assert lifted is not None
    assert lifted.generation == 42


def test_reborn_records_are_newer_than_their_copies() -> None:
    """A record that is rebuilt belongs to the new incarnation, whatever the agents' copies belong to."""
    room = record("a-1")
    assert records.reborn(room, 7, []).version > room.version
    assert records.reborn(room.model_copy(update={"incarnation": 9}), 7, []).incarnation == 10


def test_two_halves_of_a_rebuilt_room_are_merged() -> None:
    """What two replicas found of a room, each from other nodes, becomes one record that lists everything."""
    merged = records.merged(record("a-1"), record("b-1"))
    assert merged is not None
    assert {router.node_id for router in merged.routers} == {"a", "b"}
    assert merged.generation == 2


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("with"), st.integers(0, 9)),
        st.tuples(st.just("without"), st.integers(0, 9)),
        st.tuples(st.just("policy"), st.integers(1, 5)),
    )
)


def _apply(room: RoomRecord, step: tuple[str, int]) -> RoomRecord | None:
    what, number = step
    if what == "with":
        return records.with_router(room, _router(number))
    if what == "without":
        return records.without_routers(room, {f"router{number}"})
    return records.updated(room, policy=RoomPolicy(watermark=number))


@given(_STEPS)
def test_any_history(steps: list[tuple[str, int]]) -> None:
    """Generations strictly increase, no router is listed twice, and no worker has two."""
    room = record()
    for step in steps:
        new = _apply(room, step)
        if new is not None:
            assert new.version > room.version
            assert new.generation == room.generation + 1
            room = new
        assert len({router.router_id for router in room.routers}) == len(room.routers)
        assert len({router.worker_id for router in room.routers}) == len(room.routers)


@given(_STEPS, _STEPS, st.lists(st.booleans()))
def test_racing_replicas_end_with_one_record(
    first: list[tuple[str, int]], second: list[tuple[str, int]], turns: list[bool]
) -> None:
    """Replicas that write by compare-and-set, in whatever order, lose no change and share no generation."""
    stored, revision = record(), 1
    generations = [stored.generation]
    queues = {False: list(first), True: list(second)}
    seen = {False: (stored, revision), True: (stored, revision)}
    applied = 0
    for replica in [*turns, *([False] * 30), *([True] * 30)]:
        if not queues[replica]:
            continue
        known, known_revision = seen[replica]
        new = _apply(known, queues[replica][0])
        if known_revision != revision:
            seen[replica] = (stored, revision)
            continue
        queues[replica].pop(0)
        if new is not None:
            stored, revision = new, revision + 1
            seen[replica] = (stored, revision)
            generations.append(stored.generation)
            applied += 1
    assert generations == sorted(set(generations))
    assert len(generations) == applied + 1
    assert len({router.worker_id for router in stored.routers}) == len(stored.routers)

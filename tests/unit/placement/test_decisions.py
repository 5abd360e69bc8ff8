"""The log of decisions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tureen.contract.decisions import DecidedEvent
from tureen.contract.rooms import PlacementReason
from tureen.placement.decisions import DecisionLog, Kept

WHY = PlacementReason(rule="pack", inputs_digest="", candidates=[], refusals={})


def _kept(room: str, number: int, *, granted: bool = True) -> Kept:
    return Kept(
        DecidedEvent(
            replica_id="a",
            decided_at=number,
            trace_id="",
            tenant="default",
            room_id=room,
            direction="send",
            grant_id=f"g{number}" if granted else None,
            why=WHY,
        ).to_wire()
    )


def test_the_newest_first() -> None:
    """A room's decisions come with the newest first; an unknown room has none."""
    log = DecisionLog()
    for number in range(3):
        log.add(_kept("r", number))
    assert [kept.told["decidedAt"] for kept in log.of_room("default", "r")] == [2, 1, 0]
    assert list(log.of_room("other", "r")) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60))
def test_the_oldest_go(history: list[tuple[str, bool]]) -> None:
    """No more than the limits are kept, the newest of them; what is not kept is found by no way."""
    log = DecisionLog(most=10, most_of_a_room=4)
    added = [_kept(room, number, granted=granted) for number, (room, granted) in enumerate(history)]
    for kept in added:
        log.add(kept)
    found = {room: list(log.of_room("default", room)) for room in "abc"}
    assert len(log) == sum(map(len, found.values())) <= 10
    for room, decisions in found.items():
        of_room = [kept for kept in reversed(added) if kept.told["roomId"] == room]
        assert decisions == of_room[: len(decisions)]
        assert len(decisions) <= 4
    kept_grants = {grant_id for decisions in found.values() for kept in decisions if (grant_id := _grant(kept))}
    known = {grant_id for kept in added if (grant_id := _grant(kept)) and log.of_grant("default", grant_id)}
    assert known == kept_grants
    assert not any(log.of_grant("other", grant_id) for grant_id in known)


def _grant(kept: Kept) -> str | None:
    return kept.told.get("grantId")

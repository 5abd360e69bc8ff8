from __future__ import annotations

import asyncio
import json
from typing import Any

import msgpack
import pytest

from tureen.contract.errors import Conflict, InvalidType, NoCapacity
from tureen.contract.media import RouterCreateWebRtcTransport
from tureen.contract.quick import decode_command
from tureen.node_agent.memory import REMEMBERED, Creates, Tombstones, fingerprint, mark_of


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def make(result: str = "made") -> str:
    """Make something, after a turn of the loop."""
    await asyncio.sleep(0)
    return result


async def test_the_same_create_makes_one_object() -> None:
    """Asked twice with the same options, one after the other, an id is made once."""
    creates = Creates(Clock())
    assert await creates.once("a", b"mark", make) == "made"
    assert await creates.once("a", b"mark", lambda: make("again")) == "made"


async def test_a_create_under_way_is_shared() -> None:
    """Two askers at the same time get the one object."""
    creates = Creates(Clock())
    results = await asyncio.gather(creates.once("a", b"mark", make), creates.once("a", b"mark", lambda: make("again")))
    assert list(results) == ["made", "made"]


async def test_other_options_are_a_conflict() -> None:
    """The same id with other options is refused, under way and after."""
    creates = Creates(Clock())
    first = asyncio.create_task(creates.once("a", b"mark", make))
    await asyncio.sleep(0)
    with pytest.raises(Conflict):
        await creates.once("a", b"other", make)
    await first
    with pytest.raises(Conflict):
        await creates.once("a", b"other", make)


async def test_a_failed_create_may_be_asked_again() -> None:
    """A create that failed leaves nothing behind, and everybody who asked gets the error."""
    creates = Creates(Clock())

    async def refuse() -> str:
        await asyncio.sleep(0)
        raise NoCapacity("full")

    outcomes = await asyncio.gather(
        creates.once("a", b"mark", refuse), creates.once("a", b"mark", refuse), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [NoCapacity, NoCapacity]
    assert await creates.once("a", b"mark", make) == "made"


async def test_a_closed_id_is_remembered_for_a_while() -> None:
    """A closed id may not be used again until two minutes have passed."""
    clock = Clock()
    creates = Creates(clock)
    await creates.once("a", b"mark", make)
    creates.forget("a")
    with pytest.raises(Conflict):
        await creates.once("a", b"mark", make)
    clock.now = REMEMBERED
    assert await creates.once("a", b"mark", make) == "made"


async def test_a_stranger_cannot_use_up_an_id() -> None:
    """What one owner closed is closed to it alone, and burying an id leaves an object of that id alone."""
    creates = Creates(Clock())
    creates.bury("a", "stranger")
    assert await creates.once("a", b"mark", make, "owner") == "made"
    creates.bury("a", "stranger")
    assert await creates.once("a", b"mark", lambda: make("again"), "owner") == "made"
    with pytest.raises(Conflict):
        await creates.once("a", b"other", make, "stranger")


async def test_who_names_an_object_under_way_waits_for_it() -> None:
    """`settled` returns when the create has ended, and at once where there is none."""
    creates = Creates(Clock())
    order: list[str] = []

    async def slow() -> str:
        await asyncio.sleep(0)
        order.append("made")
        return "made"

    async def wait() -> None:
        await creates.settled("a")
        order.append("settled")

    await asyncio.gather(creates.once("a", b"mark", slow), wait())
    await creates.settled("unknown")
    assert order == ["made", "settled"]


def test_tombstones_do_not_pile_up() -> None:
    """What is over is dropped when new ids are closed."""
    tombstones = Tombstones()
    for number in range(100):
        tombstones.add(f"id{number}", now=number * REMEMBERED)
    assert tombstones.holds("id99", now=99 * REMEMBERED)
    assert len(tombstones) <= 2


def test_grants_and_records_do_not_make_another_create() -> None:
    """A repeat may carry another grant or a newer record; other options make it another create."""
    base = {"id": "a", "routerId": "r", "grant": {"grantId": "1"}, "generation": 1}
    assert fingerprint(base) == fingerprint({**base, "grant": {"grantId": "2"}, "generation": 2})
    assert fingerprint(base) != fingerprint({**base, "enableTcp": True})


@pytest.mark.parametrize("value", [2**64, -(2**64), "\ud800", {1: object()}])
def test_what_cannot_be_compared_is_refused(value: object) -> None:
    """JSON knows longer numbers and half characters; they are a TypeError, not a failure of ours."""
    with pytest.raises(InvalidType):
        fingerprint({"appData": {"a": value}})


async def test_an_id_is_each_owners_own() -> None:
    """What one owner makes, is making or has closed of an id is not seen by another who uses the same."""
    creates = Creates(Clock())
    first = asyncio.create_task(creates.once("a", b"mark", make, "me"))
    await asyncio.sleep(0)
    assert creates.is_under_way("a", "me")
    assert not creates.is_under_way("a", "you")
    assert creates.owners("a") == ["me"]
    assert await creates.once("a", b"other", lambda: make("yours"), "you") == "yours"
    assert await first == "made"
    creates.forget("a", "me")
    with pytest.raises(Conflict, match="closed a moment ago"):
        await creates.once("a", b"mark", make, "me")
    assert await creates.once("a", b"other", make, "you") == "yours"


_GRANT = {"grantId": "g", "workerId": "w", "roomId": "r", "expiresAt": 5}
_OPTIONS: dict[str, Any] = {"routerId": "r", "id": "t", "listenInfos": [{"protocol": "udp", "ip": "a"}]}


def _marks(**more: Any) -> set[bytes]:
    """Return the marks of a create as it is read from msgpack, from a map and from JSON."""
    payload = {**_OPTIONS, **more}
    model = RouterCreateWebRtcTransport
    quick = decode_command(model, msgpack.packb(payload))
    read = [model.parse(payload), model.parse_json(json.dumps(payload).encode()), *([] if quick is None else [quick])]
    return {mark_of(command, "tenant router.createWebRtcTransport") for command in read}


def test_marks() -> None:
    """However a create is read, it is the same create: with other options another, with another grant not."""
    (mark,) = _marks()
    assert _marks(grant=_GRANT) == _marks(grant={**_GRANT, "grantId": "h"}) == _marks(reuse=True) == {mark}
    others: list[dict[str, Any]] = [{"enableTcp": True}, {"listenInfos": None}, {"ownerId": "o"}, {"appData": {"a": 1}}]
    marks = [_marks(**other) for other in others]
    assert len({mark, *(each for (each,) in marks)}) == 1 + len(others)
    assert mark_of(RouterCreateWebRtcTransport.parse(_OPTIONS), "other router.createWebRtcTransport") != mark

"""The commands on rooms themselves."""

from __future__ import annotations

import asyncio
from typing import Any

import msgpack
import pytest
from tests.integration.placement.conftest import Ask, StartAgent, StartReplica, knows, until

from tureen.bus import Bus
from tureen.contract import subjects
from tureen.contract.errors import (
    Conflict,
    InvalidType,
    NotFound,
    Unauthorized,
    UnknownField,
    Unsupported,
)

OPUS = {"kind": "audio", "mimeType": "audio/opus", "clockRate": 48000, "channels": 2}


async def test_create_is_repeatable(start_replica: StartReplica, ask: Ask) -> None:
    """The same options make the same room, other options of the same id are a conflict."""
    await start_replica()
    first = await ask("room.create", roomId="r", mediaCodecs=[OPUS], policy={"watermark": 50.0})
    again = await ask("room.create", roomId="r", mediaCodecs=[OPUS], policy={"watermark": 50.0})
    assert first == again
    assert [codec["mimeType"] for codec in first["rtpCapabilities"]["codecs"]] == ["audio/opus"]
    with pytest.raises(Conflict):
        await ask("room.create", roomId="r", mediaCodecs=[OPUS], policy={"watermark": 51.0})
    with pytest.raises(Conflict):
        await ask("room.create", roomId="r", policy={"watermark": 50.0})


async def test_replicas_make_one_room(start_replica: StartReplica, ask: Ask) -> None:
    """A room that is made many times at once, through two replicas, is one room."""
    await start_replica(), await start_replica()
    made = await asyncio.gather(*(ask("room.create", roomId="r") for _ in range(20)))
    assert {(room["incarnation"], room["generation"]) for room in made} == {
        (made[0]["incarnation"], made[0]["generation"])
    }


async def test_default_codecs(start_replica: StartReplica, ask: Ask) -> None:
    """A room that names no codecs speaks what browsers speak, and gets an id of its own."""
    await start_replica()
    room = await ask("room.create")
    kinds = {codec["mimeType"] for codec in room["rtpCapabilities"]["codecs"]}
    assert {"audio/opus", "video/VP8", "video/VP9", "video/H264", "video/AV1", "video/rtx"} == kinds
    assert (await ask("room.get", roomId=room["roomId"])) == room


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({"mediaCodecs": [{"kind": "video", "mimeType": "video/H266", "clockRate": 90000}]}, Unsupported),
        ({"mediaCodecs": [{"kind": "video"}]}, InvalidType),
        ({"mediaCodecs": "opus"}, InvalidType),
        ({"roomId": "not an id"}, InvalidType),
        ({"policy": {"watermark": 0}}, InvalidType),
        ({"policy": {"waterMark": 10}}, UnknownField),
        ({"colour": "blue"}, UnknownField),
    ],
)
async def test_bad_input(
    start_replica: StartReplica, ask: Ask, payload: dict[str, Any], error: type[Exception]
) -> None:
    """What is malformed, unknown or unsupported is a coded error, and no room is made."""
    await start_replica()
    with pytest.raises(error):
        await ask("room.create", **payload)
    assert (await ask("room.list"))["rooms"] == []


async def test_a_malformed_body(start_replica: StartReplica, bus: Bus, ask: Ask) -> None:
    """Bytes that are no msgpack are a coded error, and the next request is served."""
    await start_replica()
    delivery = await bus.exchange("tureen.v1.default.placement.room.get", b"\xc1", {}, timeout=2)
    assert b"Malformed" in delivery.body
    assert (await ask("room.list"))["rooms"] == []


async def test_tenants_do_not_see_each_other(start_replica: StartReplica, ask: Ask) -> None:
    """To another tenant a room does not exist; the operator has no rooms."""
    await start_replica()
    await ask("room.create", roomId="r", policy={"watermark": 50.0})
    for name in ("room.get", "room.place"):
        with pytest.raises(NotFound):
            await ask(name, tenant="acme", roomId="r")
    with pytest.raises(NotFound):
        await ask("room.update", tenant="acme", roomId="r", policy={})
    await ask("room.close", tenant="acme", roomId="r")
    await ask("room.create", tenant="acme", roomId="r")
    assert (await ask("room.get", roomId="r"))["policy"]["watermark"] == 50
    with pytest.raises(Unauthorized):
        await ask("room.create", tenant="system", roomId="r")


async def test_lists_in_pages(start_replica: StartReplica, ask: Ask) -> None:
    """Rooms are listed by id, page after page, the tenant's own alone."""
    await start_replica()
    for number in range(5):
        await ask("room.create", roomId=f"r{number}", mediaCodecs=[OPUS])
    await ask("room.create", tenant="acme", roomId="r9", mediaCodecs=[OPUS])
    found: list[str] = []
    page: dict[str, Any] = await ask("room.list", limit=2)
    found += [room["roomId"] for room in page["rooms"]]
    while "next" in page:
        page = await ask("room.list", limit=2, after=page["next"])
        found += [room["roomId"] for room in page["rooms"]]
    assert found == [f"r{number}" for number in range(5)]


async def test_a_page_of_rooms_fits_a_message(start_replica: StartReplica, ask: Ask) -> None:
    """However many are asked for, a page ends where the message does."""
    await start_replica()
    codecs = [{**OPUS, "parameters": {"x-note": "o" * 4000}}]
    names = [f"r{number:02}" for number in range(30)]
    for name in names:
        await ask("room.create", roomId=name, mediaCodecs=codecs)
    found: list[str] = []
    page: dict[str, Any] = {"next": "0"}
    while "next" in page:
        page = await ask("room.list", limit=1000, after=page["next"])
        assert len(msgpack.packb(page)) < 256 * 1024
        found += [room["roomId"] for room in page["rooms"]]
    assert found == names
    assert len(page["rooms"]) < len(names)


async def test_update_reaches_the_agents(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A changed policy or codec list goes to every agent of the room, also to one that was away."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    await ask("room.place", roomId="r")
    agent.failing["room.update"] = NotFound("not now")
    updated = await ask("room.update", roomId="r", mediaCodecs=[OPUS])
    assert [codec["mimeType"] for codec in updated["rtpCapabilities"]["codecs"]] == ["audio/opus"]
    del agent.failing["room.update"]
    await until(lambda: agent.rooms["r"].media_codecs == [OPUS])
    assert agent.rooms["r"].generation == updated["generation"]
    with pytest.raises(NotFound):
        await ask("room.update", roomId="nowhere", policy={})


async def test_close_reaches_the_agents(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """Closing a room closes its routers everywhere; closing it again, or one that never was, succeeds."""
    first, second, placement = await start_agent("a"), await start_agent("b"), await start_replica()
    await knows(placement, first, second)
    await ask("room.create", roomId="r")
    await ask("room.place", roomId="r", nodeId="a")
    await ask("room.place", roomId="r", nodeId="b")
    await ask("room.close", roomId="r")
    await until(lambda: not first.routers and not second.routers)
    await ask("room.close", roomId="r")
    await ask("room.close", roomId="never")
    with pytest.raises(NotFound):
        await ask("room.get", roomId="r")


async def test_a_room_can_be_made_anew(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A room of the same id, made right after the close, is newer to the agents than the old one."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    for _ in range(5):
        await ask("room.create", roomId="r")
        placed = await ask("room.place", roomId="r")
        assert placed["routerId"] in agent.routers
        await ask("room.close", roomId="r")
    await until(lambda: not agent.routers)


async def test_changes_are_announced(start_replica: StartReplica, ask: Ask, bus: Bus) -> None:
    """Every write of a record is an event of the cluster."""
    heard: list[dict[str, Any]] = []
    await bus.subscribe(subjects.system_event("roomChanged"), lambda _, event: heard.append(event))
    await start_replica()
    created = await ask("room.create", roomId="r")
    await ask("room.update", roomId="r", policy={"watermark": 20.0})
    await ask("room.close", roomId="r")
    await until(lambda: len(heard) == 3)
    assert [event["generation"] - created["generation"] for event in heard] == [0, 1, 2]
    assert [event["closed"] for event in heard] == [False, False, True]

"""What has changed while a client was cut from NATS: it holds afterwards, and its events are emitted, once."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.conformance.helpers import happens, hear, record
from tests.conformance.samples import AUDIO, DEVICE, MEDIA_CODECS
from tests.integration.client.conftest import Client
from tests.integration.client.cutting import away, caught_up, cut
from tests.integration.client.everything import HAPPENINGS, Everything, all_of, shown
from tests.support.remote_node import RemoteNode

from tureen.client import connect, connection
from tureen.client.session import Session
from tureen.contract.errors import Timeout
from tureen.contract.registry import Command

EVENTS: Mapping[str, tuple[str, str]] = {
    "score": ("score", "score"),
    "current_layers": ("layerschange", "layerschange"),
    "ice_state": ("icestatechange", "icestatechange"),
    "ice_selected_tuple": ("iceselectedtuplechange", "iceselectedtuplechange"),
    "dtls_state": ("dtlsstatechange", "dtlsstatechange"),
    "sctp_state": ("sctpstatechange", "sctpstatechange"),
    "producer_paused": ("producerpause", "producerresume"),
    "data_producer_paused": ("dataproducerpause", "dataproducerresume"),
}
"""The event of a property that is true, or anything but false, and that of one that is false."""

COMEDIA = {"tuple": ("tuple", "tuple"), "rtcp_tuple": ("rtcptuple", "rtcptuple")}
"""Those of a transport that learns addresses from packets."""


def expected(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Counter[str]:
    """Return the events that tell of what has changed of an object."""
    events = {**EVENTS, **(COMEDIA if name == "rtcp" else {})}
    changed = (each for each in events if each in before and before[each] != after[each])
    return Counter(events[each][after[each] is False] for each in changed)


@given(st.lists(st.sampled_from(sorted(HAPPENINGS)), min_size=1, max_size=12))
@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_what_has_changed(made: Everything, node: RemoteNode, happened: list[str]) -> None:
    """Whatever has happened meanwhile, all properties are what the maker sees, and each change was told once."""
    async with connect(node.url) as other:
        there = await all_of(other, made, node.id)
        before = {name: shown(each) for name, each in there.items()}
        told = {name: record(each, *each.EVENTS) for name, each in there.items()}
        async with away(other):
            for name in happened:
                await HAPPENINGS[name](made)
            assert not any(told.values())
        for name, each in there.items():
            after = shown(made.one(name))
            assert shown(each) == after, name
            assert Counter(event for event, *_ in told[name]) == expected(name, before[name], after), name
        # It hears as before.
        scores = record(there["audio"], "score")
        score = [{"encodingIdx": 0, "ssrc": 1, "rid": None, "score": 10 - len(happened) % 2}]
        await hear(made.one("audio"), "PRODUCER_SCORE", {"scores": score})
        await happens(lambda: len(scores) == 1)


async def test_media(client: Client, node: RemoteNode) -> None:
    """Scores that real packets have made while a client was away are there when it is back."""
    one, other = await client(), await client()
    router = await (await one.create_worker()).create_router(media_codecs=MEDIA_CODECS)
    producer = await (await router.create_direct_transport()).produce(kind="audio", rtp_parameters=AUDIO)
    there = await other.attach_producer(producer.id, node_id=node.id)
    consumer = await (await there._transport._router.create_direct_transport()).consume(
        producer_id=producer.id, rtp_capabilities=DEVICE
    )
    scores, heard = record(there, "score"), record(consumer, "score")
    async with away(other):
        for number in range(20):
            producer.send(struct.pack(">BBHII", 0x80, 111, number, 960 * number, 11111111) + bytes(40))
        await happens(lambda: bool(producer.score) and producer.score[0]["score"] == 10)
    assert scores == [("score", producer.score)]
    assert there.score == producer.score
    assert heard == [("score", consumer.score)]
    assert consumer.score["producerScore"] == 10


async def test_nobody_answers_at_first(
    made: Everything, client: Client, node: RemoteNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody answers when the connection is back, the client finds out later what it has missed."""
    monkeypatch.setattr(connection, "LOOK_INTERVAL", 0.1)
    other = await client()
    there = await all_of(other, made, node.id)
    ask, failed = Session.ask, Counter[str]()

    async def deaf(self: Session, node_id: str | None, command: Command, *rest: Any) -> dict[str, Any]:
        if self is other._session and command.name.endswith(".dump") and not failed[command.name]:
            failed[command.name] += 1
            raise Timeout("nobody answers")
        return await ask(self, node_id, command, *rest)

    async with away(other):
        await made.one("audio").pause()
        await HAPPENINGS["ICE connects"](made)
        monkeypatch.setattr(Session, "ask", deaf)
    await happens(lambda: there["audio"].paused and there["browser"].ice_state == "connected")
    await caught_up(other)
    assert failed["router.dump"] == failed["transport.dump"] == 1


async def test_cut_again(made: Everything, client: Client, node: RemoteNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is lost again while the client catches up is caught up with anew."""
    other = await client()
    there = await all_of(other, made, node.id)
    ask, cuts = Session.ask, 0

    async def cutting(self: Session, node_id: str | None, command: Command, *rest: Any) -> dict[str, Any]:
        nonlocal cuts
        answer = await ask(self, node_id, command, *rest)
        if self is other._session and command.name == "router.dump" and not cuts:
            cuts += 1
            await cut(other)
            await made.one("audio").pause()
        return answer

    monkeypatch.setattr(Session, "ask", cutting)
    await cut(other)
    await happens(lambda: there["audio"].paused)
    await caught_up(other)


async def test_what_is_changed_meanwhile(
    made: Everything, client: Client, node: RemoteNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a client has changed itself while it catches up is not undone by an older dump."""
    other = await client()
    there = await all_of(other, made, node.id)
    ask = Session.ask

    async def late(self: Session, node_id: str | None, command: Command, *rest: Any) -> dict[str, Any]:
        answer = await ask(self, node_id, command, *rest)
        if self is other._session and command.name == "transport.dump":
            await there["seen"].set_priority(99)
            await there["browser"].restart_ice()
        return answer

    monkeypatch.setattr(Session, "ask", late)
    await cut(other)
    await happens(lambda: there["seen"].priority == 99)
    await caught_up(other)
    monkeypatch.undo()
    dump = await there["browser"].dump()
    assert there["seen"].priority == 99
    assert there["browser"].ice_parameters["usernameFragment"] == dump["iceParameters"]["usernameFragment"]

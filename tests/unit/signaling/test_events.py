from __future__ import annotations

from typing import Any

import pytest

from tureen.signaling import events
from tureen.signaling.effects import Disconnect, Effect, Notify
from tureen.signaling.room import Consumer, Peer, Phase, Producer, Room, Transport


@pytest.fixture
def room() -> Room:
    """Alice sends `pa`, Bob watches it as `cb`."""
    room = Room("soup")
    for name in ("alice", "bob"):
        peer = Peer(name)
        room.enter(peer)
        room.add_transport(peer, Transport(f"t-{name}", "node", "router", "both", ready=True))
        room.join(peer, name, {}, {"codecs": []})
    alice, bob = room.peers.values()
    alice.producers["pa"] = Producer("pa", alice, alice.transports["t-alice"], "video", {}, {}, {})
    (consumer,) = [c for c in room.claim_missing(lambda *_: True, lambda: "cb") if c.peer is bob]
    consumer.phase = Phase.LIVE
    return room


def told(effects: list[Effect]) -> list[tuple[str, str, Any]]:
    """Return effects that are notifications, which all must be."""
    assert all(isinstance(effect, Notify) for effect in effects)
    return [(e.peer.id, e.method, e.data) for e in effects if isinstance(e, Notify)]


def consumer_of(room: Room) -> Consumer:
    """Return Bob's consumer."""
    return room.consumers["cb"]


def test_a_producers_pause_is_told_once(room: Room) -> None:
    """Repeating an event changes nothing."""
    assert told(events.apply(room, "consumer", "cb", "producerpause", None)) == [
        ("bob", "consumerPaused", {"consumerId": "cb"})
    ]
    assert events.apply(room, "consumer", "cb", "producerpause", None) == []
    assert told(events.apply(room, "consumer", "cb", "producerresume", None)) == [
        ("bob", "consumerResumed", {"consumerId": "cb"})
    ]


def test_scores_are_told(room: Room) -> None:
    """A consumer's score goes to who watches, a producer's to who sends."""
    score = {"score": 5, "producerScore": 6, "producerScores": [6]}
    assert told(events.apply(room, "consumer", "cb", "score", score)) == [
        ("bob", "consumerScore", {"consumerId": "cb", "score": score})
    ]
    assert told(events.apply(room, "producer", "pa", "score", [{"score": 9}])) == [
        ("alice", "producerScore", {"producerId": "pa", "score": [{"score": 9}]})
    ]


def test_layers_are_told(room: Room) -> None:
    """Layers may also be none."""
    ((_, method, data),) = told(events.apply(room, "consumer", "cb", "layerschange", {"spatialLayer": 1}))
    assert (method, data["layers"]) == ("consumerLayersChanged", {"spatialLayer": 1})
    ((_, _, data),) = told(events.apply(room, "consumer", "cb", "layerschange", None))
    assert data["spatialLayer"] is None


def test_before_it_is_taken_nothing_is_told(room: Room) -> None:
    """The newest state is kept for later."""
    consumer = consumer_of(room)
    consumer.phase = Phase.OFFERED
    score = {"score": 5}
    assert events.apply(room, "consumer", "cb", "score", score) == []
    assert events.apply(room, "consumer", "cb", "producerpause", None) == []
    assert (consumer.score, consumer.producer_paused) == (score, True)


def test_a_consumer_that_ended_is_told(room: Room) -> None:
    """The end of a stream closes the consumer; a second word of it changes nothing."""
    assert told(events.apply(room, "consumer", "cb", "producerclose", None)) == [
        ("bob", "consumerClosed", {"consumerId": "cb"})
    ]
    assert events.apply(room, "consumer", "cb", "producerclose", None) == []


def test_a_lost_router_sends_its_peers_back_in(room: Room) -> None:
    """The peer's WebSocket closes with 1012, after which protoo-client connects again."""
    effects = events.apply(room, "transport", "t-alice", "routerclose", None)
    assert [(e.peer.id, e.code) for e in effects if isinstance(e, Disconnect)] == [("alice", 1012)]
    assert told([e for e in effects if isinstance(e, Notify)]) == [("bob", "consumerClosed", {"consumerId": "cb"})]


@pytest.mark.parametrize(
    ("object_", "object_id", "event"),
    [
        ("consumer", "unknown", "score"),
        ("producer", "unknown", "score"),
        ("transport", "unknown", "routerclose"),
        ("consumer", "cb", "trace"),
        ("consumer", "cb", "score"),
        ("producer", "pa", "videoorientationchange"),
        ("transport", "t-alice", "icestatechange"),
        ("router", "router", "workerclose"),
        ("soup", "bowl", "spill"),
    ],
)
def test_what_is_of_no_interest_changes_nothing(room: Room, object_: str, object_id: str, event: str) -> None:
    """Unknown objects and events, and those without their data, have no effect."""
    assert events.apply(room, object_, object_id, event, "odd") == []

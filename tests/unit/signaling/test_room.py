from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tureen.contract.errors import Conflict, NotFound, RateLimited
from tureen.contract.rooms import Direction
from tureen.signaling.effects import Close, Effect, Notify
from tureen.signaling.room import Consumer, Limits, Peer, Phase, Producer, Room, Transport

CAPS: dict[str, Any] = {"codecs": ["opus"]}


@pytest.fixture
def room() -> Room:
    """A room that takes three peers."""
    return Room("soup", Limits(peers=3, transports_per_peer=2, producers_per_peer=2))


@pytest.fixture
def ids() -> Iterator[str]:
    """Ids in a known order."""
    return (f"c{number}" for number in itertools.count(1))


def enter(room: Room, name: str, *directions: Direction, join: bool = True, caps: dict[str, Any] | None = CAPS) -> Peer:
    """Let a peer in, with transports."""
    peer = Peer(name)
    room.enter(peer)
    for direction in directions:
        transport = Transport(f"{name}-{direction}", "node", f"router-{name}", direction, ready=True)
        room.add_transport(peer, transport)
    if join:
        room.join(peer, name.title(), {"flag": "x"}, caps)
    return peer


def produce(peer: Peer, producer_id: str) -> Producer:
    """Have a peer send something."""
    transport = next(iter(peer.transports.values()))
    producer = Producer(producer_id, peer, transport, "audio", {}, {"codecs": ["opus"]}, {})
    peer.producers[producer_id] = producer
    return producer


def claim(room: Room, ids: Iterator[str]) -> list[Consumer]:
    """Claim what is missing; everybody with equal codecs can consume."""
    return room.claim_missing(lambda consumable, caps: consumable["codecs"] == caps["codecs"], ids.__next__)


def told(effects: list[Effect]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return the notifications among effects."""
    return [(e.peer.id, e.method, e.data) for e in effects if isinstance(e, Notify)]


def live(room: Room, consumer: Consumer) -> None:
    """Have a consumer offered and taken."""
    consumer.phase = Phase.OFFERED
    room.accepted(consumer)


def test_joining_is_told_to_those_who_joined(room: Room) -> None:
    """Who has not joined does not hear of others, and is not heard of."""
    enter(room, "alice")
    enter(room, "bob", join=False)
    carol = Peer("carol")
    room.enter(carol)
    effects = room.join(carol, "Carol", {}, None)
    assert [(peer, method) for peer, method, _ in told(effects)] == [("alice", "newPeer")]
    assert [peer.id for peer in room.others(carol)] == ["alice"]


def test_nobody_joins_twice(room: Room) -> None:
    """A second join is a conflict."""
    alice = enter(room, "alice")
    with pytest.raises(Conflict):
        room.join(alice, "Alice", {}, None)


def test_a_room_is_full_at_its_limit(room: Room) -> None:
    """Peers count from the moment they come in."""
    for name in ("alice", "bob"):
        enter(room, name, join=False)
    assert not room.is_full
    enter(room, "carol", join=False)
    assert room.is_full


def test_a_peer_has_a_limit_of_transports_and_producers(room: Room) -> None:
    """Nobody can have any number of objects made."""
    alice = enter(room, "alice", "send", "recv")
    with pytest.raises(RateLimited):
        room.add_transport(alice, Transport("t3", "node", "router", "both"))
    produce(alice, "p1")
    room.check_may_produce(alice)
    produce(alice, "p2")
    with pytest.raises(RateLimited):
        room.check_may_produce(alice)


def test_everybody_watches_everybody_else_once(room: Room, ids: Iterator[str]) -> None:
    """A consumer for each producer of each other peer, and none twice, however often it is asked."""
    alice, bob = enter(room, "alice", "send", "recv"), enter(room, "bob", "send", "recv")
    produce(alice, "pa")
    produce(bob, "pb")
    pairs = {(c.peer.id, c.producer.id, c.transport.id) for c in claim(room, ids)}
    assert pairs == {("alice", "pb", "alice-recv"), ("bob", "pa", "bob-recv")}
    assert claim(room, ids) == []


@pytest.mark.parametrize("hindrance", ["not joined", "no transport", "transport not ready", "no capabilities"])
def test_who_cannot_receive_gets_nothing(room: Room, ids: Iterator[str], hindrance: str) -> None:
    """A consumer needs a peer that joined with capabilities and has a transport for it."""
    produce(enter(room, "alice", "send"), "pa")
    directions: list[Direction] = ["send"] if hindrance == "no transport" else ["recv"]
    caps = None if hindrance == "no capabilities" else CAPS
    bob = enter(room, "bob", *directions, join=hindrance != "not joined", caps=caps)
    if hindrance == "transport not ready":
        bob.transports["bob-recv"].ready = False
    assert claim(room, ids) == []


def test_what_arrives_later_is_supplied_later(room: Room, ids: Iterator[str]) -> None:
    """A transport that comes after join is used as soon as it is there."""
    produce(enter(room, "alice", "send"), "pa")
    bob = enter(room, "bob")
    assert claim(room, ids) == []
    room.add_transport(bob, Transport("late", "node", "router", "both", ready=True))
    assert [c.transport.id for c in claim(room, ids)] == ["late"]


def test_what_cannot_be_received_is_not_tried(room: Room, ids: Iterator[str]) -> None:
    """Capabilities that do not fit are looked at once."""
    produce(enter(room, "alice", "send"), "pa")
    enter(room, "bob", "recv", caps={"codecs": ["g729"]})
    assert claim(room, ids) == []
    assert room.consumers == {}


def test_leaving_leaves_nothing_behind(room: Room, ids: Iterator[str]) -> None:
    """Transports are closed, ready or not; consumers are gone on both sides; the others are told."""
    alice, bob = enter(room, "alice", "send", "recv"), enter(room, "bob", "send", "recv")
    produce(alice, "pa")
    produce(bob, "pb")
    for consumer in claim(room, ids):
        live(room, consumer)
    alice.transports["alice-send"].ready = False
    effects = room.leave(alice)
    assert [(e.kind, e.id, e.node_id, e.router_id) for e in effects if isinstance(e, Close)] == [
        ("transport", "alice-send", "node", "router-alice"),
        ("transport", "alice-recv", "node", "router-alice"),
    ]
    assert {(peer, method) for peer, method, _ in told(effects)} == {("bob", "consumerClosed"), ("bob", "peerClosed")}
    assert room.consumers == {}
    assert bob.watching == {}
    assert room.peers == {"bob": bob}
    assert room.leave(alice) == []


def test_leaving_before_joining_is_nobody_elses_business(room: Room) -> None:
    """Nobody hears that somebody left of whom nobody heard."""
    enter(room, "bob")
    assert told(room.leave(enter(room, "alice", "send", join=False))) == []


def test_a_closed_producer_ends_its_consumers(room: Room, ids: Iterator[str]) -> None:
    """Who watched is told, who had not answered yet is told after the answer."""
    alice = enter(room, "alice", "send")
    enter(room, "bob", "recv")
    enter(room, "carol", "recv")
    producer = produce(alice, "pa")
    first, second = claim(room, ids)
    live(room, first)
    second.phase = Phase.OFFERED
    assert [(peer, data) for peer, _, data in told(room.remove_producer(producer))] == [("bob", {"consumerId": "c1"})]
    assert told(room.accepted(second)) == [("carol", "consumerClosed", {"consumerId": "c2"})]
    assert room.consumers == {}


def test_a_lost_consumer_is_made_again(room: Room, ids: Iterator[str]) -> None:
    """While its producer is there, a consumer that ended is missing."""
    produce(enter(room, "alice", "send"), "pa")
    enter(room, "bob", "recv")
    (consumer,) = claim(room, ids)
    live(room, consumer)
    room.remove_consumer(consumer)
    assert [again.id for again in claim(room, ids)] == ["c2"]


def test_a_refused_consumer_is_not_made_again(room: Room, ids: Iterator[str]) -> None:
    """Who did not want it is not asked again for this producer."""
    produce(enter(room, "alice", "send"), "pa")
    enter(room, "bob", "recv")
    (consumer,) = claim(room, ids)
    room.refuse_consumer(consumer)
    assert claim(room, ids) == []
    assert room.consumers == {}


def test_a_pause_during_the_offer_is_told_after_the_answer(room: Room, ids: Iterator[str]) -> None:
    """A client forgets what it hears of consumers that it does not have yet, so it hears it later."""
    produce(enter(room, "alice", "send"), "pa")
    enter(room, "bob", "recv")
    (consumer,) = claim(room, ids)
    consumer.phase = Phase.OFFERED
    consumer.producer_paused = True
    assert room.show_pause(consumer) == []
    assert told(room.accepted(consumer)) == [("bob", "consumerPaused", {"consumerId": "c1"})]
    assert room.show_pause(consumer) == []
    consumer.producer_paused = False
    assert told(room.show_pause(consumer)) == [("bob", "consumerResumed", {"consumerId": "c1"})]


def test_a_lost_transport_takes_along_what_was_on_it(room: Room, ids: Iterator[str]) -> None:
    """Producers and consumers of a transport that is gone are gone."""
    alice, bob = enter(room, "alice", "both"), enter(room, "bob", "both")
    produce(alice, "pa")
    produce(bob, "pb")
    for consumer in claim(room, ids):
        live(room, consumer)
    effects = room.lose_transport(alice, "alice-both")
    assert {(peer, method) for peer, method, _ in told(effects)} == {
        ("bob", "consumerClosed"),
        ("alice", "consumerClosed"),
    }
    assert alice.producers == {}
    assert room.lose_transport(alice, "alice-both") == []


def test_objects_of_others_are_not_found(room: Room, ids: Iterator[str]) -> None:
    """A peer reaches its own objects only, and those only that it knows of."""
    alice, bob = enter(room, "alice", "send"), enter(room, "bob", "recv")
    produce(alice, "pa")
    (consumer,) = claim(room, ids)
    for look in (bob.transport, bob.producer, bob.consumer):
        for name in ("alice-send", "pa", "c1"):
            with pytest.raises(NotFound):
                look(name)
    live(room, consumer)
    assert bob.consumer("c1") is consumer


def test_a_new_name_is_told_with_the_old(room: Room) -> None:
    """Renaming is told to the others."""
    alice = enter(room, "alice")
    enter(room, "bob")
    assert told(room.rename(alice, "Ally")) == [
        ("bob", "peerDisplayNameChanged", {"peerId": "alice", "displayName": "Ally", "oldDisplayName": "Alice"})
    ]

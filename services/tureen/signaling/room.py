"""The state of one room: who is in it, what they send, and who watches what.

Pure: methods change the state and return effects, which the shell (`hall.py`) carries out. Nothing here awaits, so each
method is one step that nobody else can interrupt; whoever awaited in between looks at `gone` and `closed` again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from tureen.contract.errors import Conflict, NotFound, RateLimited
from tureen.contract.rooms import Direction
from tureen.signaling import dialects
from tureen.signaling.effects import Close, Effect, Notify

CanConsume = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
"""(consumableRtpParameters, rtpCapabilities) → whether this peer can receive that producer."""


@dataclass(slots=True, eq=False)
class Transport:
    """A transport of a peer; it may be under way still.

    Attributes:
        ready: Whether its agent has answered; before that it may or may not exist.
        in_doubt: Whether its agent was asked and left that unanswered.
    """

    id: str
    node_id: str
    router_id: str
    direction: Direction
    ready: bool = False
    in_doubt: bool = False


@dataclass(slots=True, eq=False)
class Producer:
    """What a peer sends."""

    id: str
    peer: Peer
    transport: Transport
    kind: str
    app_data: dict[str, Any]
    consumable_rtp_parameters: dict[str, Any]
    served: dict[str, Any]
    closed: bool = False


class Phase(Enum):
    """How far a consumer is."""

    WANTED = auto()
    """It is being made, its peer knows nothing."""
    OFFERED = auto()
    """Its peer was asked to take it and has not answered: what changes meanwhile is told after the answer."""
    LIVE = auto()
    REFUSED = auto()
    """It could not be made, or its peer did not want it: there is none, and none is tried again."""


@dataclass(slots=True, eq=False)
class Consumer:
    """What a peer receives of a producer.

    Attributes:
        producer_paused: As the newest event says; None before the first.
        shown_paused: As its peer was told last.
        client_paused: Whether its peer asked for a pause.
    """

    id: str
    peer: Peer
    producer: Producer
    transport: Transport
    phase: Phase = Phase.WANTED
    producer_paused: bool | None = None
    shown_paused: bool = False
    client_paused: bool = False
    score: dict[str, Any] | None = None
    closed: bool = False


@dataclass(slots=True, eq=False)
class Peer:
    """A member of a room.

    Attributes:
        gone: It left or was replaced; whatever still runs on its behalf stops.
        stats_as_list: Whether it speaks the classic dialect, the one difference that cannot be bridged.
        watching: By the id of the producer, one each.
    """

    id: str
    joined: bool = False
    gone: bool = False
    stats_as_list: bool = False
    display_name: str = ""
    device: dict[str, Any] = field(default_factory=dict)
    rtp_capabilities: dict[str, Any] | None = None
    transports: dict[str, Transport] = field(default_factory=dict)
    producers: dict[str, Producer] = field(default_factory=dict)
    watching: dict[str, Consumer] = field(default_factory=dict)

    def transport(self, transport_id: str) -> Transport:
        """Return a transport of this peer that is ready.

        Raises:
            NotFound: It has no such transport.
        """
        transport = self.transports.get(transport_id)
        if transport is None or not transport.ready:
            raise NotFound(f"transport {transport_id} not found")
        return transport

    def producer(self, producer_id: str) -> Producer:
        """Return a producer of this peer.

        Raises:
            NotFound: It has no such producer.
        """
        producer = self.producers.get(producer_id)
        if producer is None:
            raise NotFound(f"producer {producer_id} not found")
        return producer

    def consumer(self, consumer_id: str) -> Consumer:
        """Return a consumer of this peer that it knows of.

        Raises:
            NotFound: It has no such consumer.
        """
        for consumer in self.watching.values():
            if consumer.id == consumer_id and consumer.phase in (Phase.OFFERED, Phase.LIVE):
                return consumer
        raise NotFound(f"consumer {consumer_id} not found")

    def receiving_transport(self) -> Transport | None:
        """Return the transport on which it receives, the first of them, if there is one."""
        return next((t for t in self.transports.values() if t.ready and t.direction != "send"), None)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of everything is allowed."""

    peers: int = 200
    transports_per_peer: int = 8
    producers_per_peer: int = 16


@dataclass(slots=True, eq=False)
class Room:
    """A room."""

    id: str
    limits: Limits = field(default_factory=Limits)
    peers: dict[str, Peer] = field(default_factory=dict)
    consumers: dict[str, Consumer] = field(default_factory=dict)
    """By id, those that exist or are under way."""

    @property
    def is_full(self) -> bool:
        """Whether nobody else can come in."""
        return len(self.peers) >= self.limits.peers

    def others(self, peer: Peer) -> Iterator[Peer]:
        """Iterate over the others that have joined."""
        return (other for other in self.peers.values() if other.joined and other is not peer)

    def transports_on(self, node_id: str) -> list[Transport]:
        """Return the transports that live on a node, or are being made there."""
        return [t for peer in self.peers.values() for t in peer.transports.values() if t.node_id == node_id]

    def enter(self, peer: Peer) -> None:
        """Let a peer in, who has not joined yet; whoever had that id must have left."""
        self.peers[peer.id] = peer

    def leave(self, peer: Peer) -> list[Effect]:
        """Take a peer out with all it had."""
        if peer.gone:
            return []
        peer.gone = True
        del self.peers[peer.id]
        effects: list[Effect] = []
        for producer in list(peer.producers.values()):
            effects += self.remove_producer(producer)
        for consumer in list(peer.watching.values()):
            self._forget(consumer)
        effects += [self.close_effect(t, "transport", t.id) for t in peer.transports.values()]
        if peer.joined:
            effects += [Notify(other, "peerClosed", dialects.peer_closed(peer.id)) for other in self.others(peer)]
        return effects

    def join(
        self, peer: Peer, display_name: str, device: dict[str, Any], rtp_capabilities: dict[str, Any] | None
    ) -> list[Effect]:
        """Let a peer take part.

        Raises:
            Conflict: It has joined already.
        """
        if peer.joined:
            raise Conflict("this peer has joined already")
        peer.display_name, peer.device, peer.rtp_capabilities = display_name, device, rtp_capabilities
        peer.joined = True
        about = dialects.new_peer(peer.id, display_name, device)
        return [Notify(other, "newPeer", about) for other in self.others(peer)]

    def rename(self, peer: Peer, display_name: str) -> list[Effect]:
        """Change a peer's name."""
        told = dialects.display_name_changed(peer.id, display_name, peer.display_name)
        peer.display_name = display_name
        return [Notify(other, "peerDisplayNameChanged", told) for other in self.others(peer)]

    def add_transport(self, peer: Peer, transport: Transport) -> None:
        """Note a transport before it is asked for, so that it is closed even if its peer leaves meanwhile.

        Raises:
            RateLimited: The peer has too many.
        """
        if len(peer.transports) >= self.limits.transports_per_peer:
            raise RateLimited(f"a peer may have {self.limits.transports_per_peer} transports")
        peer.transports[transport.id] = transport

    def lose_transport(self, peer: Peer, transport_id: str) -> list[Effect]:
        """Forget a transport that is no more, and what was on it."""
        effects: list[Effect] = []
        if peer.transports.pop(transport_id, None) is None:
            return effects
        for producer in [p for p in peer.producers.values() if p.transport.id == transport_id]:
            effects += self.remove_producer(producer)
        for consumer in [c for c in peer.watching.values() if c.transport.id == transport_id]:
            effects += self.remove_consumer(consumer)
        return effects

    def check_may_produce(self, peer: Peer) -> None:
        """Check that a peer may send one thing more.

        Raises:
            RateLimited: The peer has too many producers.
        """
        if len(peer.producers) >= self.limits.producers_per_peer:
            raise RateLimited(f"a peer may have {self.limits.producers_per_peer} producers")

    def remove_producer(self, producer: Producer) -> list[Effect]:
        """Take a producer out, with all its consumers: they end by themselves where they live."""
        producer.closed = True
        producer.peer.producers.pop(producer.id, None)
        effects: list[Effect] = []
        for peer in self.peers.values():
            consumer = peer.watching.get(producer.id)
            if consumer is not None:
                effects += self.remove_consumer(consumer)
        return effects

    def remove_consumer(self, consumer: Consumer) -> list[Effect]:
        """Take a consumer out and tell its peer, unless that is about to answer whether it takes it."""
        is_shown = consumer.phase is Phase.LIVE
        self._forget(consumer)
        return [Notify(consumer.peer, "consumerClosed", dialects.consumer_named(consumer.id))] if is_shown else []

    def refuse_consumer(self, consumer: Consumer) -> None:
        """Give a consumer up, without another try for this producer."""
        if not consumer.closed:
            self.consumers.pop(consumer.id, None)
            consumer.phase, consumer.closed = Phase.REFUSED, True

    def claim_missing(self, can_consume: CanConsume, new_id: Callable[[], str]) -> list[Consumer]:
        """Return the consumers that should exist and do not; from now on they count as under way.

        Every joined peer that can receive watches every producer of every other peer. Asking at any time, by whomever
        and however often makes each consumer once.
        """
        claimed: list[Consumer] = []
        for peer in self.peers.values():
            transport = peer.receiving_transport()
            if not peer.joined or peer.rtp_capabilities is None or transport is None:
                continue
            for producer in self._producers_besides(peer):
                if producer.id in peer.watching:
                    continue
                consumer = Consumer(new_id(), peer, producer, transport)
                peer.watching[producer.id] = consumer
                if can_consume(producer.consumable_rtp_parameters, peer.rtp_capabilities):
                    self.consumers[consumer.id] = consumer
                    claimed.append(consumer)
                else:
                    self.refuse_consumer(consumer)
        return claimed

    def accepted(self, consumer: Consumer) -> list[Effect]:
        """Note that a peer took a consumer, and tell it what changed while it made up its mind."""
        if consumer.closed:
            return [Notify(consumer.peer, "consumerClosed", dialects.consumer_named(consumer.id))]
        consumer.phase = Phase.LIVE
        return self.show_pause(consumer)

    def show_pause(self, consumer: Consumer) -> list[Effect]:
        """Tell a consumer's peer whether its producer is paused, if that is news."""
        paused = consumer.producer_paused
        if consumer.phase is not Phase.LIVE or paused is None or paused == consumer.shown_paused:
            return []
        consumer.shown_paused = paused
        method = "consumerPaused" if paused else "consumerResumed"
        return [Notify(consumer.peer, method, dialects.consumer_named(consumer.id))]

    def close_effect(self, transport: Transport, kind: str, id_: str) -> Close:
        """Return the effect that closes a transport, or something on it."""
        return Close(self.id, transport.node_id, transport.router_id, kind, id_)

    def _producers_besides(self, peer: Peer) -> Iterator[Producer]:
        for other in self.others(peer):
            yield from other.producers.values()

    def _forget(self, consumer: Consumer) -> None:
        consumer.closed = True
        self.consumers.pop(consumer.id, None)
        if consumer.peer.watching.get(consumer.producer.id) is consumer:
            del consumer.peer.watching[consumer.producer.id]

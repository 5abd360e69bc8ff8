"""What node agents tell of a room's objects, and what follows for its browsers. Pure, like `room.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tureen.signaling import dialects
from tureen.signaling.effects import Disconnect, Effect, Notify
from tureen.signaling.protoo import CLOSE_RESTART
from tureen.signaling.room import Consumer, Peer, Phase, Producer, Room


def apply(room: Room, object_: str, object_id: str, event: str, data: Any) -> list[Effect]:
    """Apply an event of one object; what is unknown or of no interest changes nothing."""
    if object_ == "consumer":
        consumer = room.consumers.get(object_id)
        return [] if consumer is None else _of_consumer(room, consumer, event, data)
    if object_ == "producer":
        producer = _producer(room, object_id)
        return [] if producer is None else _of_producer(room, producer, event, data)
    if object_ == "transport" and event in ("close", "routerclose", "listenserverclose"):
        peer = _owner(room, object_id)
        return [] if peer is None else transport_lost(room, peer, object_id)
    return []


def transport_lost(room: Room, peer: Peer, transport_id: str) -> list[Effect]:
    """Send a browser back in whose transport is no more: it connects again and is placed elsewhere."""
    effects = room.lose_transport(peer, transport_id)
    return [*effects, Disconnect(peer, CLOSE_RESTART, "the worker that served this peer is gone: connect again")]


def _of_consumer(room: Room, consumer: Consumer, event: str, data: Any) -> list[Effect]:
    if event in ("producerpause", "producerresume"):
        consumer.producer_paused = event == "producerpause"
        return room.show_pause(consumer)
    if event in ("producerclose", "transportclose"):
        return room.remove_consumer(consumer)
    if event == "score" and isinstance(data, Mapping):
        consumer.score = dict(data)
        return _if_live(consumer, "consumerScore", dialects.consumer_score(consumer.id, data))
    if event == "layerschange":
        layers = data if isinstance(data, Mapping) else None
        return _if_live(consumer, "consumerLayersChanged", dialects.consumer_layers_changed(consumer.id, layers))
    return []


def _of_producer(room: Room, producer: Producer, event: str, data: Any) -> list[Effect]:
    if event == "score":
        return [Notify(producer.peer, "producerScore", dialects.producer_score(producer.id, data))]
    if event == "transportclose":
        return room.remove_producer(producer)
    return []


def _if_live(consumer: Consumer, method: str, data: Mapping[str, Any]) -> list[Effect]:
    return [Notify(consumer.peer, method, data)] if consumer.phase is Phase.LIVE else []


def _producer(room: Room, producer_id: str) -> Producer | None:
    return next((p.producers[producer_id] for p in room.peers.values() if producer_id in p.producers), None)


def _owner(room: Room, transport_id: str) -> Peer | None:
    return next((peer for peer in room.peers.values() if transport_id in peer.transports), None)

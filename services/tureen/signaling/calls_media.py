"""What a browser calls once it takes part: produce, pause, resume, close, layers, statistics."""

from __future__ import annotations

from typing import Any

from tureen.contract.errors import InvalidType, NotFound, TureenError, Unsupported
from tureen.contract.ids import new_id
from tureen.signaling import dialects
from tureen.signaling.calls import Caller, method
from tureen.signaling.incoming import (
    ConsumerNamed,
    Produce,
    ProducerNamed,
    SetConsumerPreferredLayers,
    SetConsumerPriority,
    TransportNamed,
)
from tureen.signaling.room import Consumer, Producer


@method("produce")
async def produce(caller: Caller, data: dict[str, Any]) -> Any:
    """Send something; the others are offered it once this is answered."""
    asked = Produce.parse(data)
    peer, room = caller.peer, caller.hall.room
    room.check_may_produce(peer)
    _check_kind(asked)
    transport = peer.transport(asked.transport_id)
    producer_id = new_id()
    try:
        created = await caller.media.of_transport(
            transport,
            "produce",
            id=producer_id,
            kind=asked.kind,
            rtpParameters=asked.rtp_parameters,
            appData={**asked.app_data, "peerId": peer.id},
        )
    except TureenError as error:
        if not error.nothing_done and not peer.gone:
            caller.hall.carry_out([room.close_effect(transport, "producer", producer_id)])
        raise
    caller.check_is_here()
    if transport.id not in peer.transports:
        raise NotFound(f"transport {transport.id} not found")
    peer.producers[producer_id] = Producer(
        id=producer_id,
        peer=peer,
        transport=transport,
        kind=asked.kind,
        app_data=asked.app_data,
        consumable_rtp_parameters=created["consumableRtpParameters"],
        served=created["served"],
    )
    return dialects.produced(producer_id)


@method("closeProducer", either=True)
async def close_producer(caller: Caller, data: dict[str, Any]) -> Any:
    """Stop sending something."""
    producer = _producer(caller, data)
    effects = caller.hall.room.remove_producer(producer)
    # Closing is certain from here on, so nobody has to wait for a node that answers late.
    closing = caller.hall.room.close_effect(producer.transport, "producer", producer.id)
    caller.hall.carry_out([*effects, closing])
    return {}


@method("pauseProducer", either=True)
async def pause_producer(caller: Caller, data: dict[str, Any]) -> Any:
    """Pause what is sent, for everybody."""
    producer = _producer(caller, data)
    return await caller.media.of_producer(producer.transport, "pause", producer.id)


@method("resumeProducer", either=True)
async def resume_producer(caller: Caller, data: dict[str, Any]) -> Any:
    """Resume what is sent."""
    producer = _producer(caller, data)
    return await caller.media.of_producer(producer.transport, "resume", producer.id)


@method("pauseConsumer", either=True)
async def pause_consumer(caller: Caller, data: dict[str, Any]) -> Any:
    """Pause what is received, for this peer alone."""
    consumer = _consumer(caller, ConsumerNamed.parse(data))
    consumer.client_paused = True
    return await caller.media.of_consumer(consumer.transport, "pause", consumer.id)


@method("resumeConsumer", either=True)
async def resume_consumer(caller: Caller, data: dict[str, Any]) -> Any:
    """Resume what is received."""
    consumer = _consumer(caller, ConsumerNamed.parse(data))
    consumer.client_paused = False
    return await caller.media.of_consumer(consumer.transport, "resume", consumer.id)


@method("setConsumerPreferredLayers", either=True)
async def set_consumer_preferred_layers(caller: Caller, data: dict[str, Any]) -> Any:
    """Choose the layers of what is received."""
    asked = SetConsumerPreferredLayers.parse(data)
    consumer = _consumer(caller, asked)
    return await caller.media.of_consumer(
        consumer.transport,
        "setPreferredLayers",
        consumer.id,
        spatialLayer=asked.spatial_layer,
        temporalLayer=asked.temporal_layer,
    )


@method("setConsumerPriority", either=True)
async def set_consumer_priority(caller: Caller, data: dict[str, Any]) -> Any:
    """Choose what suffers last where not everything gets through."""
    asked = SetConsumerPriority.parse(data)
    consumer = _consumer(caller, asked)
    return await caller.media.of_consumer(consumer.transport, "setPriority", consumer.id, priority=asked.priority)


@method("requestConsumerKeyFrame", either=True)
async def request_consumer_key_frame(caller: Caller, data: dict[str, Any]) -> Any:
    """Ask the sender for a key frame."""
    consumer = _consumer(caller, ConsumerNamed.parse(data))
    return await caller.media.of_consumer(consumer.transport, "requestKeyFrame", consumer.id)


@method("getTransportStats", needs_join=False)
async def get_transport_stats(caller: Caller, data: dict[str, Any]) -> Any:
    """Tell a transport's statistics."""
    transport = caller.peer.transport(TransportNamed.parse(data).transport_id)
    return _stats(caller, await caller.media.of_transport(transport, "getStats"))


@method("getProducerStats")
async def get_producer_stats(caller: Caller, data: dict[str, Any]) -> Any:
    """Tell a producer's statistics."""
    producer = _producer(caller, data)
    return _stats(caller, await caller.media.of_producer(producer.transport, "getStats", producer.id))


@method("getConsumerStats")
async def get_consumer_stats(caller: Caller, data: dict[str, Any]) -> Any:
    """Tell a consumer's statistics."""
    consumer = _consumer(caller, ConsumerNamed.parse(data))
    return _stats(caller, await caller.media.of_consumer(consumer.transport, "getStats", consumer.id))


@method("produceData")
@method("getDataProducerStats")
@method("getDataConsumerStats")
async def refuse_data(_caller: Caller, _data: dict[str, Any]) -> Any:
    """Refuse data channels, which node agents do not carry yet."""
    raise Unsupported("data channels are not supported")


def _check_kind(asked: Produce) -> None:
    """Check that the codecs are of the kind that is announced: mediasoup does not look, and receivers would stumble."""
    codecs = asked.rtp_parameters.get("codecs")
    for codec in codecs if isinstance(codecs, list) else ():
        mime_type = codec.get("mimeType") if isinstance(codec, dict) else None
        if isinstance(mime_type, str) and not mime_type.lower().startswith(f"{asked.kind}/"):
            raise InvalidType(f"kind: {asked.kind}, but a codec is {mime_type[:64]}", details={"path": "kind"})


def _producer(caller: Caller, data: dict[str, Any]) -> Producer:
    return caller.peer.producer(ProducerNamed.parse(data).producer_id)


def _consumer(caller: Caller, asked: ConsumerNamed) -> Consumer:
    return caller.peer.consumer(asked.consumer_id)


def _stats(caller: Caller, answered: dict[str, Any]) -> Any:
    return dialects.stats(answered["stats"], caller.peer.stats_as_list)

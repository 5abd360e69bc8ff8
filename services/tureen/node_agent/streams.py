"""Producers and consumers of this node: how they are entered, forgotten and described."""

from __future__ import annotations

from tureen.contract.media import ConsumerCreated, ProducerCreated
from tureen.mediasoup import Consumer, Producer
from tureen.node_agent.objects import ConsumerEntry, HeldProducer, ProducerEntry, RouterEntry
from tureen.node_agent.state import AgentState


def hold_producer(state: AgentState, router: RouterEntry, producer: Producer) -> None:
    """Let a router hold a producer until it closes, and say so."""
    held = HeldProducer(producer, (router.place,))
    router.producers[producer.id] = held

    def closed() -> None:
        router.producers.pop(producer.id, None)
        state.producer_closed(router, held)

    producer.observer.on("close", closed)
    state.producer_opened(router, held)


def enter_producer(
    state: AgentState, router: RouterEntry, producer: Producer, *, direct: bool = False
) -> ProducerEntry:
    """Enter a producer where it lives."""
    entry = ProducerEntry(producer.id, router, producer, direct)
    state.objects.producers.add(entry)

    def closed() -> None:
        state.objects.producers.discard(entry.id)
        state.forget(entry)

    producer.observer.on("close", closed)
    state.events.attach(router, "producer", producer.id, producer)
    hold_producer(state, router, producer)
    return entry


def watch(router: RouterEntry, producer_id: str) -> None:
    """Count a consumer that is about to be made, so that what it watches is not let go."""
    router.watchers[producer_id] += 1
    router.consumers += 1


def unwatch(state: AgentState, router: RouterEntry, producer_id: str) -> None:
    """A consumer is gone, or was not made."""
    router.consumers -= 1
    state.puller.unwatched(router, producer_id)


def enter_consumer(
    state: AgentState, router: RouterEntry, consumer: Consumer, transport_id: str | None = None
) -> ConsumerEntry:
    """Enter a consumer that was counted before, on a transport that has a booking or on a pipe that has none."""
    entry = ConsumerEntry(consumer.id, router, consumer)
    state.objects.consumers.add(entry)

    def closed() -> None:
        state.objects.consumers.discard(entry.id)
        state.forget(entry)
        unwatch(state, router, consumer.producer_id)
        if transport_id is not None:
            router.worker.bookings.remove_consumer(transport_id)

    consumer.observer.on("close", closed)
    state.events.attach(router, "consumer", consumer.id, consumer)
    return entry


def producer_created(router: RouterEntry, producer: Producer) -> ProducerCreated:
    """Describe a producer as mediasoup's properties do."""
    return ProducerCreated(
        id=producer.id,
        kind=producer.kind,
        type=producer.type,
        paused=producer.paused,
        rtp_parameters={**producer.rtp_parameters},
        consumable_rtp_parameters={**producer.consumable_rtp_parameters},
        served=router.served,
    )


def consumer_created(router: RouterEntry, consumer: Consumer) -> ConsumerCreated:
    """Describe a consumer as mediasoup's properties do."""
    layers = consumer.preferred_layers
    return ConsumerCreated(
        id=consumer.id,
        producer_id=consumer.producer_id,
        kind=consumer.kind,
        type=consumer.type,
        rtp_parameters={**consumer.rtp_parameters},
        paused=consumer.paused,
        producer_paused=consumer.producer_paused,
        score={**consumer.score},
        preferred_layers=None if layers is None else {**layers},
        served=router.served,
    )

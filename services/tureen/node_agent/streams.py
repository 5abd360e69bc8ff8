"""Producers and consumers of this node: how they are entered, forgotten and described."""

from __future__ import annotations

from functools import partial
from typing import Any

from tureen.contract.media import ConsumerCreated, ProducerCreated
from tureen.mediasoup import Consumer, DataProducer, Producer
from tureen.mediasoup.types import ConsumerScore
from tureen.node_agent import arbiter
from tureen.node_agent.objects import ConsumerEntry, HeldProducer, ProducerEntry, RouterEntry
from tureen.node_agent.pipes import scores
from tureen.node_agent.state import AgentState


def hold_producer(state: AgentState, router: RouterEntry, producer: Producer | DataProducer) -> None:
    """Let a router hold a producer or a data producer until it closes, and say so."""
    held = HeldProducer(producer, (router.place,))
    router.producers[producer.id] = held

    def closed() -> None:
        router.producers.pop(producer.id, None)
        state.producer_closed(router, held)

    producer.observer.once("close", closed)
    state.producer_opened(router, held)


def enter_producer(
    state: AgentState, router: RouterEntry, producer: Producer, key: str | None = None, *, direct: bool = False
) -> ProducerEntry:
    """Enter a producer where it lives; one out of a pipe under its own key, where its id is taken."""
    entry = ProducerEntry(key or producer.id, router, producer, direct)
    state.objects.producers.add(entry)

    def closed() -> None:
        state.objects.producers.discard(entry)
        state.forget(entry)

    producer.observer.once("close", closed)
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
        state.objects.consumers.discard(entry)
        state.forget(entry)
        unwatch(state, router, consumer.producer_id)
        if transport_id is not None:
            arbiter.consumer_gone(router, transport_id)

    state.events.attach(router, "consumer", consumer.id, consumer, closed, seen=partial(_seen, entry))
    return entry


def scored(state: AgentState, router: RouterEntry, held: HeldProducer) -> None:
    """The scores of a pulled producer before its last hop changed: tell who watches here, and who pulls it from here.

    No pipe carries them, so the workers do not know of it.
    """
    for entry in router.entries.consumers.values():
        if entry.consumer.producer_id == held.producer.id:
            state.events.publish(router, "consumer", entry.id, "score", score_of(router, entry.consumer))
    state.server.scored(held)


def score_of(router: RouterEntry, consumer: Consumer) -> ConsumerScore:
    """Return a consumer's score: the worse of the origin's and the hops'."""
    held = router.producers.get(consumer.producer_id)
    if held is None or not held.scores:
        return consumer.score
    layers = consumer.current_layers if consumer.type == "simulcast" else None
    return scores.seen(consumer.score, held.scores, layers["spatialLayer"] if layers is not None else 0)


def _seen(entry: ConsumerEntry, event: str, data: Any) -> Any:
    """Return what those hear who share a consumer."""
    return score_of(entry.router, entry.consumer) if event == "score" else data


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
        score={**score_of(router, consumer)},
        preferred_layers=None if layers is None else {**layers},
        served=router.served,
    )

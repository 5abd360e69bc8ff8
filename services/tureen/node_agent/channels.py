"""Data producers and data consumers of this node: how they are entered, forgotten and described."""

from __future__ import annotations

from tureen.contract.data import DataConsumerCreated, DataProducerCreated
from tureen.mediasoup import DataConsumer, DataProducer
from tureen.node_agent.objects import DataConsumerEntry, DataProducerEntry, RouterEntry
from tureen.node_agent.state import AgentState
from tureen.node_agent.streams import hold_producer


def enter_data_producer(
    state: AgentState, router: RouterEntry, data_producer: DataProducer, key: str | None = None
) -> DataProducerEntry:
    """Enter a data producer where it lives; one out of a pipe under its own key, where its id is taken."""
    entry = DataProducerEntry(key or data_producer.id, router, data_producer)
    state.objects.data_producers.add(entry)

    def closed() -> None:
        state.objects.data_producers.discard(entry)
        state.forget(entry)

    data_producer.observer.once("close", closed)
    state.events.attach(router, "dataProducer", data_producer.id, data_producer)
    hold_producer(state, router, data_producer)
    return entry


def enter_data_consumer(state: AgentState, router: RouterEntry, data_consumer: DataConsumer) -> DataConsumerEntry:
    """Enter a data consumer that was counted before."""
    entry = DataConsumerEntry(data_consumer.id, router, data_consumer)
    state.objects.data_consumers.add(entry)

    def closed() -> None:
        state.objects.data_consumers.discard(entry)
        state.forget(entry)
        state.puller.unwatched(router, data_consumer.data_producer_id)

    state.events.attach(router, "dataConsumer", entry.id, data_consumer, closed)
    return entry


def data_producer_created(router: RouterEntry, data_producer: DataProducer) -> DataProducerCreated:
    """Describe a data producer as mediasoup's properties do."""
    stream = data_producer.sctp_stream_parameters
    return DataProducerCreated(
        id=data_producer.id,
        type=data_producer.type,
        sctp_stream_parameters=None if stream is None else {**stream},
        label=data_producer.label,
        protocol=data_producer.protocol,
        paused=data_producer.paused,
        served=router.served,
    )


def data_consumer_created(router: RouterEntry, data_consumer: DataConsumer) -> DataConsumerCreated:
    """Describe a data consumer as mediasoup's properties do."""
    stream = data_consumer.sctp_stream_parameters
    return DataConsumerCreated(
        id=data_consumer.id,
        data_producer_id=data_consumer.data_producer_id,
        type=data_consumer.type,
        sctp_stream_parameters=None if stream is None else {**stream},
        label=data_consumer.label,
        protocol=data_consumer.protocol,
        paused=data_consumer.paused,
        data_producer_paused=data_consumer.data_producer_paused,
        subchannels=list(data_consumer.subchannels),
        served=router.served,
    )

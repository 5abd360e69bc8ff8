"""What dumps tell of objects beside what workers see: their properties as of this moment.

They are read when the worker has answered. They hold what an event has told before that moment, and not what one tells
between it and the answer: who asks goes by the event then.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, cast

from tureen.contract.dumps import (
    ConsumerProperties,
    DataConsumerProperties,
    DataProducerProperties,
    ProducerProperties,
    RtpObserverProperties,
    TransportProperties,
    WebRtcServerProperties,
)
from tureen.contract.model import Message
from tureen.mediasoup import Consumer
from tureen.mediasoup.entity import Entity
from tureen.node_agent import channels, streams
from tureen.node_agent.objects import (
    ConsumerEntry,
    DataConsumerEntry,
    DataProducerEntry,
    ProducerEntry,
    RouterEntry,
    RtpObserverEntry,
    TransportEntry,
    WebRtcServerEntry,
)

_AT_ONCE = 256
"""Consumers that are looked at in one go."""

# The properties of the four classes of transports that are told as they are.
_OF_TRANSPORTS = tuple(TransportProperties.model_fields.keys() - {"app_data", "served"})


def of_transport(entry: TransportEntry) -> TransportProperties:
    """Describe a transport of any class."""
    transport: Any = entry.transport
    return TransportProperties.model_validate(
        {
            **{name: getattr(transport, name, None) for name in _OF_TRANSPORTS},
            "app_data": _app_data(transport),
            "served": entry.router.served,
        }
    )


def states_on(entry: TransportEntry) -> Generator[None, None, dict[str, list[dict[str, Any]]]]:
    """Return the states of what is on a transport, as they go on the wire: `ProducerState` and the others.

    There may be thousands: others get their turn after each few hundred.
    """
    transport, router = entry.transport, entry.router
    states: dict[str, list[dict[str, Any]]] = {"producers": [], "consumers": [], "dataConsumers": []}
    each: Any
    for number, each in enumerate(list(transport._consumers.values())):
        states["consumers"].append(_changing(router, each))
        if number % _AT_ONCE == _AT_ONCE - 1:
            yield
    for each in transport._producers.values():
        states["producers"].append({"id": each.id, "score": each.score})
    for each in transport._data_consumers.values():
        states["dataConsumers"].append({"id": each.id, "subchannels": each.subchannels})
    return states


def of_producer(entry: ProducerEntry) -> ProducerProperties:
    """Describe a producer."""
    created = streams.producer_created(entry.router, entry.producer)
    return ProducerProperties.model_validate({**_beside(created, entry.producer), "score": entry.producer.score})


def of_consumer(entry: ConsumerEntry) -> ConsumerProperties:
    """Describe a consumer."""
    created = streams.consumer_created(entry.router, entry.consumer)
    changing = _changing(entry.router, entry.consumer)
    return ConsumerProperties.model_validate({**_beside(created, entry.consumer), **changing})


def of_data_producer(entry: DataProducerEntry) -> DataProducerProperties:
    """Describe a data producer."""
    created = channels.data_producer_created(entry.router, entry.data_producer)
    return DataProducerProperties.model_validate(_beside(created, entry.data_producer))


def of_data_consumer(entry: DataConsumerEntry) -> DataConsumerProperties:
    """Describe a data consumer."""
    created = channels.data_consumer_created(entry.router, entry.data_consumer)
    return DataConsumerProperties.model_validate(_beside(created, entry.data_consumer))


def of_rtp_observer(entry: RtpObserverEntry) -> RtpObserverProperties:
    """Describe an RTP observer."""
    observer = entry.rtp_observer
    return RtpObserverProperties(
        id=entry.id,
        type=observer.type,
        paused=observer.paused,
        app_data=_app_data(observer),
        served=entry.router.served,
    )


def of_webrtc_server(entry: WebRtcServerEntry) -> WebRtcServerProperties:
    """Describe a WebRtcServer."""
    return WebRtcServerProperties(id=entry.id, worker_id=entry.worker.id, app_data=_app_data(entry.webrtc_server))


def _changing(router: RouterEntry, consumer: Consumer) -> dict[str, Any]:
    changing: dict[str, Any] = {
        "id": consumer.id,
        "score": streams.score_of(router, consumer),
        "priority": consumer.priority,
    }
    if (layers := consumer.preferred_layers) is not None:
        changing["preferredLayers"] = layers
    if (layers := consumer.current_layers) is not None:
        changing["currentLayers"] = layers
    return changing


def _beside(created: Message, entity: Entity) -> dict[str, Any]:
    """Return what the answer to the create would say now, and what it does not."""
    transport_id = cast("Any", entity)._transport.id
    return {**created.to_wire(), "transportId": transport_id, "appData": _app_data(entity)}


def _app_data(entity: Entity) -> dict[str, Any] | None:
    return entity.app_data or None

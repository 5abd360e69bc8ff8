"""Producers and consumers of media and of data that live on a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tureen import mediasoup
from tureen.client.remote import Measured
from tureen.mediasoup.convert import consumer_layers

if TYPE_CHECKING:
    from tureen.client.router import Router


class Producer(Measured, mediasoup.Producer):
    """mediasoup's Producer, on a node."""

    __slots__ = ()

    NOUN = "producer"


class Consumer(Measured, mediasoup.Consumer):
    """mediasoup's Consumer, on a node."""

    __slots__ = ()

    NOUN = "consumer"

    def _told(self, event: str, data: Any) -> None:
        if event == "preferredlayerschange":
            self._preferred_layers = consumer_layers(data)
        elif event == "prioritychange":
            self._priority = data
        else:
            super()._told(event, data)

    def _producer_closed(self) -> None:
        lost = not self._closed
        super()._producer_closed()
        if lost:
            cast("Router", self._transport._router).lost_producer(self._producer_id)


class DataProducer(Measured, mediasoup.DataProducer):
    """mediasoup's DataProducer, on a node."""

    __slots__ = ()

    NOUN = "dataProducer"


class DataConsumer(Measured, mediasoup.DataConsumer):
    """mediasoup's DataConsumer, on a node."""

    __slots__ = ()

    NOUN = "dataConsumer"

    def _data_producer_closed(self) -> None:
        lost = not self._closed
        super()._data_producer_closed()
        if lost:
            cast("Router", self._transport._router).lost_producer(self._data_producer_id)

    def _told(self, event: str, data: Any) -> None:
        if event == "subchannelschange":
            self._subchannels = data
        else:
            super()._told(event, data)

    def _arguments(self, event: str, data: Any) -> tuple[Any, ...]:
        return (data["message"], data["ppid"]) if event == "message" else super()._arguments(event, data)

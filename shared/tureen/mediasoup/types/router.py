"""Structures of routers and of their RTP observers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from tureen.mediasoup.types.table import StringToString, StringToStrings

if TYPE_CHECKING:
    from tureen.mediasoup.consumer import Consumer
    from tureen.mediasoup.data_consumer import DataConsumer
    from tureen.mediasoup.data_producer import DataProducer
    from tureen.mediasoup.producer import Producer

RtpObserverType = Literal["audiolevel", "activespeaker"]
"""Which of the two RTP observer classes an observer is."""


class RouterDump(TypedDict):
    """Dump of a router.

    Attributes:
        id: Id of the router.
        transportIds: Its transports.
        rtpObserverIds: Its RTP observers.
        mapProducerIdConsumerIds: Consumers by producer.
        mapConsumerIdProducerId: Producers by consumer.
        mapProducerIdObserverIds: RTP observers by producer.
        mapDataProducerIdDataConsumerIds: Data consumers by data producer.
        mapDataConsumerIdDataProducerId: Data producers by data consumer.
    """

    id: str
    transportIds: list[str]
    rtpObserverIds: list[str]
    mapProducerIdConsumerIds: list[StringToStrings]
    mapConsumerIdProducerId: list[StringToString]
    mapProducerIdObserverIds: list[StringToStrings]
    mapDataProducerIdDataConsumerIds: list[StringToStrings]
    mapDataConsumerIdDataProducerId: list[StringToString]


class PipeToRouterResult(TypedDict):
    """The two ends of what was piped: a pair of media or a pair of data.

    Attributes:
        pipeConsumer: The consumer in the router that was piped from.
        pipeProducer: The producer in the router that was piped to.
        pipeDataConsumer: The data consumer in the router that was piped from.
        pipeDataProducer: The data producer in the router that was piped to.
    """

    pipeConsumer: NotRequired[Consumer]
    pipeProducer: NotRequired[Producer]
    pipeDataConsumer: NotRequired[DataConsumer]
    pipeDataProducer: NotRequired[DataProducer]


class AudioLevelObserverVolume(TypedDict):
    """How loud one producer was.

    Attributes:
        producer: The audio producer.
        volume: Average volume over the last interval, in dBov: -127 (silence) to 0 (loudest).
    """

    producer: Producer
    volume: int


class ActiveSpeakerObserverDominantSpeaker(TypedDict):
    """Who speaks.

    Attributes:
        producer: The audio producer.
    """

    producer: Producer

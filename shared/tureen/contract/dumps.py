"""What a dump answers beside what the worker sees: the object's properties, as mediasoup's classes show them.

With them a client stands for an object that it has not made, and finds out what it was not told.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tureen.contract.data import DataConsumerCreated, DataProducerCreated
from tureen.contract.events import (
    ConsumerLayers,
    ConsumerScore,
    DtlsState,
    IceState,
    ProducerScore,
    SctpCapabilities,
    SctpState,
)
from tureen.contract.media import ConsumerCreated, Dumped, ProducerCreated, Served, Structure
from tureen.contract.model import Message

TransportType = Literal["webrtc", "plain", "pipe", "direct"]


class TransportProperties(Message):
    """A transport's properties; absent is what its class does not have, and what is not known yet.

    Attributes:
        dtls_remote_cert: The endpoint's certificate as PEM, once DTLS is connected.
        sctp_negotiated_capabilities: What both ends have agreed on, once SCTP is connected.
        app_data: What the create carried.
    """

    id: str
    type: TransportType
    ice_role: str | None = None
    ice_parameters: Structure | None = None
    ice_candidates: list[Structure] | None = None
    ice_state: IceState | None = None
    ice_selected_tuple: Structure | None = None
    dtls_parameters: Structure | None = None
    dtls_state: DtlsState | None = None
    dtls_remote_cert: str | None = None
    tuple: Structure | None = None
    rtcp_tuple: Structure | None = None
    srtp_parameters: Structure | None = None
    sctp_parameters: Structure | None = None
    sctp_state: SctpState | None = None
    sctp_negotiated_capabilities: SctpCapabilities | None = None
    app_data: Structure | None = None
    served: Served


class ProducerState(Message):
    """What changes of a producer by itself: the quality of its streams."""

    id: str
    score: list[ProducerScore]


class ConsumerState(Message):
    """What changes of a consumer, by itself or because somebody asks for it.

    Attributes:
        preferred_layers: Absent for one without layers.
        current_layers: Absent where it sends nothing, and for one without layers.
    """

    id: str
    score: ConsumerScore
    preferred_layers: ConsumerLayers | None = None
    current_layers: ConsumerLayers | None = None
    priority: int


class DataConsumerState(Message):
    """What changes of a data consumer because somebody asks for it."""

    id: str
    subchannels: list[int]


class TransportDumped(Dumped):
    """The answer of `transport.dump`, with what a client needs that has missed events, or not made the transport.

    Attributes:
        properties: Absent for what the agent made to pull and to serve, which nobody else commands.
        producers: The states of its producers, `consumers` and `data_consumers` likewise.
    """

    properties: TransportProperties | None = None
    producers: list[ProducerState] = Field(default_factory=list)
    consumers: list[ConsumerState] = Field(default_factory=list)
    data_consumers: list[DataConsumerState] = Field(default_factory=list)


class ProducerProperties(ProducerCreated):
    """A producer's properties, and the transport that it is on."""

    transport_id: str
    score: list[ProducerScore]
    app_data: Structure | None = None


class ProducerDumped(Dumped):
    """The answer of `producer.dump`, with what a client needs that has not made the producer."""

    properties: ProducerProperties


class ConsumerProperties(ConsumerCreated):
    """A consumer's properties, and the transport that it is on."""

    transport_id: str
    current_layers: ConsumerLayers | None = None
    priority: int
    app_data: Structure | None = None


class ConsumerDumped(Dumped):
    """The answer of `consumer.dump`, with what a client needs that has not made the consumer."""

    properties: ConsumerProperties


class DataProducerProperties(DataProducerCreated):
    """A data producer's properties, and the transport that it is on."""

    transport_id: str
    app_data: Structure | None = None


class DataProducerDumped(Dumped):
    """The answer of `dataProducer.dump`, with what a client needs that has not made the data producer."""

    properties: DataProducerProperties


class DataConsumerProperties(DataConsumerCreated):
    """A data consumer's properties, and the transport that it is on."""

    transport_id: str
    app_data: Structure | None = None


class DataConsumerDumped(Dumped):
    """The answer of `dataConsumer.dump`, with what a client needs that has not made the data consumer."""

    properties: DataConsumerProperties


class RtpObserverProperties(Message):
    """An RTP observer's properties.

    Attributes:
        app_data: What the create carried.
    """

    id: str
    type: Literal["activespeaker", "audiolevel"]
    paused: bool
    app_data: Structure | None = None
    served: Served


class RtpObserverDumped(Dumped):
    """The answer of `rtpObserver.dump`, which mediasoup does not have: `dump` holds `producerIds`, what it hears."""

    properties: RtpObserverProperties


class WebRtcServerProperties(Message):
    """A WebRtcServer's properties, and the worker that it is on.

    Attributes:
        app_data: What the create carried.
    """

    id: str
    worker_id: str
    app_data: Structure | None = None


class WebRtcServerDumped(Dumped):
    """The answer of `webRtcServer.dump`, with what a client needs that has not made the server."""

    properties: WebRtcServerProperties

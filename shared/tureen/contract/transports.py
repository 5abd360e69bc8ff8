"""What there is for transports beside `media`: pipes, direct transports, RTCP, traces."""

from __future__ import annotations

from pydantic import Field

from tureen.contract.data import DataConsumerCreated, DataProducerCreated
from tureen.contract.ids import Id
from tureen.contract.leases import Ownable
from tureen.contract.media import (
    ConsumerCreated,
    ConsumerRef,
    ListenInfo,
    ProducerCreated,
    ProducerRef,
    RouterRef,
    SctpOptions,
    Served,
    Structure,
    TransportRef,
    UInt32,
)
from tureen.contract.model import Reply


class RouterCreatePipeTransport(Ownable, SctpOptions, RouterRef):
    """`router.createPipeTransport`: one end of a pipe that the app connects itself; rooms have pipes of their own."""

    id: Id | None = None
    listen_info: ListenInfo
    enable_rtx: bool = False
    enable_srtp: bool = False
    app_data: Structure | None = None


class PipeTransportCreated(Reply):
    """A new PipeTransport."""

    id: str
    tuple: Structure
    srtp_parameters: Structure | None = None
    sctp_parameters: Structure | None = None
    served: Served


class RouterCreateDirectTransport(Ownable, RouterRef):
    """`router.createDirectTransport`: RTP, RTCP and messages are commands and events of the bus."""

    id: Id | None = None
    max_send_message_size: UInt32 = 262144
    max_receive_message_size: UInt32 = 262144
    app_data: Structure | None = None


class DirectTransportCreated(Reply):
    """A new DirectTransport."""

    id: str
    served: Served


class RouterPipeToRouter(SctpOptions, RouterRef):
    """`router.pipeToRouter`, to another router of the same node. Routers of a room need it not: they pull.

    Asked again while it lasts, it answers the same. With `keepId` what comes out has the id of what goes in, and is
    commanded where that lives.

    Attributes:
        target_router_id: mediasoup's `router`: where the producer or data producer is to be.
        listen_info: Where both ends listen; default: 127.0.0.1.
    """

    target_router_id: Id
    producer_id: Id | None = None
    data_producer_id: Id | None = None
    keep_id: bool = True
    listen_info: ListenInfo | None = None
    enable_sctp: bool = True
    enable_rtx: bool = False
    enable_srtp: bool = False


class PipedToRouter(Reply):
    """What was made at both ends of the pipe."""

    pipe_consumer: ConsumerCreated | None = None
    pipe_producer: ProducerCreated | None = None
    pipe_data_consumer: DataConsumerCreated | None = None
    pipe_data_producer: DataProducerCreated | None = None


class RouterUpdateMediaCodecs(RouterRef):
    """`router.updateMediaCodecs`, for what is made from now on. A room's codecs are `room.update`'s."""

    media_codecs: list[Structure]


class TransportEnableTraceEvent(TransportRef):
    """`transport.enableTraceEvent`: `probation` and `bwe`; unknown types are ignored, and none ends it."""

    types: list[str] = Field(default_factory=list)


class ProducerEnableTraceEvent(ProducerRef):
    """`producer.enableTraceEvent`: `rtp`, `keyframe`, `nack`, `pli`, `fir` and `sr`; unknown types are ignored."""

    types: list[str] = Field(default_factory=list)


class ConsumerEnableTraceEvent(ConsumerRef):
    """`consumer.enableTraceEvent`: `rtp`, `keyframe`, `nack`, `pli` and `fir`; unknown types are ignored."""

    types: list[str] = Field(default_factory=list)


class TransportSendRtcp(TransportRef):
    """`transport.sendRtcp`, for a DirectTransport."""

    rtcp_packet: bytes


class ProducerSend(ProducerRef):
    """`producer.send`, for a producer of a DirectTransport."""

    rtp_packet: bytes

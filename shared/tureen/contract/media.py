"""mediasoup's own methods as commands: the options object of the method, plus the id of the object it is called on.

Field names and defaults are mediasoup's. Structures that travel to and from browsers stay maps here; mediasoup's own
validation (`tureen.mediasoup.ortc`) judges them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from tureen.contract.ids import Id
from tureen.contract.leases import Ownable
from tureen.contract.model import Command, Message, Reply
from tureen.contract.paging import Pageable, Paged
from tureen.contract.rooms import Grant, RoomRecord

Kind = Literal["audio", "video"]
Port = Annotated[int, Field(ge=0, lt=65536)]
UInt32 = Annotated[int, Field(ge=0, lt=2**32)]
Structure = dict[str, Any]
CryptoSuite = Literal["AEAD_AES_256_GCM", "AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"]


class PortRange(Command):
    """mediasoup's TransportPortRange."""

    min: Port = 0
    max: Port = 0


class SocketFlags(Command):
    """mediasoup's TransportSocketFlags."""

    ipv6_only: bool = Field(default=False, alias="ipv6Only")
    udp_reuse_port: bool = False


class ListenInfo(Command):
    """mediasoup's TransportListenInfo.

    Attributes:
        ip: One of the node's addresses, or its label. `0.0.0.0` and `::` are the node's first address of that family:
            nothing listens on all of them.
    """

    protocol: Literal["udp", "tcp"]
    ip: str
    announced_address: str | None = None
    announced_ip: str | None = None
    expose_internal_ip: bool | None = None
    port: Port | None = None
    port_range: PortRange | None = None
    flags: SocketFlags | None = None
    send_buffer_size: UInt32 | None = None
    recv_buffer_size: UInt32 | None = None


class Served(Message):
    """Where an object lives, for people."""

    node_id: str
    worker_id: str
    worker_index: int
    router_id: str


class WorkerRef(Command):
    """Name a worker."""

    worker_id: Id


class WorkerInspect(Pageable, WorkerRef):
    """`worker.dump`."""


class WorkerCreateRouter(Ownable):
    """`worker.createRouter`. With `record`, which only `system` may send, the router joins that room."""

    worker_id: Id
    id: Id | None = None
    media_codecs: list[Structure] | None = None
    app_data: Structure | None = None
    record: RoomRecord | None = None


class RouterCreated(Reply):
    """A new router."""

    id: str
    rtp_capabilities: Structure


class RouterRef(Command):
    """Name a router."""

    router_id: Id


class RouterInspect(Pageable, RouterRef):
    """`router.dump`."""


class RouterClose(Command):
    """`router.close`; with `ifEmpty`, a router in use is left alone (`Conflict`)."""

    router_id: Id
    if_empty: bool = False


class RouterCanConsume(Command):
    """`router.canConsume`."""

    router_id: Id
    producer_id: Id
    rtp_capabilities: Structure


class CanConsume(Reply):
    """The answer of `router.canConsume`."""

    can_consume: bool


class SctpOptions(Command):
    """What the creation of every transport but a DirectTransport takes for data channels; sizes are bytes."""

    enable_sctp: bool = False
    max_send_message_size: UInt32 = 262144
    max_receive_message_size: UInt32 = 262144
    sctp_send_buffer_size: UInt32 = 2000000
    sctp_per_stream_send_queue_limit: UInt32 = 2000000
    sctp_max_receiver_window_buffer_size: UInt32 = 5242880
    sctp_default_stream_buffered_amount_low_threshold: UInt32 = 1024


class RouterCreateWebRtcTransport(Ownable, SctpOptions, RouterRef):
    """`router.createWebRtcTransport`; the worker's WebRtcServer is used where neither of the next two is given.

    A worker of a tenant's own has no WebRtcServer but those that `worker.createWebRtcServer` makes; they are named.
    """

    id: Id | None = None
    web_rtc_server_id: Id | None = None
    listen_infos: list[ListenInfo] | None = None
    enable_udp: bool | None = None
    enable_tcp: bool | None = None
    prefer_udp: bool = False
    prefer_tcp: bool = False
    ice_consent_timeout: Annotated[int, Field(ge=0, lt=256)] = 30
    initial_available_outgoing_bitrate: UInt32 = 600000
    app_data: Structure | None = None
    grant: Grant | None = None


class WebRtcTransportCreated(Reply):
    """A new WebRtcTransport."""

    id: str
    ice_role: str
    ice_parameters: Structure
    ice_candidates: list[Structure]
    dtls_parameters: Structure
    sctp_parameters: Structure | None = None
    served: Served


class RouterCreatePlainTransport(Ownable, SctpOptions, RouterRef):
    """`router.createPlainTransport`."""

    id: Id | None = None
    listen_info: ListenInfo
    rtcp_listen_info: ListenInfo | None = None
    rtcp_mux: bool = True
    comedia: bool = False
    enable_srtp: bool = False
    srtp_crypto_suite: CryptoSuite = "AES_CM_128_HMAC_SHA1_80"
    app_data: Structure | None = None
    grant: Grant | None = None


class PlainTransportCreated(Reply):
    """A new PlainTransport."""

    id: str
    tuple: Structure
    rtcp_tuple: Structure | None = None
    srtp_parameters: Structure | None = None
    sctp_parameters: Structure | None = None
    served: Served


class TransportRef(Command):
    """Name a transport."""

    transport_id: Id


class TransportInspect(Pageable, TransportRef):
    """`transport.dump` and `transport.getStats`."""


class TransportConnect(Command):
    """`transport.connect`: `dtlsParameters` for a WebRtcTransport, the others for a PlainTransport or PipeTransport.

    A DirectTransport is connected as it is.
    """

    transport_id: Id
    dtls_parameters: Structure | None = None
    ip: str | None = None
    port: Port | None = None
    rtcp_port: Port | None = None
    srtp_parameters: Structure | None = None


class TransportConnected(Reply):
    """What connecting a transport has settled.

    Attributes:
        dtls_parameters: Of a WebRtcTransport, with its role.
        tuple: Of a PlainTransport or PipeTransport.
        rtcp_tuple: Of a PlainTransport with a port of its own for RTCP.
        srtp_parameters: Of a PlainTransport with SRTP.
    """

    dtls_parameters: Structure | None = None
    tuple: Structure | None = None
    rtcp_tuple: Structure | None = None
    srtp_parameters: Structure | None = None


class IceRestarted(Reply):
    """The answer of `transport.restartIce`."""

    ice_parameters: Structure


class TransportSetBitrate(Command):
    """`transport.setMaxIncomingBitrate`, `setMaxOutgoingBitrate` and `setMinOutgoingBitrate`; bits a second."""

    transport_id: Id
    bitrate: UInt32


class TransportProduce(Ownable):
    """`transport.produce`."""

    transport_id: Id
    id: Id | None = None
    kind: Kind
    rtp_parameters: Structure
    paused: bool = False
    key_frame_request_delay: UInt32 | None = None
    enable_mediasoup_packet_id_header_extension: bool = False
    app_data: Structure | None = None


class ProducerCreated(Reply):
    """A new producer."""

    id: str
    kind: str
    type: str
    paused: bool
    rtp_parameters: Structure
    consumable_rtp_parameters: Structure
    served: Served


class TransportConsume(Ownable):
    """`transport.consume`. A producer that lives on another router of the room is pulled first.

    A PipeTransport takes `producerId` alone; all others need `rtpCapabilities`.
    """

    transport_id: Id
    id: Id | None = None
    producer_id: Id
    rtp_capabilities: Structure | None = None
    paused: bool = False
    mid: str | None = None
    preferred_layers: Structure | None = None
    enable_rtx: bool | None = None
    ignore_dtx: bool = False
    pipe: bool = False
    app_data: Structure | None = None


class ConsumerCreated(Reply):
    """A new consumer."""

    id: str
    producer_id: str
    kind: str
    type: str
    rtp_parameters: Structure
    paused: bool
    producer_paused: bool
    score: Structure
    preferred_layers: Structure | None = None
    served: Served


class ProducerRef(Command):
    """Name a producer.

    Attributes:
        router_id: Which one is meant where another router of the node has, out of a pipe, one of the same id; default:
            the one that came out of no pipe.
    """

    producer_id: Id
    router_id: Id | None = None


class ProducerInspect(Pageable, ProducerRef):
    """`producer.dump` and `producer.getStats`."""


class ConsumerRef(Command):
    """Name a consumer."""

    consumer_id: Id


class ConsumerInspect(Pageable, ConsumerRef):
    """`consumer.dump` and `consumer.getStats`."""


class ConsumerSetPreferredLayers(Command):
    """`consumer.setPreferredLayers`."""

    consumer_id: Id
    spatial_layer: Annotated[int, Field(ge=0, lt=256)]
    temporal_layer: Annotated[int, Field(ge=0, lt=256)] | None = None


class PreferredLayers(Reply):
    """The layers that a consumer sends at most; absent where it has none."""

    preferred_layers: Structure | None = None


class ConsumerSetPriority(Command):
    """`consumer.setPriority`; 1 is the lowest, 255 the highest."""

    consumer_id: Id
    priority: Annotated[int, Field(ge=1, le=255)]


class Dumped(Paged):
    """The answer of a `dump`, as mediasoup shows it."""

    dump: Structure


class RouterDumped(Dumped):
    """The answer of `router.dump`, with what a client needs that has missed events, or not made the router.

    Attributes:
        rtp_capabilities: What the router supports.
        start_id: The agent's run.
        seq: That of the router's last event.
        paused: Every producer, consumer, data producer, data consumer and RTP observer that is paused itself.
        source_paused: Every consumer and data consumer whose producer or data producer is paused.
        made_by_agent: What the agent made to pull and to serve: the ends of its pipes, what came through them, and the
            consumers that send through them.
    """

    rtp_capabilities: Structure
    start_id: str
    seq: int
    paused: list[str]
    source_paused: list[str]
    made_by_agent: list[str] = Field(default_factory=list)
    served: Served


class Stats(Paged):
    """The answer of a `getStats`: mediasoup's list of statistics."""

    stats: list[Structure]


class ResourceUsage(Reply):
    """The answer of `worker.getResourceUsage`: what getrusage(2) tells, times in ms."""

    usage: Structure


class RouterCapabilities(Reply):
    """The answer of `router.getRtpCapabilities`."""

    rtp_capabilities: Structure

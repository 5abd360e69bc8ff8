"""How routers make transports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from tureen.mediasoup import wire
from tureen.mediasoup.asking import Asking
from tureen.mediasoup.codec import Packed, SharedTable, Sharer
from tureen.mediasoup.data_producer import DataProducer
from tureen.mediasoup.direct_transport import DirectTransport
from tureen.mediasoup.entity import Identified, Parent, Undo, check_app_data
from tureen.mediasoup.ids import new_id
from tureen.mediasoup.pipe_transport import PipeTransport
from tureen.mediasoup.plain_transport import PlainTransport
from tureen.mediasoup.producer import Producer
from tureen.mediasoup.transport import Transport
from tureen.mediasoup.types import AppData, SrtpCryptoSuite, TransportListenInfo, TransportListenIp
from tureen.mediasoup.webrtc_server import WebRtcServer
from tureen.mediasoup.webrtc_transport import WebRtcTransport, WebRtcTransportOptions

if TYPE_CHECKING:
    from tureen.mediasoup.router import Router

AnyTransport = TypeVar("AnyTransport", bound=Transport)

_WITH_SERVER = "ROUTER_CREATE_WEBRTCTRANSPORT_WITH_SERVER"
_webrtc_options: Sharer[dict[str, Any]] = Sharer(SharedTable)
_CLOSE_TRANSPORT = Undo("ROUTER_CLOSE_TRANSPORT", "transportId")


class TransportMaker(Parent, Identified):
    """The part of a Router that makes transports."""

    __slots__ = ("_data_producers", "_producers", "_transports")

    # What stands for new transports; `tureen.client` has classes of its own.
    _WEBRTC_TRANSPORT: ClassVar[type[WebRtcTransport]] = WebRtcTransport
    _PLAIN_TRANSPORT: ClassVar[type[PlainTransport]] = PlainTransport
    _PIPE_TRANSPORT: ClassVar[type[PipeTransport]] = PipeTransport
    _DIRECT_TRANSPORT: ClassVar[type[DirectTransport]] = DirectTransport

    def __init__(self, id_: str, channel: Asking, app_data: AppData | None) -> None:
        super().__init__(id_, channel, app_data)
        self._transports: dict[str, Transport] = {}
        self._producers: dict[str, Producer] = {}
        self._data_producers: dict[str, DataProducer] = {}

    async def create_webrtc_transport(
        self,
        *,
        webrtc_server: WebRtcServer | None = None,
        listen_infos: Sequence[TransportListenInfo] | None = None,
        listen_ips: Sequence[TransportListenIp | str] | None = None,
        port: int | None = None,
        id: str | None = None,  # noqa: A002
        enable_udp: bool = True,
        enable_tcp: bool | None = None,
        prefer_udp: bool = False,
        prefer_tcp: bool = False,
        initial_available_outgoing_bitrate: int = 600_000,
        enable_sctp: bool = False,
        max_send_message_size: int = 262_144,
        max_receive_message_size: int = 262_144,
        sctp_send_buffer_size: int = 2_000_000,
        sctp_per_stream_send_queue_limit: int = 2_000_000,
        sctp_max_receiver_window_buffer_size: int = 5_242_880,
        sctp_default_stream_buffered_amount_low_threshold: int = 1024,
        ice_consent_timeout: int = 30,
        app_data: AppData | None = None,
    ) -> WebRtcTransport:
        """Make a transport to a WebRTC endpoint. It listens on a WebRtcServer's ports or on ports of its own.

        Args:
            webrtc_server: The WebRtcServer of the same worker to listen on.
            listen_infos: Where to listen, in order of preference. This, ``webrtc_server`` or ``listen_ips`` is needed.
            listen_ips: Former form of ``listen_infos``.
            port: With ``listen_ips``: the port to bind. Default: a free one.
            id: The new transport's id. Default: a random UUID.
            enable_udp: Whether to offer UDP.
            enable_tcp: Whether to offer TCP. Default: with a WebRtcServer.
            prefer_udp: Whether to give UDP a higher priority than TCP.
            prefer_tcp: Whether to give TCP a higher priority than UDP.
            initial_available_outgoing_bitrate: What the way to the endpoint is taken to carry, in bits per second,
                until it has been measured.
            enable_sctp: Whether to have data channels.
            max_send_message_size: Largest message that data consumers may send, in bytes.
            max_receive_message_size: Largest message that data producers accept, in bytes.
            sctp_send_buffer_size: Bytes that may wait to be sent in all data consumers together.
            sctp_per_stream_send_queue_limit: Bytes that may wait to be sent in one data consumer.
            sctp_max_receiver_window_buffer_size: Size of the receive window, in bytes; a bit more than the largest
                message.
            sctp_default_stream_buffered_amount_low_threshold: Bytes that wait in a data consumer, at or below which
                it emits ``bufferedamountlow``; it can be set for each.
            ice_consent_timeout: Seconds without a sign of life after which ICE is disconnected, 0 to 255; 0 for never.
            app_data: What the app attaches.

        Raises:
            TypeError: An option is missing or wrong, or the router has a transport of this id.
            NotFoundError: The router or the WebRtcServer is closed.
            WorkerClosedError: The worker is closed.
            MediasoupError: The worker refuses: an address cannot be bound, or no port is free, say.
        """
        given = [value for value in (webrtc_server, listen_infos, listen_ips) if value is not None]
        if len(given) != 1:
            raise TypeError("exactly one of webrtc_server, listen_infos and listen_ips must be given")
        if enable_tcp is None:
            enable_tcp = webrtc_server is not None
        if listen_ips is not None:
            protocols = wire.preferred_protocols(
                enable_udp=enable_udp, enable_tcp=enable_tcp, prefer_udp=prefer_udp, prefer_tcp=prefer_tcp
            )
            listen_infos = wire.listen_infos_of_ips(listen_ips, port, protocols)
        table: dict[str, Any] = {
            "base": {
                "initialAvailableOutgoingBitrate": initial_available_outgoing_bitrate,
                "enableSctp": enable_sctp,
                "maxSendMessageSize": max_send_message_size,
                "maxReceiveMessageSize": max_receive_message_size,
                "sctpSendBufferSize": sctp_send_buffer_size,
                "sctpPerStreamSendQueueLimit": sctp_per_stream_send_queue_limit,
                "sctpMaxReceiverWindowBufferSize": sctp_max_receiver_window_buffer_size,
                "sctpDefaultStreamBufferedAmountLowThreshold": sctp_default_stream_buffered_amount_low_threshold,
                "isDataChannel": True,
            },
            **_listen(webrtc_server, listen_infos),
            "enableUdp": enable_udp,
            "enableTcp": enable_tcp,
            "preferUdp": prefer_udp,
            "preferTcp": prefer_tcp,
            "iceConsentTimeout": ice_consent_timeout,
        }
        options = WebRtcTransportOptions(cast("SharedTable", _webrtc_options.share(table)), webrtc_server)
        return await self.create_webrtc_transport_like(options, id=id, app_data=app_data)

    async def create_webrtc_transport_like(
        self,
        options: WebRtcTransportOptions,
        *,
        id: str | None = None,  # noqa: A002
        app_data: AppData | None = None,
    ) -> WebRtcTransport:
        """Make a WebRtcTransport like another of the same worker. This is not in mediasoup.

        Args:
            options: What the other one was made with (``transport.options``); it need not be open any more.
            id: The new transport's id. Default: a random UUID.
            app_data: What the app attaches.

        Raises:
            TypeError: An option is wrong, or the router has a transport of this id.
            NotFoundError: The router or the WebRtcServer is closed.
            WorkerClosedError: The worker is closed.
            MediasoupError: The worker refuses: an address cannot be bound, or no port is free, say.
        """
        table, webrtc_server = options
        if webrtc_server is not None:
            webrtc_server._check_open()
        method = "ROUTER_CREATE_WEBRTCTRANSPORT" if webrtc_server is None else _WITH_SERVER
        router, transport_id, packed = await self._create_transport(method, id, table, app_data)
        if webrtc_server is not None:
            webrtc_server._check_open()
        transport = self._transport_created(
            self._WEBRTC_TRANSPORT(id_=transport_id, router=router, options=options, packed=packed, app_data=app_data)
        )
        if webrtc_server is not None:
            webrtc_server._transport_created(transport)
        return transport

    async def create_plain_transport(
        self,
        *,
        listen_info: TransportListenInfo | None = None,
        rtcp_listen_info: TransportListenInfo | None = None,
        listen_ip: TransportListenIp | str | None = None,
        port: int | None = None,
        id: str | None = None,  # noqa: A002
        rtcp_mux: bool = True,
        comedia: bool = False,
        enable_sctp: bool = False,
        max_send_message_size: int = 262_144,
        max_receive_message_size: int = 262_144,
        sctp_send_buffer_size: int = 2_000_000,
        sctp_per_stream_send_queue_limit: int = 2_000_000,
        sctp_max_receiver_window_buffer_size: int = 5_242_880,
        sctp_default_stream_buffered_amount_low_threshold: int = 1024,
        enable_srtp: bool = False,
        srtp_crypto_suite: SrtpCryptoSuite = "AES_CM_128_HMAC_SHA1_80",
        app_data: AppData | None = None,
    ) -> PlainTransport:
        """Make a transport to an endpoint that speaks RTP.

        Args:
            listen_info: Where to listen. This or ``listen_ip`` is needed.
            rtcp_listen_info: Where to listen for RTCP; turns ``rtcp_mux`` off.
            listen_ip: Former form of ``listen_info``.
            port: With ``listen_ip``: the port to bind. Default: a free one.
            id: The new transport's id. Default: a random UUID.
            rtcp_mux: Whether RTP and RTCP share one port.
            comedia: Whether to learn the endpoint's address from the first packet that comes.
            enable_sctp: Whether to have messages over SCTP.
            max_send_message_size: Largest message that data consumers may send, in bytes.
            max_receive_message_size: Largest message that data producers accept, in bytes.
            sctp_send_buffer_size: Bytes that may wait to be sent in all data consumers together.
            sctp_per_stream_send_queue_limit: Bytes that may wait to be sent in one data consumer.
            sctp_max_receiver_window_buffer_size: Size of the receive window, in bytes; a bit more than the largest
                message.
            sctp_default_stream_buffered_amount_low_threshold: Bytes that wait in a data consumer, at or below which
                it emits ``bufferedamountlow``; it can be set for each.
            enable_srtp: Whether to encrypt.
            srtp_crypto_suite: How to.
            app_data: What the app attaches.

        Raises:
            TypeError: An option is missing or wrong, or the router has a transport of this id.
            NotFoundError: The router is closed.
            WorkerClosedError: The worker is closed.
            MediasoupError: The worker refuses: an address cannot be bound, or no port is free, say.
        """
        options: dict[str, Any] = {
            "base": {
                "enableSctp": enable_sctp,
                "maxSendMessageSize": max_send_message_size,
                "maxReceiveMessageSize": max_receive_message_size,
                "sctpSendBufferSize": sctp_send_buffer_size,
                "sctpPerStreamSendQueueLimit": sctp_per_stream_send_queue_limit,
                "sctpMaxReceiverWindowBufferSize": sctp_max_receiver_window_buffer_size,
                "sctpDefaultStreamBufferedAmountLowThreshold": sctp_default_stream_buffered_amount_low_threshold,
            },
            "listenInfo": wire.listen_info(wire.one_listen_info(listen_info, listen_ip, port)),
            "rtcpMux": rtcp_mux and rtcp_listen_info is None,
            "comedia": comedia,
            "enableSrtp": enable_srtp,
            "srtpCryptoSuite": srtp_crypto_suite,
        }
        if rtcp_listen_info is not None:
            options["rtcpListenInfo"] = wire.listen_info(rtcp_listen_info)
        router, transport_id, packed = await self._create_transport(
            "ROUTER_CREATE_PLAINTRANSPORT", id, options, app_data
        )
        return self._transport_created(
            self._PLAIN_TRANSPORT(id_=transport_id, router=router, packed=packed, app_data=app_data)
        )

    async def create_pipe_transport(
        self,
        *,
        listen_info: TransportListenInfo | None = None,
        listen_ip: TransportListenIp | str | None = None,
        port: int | None = None,
        id: str | None = None,  # noqa: A002
        enable_sctp: bool = False,
        max_send_message_size: int = 262_144,
        max_receive_message_size: int = 262_144,
        sctp_send_buffer_size: int = 2_000_000,
        sctp_per_stream_send_queue_limit: int = 2_000_000,
        sctp_max_receiver_window_buffer_size: int = 5_242_880,
        sctp_default_stream_buffered_amount_low_threshold: int = 1024,
        enable_rtx: bool = False,
        enable_srtp: bool = False,
        app_data: AppData | None = None,
    ) -> PipeTransport:
        """Make one end of a pipe to another router.

        Args:
            listen_info: Where to listen. This or ``listen_ip`` is needed.
            listen_ip: Former form of ``listen_info``.
            port: With ``listen_ip``: the port to bind. Default: a free one.
            id: The new transport's id. Default: a random UUID.
            enable_sctp: Whether to pipe messages, too.
            max_send_message_size: Largest message that data consumers may send, in bytes.
            max_receive_message_size: Largest message that data producers accept, in bytes.
            sctp_send_buffer_size: Bytes that may wait to be sent in all data consumers together.
            sctp_per_stream_send_queue_limit: Bytes that may wait to be sent in one data consumer.
            sctp_max_receiver_window_buffer_size: Size of the receive window, in bytes; a bit more than the largest
                message.
            sctp_default_stream_buffered_amount_low_threshold: Bytes that wait in a data consumer, at or below which
                it emits ``bufferedamountlow``; it can be set for each.
            enable_rtx: Whether lost packets are asked for and sent again; both ends must have it.
            enable_srtp: Whether to encrypt; both ends must.
            app_data: What the app attaches.

        Raises:
            TypeError: An option is missing or wrong, or the router has a transport of this id.
            NotFoundError: The router is closed.
            WorkerClosedError: The worker is closed.
            MediasoupError: The worker refuses: an address cannot be bound, or no port is free, say.
        """
        options: dict[str, Any] = {
            "base": {
                "enableSctp": enable_sctp,
                "maxSendMessageSize": max_send_message_size,
                "maxReceiveMessageSize": max_receive_message_size,
                "sctpSendBufferSize": sctp_send_buffer_size,
                "sctpPerStreamSendQueueLimit": sctp_per_stream_send_queue_limit,
                "sctpMaxReceiverWindowBufferSize": sctp_max_receiver_window_buffer_size,
                "sctpDefaultStreamBufferedAmountLowThreshold": sctp_default_stream_buffered_amount_low_threshold,
            },
            "listenInfo": wire.listen_info(wire.one_listen_info(listen_info, listen_ip, port)),
            "enableRtx": enable_rtx,
            "enableSrtp": enable_srtp,
        }
        router, transport_id, packed = await self._create_transport(
            "ROUTER_CREATE_PIPETRANSPORT", id, options, app_data
        )
        return self._transport_created(
            self._PIPE_TRANSPORT(id_=transport_id, router=router, packed=packed, app_data=app_data)
        )

    async def create_direct_transport(
        self,
        *,
        id: str | None = None,  # noqa: A002
        max_send_message_size: int = 262_144,
        max_receive_message_size: int = 262_144,
        app_data: AppData | None = None,
    ) -> DirectTransport:
        """Make a transport to this process.

        Args:
            id: The new transport's id. Default: a random UUID.
            max_send_message_size: Largest message that data consumers pass on, in bytes.
            max_receive_message_size: Largest message that data producers accept, in bytes.
            app_data: What the app attaches.

        Raises:
            TypeError: An option is wrong, or the router has a transport of this id.
            NotFoundError: The router is closed.
            WorkerClosedError: The worker is closed.
        """
        options = {
            "base": {
                "direct": True,
                "maxSendMessageSize": max_send_message_size,
                "maxReceiveMessageSize": max_receive_message_size,
            }
        }
        router, transport_id, _ = await self._create_transport("ROUTER_CREATE_DIRECTTRANSPORT", id, options, app_data)
        return self._transport_created(self._DIRECT_TRANSPORT(id_=transport_id, router=router, app_data=app_data))

    async def _create_transport(
        self, method: str, id_: str | None, options: dict[str, Any], app_data: AppData | None
    ) -> tuple[Router, str, Packed]:
        """Have the worker create a transport; return the router that it is on, its id, and what the worker tells."""
        id_ = self._new_transport_id(id_, app_data)
        body = {"transportId": id_, "options": options}
        packed = await self._create(id_, method, body, _CLOSE_TRANSPORT, decode=False)
        return cast("Router", self), id_, packed

    def _new_transport_id(self, id_: str | None, app_data: AppData | None) -> str:
        check_app_data(app_data)
        if id_ is None:
            return new_id()
        if id_ in self._transports:
            raise TypeError(f'a Transport with same id "{id_}" already exists')
        return id_

    def _transport_created(self, transport: AnyTransport) -> AnyTransport:
        self._transports[transport._id] = transport
        self._observe("newtransport", transport)
        return transport

    def _transport_closed(self, transport: Transport) -> None:
        self._transports.pop(transport._id, None)


def _listen(webrtc_server: WebRtcServer | None, listen_infos: Sequence[TransportListenInfo] | None) -> dict[str, Any]:
    """Return where a WebRtcTransport listens, as a union of the schema.

    Raises:
        TypeError: Something is wrong with it.
    """
    if webrtc_server is None:
        return {
            "listenType": "ListenIndividual",
            "listen": {"listenInfos": wire.listen_infos(cast("Any", listen_infos))},
        }
    if not isinstance(webrtc_server, WebRtcServer):
        raise TypeError("webrtc_server must be a WebRtcServer")
    return {"listenType": "ListenServer", "listen": {"webRtcServerId": webrtc_server.id}}

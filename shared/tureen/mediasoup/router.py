"""Routers: what passes media and messages from transport to transport."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from tureen.mediasoup import ortc, wire
from tureen.mediasoup.active_speaker_observer import ActiveSpeakerObserver
from tureen.mediasoup.asking import Asking
from tureen.mediasoup.audio_level_observer import AudioLevelObserver
from tureen.mediasoup.data_producer import DataProducer
from tureen.mediasoup.describe import describe
from tureen.mediasoup.entity import Undo, check_app_data, check_number
from tureen.mediasoup.errors import MediasoupError, NotFoundError
from tureen.mediasoup.ids import new_id
from tureen.mediasoup.pipes import Pipes
from tureen.mediasoup.producer import Producer
from tureen.mediasoup.router_transports import TransportMaker
from tureen.mediasoup.rtp_observer import RtpObserver
from tureen.mediasoup.types import (
    AppData,
    PipeToRouterResult,
    RouterDump,
    RouterRtpCodecCapability,
    RtpCapabilities,
    TransportListenInfo,
    TransportListenIp,
)

if TYPE_CHECKING:
    from tureen.mediasoup.worker import Worker

_logger = logging.getLogger("tureen.mediasoup.router")

AnyRtpObserver = TypeVar("AnyRtpObserver", bound=RtpObserver)

_CLOSE_RTP_OBSERVER = Undo("ROUTER_CLOSE_RTPOBSERVER", "rtpObserverId")


class Router(TransportMaker):
    """What passes media and messages on between its transports (mediasoup's Router).

    Made by ``worker.create_router()``.
    """

    __slots__ = ("_owners_id", "_pipes", "_rtp_capabilities", "_rtp_observers", "_worker")

    EVENTS: ClassVar[Mapping[str, str]] = {"workerclose": ""}
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {
        "close": "",
        "newtransport": "transport: Transport",
        "newrtpobserver": "rtp_observer: RtpObserver",
    }
    _ACTIVE_SPEAKER_OBSERVER: ClassVar[type[ActiveSpeakerObserver]] = ActiveSpeakerObserver
    _AUDIO_LEVEL_OBSERVER: ClassVar[type[AudioLevelObserver]] = AudioLevelObserver

    def __init__(
        self,
        *,
        id_: str,
        worker: Worker,
        rtp_capabilities: RtpCapabilities,
        app_data: AppData | None,
        channel: Asking | None = None,
    ) -> None:
        """Stand for a router that exists in the worker; apps call ``worker.create_router()``."""
        super().__init__(id_, channel or worker._channel, app_data)
        self._worker = worker
        self._rtp_capabilities = rtp_capabilities
        self._rtp_observers: dict[str, RtpObserver] = {}
        self._pipes = Pipes(self)
        self._owners_id = id_
        self._channel.subscribe(id_, self._on_notification)

    @property
    def rtp_capabilities(self) -> RtpCapabilities:
        """What it supports; endpoints need it to know what they can send and receive."""
        return self._rtp_capabilities

    def close(self) -> None:
        """Close it, and with it all its transports and RTP observers. They emit ``routerclose``."""
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self._tell("WORKER_CLOSE_ROUTER", "", {"routerId": self._id})
        self._close_children()
        self._worker._routers.pop(self._id, None)
        self._observe("close")

    @property
    def _told_id(self) -> str:
        return self._owners_id

    def _worker_closed(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self._close_children()
        self.safe_emit("workerclose")
        self._observe("close")

    def _close_children(self) -> None:
        # Listeners may close what has not had its turn yet, so these are copies.
        for transport in list(self._transports.values()):
            transport._router_closed()
        self._transports.clear()
        for rtp_observer in list(self._rtp_observers.values()):
            rtp_observer._router_closed()
        self._rtp_observers.clear()

    async def dump(self) -> RouterDump:
        """Return what the worker holds of it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        return cast("RouterDump", await self._dump("ROUTER_DUMP"))

    def can_consume(self, *, producer_id: str, rtp_capabilities: RtpCapabilities) -> bool:
        """Tell whether an endpoint can receive a producer.

        Args:
            producer_id: A producer of this router.
            rtp_capabilities: What the endpoint can receive.

        Returns:
            Also false, with a log line, where there is no such producer or the capabilities are malformed.
        """
        producer = self._producers.get(producer_id)
        if producer is None:
            _logger.error("can_consume(): Producer with id %s not found", describe(producer_id))
            return False
        try:
            return ortc.can_consume(producer.consumable_rtp_parameters, rtp_capabilities)
        except (TypeError, MediasoupError) as error:
            _logger.error("can_consume(): %s", error)
            return False

    def update_media_codecs(self, media_codecs: list[RouterRtpCodecCapability]) -> None:
        """Replace the codecs that it supports, for what is created from now on.

        Args:
            media_codecs: The codecs, each among mediasoup's supported ones.

        Raises:
            TypeError: A codec is malformed.
            UnsupportedError: mediasoup does not support a codec.
        """
        self._rtp_capabilities = ortc.generate_router_rtp_capabilities(media_codecs)

    async def pipe_to_router(
        self,
        *,
        router: Router,
        producer_id: str | None = None,
        data_producer_id: str | None = None,
        keep_id: bool = True,
        listen_info: TransportListenInfo | None = None,
        listen_ip: TransportListenIp | str | None = None,
        enable_sctp: bool = True,
        max_send_message_size: int = 262_144,
        max_receive_message_size: int = 262_144,
        sctp_send_buffer_size: int = 2_000_000,
        sctp_per_stream_send_queue_limit: int = 2_000_000,
        sctp_max_receiver_window_buffer_size: int = 5_242_880,
        sctp_default_stream_buffered_amount_low_threshold: int = 1024,
        enable_rtx: bool = False,
        enable_srtp: bool = False,
    ) -> PipeToRouterResult:
        """Make a producer, or a data producer, available in another router of this process.

        A pair of PipeTransports between the two routers is made for the first one that is piped, whichever way; all
        later ones use it, and the options that describe it are then ignored. What is closed at one end is closed at
        the other, and a producer's pauses are passed on. Calls for the same producer at the same time get the same.

        Args:
            router: The other router.
            producer_id: A producer of this router. This or ``data_producer_id`` is needed.
            data_producer_id: A data producer of this router.
            keep_id: Whether what comes out has the same id. Not between routers of one worker, where each id exists
                only once.
            listen_info: Where the PipeTransports listen. Default: on 127.0.0.1, with UDP.
            listen_ip: Former form of ``listen_info``.
            enable_sctp: Whether the pair carries data producers, too.
            max_send_message_size: Largest message that it sends, in bytes.
            max_receive_message_size: Largest message that it accepts, in bytes.
            sctp_send_buffer_size: Bytes that may wait to be sent in all data consumers together.
            sctp_per_stream_send_queue_limit: Bytes that may wait to be sent in one data consumer.
            sctp_max_receiver_window_buffer_size: Size of the receive window, in bytes.
            sctp_default_stream_buffered_amount_low_threshold: Bytes that wait in a data consumer, at or below which
                it emits ``bufferedamountlow``.
            enable_rtx: Whether lost packets are asked for and sent again.
            enable_srtp: Whether to encrypt.

        Returns:
            ``pipeConsumer`` in this router and ``pipeProducer`` in the other one, or ``pipeDataConsumer`` and
            ``pipeDataProducer``.

        Raises:
            TypeError: An option is missing or wrong.
            NotFoundError: There is no such producer, it was closed meanwhile, or a router is closed.
            WorkerClosedError: A worker is closed.
            MediasoupError: A worker refuses: the id is taken there, or no port is free, say.
        """
        if listen_info is None and listen_ip is None:
            listen_info = {"protocol": "udp", "ip": "127.0.0.1"}
        options = {
            "listen_info": wire.one_listen_info(listen_info, listen_ip, None),
            "enable_sctp": enable_sctp,
            "max_send_message_size": max_send_message_size,
            "max_receive_message_size": max_receive_message_size,
            "sctp_send_buffer_size": sctp_send_buffer_size,
            "sctp_per_stream_send_queue_limit": sctp_per_stream_send_queue_limit,
            "sctp_max_receiver_window_buffer_size": sctp_max_receiver_window_buffer_size,
            "sctp_default_stream_buffered_amount_low_threshold": sctp_default_stream_buffered_amount_low_threshold,
            "enable_rtx": enable_rtx,
            "enable_srtp": enable_srtp,
        }
        if (producer_id is None) == (data_producer_id is None):
            raise TypeError("exactly one of producer_id and data_producer_id must be given")
        if not isinstance(router, Router):
            raise TypeError("missing router")
        if router is self:
            raise TypeError("cannot use this Router as destination")
        source: Producer | DataProducer | None = (
            self._producers.get(cast("str", producer_id))
            if data_producer_id is None
            else self._data_producers.get(data_producer_id)
        )
        if source is None:
            raise NotFoundError("Producer not found" if data_producer_id is None else "DataProducer not found")
        return await self._pipe_to(router, source, keep_id=keep_id, options=options)

    async def _pipe_to(
        self, router: Router, source: Producer | DataProducer, *, keep_id: bool, options: dict[str, Any]
    ) -> PipeToRouterResult:
        origin = source._transport._router
        end = await router._pipe_end(origin, keep_id=keep_id)
        return await origin._pipes.pipe(source, end, keep_id=keep_id, options=options)

    async def _pipe_end(self, origin: Router, *, keep_id: bool) -> Router:
        """Return the router to which another one sends what is piped to this one: itself, unless it is many."""
        del origin, keep_id
        return self

    async def create_active_speaker_observer(
        self,
        *,
        interval: int = 300,
        id: str | None = None,  # noqa: A002
        app_data: AppData | None = None,
    ) -> ActiveSpeakerObserver:
        """Make something that tells who speaks.

        Args:
            interval: Milliseconds between two looks.
            id: Its id. Default: a random UUID.
            app_data: What the app attaches.

        Raises:
            TypeError: An option is wrong.
            NotFoundError: The router is closed.
            WorkerClosedError: The worker is closed.
        """
        check_number(interval, "interval")
        options = {"interval": interval}
        kind, method = self._ACTIVE_SPEAKER_OBSERVER, "ROUTER_CREATE_ACTIVESPEAKEROBSERVER"
        return await self._create_rtp_observer(kind, method, id, options, app_data)

    async def create_audio_level_observer(
        self,
        *,
        max_entries: int = 1,
        threshold: int = -80,
        interval: int = 1000,
        id: str | None = None,  # noqa: A002
        app_data: AppData | None = None,
    ) -> AudioLevelObserver:
        """Make something that tells how loud the loudest producers are.

        Args:
            max_entries: How many producers to tell of at most, from 1.
            threshold: Average volume in dBov, -127 to 0, below which a producer counts as silent.
            interval: Milliseconds between two looks.
            id: Its id. Default: a random UUID.
            app_data: What the app attaches.

        Raises:
            TypeError: An option is wrong.
            NotFoundError: The router is closed.
            WorkerClosedError: The worker is closed.
        """
        for name, number in (("max_entries", max_entries), ("threshold", threshold), ("interval", interval)):
            check_number(number, name)
        if max_entries <= 0:
            raise TypeError("if given, max_entries must be a positive number")
        if not -127 <= threshold <= 0:
            raise TypeError("if given, threshold must be a number from -127 to 0")
        options = {"maxEntries": max_entries, "threshold": threshold, "interval": interval}
        kind, method = self._AUDIO_LEVEL_OBSERVER, "ROUTER_CREATE_AUDIOLEVELOBSERVER"
        return await self._create_rtp_observer(kind, method, id, options, app_data)

    async def _create_rtp_observer(
        self,
        kind: type[AnyRtpObserver],
        method: str,
        id_: str | None,
        options: Mapping[str, int],
        app_data: AppData | None,
    ) -> AnyRtpObserver:
        observer_id = self._new_rtp_observer_id(id_, app_data)
        body = {"rtpObserverId": observer_id, "options": options}
        await self._create(observer_id, method, body, _CLOSE_RTP_OBSERVER)
        return self._rtp_observer_created(kind(id_=observer_id, router=self, app_data=app_data))

    def _new_rtp_observer_id(self, id_: str | None, app_data: AppData | None) -> str:
        check_app_data(app_data)
        if id_ is None:
            return new_id()
        if id_ in self._rtp_observers:
            raise TypeError(f'an RtpObserver with same id "{id_}" already exists')
        return id_

    def _rtp_observer_created(self, observer: AnyRtpObserver) -> AnyRtpObserver:
        self._rtp_observers[observer._id] = observer
        self._observe("newrtpobserver", observer)
        return observer

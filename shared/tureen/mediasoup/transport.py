"""What all transports have in common: media and data come in through them, and go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast, get_args

from tureen.mediasoup import convert, ortc, wire
from tureen.mediasoup.consumer import PERFECT_SCORE, Consumer
from tureen.mediasoup.data_consumer import DataConsumer
from tureen.mediasoup.data_producer import DataProducer
from tureen.mediasoup.entity import Identified, Parent, Undo, check_app_data, check_trace_types, new_id
from tureen.mediasoup.errors import NotFoundError
from tureen.mediasoup.producer import Producer
from tureen.mediasoup.stream_ids import StreamIds
from tureen.mediasoup.types import (
    AppData,
    ConsumerLayers,
    MediaKind,
    RtpCapabilities,
    RtpParameters,
    SctpStreamParameters,
    TransportTraceEventData,
    TransportTraceEventType,
    TransportType,
)

if TYPE_CHECKING:
    from tureen.mediasoup.router import Router

_TRACE_TYPES = frozenset(get_args(TransportTraceEventType))

_CLOSE_PRODUCER = Undo("TRANSPORT_CLOSE_PRODUCER", "producerId")
_CLOSE_CONSUMER = Undo("TRANSPORT_CLOSE_CONSUMER", "consumerId")
_CLOSE_DATA_PRODUCER = Undo("TRANSPORT_CLOSE_DATAPRODUCER", "dataProducerId")
_CLOSE_DATA_CONSUMER = Undo("TRANSPORT_CLOSE_DATACONSUMER", "dataConsumerId")

# MIDs have 8 characters at most.
_MID_LIMIT = 100_000_000


class Transport(Parent, Identified):
    """What connects an endpoint, another router or this process with a router (mediasoup's Transport).

    Made by one of ``router.create_…_transport()``.
    """

    __slots__ = (
        "_cname",
        "_consumers",
        "_data_consumers",
        "_data_producers",
        "_next_mid",
        "_producers",
        "_router",
        "_ssrcs",
        "_stream_ids",
    )

    TYPE: ClassVar[TransportType]
    EVENTS: ClassVar[Mapping[str, str]] = {
        "routerclose": "",
        "listenserverclose": "",
        "trace": "trace: TransportTraceEventData",
    }
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {
        "close": "",
        "newproducer": "producer: Producer",
        "newconsumer": "consumer: Consumer",
        "newdataproducer": "data_producer: DataProducer",
        "newdataconsumer": "data_consumer: DataConsumer",
        "trace": "trace: TransportTraceEventData",
    }

    def __init__(self, *, id_: str, router: Router, app_data: AppData | None) -> None:
        """Stand for a transport that exists in the worker; apps call ``router.create_…_transport()``."""
        super().__init__(id_, router._channel, app_data)
        self._router = router
        self._producers: dict[str, Producer] = {}
        self._consumers: dict[str, Consumer] = {}
        self._data_producers: dict[str, DataProducer] = {}
        self._data_consumers: dict[str, DataConsumer] = {}
        self._cname: str | None = None
        self._next_mid = 0
        self._ssrcs: ortc.SsrcSequence | None = None
        self._stream_ids: StreamIds | None = None
        self._channel.subscribe(id_, self._on_notification)

    @property
    def type(self) -> TransportType:
        """Which of the four classes it is."""
        return self.TYPE

    # Its end.

    def close(self) -> None:
        """Close it, and with it all its producers, consumers, data producers and data consumers."""
        if self._closed:
            return
        self._mark_closed()
        self._tell("ROUTER_CLOSE_TRANSPORT", self._router._id, {"transportId": self._id})
        self._close_children()
        self._router._transport_closed(self)
        self._leave_listen_server()
        self._observe("close")

    def _router_closed(self) -> None:
        if self._closed:
            return
        self._mark_closed()
        self._close_children()
        self._leave_listen_server()
        self.safe_emit("routerclose")
        self._observe("close")

    def _leave_listen_server(self) -> None:
        """Let the server on whose ports it listens know of its end; only WebRtcTransports may have one."""

    def _mark_closed(self) -> None:
        self._closed = True
        self._channel.unsubscribe(self._id)

    def _close_children(self) -> None:
        for producer in self._producers.values():
            producer._transport_closed()
            self._router._producers.pop(producer._id, None)
        for consumer in self._consumers.values():
            consumer._transport_closed()
        for data_producer in self._data_producers.values():
            data_producer._transport_closed()
            self._router._data_producers.pop(data_producer._id, None)
        for data_consumer in self._data_consumers.values():
            data_consumer._transport_closed()
        for children in (self._producers, self._consumers, self._data_producers, self._data_consumers):
            children.clear()

    def _producer_closed(self, producer: Producer) -> None:
        self._producers.pop(producer._id, None)
        self._router._producers.pop(producer._id, None)

    def _consumer_closed(self, consumer: Consumer) -> None:
        self._consumers.pop(consumer._id, None)

    def _data_producer_closed(self, data_producer: DataProducer) -> None:
        self._data_producers.pop(data_producer._id, None)
        self._router._data_producers.pop(data_producer._id, None)

    def _data_consumer_closed(self, data_consumer: DataConsumer) -> None:
        self._data_consumers.pop(data_consumer._id, None)
        stream = data_consumer.sctp_stream_parameters
        if stream is not None:
            self._outgoing_streams().free(stream["streamId"])

    # Settings.

    async def set_max_incoming_bitrate(self, bitrate: int) -> None:
        """Limit what the endpoint may send, through bandwidth estimation. WebRtcTransports alone obey.

        Args:
            bitrate: Bits per second; 0 for no limit.

        Raises:
            TypeError: It is no number from 0 on.
            NotFoundError: The transport is closed.
            WorkerClosedError: The worker is closed.
        """
        await self._request("TRANSPORT_SET_MAX_INCOMING_BITRATE", {"maxIncomingBitrate": bitrate})

    async def set_max_outgoing_bitrate(self, bitrate: int) -> None:
        """Limit what is sent to the endpoint. WebRtcTransports alone obey.

        Args:
            bitrate: Bits per second, at least 30,000 and the lower limit, if there is one; 0 for no limit.

        Raises:
            TypeError: It is no number from 0 on.
            NotFoundError: The transport is closed.
            WorkerClosedError: The worker is closed.
            MediasoupError: It is too low.
        """
        await self._request("TRANSPORT_SET_MAX_OUTGOING_BITRATE", {"maxOutgoingBitrate": bitrate})

    async def set_min_outgoing_bitrate(self, bitrate: int) -> None:
        """Keep the estimate of what can be sent to the endpoint above a limit. WebRtcTransports alone obey.

        Args:
            bitrate: Bits per second, at least 30,000 and at most the upper limit, if there is one; 0 for no limit.

        Raises:
            TypeError: It is no number from 0 on.
            NotFoundError: The transport is closed.
            WorkerClosedError: The worker is closed.
            MediasoupError: It is too low or too high.
        """
        await self._request("TRANSPORT_SET_MIN_OUTGOING_BITRATE", {"minOutgoingBitrate": bitrate})

    async def enable_trace_event(self, types: list[TransportTraceEventType] | None = None) -> None:
        """Have the events of the given types emitted as ``trace``, and those of no other.

        Args:
            types: What to trace; unknown types are ignored. Default: nothing.

        Raises:
            TypeError: ``types`` is no list of strings.
            NotFoundError: The transport is closed.
            WorkerClosedError: The worker is closed.
        """
        types = [] if types is None else types
        check_trace_types(types)
        known = [kind for kind in types if kind in _TRACE_TYPES]
        await self._request("TRANSPORT_ENABLE_TRACE_EVENT", {"events": known})

    # Media.

    async def produce(
        self,
        *,
        kind: MediaKind,
        rtp_parameters: RtpParameters,
        id: str | None = None,  # noqa: A002
        paused: bool = False,
        key_frame_request_delay: int = 0,
        enable_mediasoup_packet_id_header_extension: bool = False,
        app_data: AppData | None = None,
    ) -> Producer:
        """Take in media that the endpoint sends.

        Args:
            kind: Kind of media.
            rtp_parameters: What the endpoint sends.
            id: The new producer's id. Default: a random UUID.
            paused: Whether it starts paused.
            key_frame_request_delay: Milliseconds to wait after a key frame was asked for before asking again; video.
            enable_mediasoup_packet_id_header_extension: Whether to add mediasoup's own packet id header extension to
                the packets that come in.
            app_data: What the app attaches.

        Raises:
            TypeError: The kind or the parameters are wrong, or the transport has a producer of this id.
            UnsupportedError: The router lacks a codec.
            NotFoundError: The transport is closed.
            WorkerClosedError: The worker is closed.
            MediasoupError: The worker refuses: an SSRC or MID is taken, say.
        """
        if id is not None and id in self._producers:
            raise TypeError(f'a Producer with same id "{id}" already exists')
        if kind not in ("audio", "video"):
            raise TypeError(f'invalid kind "{kind}"')
        check_app_data(app_data)
        given = wire.rtp_parameters(ortc.validate_and_normalize_rtp_parameters(rtp_parameters))
        capabilities = self._router._rtp_capabilities
        parameters, mapping = ortc.get_producer_rtp_parameters_mapping(self._complete(given), capabilities)
        consumable = ortc.get_consumable_rtp_parameters(kind, parameters, capabilities, mapping)
        producer_id = new_id() if id is None else id
        body = {
            "producerId": producer_id,
            "kind": kind,
            "rtpParameters": parameters,
            "rtpMapping": mapping,
            "paused": paused,
            "keyFrameRequestDelay": key_frame_request_delay,
            "enableMediasoupPacketIdHeaderExtension": enable_mediasoup_packet_id_header_extension,
        }
        response = await self._create(producer_id, "TRANSPORT_PRODUCE", body, _CLOSE_PRODUCER)
        producer = Producer(
            id_=producer_id,
            transport=self,
            kind=kind,
            type_=response["type"],
            rtp_parameters=parameters,
            consumable_rtp_parameters=consumable,
            paused=paused,
            app_data=app_data,
        )
        self._producers[producer_id] = producer
        self._router._producers[producer_id] = producer
        self._observe("newproducer", producer)
        return producer

    def _complete(self, parameters: RtpParameters) -> RtpParameters:
        """Return parameters with at least one encoding, and with the canonical name of the endpoint."""
        cname = self._cname_for(parameters)
        if parameters["encodings"] and parameters["rtcp"].get("cname") == cname:
            return parameters
        return {
            **parameters,
            "encodings": parameters["encodings"] or [{}],
            "rtcp": {"cname": cname, "reducedSize": parameters["rtcp"]["reducedSize"]},
        }

    def _cname_for(self, parameters: RtpParameters) -> str:
        """Return the first producer's canonical name: a transport's producers all come from one endpoint."""
        if not self._cname:
            self._cname = parameters["rtcp"].get("cname") or new_id()[:8]
        return self._cname

    async def consume(
        self,
        *,
        producer_id: str,
        rtp_capabilities: RtpCapabilities,
        id: str | None = None,  # noqa: A002
        paused: bool = False,
        mid: str | None = None,
        preferred_layers: ConsumerLayers | None = None,
        ignore_dtx: bool = False,
        enable_rtx: bool | None = None,
        pipe: bool = False,
        app_data: AppData | None = None,
    ) -> Consumer:
        """Send a producer's media to the endpoint.

        Args:
            producer_id: A producer of the same router.
            rtp_capabilities: What the endpoint can receive.
            id: The new consumer's id. Default: a random UUID.
            paused: Whether it starts paused. For video it is best to: tell the endpoint of the consumer first, and
                resume it once the endpoint is ready, so that the key frame which that asks for is not lost.
            mid: Its MID, up to 8 characters. Default: the next of ``0``, ``1``, ….
            preferred_layers: The highest layers to send, of simulcast or SVC. Default: the highest there are.
            ignore_dtx: Whether to hold back Opus' packets of silence (DTX).
            enable_rtx: Whether to store packets and send them again when the endpoint asks for it with NACK.
                Default: for video.
            pipe: Whether to pass on all of the producer's streams as they are.
            app_data: What the app attaches.

        Raises:
            TypeError: An argument is wrong, or the transport has a consumer of this id.
            UnsupportedError: The endpoint cannot receive any codec of the producer.
            NotFoundError: There is no such producer, or the transport is closed.
            WorkerClosedError: The worker is closed.
        """
        if not producer_id or not isinstance(producer_id, str):
            raise TypeError("missing producer_id")
        check_app_data(app_data)
        if mid is not None and (not mid or not isinstance(mid, str)):
            raise TypeError("if given, mid must be a non-empty string")
        self._check_new_consumer(id)
        capabilities = ortc.validate_and_normalize_rtp_capabilities(rtp_capabilities)
        producer = self._producer(producer_id)
        parameters = ortc.get_consumer_rtp_parameters(
            consumable_rtp_parameters=producer.consumable_rtp_parameters,
            remote_rtp_capabilities=capabilities,
            pipe=pipe,
            enable_rtx=producer.kind == "video" if enable_rtx is None else enable_rtx,
            ssrcs=self._ssrc_source(),
            validated=True,
        )
        if not pipe:
            parameters["mid"] = mid or self._take_mid()
        options: dict[str, Any] = {"paused": paused, "ignoreDtx": ignore_dtx}
        if preferred_layers is not None:
            options["preferredLayers"] = wire.consumer_layers(preferred_layers)
        return await self._consume(id, producer, parameters, pipe=pipe, options=options, app_data=app_data)

    def _check_new_consumer(self, id_: str | None) -> None:
        if id_ is not None and id_ in self._consumers:
            raise TypeError(f'a Consumer with same id "{id_}" already exists')

    def _producer(self, producer_id: str) -> Producer:
        producer = self._router._producers.get(producer_id)
        if producer is None:
            raise NotFoundError(f'Producer with id "{producer_id}" not found')
        return producer

    def _ssrc_source(self) -> ortc.SsrcSequence:
        if self._ssrcs is None:
            self._ssrcs = ortc.SsrcSequence()
        return self._ssrcs

    def _take_mid(self) -> str:
        mid = str(self._next_mid)
        self._next_mid = (self._next_mid + 1) % _MID_LIMIT
        return mid

    async def _consume(
        self,
        id_: str | None,
        producer: Producer,
        parameters: RtpParameters,
        *,
        pipe: bool,
        options: Mapping[str, Any],
        app_data: AppData | None,
    ) -> Consumer:
        consumer_id = new_id() if id_ is None else id_
        body = {
            "consumerId": consumer_id,
            "producerId": producer._id,
            "kind": producer._kind,
            "rtpParameters": parameters,
            "type": "pipe" if pipe else producer._type,
            "consumableRtpEncodings": producer._consumable_rtp_parameters["encodings"],
            **options,
        }
        response = await self._create(consumer_id, "TRANSPORT_CONSUME", body, _CLOSE_CONSUMER)
        score = response["score"]
        consumer = Consumer(
            id_=consumer_id,
            transport=self,
            producer_id=producer._id,
            kind=producer._kind,
            type_="pipe" if pipe else producer._type,
            rtp_parameters=parameters,
            paused=response["paused"],
            producer_paused=response["producerPaused"],
            score=PERFECT_SCORE if score is None else convert.consumer_score(score),
            preferred_layers=convert.consumer_layers(response["preferredLayers"]),
            app_data=app_data,
        )
        self._consumers[consumer_id] = consumer
        self._observe("newconsumer", consumer)
        return consumer

    # Data.

    async def produce_data(
        self,
        *,
        sctp_stream_parameters: SctpStreamParameters | None = None,
        id: str | None = None,  # noqa: A002
        label: str = "",
        protocol: str = "",
        paused: bool = False,
        app_data: AppData | None = None,
    ) -> DataProducer:
        """Take in messages that the endpoint, or, on a DirectTransport, this process sends.

        Args:
            sctp_stream_parameters: The SCTP stream on which they come; ignored on a DirectTransport.
            id: The new data producer's id. Default: a random UUID.
            label: Label of the data channel.
            protocol: Sub-protocol of the data channel.
            paused: Whether it starts paused.
            app_data: What the app attaches.

        Raises:
            TypeError: The parameters are wrong or missing, or the transport has a data producer of this id.
            NotFoundError: The transport is closed.
            WorkerClosedError: The worker is closed.
            MediasoupError: The worker refuses: the stream is taken, or there is no SCTP association, say.
        """
        if id is not None and id in self._data_producers:
            raise TypeError(f'a DataProducer with same id "{id}" already exists')
        check_app_data(app_data)
        data_producer_id = new_id() if id is None else id
        body: dict[str, Any] = {"dataProducerId": data_producer_id, "label": label, "protocol": protocol}
        body["type"] = "direct" if self.TYPE == "direct" else "sctp"
        body["paused"] = paused
        if self.TYPE != "direct":
            stream = ortc.validate_and_normalize_sctp_stream_parameters(cast("Any", sctp_stream_parameters))
            body["sctpStreamParameters"] = wire.sctp_stream_parameters(stream)
        dump = await self._create(data_producer_id, "TRANSPORT_PRODUCE_DATA", body, _CLOSE_DATA_PRODUCER)
        data_producer = DataProducer(
            id_=data_producer_id,
            transport=self,
            type_=dump["type"],
            sctp_stream_parameters=convert.prune(dump["sctpStreamParameters"]),
            label=dump["label"],
            protocol=dump["protocol"],
            paused=paused,
            app_data=app_data,
        )
        self._data_producers[data_producer_id] = data_producer
        self._router._data_producers[data_producer_id] = data_producer
        self._observe("newdataproducer", data_producer)
        return data_producer

    async def consume_data(
        self,
        *,
        data_producer_id: str,
        id: str | None = None,  # noqa: A002
        ordered: bool | None = None,
        max_packet_life_time: int | None = None,
        max_retransmits: int | None = None,
        paused: bool = False,
        subchannels: Sequence[int] = (),
        app_data: AppData | None = None,
    ) -> DataConsumer:
        """Send a data producer's messages to the endpoint, or, on a DirectTransport, to this process.

        Args:
            data_producer_id: A data producer of the same router.
            id: The new data consumer's id. Default: a random UUID.
            ordered: Whether messages arrive in order, and all of them. Default: as with the data producer; true if
                that has no SCTP stream. Ignored on a DirectTransport, as are the next two.
            max_packet_life_time: Milliseconds after which a message is not sent again; makes it unordered.
            max_retransmits: How often a message is sent again at most; makes it unordered.
            paused: Whether it starts paused.
            subchannels: The subchannels that it listens to, 0 to 65535 each.
            app_data: What the app attaches.

        Raises:
            TypeError: An argument is wrong, or the transport has a data consumer of this id.
            NotFoundError: There is no such data producer, or the transport is closed.
            WorkerClosedError: The worker is closed.
            MediasoupError: There is no SCTP association, or no stream is free.
        """
        if not data_producer_id or not isinstance(data_producer_id, str):
            raise TypeError("missing data_producer_id")
        if id is not None and id in self._data_consumers:
            raise TypeError(f'a DataConsumer with same id "{id}" already exists')
        check_app_data(app_data)
        data_producer = self._router._data_producers.get(data_producer_id)
        if data_producer is None:
            raise NotFoundError(f'DataProducer with id "{data_producer_id}" not found')
        data_consumer_id = new_id() if id is None else id
        body: dict[str, Any] = {
            "dataConsumerId": data_consumer_id,
            "dataProducerId": data_producer_id,
            "type": "direct" if self.TYPE == "direct" else "sctp",
            "label": data_producer._label,
            "protocol": data_producer._protocol,
            "paused": paused,
            "subchannels": subchannels,
        }
        stream_id = None
        if self.TYPE != "direct":
            stream_id = self._outgoing_streams().take()
            body["sctpStreamParameters"] = _stream(
                data_producer._sctp_stream_parameters, stream_id, ordered, max_packet_life_time, max_retransmits
            )
        try:
            dump = await self._create(data_consumer_id, "TRANSPORT_CONSUME_DATA", body, _CLOSE_DATA_CONSUMER)
        except BaseException:
            if stream_id is not None:
                self._outgoing_streams().free(stream_id)
            raise
        data_consumer = DataConsumer(transport=self, dump=dump, app_data=app_data)
        self._data_consumers[data_consumer_id] = data_consumer
        self._observe("newdataconsumer", data_consumer)
        return data_consumer

    def _outgoing_streams(self) -> StreamIds:
        if self._stream_ids is None:
            self._stream_ids = StreamIds()
        return self._stream_ids

    def _on_notification(self, event: str, body: Mapping[str, Any]) -> None:
        if event == "TRANSPORT_TRACE":
            self._announce("trace", cast("TransportTraceEventData", convert.trace(body)))
        else:
            self._log_unknown(event)


def _stream(
    offered: SctpStreamParameters | None,
    stream_id: int,
    ordered: bool | None,
    max_packet_life_time: int | None,
    max_retransmits: int | None,
) -> dict[str, Any]:
    """Return the SCTP stream of a data consumer: as its data producer's, but for what was asked for."""
    stream: dict[str, Any] = {"ordered": True} if offered is None else {**offered}
    stream["streamId"] = stream_id
    if ordered is not None:
        stream["ordered"] = ordered
    if ordered:
        stream.pop("maxPacketLifeTime", None)
        stream.pop("maxRetransmits", None)
        return stream
    for key, limit in (("maxPacketLifeTime", max_packet_life_time), ("maxRetransmits", max_retransmits)):
        if limit is not None:
            stream["ordered"] = False
            stream[key] = limit
    return stream

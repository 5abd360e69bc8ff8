"""What a transport holds, its settings and its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast, get_args

from tureen.mediasoup import convert, ortc
from tureen.mediasoup.consumer import Consumer
from tureen.mediasoup.data_consumer import DataConsumer
from tureen.mediasoup.data_producer import DataProducer
from tureen.mediasoup.entity import Identified, Parent, check_number, check_trace_types
from tureen.mediasoup.producer import Producer
from tureen.mediasoup.stream_ids import StreamIds
from tureen.mediasoup.types import AppData, TransportTraceEventData, TransportTraceEventType, TransportType

if TYPE_CHECKING:
    from tureen.mediasoup.router import Router
    from tureen.mediasoup.transport import Transport

_TRACE_TYPES = frozenset(get_args(TransportTraceEventType))


class TransportBase(Parent, Identified):
    """The part of a Transport that holds what hangs on it, until its end."""

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
        self._router._transport_closed(cast("Transport", self))
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
        if not (self._producers or self._consumers or self._data_producers or self._data_consumers):
            return
        # Listeners may close what has not had its turn yet, so these are copies.
        for producer in list(self._producers.values()):
            producer._transport_closed()
            self._router._producers.pop(producer._id, None)
        for consumer in list(self._consumers.values()):
            consumer._transport_closed()
        for data_producer in list(self._data_producers.values()):
            data_producer._transport_closed()
            self._router._data_producers.pop(data_producer._id, None)
        for data_consumer in list(self._data_consumers.values()):
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

    def _outgoing_streams(self) -> StreamIds:
        if self._stream_ids is None:
            self._stream_ids = StreamIds()
        return self._stream_ids

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
        check_number(bitrate, "bitrate")
        await self._request("TRANSPORT_SET_MAX_INCOMING_BITRATE", {"maxIncomingBitrate": bitrate})

    async def set_max_outgoing_bitrate(self, bitrate: int) -> None:
        """Limit what is sent to the endpoint. WebRtcTransports alone obey.

        Args:
            bitrate: Bits per second, at least 30,000 and the lower limit, if there is one; 0 for no limit.

        Raises:
            TypeError: It is no such number.
            NotFoundError: The transport is closed.
            WorkerClosedError: The worker is closed.
        """
        check_number(bitrate, "bitrate")
        await self._request("TRANSPORT_SET_MAX_OUTGOING_BITRATE", {"maxOutgoingBitrate": bitrate})

    async def set_min_outgoing_bitrate(self, bitrate: int) -> None:
        """Keep the estimate of what can be sent to the endpoint above a limit. WebRtcTransports alone obey.

        Args:
            bitrate: Bits per second, at least 30,000 and at most the upper limit, if there is one; 0 for no limit.

        Raises:
            TypeError: It is no such number.
            NotFoundError: The transport is closed.
            WorkerClosedError: The worker is closed.
        """
        check_number(bitrate, "bitrate")
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

    def _on_notification(self, event: str, body: Mapping[str, Any]) -> None:
        if event == "TRANSPORT_TRACE":
            self._announce("trace", cast("TransportTraceEventData", convert.trace(body)))
        else:
            self._log_unknown(event)

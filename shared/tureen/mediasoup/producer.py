"""Producers: media that comes into a router."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast, get_args

from tureen.mediasoup import convert
from tureen.mediasoup.entity import Identified, check_trace_types
from tureen.mediasoup.types import (
    AppData,
    MediaKind,
    ProducerDump,
    ProducerScore,
    ProducerStat,
    ProducerTraceEventData,
    ProducerTraceEventType,
    ProducerType,
    ProducerVideoOrientation,
    RtpParameters,
)

if TYPE_CHECKING:
    from tureen.mediasoup.transport import Transport

_TRACE_TYPES = frozenset(get_args(ProducerTraceEventType))


class Producer(Identified):
    """Media that an endpoint sends into a router (mediasoup's Producer).

    Made by ``transport.produce()``.
    """

    __slots__ = (
        "_consumable_rtp_parameters",
        "_kind",
        "_paused",
        "_rtp_parameters",
        "_score",
        "_transport",
        "_type",
    )

    EVENTS: ClassVar[Mapping[str, str]] = {
        "transportclose": "",
        "score": "score: list[ProducerScore]",
        "videoorientationchange": "video_orientation: ProducerVideoOrientation",
        "trace": "trace: ProducerTraceEventData",
    }
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {
        "close": "",
        "pause": "",
        "resume": "",
        "score": "score: list[ProducerScore]",
        "videoorientationchange": "video_orientation: ProducerVideoOrientation",
        "trace": "trace: ProducerTraceEventData",
    }

    def __init__(
        self,
        *,
        id_: str,
        transport: Transport,
        kind: MediaKind,
        type_: ProducerType,
        rtp_parameters: RtpParameters,
        consumable_rtp_parameters: RtpParameters,
        paused: bool,
        app_data: AppData | None,
    ) -> None:
        """Stand for a producer that exists in the worker; apps call ``transport.produce()``."""
        super().__init__(id_, transport._channel, app_data)
        self._transport = transport
        self._kind = kind
        self._type = type_
        self._rtp_parameters = rtp_parameters
        self._consumable_rtp_parameters = consumable_rtp_parameters
        self._paused = paused
        self._score: list[ProducerScore] = []
        self._channel.subscribe(id_, self._on_notification)

    @property
    def kind(self) -> MediaKind:
        """Kind of media."""
        return self._kind

    @property
    def type(self) -> ProducerType:
        """Whether it sends one stream, one for each quality, or one of several layers."""
        return self._type

    @property
    def rtp_parameters(self) -> RtpParameters:
        """What the endpoint sends."""
        return self._rtp_parameters

    @property
    def consumable_rtp_parameters(self) -> RtpParameters:
        """What the router makes of it, from which the parameters of consumers are made."""
        return self._consumable_rtp_parameters

    @property
    def paused(self) -> bool:
        """Whether it is paused: nothing reaches its consumers."""
        return self._paused

    @property
    def score(self) -> list[ProducerScore]:
        """Quality of each of its streams, as last reported."""
        return self._score

    def close(self) -> None:
        """Close it, and with it all its consumers. They emit ``producerclose``."""
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self._tell("TRANSPORT_CLOSE_PRODUCER", self._transport._id, {"producerId": self._id})
        self._transport._producer_closed(self)
        self._observe("close")

    def _transport_closed(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self.safe_emit("transportclose")
        self._observe("close")

    async def dump(self) -> ProducerDump:
        """Return what the worker holds of it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        return cast("ProducerDump", convert.producer_dump(await self._request("PRODUCER_DUMP")))

    async def get_stats(self) -> list[ProducerStat]:
        """Return statistics: one entry for each of its streams.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        response = await self._request("PRODUCER_GET_STATS")
        return cast("list[ProducerStat]", [convert.rtp_stream_stats(stats) for stats in response["stats"]])

    async def pause(self) -> None:
        """Pause it. Its consumers emit ``producerpause``.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        await self._request("PRODUCER_PAUSE")
        if not self._paused:
            self._paused = True
            self._observe("pause")

    async def resume(self) -> None:
        """Resume it. Its consumers emit ``producerresume``.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        await self._request("PRODUCER_RESUME")
        if self._paused:
            self._paused = False
            self._observe("resume")

    async def enable_trace_event(self, types: list[ProducerTraceEventType] | None = None) -> None:
        """Have the events of the given types emitted as ``trace``, and those of no other.

        Args:
            types: What to trace; unknown types are ignored. Default: nothing.

        Raises:
            TypeError: ``types`` is no list of strings.
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        types = [] if types is None else types
        check_trace_types(types)
        known = [kind for kind in types if kind in _TRACE_TYPES]
        await self._request("PRODUCER_ENABLE_TRACE_EVENT", {"events": known})

    def send(self, rtp_packet: bytes | bytearray | memoryview) -> None:
        """Send an RTP packet. Only for producers of a DirectTransport; a closed one drops it.

        Args:
            rtp_packet: The packet; any bytes-like object.

        Raises:
            TypeError: It is not bytes-like.
            WorkerClosedError: The worker is closed.
        """
        if not isinstance(rtp_packet, bytes | bytearray | memoryview):
            raise TypeError("rtp_packet must be bytes")
        self._notify("PRODUCER_SEND", {"data": rtp_packet})

    def _on_notification(self, event: str, body: Mapping[str, Any]) -> None:
        match event:
            case "PRODUCER_SCORE":
                self._score = cast("list[ProducerScore]", convert.prune(body["scores"]))
                self._announce("score", self._score)
            case "PRODUCER_VIDEO_ORIENTATION_CHANGE":
                self._announce("videoorientationchange", cast("ProducerVideoOrientation", body))
            case "PRODUCER_TRACE":
                self._announce("trace", cast("ProducerTraceEventData", convert.trace(body)))
            case _:
                self._log_unknown(event)

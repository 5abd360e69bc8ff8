"""Consumers: media that goes out of a router."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast, get_args

from tureen.mediasoup import convert
from tureen.mediasoup.entity import Identified, check_number, check_trace_types
from tureen.mediasoup.types import (
    AppData,
    ConsumerDump,
    ConsumerLayers,
    ConsumerScore,
    ConsumerStat,
    ConsumerTraceEventData,
    ConsumerTraceEventType,
    ConsumerType,
    MediaKind,
    ProducerStat,
    RtpParameters,
)

if TYPE_CHECKING:
    from tureen.mediasoup.transport import Transport

_TRACE_TYPES = frozenset(get_args(ConsumerTraceEventType))

PERFECT_SCORE: ConsumerScore = {"score": 10, "producerScore": 10, "producerScores": []}
"""What a pipe consumer, which has no score of its own, shows."""


class Consumer(Identified):
    """Media that a router sends to an endpoint (mediasoup's Consumer).

    Made by ``transport.consume()``.
    """

    __slots__ = (
        "_current_layers",
        "_kind",
        "_paused",
        "_preferred_layers",
        "_priority",
        "_producer_id",
        "_producer_paused",
        "_rtp_parameters",
        "_score",
        "_transport",
        "_type",
    )

    EVENTS: ClassVar[Mapping[str, str]] = {
        "transportclose": "",
        "producerclose": "",
        "producerpause": "",
        "producerresume": "",
        "score": "score: ConsumerScore",
        "layerschange": "layers: ConsumerLayers | None",
        "trace": "trace: ConsumerTraceEventData",
        "rtp": "rtp_packet: bytes",
    }
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {
        "close": "",
        "pause": "",
        "resume": "",
        "score": "score: ConsumerScore",
        "layerschange": "layers: ConsumerLayers | None",
        "trace": "trace: ConsumerTraceEventData",
    }

    def __init__(
        self,
        *,
        id_: str,
        transport: Transport,
        producer_id: str,
        kind: MediaKind,
        type_: ConsumerType,
        rtp_parameters: RtpParameters,
        paused: bool,
        producer_paused: bool,
        score: ConsumerScore = PERFECT_SCORE,
        preferred_layers: ConsumerLayers | None = None,
        app_data: AppData | None,
    ) -> None:
        """Stand for a consumer that exists in the worker; apps call ``transport.consume()``."""
        super().__init__(id_, transport._channel, app_data)
        self._transport = transport
        self._producer_id = producer_id
        self._kind = kind
        self._type = type_
        self._rtp_parameters = rtp_parameters
        self._paused = paused
        self._producer_paused = producer_paused
        self._priority = 1
        self._score = score
        self._preferred_layers = preferred_layers
        self._current_layers: ConsumerLayers | None = None
        self._channel.subscribe(id_, self._on_notification)

    @property
    def producer_id(self) -> str:
        """Id of the producer that it is made from."""
        return self._producer_id

    @property
    def kind(self) -> MediaKind:
        """Kind of media."""
        return self._kind

    @property
    def type(self) -> ConsumerType:
        """Its producer's type, or ``pipe`` where all streams are passed on as they are."""
        return self._type

    @property
    def rtp_parameters(self) -> RtpParameters:
        """What it sends."""
        return self._rtp_parameters

    @property
    def paused(self) -> bool:
        """Whether it is paused itself."""
        return self._paused

    @property
    def producer_paused(self) -> bool:
        """Whether its producer is paused."""
        return self._producer_paused

    @property
    def priority(self) -> int:
        """Its share when bandwidth is scarce, 1 to 255; the highest is served first."""
        return self._priority

    @property
    def score(self) -> ConsumerScore:
        """Quality of its stream and of the producer's, as last reported."""
        return self._score

    @property
    def preferred_layers(self) -> ConsumerLayers | None:
        """The highest layers that were asked for; None for consumers without layers."""
        return self._preferred_layers

    @property
    def current_layers(self) -> ConsumerLayers | None:
        """The layers that it sends; None while it sends nothing, and for consumers without layers."""
        return self._current_layers

    def close(self) -> None:
        """Close it."""
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self._tell("TRANSPORT_CLOSE_CONSUMER", self._transport._id, {"consumerId": self._id})
        self._transport._consumer_closed(self)
        self._observe("close")

    def _transport_closed(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self.safe_emit("transportclose")
        self._observe("close")

    async def dump(self) -> ConsumerDump:
        """Return what the worker holds of it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        return cast("ConsumerDump", convert.consumer_dump(await self._request("CONSUMER_DUMP")))

    async def get_stats(self) -> list[ConsumerStat | ProducerStat]:
        """Return statistics: of the stream that it sends, then of the producer's stream that this is made from.

        A pipe consumer has an entry for each stream that it sends.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        response = await self._request("CONSUMER_GET_STATS")
        stats = [convert.rtp_stream_stats(entry) for entry in response["stats"]]
        return cast("list[ConsumerStat | ProducerStat]", stats)

    async def pause(self) -> None:
        """Pause it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        await self._request("CONSUMER_PAUSE")
        was_paused, self._paused = self._paused, True
        if not was_paused and not self._producer_paused:
            self._observe("pause")

    async def resume(self) -> None:
        """Resume it. With video, a key frame is asked for.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        await self._request("CONSUMER_RESUME")
        was_paused, self._paused = self._paused, False
        if was_paused and not self._producer_paused:
            self._observe("resume")

    async def set_preferred_layers(self, *, spatial_layer: int, temporal_layer: int | None = None) -> None:
        """Choose the highest layers to send. Only simulcast and SVC consumers have any.

        Args:
            spatial_layer: Spatial layer, from 0, the lowest resolution.
            temporal_layer: Temporal layer, from 0, the lowest frame rate. Default: the highest.

        Raises:
            TypeError: A layer is no number from 0 to 255.
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        check_number(spatial_layer, "spatial_layer")
        layers = {"spatialLayer": spatial_layer}
        if temporal_layer is not None:
            layers["temporalLayer"] = temporal_layer
        response = await self._request("CONSUMER_SET_PREFERRED_LAYERS", {"preferredLayers": layers})
        # The response is empty for consumers without layers.
        self._preferred_layers = convert.consumer_layers(response.get("preferredLayers"))

    async def set_priority(self, priority: int) -> None:
        """Set its share when bandwidth is scarce.

        Args:
            priority: 1 to 255; the highest is served first.

        Raises:
            TypeError: It is no such number.
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        check_number(priority, "priority")
        response = await self._request("CONSUMER_SET_PRIORITY", {"priority": priority})
        self._priority = response["priority"]

    async def unset_priority(self) -> None:
        """Set its priority back to 1.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        await self.set_priority(1)

    async def request_key_frame(self) -> None:
        """Ask its producer for a key frame. Nothing happens for audio.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        if self._type == "pipe" and self._kind == "audio":
            # There is nothing to do, and the worker (3.27.1) would never answer.
            self._check_open()
            return
        await self._request("CONSUMER_REQUEST_KEY_FRAME")

    async def enable_trace_event(self, types: list[ConsumerTraceEventType] | None = None) -> None:
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
        await self._request("CONSUMER_ENABLE_TRACE_EVENT", {"events": known})

    def _on_notification(self, event: str, body: Mapping[str, Any]) -> None:
        match event:
            case "CONSUMER_SCORE":
                self._score = convert.consumer_score(body["score"])
                self._announce("score", self._score)
            case "CONSUMER_LAYERS_CHANGE":
                self._current_layers = convert.consumer_layers(body["layers"])
                self._announce("layerschange", self._current_layers)
            case "CONSUMER_PRODUCER_CLOSE":
                self._producer_closed()
            case "CONSUMER_PRODUCER_PAUSE" | "CONSUMER_PRODUCER_RESUME":
                self._set_producer_paused(event == "CONSUMER_PRODUCER_PAUSE")
            case "CONSUMER_TRACE":
                self._announce("trace", cast("ConsumerTraceEventData", convert.trace(body)))
            case "CONSUMER_RTP":
                self.safe_emit("rtp", body["data"])
            case _:
                self._log_unknown(event)

    def _producer_closed(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self._transport._consumer_closed(self)
        self.safe_emit("producerclose")
        self._observe("close")

    def _set_producer_paused(self, paused: bool) -> None:
        if self._producer_paused is paused:
            return
        self._producer_paused = paused
        self.safe_emit("producerpause" if paused else "producerresume")
        if not self._paused:
            self._observe("pause" if paused else "resume")

"""How media comes in through a transport, and goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from tureen.mediasoup import convert, ortc, wire
from tureen.mediasoup.codec import SharedList, Sharer
from tureen.mediasoup.consumer import PERFECT_SCORE, Consumer
from tureen.mediasoup.describe import describe
from tureen.mediasoup.entity import Undo, check_app_data
from tureen.mediasoup.errors import NotFoundError
from tureen.mediasoup.ids import new_id
from tureen.mediasoup.producer import Producer
from tureen.mediasoup.transport_base import TransportBase
from tureen.mediasoup.types import (
    AppData,
    ConsumerLayers,
    MediaKind,
    RtpCapabilities,
    RtpCodecParameters,
    RtpHeaderExtensionParameters,
    RtpParameters,
)

if TYPE_CHECKING:
    from tureen.mediasoup.transport import Transport

_CLOSE_PRODUCER = Undo("TRANSPORT_CLOSE_PRODUCER", "producerId")
_CLOSE_CONSUMER = Undo("TRANSPORT_CLOSE_CONSUMER", "consumerId")

# What most producers, and most consumers, of a process have in common.
_produced_codecs: Sharer[list[RtpCodecParameters]] = Sharer(SharedList)
_produced_extensions: Sharer[list[RtpHeaderExtensionParameters]] = Sharer(SharedList)
_consumed_codecs: Sharer[list[RtpCodecParameters]] = Sharer(SharedList)
_consumed_extensions: Sharer[list[RtpHeaderExtensionParameters]] = Sharer(SharedList)

# MIDs have 8 characters at most.
_MID_LIMIT = 100_000_000


class MediaMaker(TransportBase):
    """The part of a Transport that makes producers and consumers."""

    __slots__ = ()

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
            raise TypeError(f"invalid kind {describe(kind)}")
        check_app_data(app_data)
        given = wire.rtp_parameters(ortc.validate_and_normalize_rtp_parameters(rtp_parameters))
        capabilities = self._router._rtp_capabilities
        parameters, mapping = ortc.get_producer_rtp_parameters_mapping(self._complete(given), capabilities)
        consumable = ortc.get_consumable_rtp_parameters(kind, parameters, capabilities, mapping)
        parameters["codecs"] = _produced_codecs.share(parameters["codecs"])
        parameters["headerExtensions"] = _produced_extensions.share(parameters["headerExtensions"])
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
            transport=cast("Transport", self),
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
        parameters["codecs"] = _consumed_codecs.share(parameters["codecs"])
        parameters["headerExtensions"] = _consumed_extensions.share(parameters["headerExtensions"])
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
        # On a PipeTransport it is not kept up to date.
        score = None if self.TYPE == "pipe" else response["score"]
        consumer = Consumer(
            id_=consumer_id,
            transport=cast("Transport", self),
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

"""Transports that live on a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from tureen import mediasoup
from tureen.client.remote import Measured
from tureen.client.streams import Consumer, DataConsumer, DataProducer, Producer
from tureen.mediasoup import network_transport
from tureen.mediasoup.convert import consumer_layers
from tureen.mediasoup.entity import Undo, check_app_data
from tureen.mediasoup.ids import new_id
from tureen.mediasoup.types import (
    AppData,
    ConsumerLayers,
    MediaKind,
    RtpCapabilities,
    RtpParameters,
    SctpNegotiatedCapabilities,
)

if TYPE_CHECKING:
    from tureen.client.router import Router

_CLOSE_PRODUCER = Undo("TRANSPORT_CLOSE_PRODUCER", "producerId")
_CLOSE_CONSUMER = Undo("TRANSPORT_CLOSE_CONSUMER", "consumerId")
_CLOSE_DATA_CONSUMER = Undo("TRANSPORT_CLOSE_DATACONSUMER", "dataConsumerId")


class Transport(Measured, mediasoup.Transport):
    """What all transports on a node have in common: the node works out what is sent, it may hold what others made."""

    __slots__ = ()

    NOUN = "transport"
    _DATA_PRODUCER: ClassVar[type[mediasoup.DataProducer]] = DataProducer

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
        """Take in media that the endpoint sends; as in mediasoup."""
        if id is not None and id in self._producers:
            raise TypeError(f'a Producer with same id "{id}" already exists')
        check_app_data(app_data)
        producer_id = new_id() if id is None else id
        body = {
            "producerId": producer_id,
            "kind": kind,
            "rtpParameters": rtp_parameters,
            "paused": paused,
            # A room has a delay of its own where the app does not ask for one.
            "keyFrameRequestDelay": key_frame_request_delay or None,
            "enableMediasoupPacketIdHeaderExtension": enable_mediasoup_packet_id_header_extension,
        }
        async with self._link.session.in_time():
            await cast("Router", self._router).codecs_settled()
            reply = await self._create(producer_id, "TRANSPORT_PRODUCE", body, _CLOSE_PRODUCER)
        producer = self.enter_producer(reply, app_data)
        self._observe("newproducer", producer)
        return producer

    def enter_producer(self, reply: dict[str, Any], app_data: AppData | None = None) -> Producer:
        """Stand for a producer of this transport that a reply describes."""
        producer = Producer(
            id_=reply["id"],
            transport=self,
            kind=reply["kind"],
            type_=reply["type"],
            rtp_parameters=reply["rtpParameters"],
            consumable_rtp_parameters=reply["consumableRtpParameters"],
            paused=reply["paused"],
            app_data=app_data,
        )
        self._producers[producer.id] = producer
        self._router._producers[producer.id] = producer
        return producer

    async def consume(
        self,
        *,
        producer_id: str,
        rtp_capabilities: RtpCapabilities | None = None,
        id: str | None = None,  # noqa: A002
        paused: bool = False,
        mid: str | None = None,
        preferred_layers: ConsumerLayers | None = None,
        ignore_dtx: bool = False,
        enable_rtx: bool | None = None,
        pipe: bool = False,
        app_data: AppData | None = None,
    ) -> Consumer:
        """Send a producer's media to the endpoint, whoever made the producer; as in mediasoup."""
        check_app_data(app_data)
        self._check_new_consumer(id)
        consumer_id = new_id() if id is None else id
        body = {
            "consumerId": consumer_id,
            "producerId": producer_id,
            "rtpCapabilities": rtp_capabilities,
            "paused": paused,
            "mid": mid,
            "preferredLayers": preferred_layers,
            "ignoreDtx": ignore_dtx,
            "enableRtx": enable_rtx,
            "pipe": pipe,
        }
        reply = await self._create(consumer_id, "TRANSPORT_CONSUME", body, _CLOSE_CONSUMER)
        consumer = self.enter_consumer(reply, app_data)
        self._observe("newconsumer", consumer)
        return consumer

    def enter_consumer(self, reply: dict[str, Any], app_data: AppData | None = None) -> Consumer:
        """Stand for a consumer of this transport that a reply describes."""
        consumer = Consumer(
            id_=reply["id"],
            transport=self,
            producer_id=reply["producerId"],
            kind=reply["kind"],
            type_=reply["type"],
            rtp_parameters=reply["rtpParameters"],
            paused=reply["paused"],
            producer_paused=reply["producerPaused"],
            score=reply["score"],
            preferred_layers=consumer_layers(reply.get("preferredLayers")),
            app_data=app_data,
        )
        self._consumers[consumer.id] = consumer
        return consumer

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
        """Send a data producer's messages to the endpoint, or to this process, whoever made it; as in mediasoup."""
        if id is not None and id in self._data_consumers:
            raise TypeError(f'a DataConsumer with same id "{id}" already exists')
        check_app_data(app_data)
        data_consumer_id = new_id() if id is None else id
        body = {
            "dataConsumerId": data_consumer_id,
            "dataProducerId": data_producer_id,
            "ordered": ordered,
            "maxPacketLifeTime": max_packet_life_time,
            "maxRetransmits": max_retransmits,
            "paused": paused,
            "subchannels": subchannels,
        }
        reply = await self._create(data_consumer_id, "TRANSPORT_CONSUME_DATA", body, _CLOSE_DATA_CONSUMER)
        data_consumer = self.enter_data_consumer(reply, app_data)
        self._observe("newdataconsumer", data_consumer)
        return data_consumer

    def enter_data_producer(self, reply: dict[str, Any], app_data: AppData | None = None) -> DataProducer:
        """Stand for a data producer of this transport that a reply describes."""
        data_producer = DataProducer(
            id_=reply["id"],
            transport=self,
            type_=reply["type"],
            sctp_stream_parameters=reply.get("sctpStreamParameters"),
            label=reply["label"],
            protocol=reply["protocol"],
            paused=reply["paused"],
            app_data=app_data,
        )
        self._data_producers[data_producer.id] = data_producer
        self._router._data_producers[data_producer.id] = data_producer
        return data_producer

    def enter_data_consumer(self, reply: dict[str, Any], app_data: AppData | None = None) -> DataConsumer:
        """Stand for a data consumer of this transport that a reply describes."""
        data_consumer = DataConsumer(transport=self, dump=reply, app_data=app_data)
        self._data_consumers[data_consumer.id] = data_consumer
        return data_consumer

    def _check_free(self, child_id: str) -> None:
        # A room knows of more than what is on this worker.
        self._router._check_free(child_id)

    def take(self, properties: Mapping[str, Any]) -> None:
        """Take over, of a transport's properties on its node, those of which mediasoup has no event."""

    def _data_consumer_closed(self, data_consumer: mediasoup.DataConsumer) -> None:
        # Its stream is the node's to give away again.
        self._data_consumers.pop(data_consumer.id, None)


class NetworkTransport(Transport, network_transport.NetworkTransport):
    """What WebRtcTransports, PlainTransports and PipeTransports on a node have in common.

    Attributes:
        UNTOLD: The properties that change without an event of mediasoup's: by their names on the wire, where they are.
    """

    __slots__ = ()

    UNTOLD: ClassVar[Mapping[str, str]] = {"sctpNegotiatedCapabilities": "_sctp_negotiated_capabilities"}

    def state_of(self, attribute: str) -> Any:
        """Return what is kept of what events, or the reply when it was new, told."""
        self._unpack()
        return super().state_of(attribute)

    def take(self, properties: Mapping[str, Any]) -> None:
        """Take over, of a transport's properties on its node, those of which mediasoup has no event."""
        self._unpack()
        for key, attribute in self.UNTOLD.items():
            if (told := properties.get(key)) is not None:
                setattr(self, attribute, told)

    def _happened(self, event: str, data: Any) -> None:
        # What it was when it was new would be read later, over what it is now.
        self._unpack()
        super()._happened(event, data)

    def _told(self, event: str, data: Any) -> None:
        if event == "sctpnegotiatedcapabilities":
            self._sctp_negotiated_capabilities = cast("SctpNegotiatedCapabilities", data)
        elif event == "connect":
            self.take(data)
        else:
            super()._told(event, data)


class WebRtcTransport(NetworkTransport, mediasoup.WebRtcTransport):
    """mediasoup's WebRtcTransport, on a node."""

    __slots__ = ()

    UNTOLD: ClassVar[Mapping[str, str]] = {
        **NetworkTransport.UNTOLD,
        "iceParameters": "_ice_parameters",
        "dtlsParameters": "_dtls_parameters",
        "dtlsRemoteCert": "_dtls_remote_cert",
    }

    def _told(self, event: str, data: Any) -> None:
        if event == "dtlsremotecert":
            self._dtls_remote_cert = data
        elif event == "iceparameterschange":
            self.take({"iceParameters": data})
        else:
            super()._told(event, data)


class PlainTransport(NetworkTransport, mediasoup.PlainTransport):
    """mediasoup's PlainTransport, on a node."""

    __slots__ = ()

    UNTOLD: ClassVar[Mapping[str, str]] = {
        **NetworkTransport.UNTOLD,
        "tuple": "_tuple",
        "rtcpTuple": "_rtcp_tuple",
        "srtpParameters": "_srtp_parameters",
    }


class PipeTransport(NetworkTransport, mediasoup.PipeTransport):
    """mediasoup's PipeTransport, on a node."""

    __slots__ = ()

    UNTOLD: ClassVar[Mapping[str, str]] = {
        **NetworkTransport.UNTOLD,
        "tuple": "_tuple",
        "srtpParameters": "_srtp_parameters",
    }

    async def _create(
        self, child_id: str, method: str, body: Mapping[str, Any], undo: Undo, *, decode: bool = True
    ) -> Any:
        if undo.key in ("producerId", "dataProducerId") and not self._link.listens(child_id):
            # It may have the id of its origin, which is on the same node: what is said of this one says where it is,
            # its closing included, should nobody want it any more before it is there.
            self._link.twins[child_id] = self._router.id
        return await super()._create(child_id, method, body, undo, decode=decode)


class DirectTransport(Transport, mediasoup.DirectTransport):
    """mediasoup's DirectTransport, on a node: RTP, RTCP and messages cross NATS."""

    __slots__ = ()

"""How messages come in through a transport, and go out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from tureen.mediasoup import convert, ortc, wire
from tureen.mediasoup.data_consumer import DataConsumer
from tureen.mediasoup.data_producer import DataProducer
from tureen.mediasoup.entity import Undo, check_app_data
from tureen.mediasoup.errors import NotFoundError
from tureen.mediasoup.ids import new_id
from tureen.mediasoup.transport_base import TransportBase
from tureen.mediasoup.types import AppData, SctpStreamParameters

if TYPE_CHECKING:
    from tureen.mediasoup.transport import Transport

_CLOSE_DATA_PRODUCER = Undo("TRANSPORT_CLOSE_DATAPRODUCER", "dataProducerId")
_CLOSE_DATA_CONSUMER = Undo("TRANSPORT_CLOSE_DATACONSUMER", "dataConsumerId")


class DataMaker(TransportBase):
    """The part of a Transport that makes data producers and data consumers."""

    __slots__ = ()

    _DATA_PRODUCER: ClassVar[type[DataProducer]] = DataProducer

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
        data_producer = self._DATA_PRODUCER(
            id_=data_producer_id,
            transport=cast("Transport", self),
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
        data_consumer = DataConsumer(transport=cast("Transport", self), dump=dump, app_data=app_data)
        self._data_consumers[data_consumer_id] = data_consumer
        self._observe("newdataconsumer", data_consumer)
        return data_consumer


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

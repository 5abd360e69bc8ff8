"""Data consumers: messages that go out of a router."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from tureen.mediasoup import convert
from tureen.mediasoup.data_producer import encode_message
from tureen.mediasoup.entity import Identified, check_number
from tureen.mediasoup.types import (
    AppData,
    DataConsumerDump,
    DataConsumerStat,
    DataConsumerType,
    SctpStreamParameters,
)

if TYPE_CHECKING:
    from tureen.mediasoup.transport import Transport


class DataConsumer(Identified):
    """Messages that a router sends to an endpoint, or to this process (mediasoup's DataConsumer).

    Made by ``transport.consume_data()``.
    """

    __slots__ = (
        "_data_producer_id",
        "_data_producer_paused",
        "_label",
        "_paused",
        "_protocol",
        "_sctp_stream_parameters",
        "_subchannels",
        "_transport",
        "_type",
    )

    EVENTS: ClassVar[Mapping[str, str]] = {
        "transportclose": "",
        "dataproducerclose": "",
        "dataproducerpause": "",
        "dataproducerresume": "",
        "message": "message: bytes, ppid: int",
        "sctpsendbufferfull": "",
        "bufferedamountlow": "buffered_amount: int",
    }
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {"close": "", "pause": "", "resume": ""}

    def __init__(self, *, transport: Transport, dump: Mapping[str, Any], app_data: AppData | None) -> None:
        """Stand for a data consumer that exists in the worker; apps call ``transport.consume_data()``."""
        super().__init__(dump["id"], transport._channel, app_data)
        self._transport = transport
        self._data_producer_id: str = dump["dataProducerId"]
        self._type: DataConsumerType = dump["type"]
        stream = dump["sctpStreamParameters"]
        self._sctp_stream_parameters: SctpStreamParameters | None = convert.prune(stream)
        self._label: str = dump["label"]
        self._protocol: str = dump["protocol"]
        self._paused: bool = dump["paused"]
        self._data_producer_paused: bool = dump["dataProducerPaused"]
        self._subchannels: list[int] = dump["subchannels"]
        self._channel.subscribe(self._id, self._on_notification)

    @property
    def data_producer_id(self) -> str:
        """Id of the data producer whose messages it sends."""
        return self._data_producer_id

    @property
    def type(self) -> DataConsumerType:
        """How messages go out."""
        return self._type

    @property
    def sctp_stream_parameters(self) -> SctpStreamParameters | None:
        """Its SCTP stream; None on a DirectTransport."""
        return self._sctp_stream_parameters

    @property
    def label(self) -> str:
        """Label of the data channel."""
        return self._label

    @property
    def protocol(self) -> str:
        """Sub-protocol of the data channel."""
        return self._protocol

    @property
    def paused(self) -> bool:
        """Whether it is paused itself."""
        return self._paused

    @property
    def data_producer_paused(self) -> bool:
        """Whether its data producer is paused."""
        return self._data_producer_paused

    @property
    def subchannels(self) -> list[int]:
        """The subchannels that it listens to, 0 to 65535 each."""
        return self._subchannels

    def close(self) -> None:
        """Close it."""
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self._tell("TRANSPORT_CLOSE_DATACONSUMER", self._transport._id, {"dataConsumerId": self._id})
        self._transport._data_consumer_closed(self)
        self._observe("close")

    def _transport_closed(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self.safe_emit("transportclose")
        self._observe("close")

    async def dump(self) -> DataConsumerDump:
        """Return what the worker holds of it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        return cast("DataConsumerDump", convert.prune(await self._request("DATACONSUMER_DUMP")))

    async def get_stats(self) -> list[DataConsumerStat]:
        """Return statistics, in one entry.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        stats = await self._request("DATACONSUMER_GET_STATS")
        return [cast("DataConsumerStat", {"type": "data-consumer", **stats})]

    async def pause(self) -> None:
        """Pause it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        await self._request("DATACONSUMER_PAUSE")
        was_paused, self._paused = self._paused, True
        if not was_paused and not self._data_producer_paused:
            self._observe("pause")

    async def resume(self) -> None:
        """Resume it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        await self._request("DATACONSUMER_RESUME")
        was_paused, self._paused = self._paused, False
        if was_paused and not self._data_producer_paused:
            self._observe("resume")

    async def set_buffered_amount_low_threshold(self, threshold: int) -> None:
        """Choose when ``bufferedamountlow`` is emitted. Only for type ``sctp``.

        Args:
            threshold: Bytes that wait to be sent, at or below which it is.

        Raises:
            TypeError: It is no number from 0 to 2**32 - 1.
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        check_number(threshold, "threshold")
        await self._request("DATACONSUMER_SET_BUFFERED_AMOUNT_LOW_THRESHOLD", {"threshold": threshold})

    async def get_buffered_amount(self) -> int:
        """Return how many bytes wait to be sent. Only for type ``sctp``.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        response = await self._request("DATACONSUMER_GET_BUFFERED_AMOUNT")
        return cast("int", response["bufferedAmount"])

    async def send(self, message: str | bytes | bytearray | memoryview, ppid: int | None = None) -> int:
        """Send a message to the endpoint. Only for type ``sctp``.

        Args:
            message: Text or any bytes-like object.
            ppid: SCTP payload protocol identifier. Default: that of text or of bytes, as in RFC 8831.

        Returns:
            How many bytes wait to be sent after that.

        Raises:
            TypeError: The message is neither text nor bytes-like.
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
            MediasoupError: The worker refuses: the send buffer is full, say.
        """
        ppid, data = encode_message(message, ppid)
        response = await self._request("DATACONSUMER_SEND", {"ppid": ppid, "data": data})
        return cast("int", response["bufferedAmount"])

    async def set_subchannels(self, subchannels: Sequence[int]) -> None:
        """Listen to these subchannels, and to no other.

        Args:
            subchannels: Numbers, 0 to 65535.

        Raises:
            TypeError: They are no list of such numbers.
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        response = await self._request("DATACONSUMER_SET_SUBCHANNELS", {"subchannels": subchannels})
        self._subchannels = response["subchannels"]

    async def add_subchannel(self, subchannel: int) -> None:
        """Listen to one more subchannel.

        Args:
            subchannel: Its number, 0 to 65535.

        Raises:
            TypeError: It is no such number.
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        check_number(subchannel, "subchannel")
        response = await self._request("DATACONSUMER_ADD_SUBCHANNEL", {"subchannel": subchannel})
        self._subchannels = response["subchannels"]

    async def remove_subchannel(self, subchannel: int) -> None:
        """Listen to a subchannel no more.

        Args:
            subchannel: Its number, 0 to 65535.

        Raises:
            TypeError: It is no such number.
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        check_number(subchannel, "subchannel")
        response = await self._request("DATACONSUMER_REMOVE_SUBCHANNEL", {"subchannel": subchannel})
        self._subchannels = response["subchannels"]

    def _on_notification(self, event: str, body: Mapping[str, Any]) -> None:
        match event:
            case "DATACONSUMER_MESSAGE":
                self.safe_emit("message", body["data"], body["ppid"])
            case "DATACONSUMER_DATAPRODUCER_CLOSE":
                self._data_producer_closed()
            case "DATACONSUMER_DATAPRODUCER_PAUSE" | "DATACONSUMER_DATAPRODUCER_RESUME":
                self._set_data_producer_paused(event == "DATACONSUMER_DATAPRODUCER_PAUSE")
            case "DATACONSUMER_SCTP_SENDBUFFER_FULL":
                self.safe_emit("sctpsendbufferfull")
            case "DATACONSUMER_BUFFERED_AMOUNT_LOW":
                self.safe_emit("bufferedamountlow", body["bufferedAmount"])
            case _:
                self._log_unknown(event)

    def _data_producer_closed(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self._transport._data_consumer_closed(self)
        self.safe_emit("dataproducerclose")
        self._observe("close")

    def _set_data_producer_paused(self, paused: bool) -> None:
        if self._data_producer_paused is paused:
            return
        self._data_producer_paused = paused
        self.safe_emit("dataproducerpause" if paused else "dataproducerresume")
        if not self._paused:
            self._observe("pause" if paused else "resume")

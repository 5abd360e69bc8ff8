"""Data producers: messages that come into a router."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from tureen.mediasoup import convert
from tureen.mediasoup.entity import Identified
from tureen.mediasoup.types import (
    AppData,
    DataProducerDump,
    DataProducerStat,
    DataProducerType,
    SctpStreamParameters,
)

if TYPE_CHECKING:
    from tureen.mediasoup.transport import Transport

# Payload protocol identifiers of WebRTC data channels (RFC 8831).
_STRING, _BINARY, _EMPTY_STRING, _EMPTY_BINARY = 51, 53, 56, 57


def encode_message(message: str | bytes | bytearray | memoryview, ppid: int | None) -> tuple[int, bytes]:
    """Return a message as SCTP carries it: its payload protocol identifier and its bytes.

    SCTP cannot carry empty messages; they have identifiers of their own, and one byte that does not count.

    Raises:
        TypeError: It is neither text nor bytes-like.
    """
    if isinstance(message, str):
        data = _encode_text(message)
        ppid = ppid if ppid is not None else _STRING if data else _EMPTY_STRING
    elif isinstance(message, bytes | bytearray | memoryview):
        data = bytes(message)
        ppid = ppid if ppid is not None else _BINARY if data else _EMPTY_BINARY
    else:
        raise TypeError("message must be a str or bytes")
    if ppid == _EMPTY_STRING:
        data = b" "
    elif ppid == _EMPTY_BINARY:
        data = b"\0"
    return ppid, data


def _encode_text(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise TypeError("message holds a lone surrogate, which UTF-8 cannot encode") from None


class DataProducer(Identified):
    """Messages that an endpoint, or this process, sends into a router (mediasoup's DataProducer).

    Made by ``transport.produce_data()``.
    """

    __slots__ = ("_label", "_paused", "_protocol", "_sctp_stream_parameters", "_transport", "_type")

    EVENTS: ClassVar[Mapping[str, str]] = {"transportclose": ""}
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {"close": "", "pause": "", "resume": ""}

    def __init__(
        self,
        *,
        id_: str,
        transport: Transport,
        type_: DataProducerType,
        sctp_stream_parameters: SctpStreamParameters | None,
        label: str,
        protocol: str,
        paused: bool,
        app_data: AppData | None,
    ) -> None:
        """Stand for a data producer that exists in the worker; apps call ``transport.produce_data()``."""
        super().__init__(id_, transport._channel, app_data)
        self._transport = transport
        self._type = type_
        self._sctp_stream_parameters = sctp_stream_parameters
        self._label = label
        self._protocol = protocol
        self._paused = paused
        # A worker has nothing to say of data producers; but its id is taken there, and a node has.
        self._channel.subscribe(id_, self._on_notification)

    @property
    def type(self) -> DataProducerType:
        """How messages come in."""
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
        """Whether it is paused: nothing reaches its data consumers."""
        return self._paused

    def close(self) -> None:
        """Close it, and with it all its data consumers. They emit ``dataproducerclose``."""
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self._tell("TRANSPORT_CLOSE_DATAPRODUCER", self._transport._id, {"dataProducerId": self._id})
        self._transport._data_producer_closed(self)
        self._observe("close")

    def _transport_closed(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self.safe_emit("transportclose")
        self._observe("close")

    async def dump(self) -> DataProducerDump:
        """Return what the worker holds of it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        return cast("DataProducerDump", convert.prune(await self._request("DATAPRODUCER_DUMP")))

    async def get_stats(self) -> list[DataProducerStat]:
        """Return statistics, in one entry.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        stats = await self._request("DATAPRODUCER_GET_STATS")
        # The worker leaves it zero: nothing waits in a data producer.
        del stats["bufferedAmount"]
        return [cast("DataProducerStat", {"type": "data-producer", **stats})]

    async def pause(self) -> None:
        """Pause it. Its data consumers emit ``dataproducerpause``.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        await self._request("DATAPRODUCER_PAUSE")
        if not self._paused:
            self._paused = True
            self._observe("pause")

    async def resume(self) -> None:
        """Resume it. Its data consumers emit ``dataproducerresume``.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        await self._request("DATAPRODUCER_RESUME")
        if self._paused:
            self._paused = False
            self._observe("resume")

    def send(
        self,
        message: str | bytes | bytearray | memoryview,
        ppid: int | None = None,
        subchannels: Sequence[int] = (),
        required_subchannel: int | None = None,
        ignored_subchannel: int | None = None,
    ) -> None:
        """Send a message. Only for data producers of a DirectTransport; a closed one drops it.

        Args:
            message: Text or any bytes-like object.
            ppid: SCTP payload protocol identifier. Default: that of text or of bytes, as in RFC 8831.
            subchannels: Only data consumers that listen to one of these get the message. Default: all get it.
            required_subchannel: Only data consumers that listen to this one, too, get it.
            ignored_subchannel: Data consumers that listen to this one do not get it.

        Raises:
            TypeError: The message is neither text nor bytes-like, or a number is out of range.
            WorkerClosedError: The worker is closed.
        """
        ppid, data = encode_message(message, ppid)
        body = {"ppid": ppid, "data": data, "subchannels": subchannels}
        if required_subchannel is not None:
            body["requiredSubchannel"] = required_subchannel
        if ignored_subchannel is not None:
            body["ignoredSubchannel"] = ignored_subchannel
        self._notify("DATAPRODUCER_SEND", body)

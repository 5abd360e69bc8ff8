"""PipeTransports: other routers, in the same worker, in another one, or on another host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, cast

from tureen.mediasoup import convert, ortc, wire
from tureen.mediasoup.consumer import Consumer
from tureen.mediasoup.entity import check_app_data
from tureen.mediasoup.ids import new_id
from tureen.mediasoup.network_transport import NetworkTransport
from tureen.mediasoup.types import (
    AppData,
    PipeTransportDump,
    PipeTransportStat,
    RtpParameters,
    SrtpParameters,
    TransportTuple,
)


class PipeTransport(NetworkTransport):
    """A transport to another router (mediasoup's PipeTransport).

    Made by ``router.create_pipe_transport()``, or in pairs by ``router.pipe_to_router()``.
    """

    __slots__ = ("_rtx", "_srtp_parameters", "_tuple")

    _tuple: TransportTuple
    _rtx: bool
    _srtp_parameters: SrtpParameters | None

    TYPE = "pipe"
    EVENTS: ClassVar[Mapping[str, str]] = NetworkTransport.EVENTS
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = NetworkTransport.OBSERVER_EVENTS

    def _load(self, dump: Mapping[str, Any]) -> None:
        super()._load(dump)
        self._tuple = convert.transport_tuple(dump["tuple"])
        self._rtx = dump["rtx"]
        self._srtp_parameters = dump["srtpParameters"]

    @property
    def type(self) -> Literal["pipe"]:
        """Always ``pipe``."""
        return "pipe"

    @property
    def tuple(self) -> TransportTuple:
        """The addresses in use."""
        self._unpack()
        return self._tuple

    @property
    def srtp_parameters(self) -> SrtpParameters | None:
        """Its SRTP key, for the other router; None without SRTP."""
        self._unpack()
        return self._srtp_parameters

    async def dump(self) -> PipeTransportDump:
        """Return what the worker holds of it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        return cast("PipeTransportDump", convert.transport_dump(await self._dump("TRANSPORT_DUMP")))

    async def get_stats(self) -> list[PipeTransportStat]:
        """Return statistics, in one entry.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        stats = convert.transport_stats(await self._request("TRANSPORT_GET_STATS"), "pipe-transport")
        return [cast("PipeTransportStat", stats)]

    async def connect(self, *, ip: str, port: int, srtp_parameters: SrtpParameters | None = None) -> None:  # type: ignore[override]
        """Tell where the other router's PipeTransport is; this is done once.

        Args:
            ip: Its IP address.
            port: Its port.
            srtp_parameters: Its SRTP key, with SRTP.

        Raises:
            TypeError: Something is missing, or not wanted.
            NotFoundError: The transport is closed.
            WorkerClosedError: The worker is closed.
            MediasoupError: This was done before.
        """
        body: dict[str, Any] = {"ip": ip, "port": port}
        if srtp_parameters is not None:
            body["srtpParameters"] = wire.srtp_parameters(srtp_parameters)
        response = await self._request("PIPETRANSPORT_CONNECT", body)
        self._unpack()
        self._tuple = convert.transport_tuple(response["tuple"])

    def _cname_for(self, parameters: RtpParameters) -> str:
        """Return the producer's own canonical name: a pipe's producers come from many endpoints."""
        return parameters["rtcp"].get("cname") or new_id()[:8]

    async def consume(  # type: ignore[override]
        self,
        *,
        producer_id: str,
        id: str | None = None,  # noqa: A002
        app_data: AppData | None = None,
    ) -> Consumer:
        """Send all of a producer's streams to the other router.

        Args:
            producer_id: A producer of the same router.
            id: The new consumer's id. Default: a random UUID.
            app_data: What the app attaches.

        Raises:
            TypeError: An argument is wrong, or the transport has a consumer of this id.
            NotFoundError: There is no such producer, or the transport is closed.
            WorkerClosedError: The worker is closed.
        """
        if not producer_id or not isinstance(producer_id, str):
            raise TypeError("missing producer_id")
        check_app_data(app_data)
        self._check_new_consumer(id)
        producer = self._producer(producer_id)
        self._unpack()
        parameters = ortc.get_pipe_consumer_rtp_parameters(
            consumable_rtp_parameters=producer.consumable_rtp_parameters,
            enable_rtx=self._rtx,
            ssrcs=self._ssrc_source(),
        )
        return await self._consume(id, producer, parameters, pipe=True, options={}, app_data=app_data)

"""PlainTransports: endpoints that speak RTP over UDP, encrypted (SRTP) or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, cast

from tureen.mediasoup import convert, wire
from tureen.mediasoup.network_transport import NetworkTransport
from tureen.mediasoup.types import PlainTransportDump, PlainTransportStat, SrtpParameters, TransportTuple

_OWN_EVENTS = {"tuple": "tuple: TransportTuple", "rtcptuple": "rtcp_tuple: TransportTuple"}


class PlainTransport(NetworkTransport):
    """A transport to an endpoint that speaks RTP, such as ffmpeg (mediasoup's PlainTransport).

    Made by ``router.create_plain_transport()``.
    """

    __slots__ = ("_rtcp_tuple", "_srtp_parameters", "_tuple")

    _tuple: TransportTuple
    _rtcp_tuple: TransportTuple | None
    _srtp_parameters: SrtpParameters | None

    TYPE = "plain"
    EVENTS: ClassVar[Mapping[str, str]] = {**NetworkTransport.EVENTS, **_OWN_EVENTS}
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {**NetworkTransport.OBSERVER_EVENTS, **_OWN_EVENTS}

    def _load(self, dump: Mapping[str, Any]) -> None:
        super()._load(dump)
        self._tuple = convert.transport_tuple(dump["tuple"])
        rtcp_tuple = dump["rtcpTuple"]
        self._rtcp_tuple = None if rtcp_tuple is None else convert.transport_tuple(rtcp_tuple)
        self._srtp_parameters = dump["srtpParameters"]

    @property
    def type(self) -> Literal["plain"]:
        """Always ``plain``."""
        return "plain"

    @property
    def tuple(self) -> TransportTuple:
        """The addresses of RTP, and of RTCP too unless that has a port of its own."""
        self._unpack()
        return self._tuple

    @property
    def rtcp_tuple(self) -> TransportTuple | None:
        """The addresses of RTCP; None where it shares the port of RTP."""
        self._unpack()
        return self._rtcp_tuple

    @property
    def srtp_parameters(self) -> SrtpParameters | None:
        """Its SRTP key, for the endpoint; None without SRTP."""
        self._unpack()
        return self._srtp_parameters

    async def dump(self) -> PlainTransportDump:
        """Return what the worker holds of it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        return cast("PlainTransportDump", convert.transport_dump(await self._dump("TRANSPORT_DUMP")))

    async def get_stats(self) -> list[PlainTransportStat]:
        """Return statistics, in one entry.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        stats = convert.transport_stats(await self._request("TRANSPORT_GET_STATS"), "plain-rtp-transport")
        return [cast("PlainTransportStat", stats)]

    async def connect(  # type: ignore[override]
        self,
        *,
        ip: str | None = None,
        port: int | None = None,
        rtcp_port: int | None = None,
        srtp_parameters: SrtpParameters | None = None,
    ) -> None:
        """Tell where the endpoint is; this is done once. With ``comedia`` it is told by nothing but its SRTP key.

        Args:
            ip: The endpoint's IP address; not with ``comedia``.
            port: Its port for RTP; not with ``comedia``.
            rtcp_port: Its port for RTCP, where that has one of its own; not with ``comedia``.
            srtp_parameters: Its SRTP key, with SRTP.

        Raises:
            TypeError: Something is missing, or not wanted.
            NotFoundError: The transport is closed.
            WorkerClosedError: The worker is closed.
            MediasoupError: This was done before.
        """
        body: dict[str, Any] = {"ip": ip, "port": port, "rtcpPort": rtcp_port}
        if srtp_parameters is not None:
            body["srtpParameters"] = wire.srtp_parameters(srtp_parameters)
        response = await self._request("PLAINTRANSPORT_CONNECT", convert.present(body))
        self._unpack()
        if (tuple_ := response["tuple"]) is not None:
            self._tuple = convert.transport_tuple(tuple_)
        if (rtcp_tuple := response["rtcpTuple"]) is not None:
            self._rtcp_tuple = convert.transport_tuple(rtcp_tuple)
        if (srtp := response["srtpParameters"]) is not None:
            self._srtp_parameters = srtp

    def _on_notification(self, event: str, body: Mapping[str, Any]) -> None:
        match event:
            case "PLAINTRANSPORT_TUPLE":
                self._unpack()
                self._tuple = convert.transport_tuple(body["tuple"])
                self._announce("tuple", self._tuple)
            case "PLAINTRANSPORT_RTCP_TUPLE":
                self._unpack()
                self._rtcp_tuple = convert.transport_tuple(body["tuple"])
                self._announce("rtcptuple", self._rtcp_tuple)
            case _:
                super()._on_notification(event, body)

"""DirectTransports: this process itself, as an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, cast

from tureen.mediasoup import convert
from tureen.mediasoup.errors import UnsupportedError
from tureen.mediasoup.transport import Transport
from tureen.mediasoup.types import DirectTransportDump, DirectTransportStat


class DirectTransport(Transport):
    """A transport to this process: RTP and messages go through the channel (mediasoup's DirectTransport).

    Made by ``router.create_direct_transport()``.
    """

    __slots__ = ()

    TYPE = "direct"
    EVENTS: ClassVar[Mapping[str, str]] = {**Transport.EVENTS, "rtcp": "rtcp_packet: bytes"}
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {**Transport.OBSERVER_EVENTS, "rtcp": "rtcp_packet: bytes"}

    @property
    def type(self) -> Literal["direct"]:
        """Always ``direct``."""
        return "direct"

    async def dump(self) -> DirectTransportDump:
        """Return what the worker holds of it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        return cast("DirectTransportDump", convert.transport_dump(await self._dump("TRANSPORT_DUMP")))

    async def get_stats(self) -> list[DirectTransportStat]:
        """Return statistics, in one entry.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        stats = convert.transport_stats(await self._request("TRANSPORT_GET_STATS"), "direct-transport")
        return [cast("DirectTransportStat", stats)]

    async def connect(self) -> None:  # type: ignore[override]
        """Do nothing: a DirectTransport is connected as it is."""

    async def set_max_incoming_bitrate(self, bitrate: int) -> None:
        """Refuse.

        Raises:
            UnsupportedError: Always.
        """
        raise UnsupportedError("set_max_incoming_bitrate() not implemented in DirectTransport")

    async def set_max_outgoing_bitrate(self, bitrate: int) -> None:
        """Refuse.

        Raises:
            UnsupportedError: Always.
        """
        raise UnsupportedError("set_max_outgoing_bitrate() not implemented in DirectTransport")

    async def set_min_outgoing_bitrate(self, bitrate: int) -> None:
        """Refuse.

        Raises:
            UnsupportedError: Always.
        """
        raise UnsupportedError("set_min_outgoing_bitrate() not implemented in DirectTransport")

    def send_rtcp(self, rtcp_packet: bytes | bytearray | memoryview) -> None:
        """Send an RTCP packet to the router; a closed transport drops it.

        Args:
            rtcp_packet: The packet; any bytes-like object.

        Raises:
            TypeError: It is not bytes-like.
            WorkerClosedError: The worker is closed.
        """
        if not isinstance(rtcp_packet, bytes | bytearray | memoryview):
            raise TypeError("rtcp_packet must be bytes")
        self._notify("TRANSPORT_SEND_RTCP", {"data": rtcp_packet})

    def _on_notification(self, event: str, body: Mapping[str, Any]) -> None:
        if event == "DIRECTTRANSPORT_RTCP":
            self._announce("rtcp", body["data"])
        else:
            super()._on_notification(event, body)

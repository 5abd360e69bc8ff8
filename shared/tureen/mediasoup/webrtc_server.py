"""WebRtcServers: ports that many WebRtcTransports of a worker share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from tureen.mediasoup.entity import Identified
from tureen.mediasoup.types import AppData, WebRtcServerDump

if TYPE_CHECKING:
    from tureen.mediasoup.webrtc_transport import WebRtcTransport
    from tureen.mediasoup.worker import Worker


class WebRtcServer(Identified):
    """Ports on which many WebRtcTransports listen (mediasoup's WebRtcServer).

    Made by ``worker.create_webrtc_server()``.
    """

    __slots__ = ("_transports", "_worker")

    EVENTS: ClassVar[Mapping[str, str]] = {"workerclose": ""}
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {
        "close": "",
        "webrtctransporthandled": "transport: WebRtcTransport",
        "webrtctransportunhandled": "transport: WebRtcTransport",
    }

    def __init__(self, *, id_: str, worker: Worker, app_data: AppData | None) -> None:
        """Stand for a WebRtcServer that exists in the worker; apps call ``worker.create_webrtc_server()``."""
        super().__init__(id_, worker._channel, app_data)
        self._worker = worker
        # In the order in which they were made. Those of owners with name spaces of their own may have equal ids.
        self._transports: dict[WebRtcTransport, None] = {}
        self._channel.subscribe(id_, self._on_notification)

    def close(self) -> None:
        """Close it, and with it all transports that listen on it. They emit ``listenserverclose``."""
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self._tell("WORKER_WEBRTCSERVER_CLOSE", "", {"webRtcServerId": self._id})
        for transport in list(self._transports):
            transport._listen_server_closed()
            self._transport_closed(transport)
        self._worker._webrtc_servers.pop(self._id, None)
        self._observe("close")

    def _worker_closed(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        # The transports are closed by their routers.
        self._transports.clear()
        self.safe_emit("workerclose")
        self._observe("close")

    def _transport_created(self, transport: WebRtcTransport) -> None:
        self._transports[transport] = None
        self._observe("webrtctransporthandled", transport)

    def _transport_closed(self, transport: WebRtcTransport) -> None:
        if transport in self._transports:
            del self._transports[transport]
            self._observe("webrtctransportunhandled", transport)

    async def dump(self) -> WebRtcServerDump:
        """Return what the worker holds of it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        return cast("WebRtcServerDump", await self._dump("WEBRTCSERVER_DUMP"))

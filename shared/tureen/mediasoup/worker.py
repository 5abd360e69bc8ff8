"""Workers: mediasoup-worker processes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from tureen.mediasoup import ortc, wire
from tureen.mediasoup.asking import Asking, Process
from tureen.mediasoup.entity import Parent, Undo, check_app_data
from tureen.mediasoup.errors import MediasoupError
from tureen.mediasoup.ids import new_id
from tureen.mediasoup.router import Router
from tureen.mediasoup.types import (
    AppData,
    DtlsFingerprint,
    RouterRtpCodecCapability,
    TransportListenInfo,
    WorkerDump,
    WorkerLogLevel,
    WorkerLogTag,
    WorkerResourceUsage,
)
from tureen.mediasoup.webrtc_server import WebRtcServer

_CLOSE_WEBRTC_SERVER = Undo("WORKER_WEBRTCSERVER_CLOSE", "webRtcServerId")
_CLOSE_ROUTER = Undo("WORKER_CLOSE_ROUTER", "routerId")


class Worker(Parent):
    """A mediasoup-worker process: one CPU's worth of routers (mediasoup's Worker).

    Made by ``create_worker()``.
    """

    __slots__ = ("_died", "_fingerprints", "_process", "_routers", "_webrtc_servers")

    EVENTS: ClassVar[Mapping[str, str]] = {"died": "error: MediasoupError", "subprocessclose": ""}
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {
        "close": "",
        "newwebrtcserver": "webrtc_server: WebRtcServer",
        "newrouter": "router: Router",
    }
    _WEBRTC_SERVER: ClassVar[type[WebRtcServer]] = WebRtcServer

    def __init__(self, process: Process, app_data: AppData | None) -> None:
        """Stand for a worker that runs; apps call ``create_worker()``."""
        super().__init__("", process.channel, app_data)
        self._process = process
        self._died = False
        self._fingerprints: list[DtlsFingerprint] | None = None
        self._routers: dict[str, Router] = {}
        self._webrtc_servers: dict[str, WebRtcServer] = {}
        process.exited.add_done_callback(self._on_exit)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def died(self) -> bool:
        """Whether it has ended by itself."""
        return self._died

    @property
    def subprocess_closed(self) -> bool:
        """Whether the process has ended."""
        return self._process.returncode is not None

    def close(self) -> None:
        """Close it, and with it all its routers and WebRtcServers. They emit ``workerclose``.

        When its process has ended, it emits ``subprocessclose``. A process that does not end is killed after 2 seconds.
        """
        if self._closed:
            return
        self._closed = True
        self._close_children()
        self._process.close()
        self._observe("close")

    async def wait_closed(self) -> None:
        """Wait until its process has ended. mediasoup has the event ``subprocessclose`` alone for that."""
        await self._process.wait()

    def _close_children(self) -> None:
        # Listeners may close what has not had its turn yet, so these are copies.
        for router in list(self._routers.values()):
            router._worker_closed()
        self._routers.clear()
        for webrtc_server in list(self._webrtc_servers.values()):
            webrtc_server._worker_closed()
        self._webrtc_servers.clear()

    def _on_exit(self, _: asyncio.Future[int]) -> None:
        if self._closed:
            self.safe_emit("subprocessclose")
            return
        self._closed = True
        self._died = True
        self._close_children()
        self.safe_emit("died", MediasoupError(self._process.obituary()))
        self.safe_emit("subprocessclose")
        self._observe("close")

    async def dump(self) -> WorkerDump:
        """Return what it holds.

        Raises:
            WorkerClosedError: It is closed.
        """
        return cast("WorkerDump", await self._dump("WORKER_DUMP"))

    async def get_resource_usage(self) -> WorkerResourceUsage:
        """Return what its process has used since it was started.

        Raises:
            WorkerClosedError: It is closed.
        """
        return cast("WorkerResourceUsage", await self._request("WORKER_GET_RESOURCE_USAGE"))

    async def update_settings(
        self, *, log_level: WorkerLogLevel | None = None, log_tags: Sequence[WorkerLogTag] | None = None
    ) -> None:
        """Change what it logs.

        Args:
            log_level: How much. Default: no change.
            log_tags: About what. Default: no change.

        Raises:
            TypeError: There is no such level.
            WorkerClosedError: It is closed.
        """
        body: dict[str, object] = {}
        if log_level is not None:
            body["logLevel"] = log_level
        if log_tags is not None:
            body["logTags"] = log_tags
        await self._request("WORKER_UPDATE_SETTINGS", body)

    async def create_webrtc_server(
        self,
        *,
        listen_infos: Sequence[TransportListenInfo],
        id: str | None = None,  # noqa: A002
        app_data: AppData | None = None,
    ) -> WebRtcServer:
        """Bind ports that WebRtcTransports of this worker's routers can share.

        Args:
            listen_infos: Where to listen, in order of preference.
            id: The new WebRtcServer's id. Default: a random UUID.
            app_data: What the app attaches.

        Raises:
            TypeError: The listen infos are missing or wrong.
            WorkerClosedError: The worker is closed.
            MediasoupError: An address cannot be bound.
        """
        check_app_data(app_data)
        self._check_new(id, self._webrtc_servers)
        server_id = new_id() if id is None else id
        body = {"webRtcServerId": server_id, "listenInfos": wire.listen_infos(listen_infos)}
        await self._create(server_id, "WORKER_CREATE_WEBRTCSERVER", body, _CLOSE_WEBRTC_SERVER)
        webrtc_server = self._WEBRTC_SERVER(id_=server_id, worker=self, app_data=app_data)
        self._webrtc_servers[server_id] = webrtc_server
        self._observe("newwebrtcserver", webrtc_server)
        return webrtc_server

    async def create_router(
        self,
        *,
        media_codecs: list[RouterRtpCodecCapability] | None = None,
        id: str | None = None,  # noqa: A002
        app_data: AppData | None = None,
    ) -> Router:
        """Make a router.

        Args:
            media_codecs: The codecs that it shall support, each among mediasoup's supported ones. Default: none.
            id: The new router's id. Default: a random UUID.
            app_data: What the app attaches.

        Raises:
            TypeError: A codec is malformed, or the worker has a router of this id.
            UnsupportedError: mediasoup does not support a codec.
            WorkerClosedError: The worker is closed.
        """
        return await self._make_router(self._channel, media_codecs, id, app_data)

    async def _make_router(
        self,
        channel: Asking,
        media_codecs: list[RouterRtpCodecCapability] | None,
        id_: str | None,
        app_data: AppData | None,
    ) -> Router:
        """Make a router whose objects take the channel given to this worker."""
        check_app_data(app_data)
        rtp_capabilities = ortc.generate_router_rtp_capabilities(media_codecs)
        self._check_new(id_, self._routers)
        router_id = new_id() if id_ is None else id_
        await self._create(router_id, "WORKER_CREATE_ROUTER", {"routerId": router_id}, _CLOSE_ROUTER)
        router = Router(
            id_=router_id, worker=self, channel=channel, rtp_capabilities=rtp_capabilities, app_data=app_data
        )
        self._routers[router_id] = router
        self._observe("newrouter", router)
        return router

    @staticmethod
    def _check_new(id_: str | None, known: Mapping[str, object]) -> None:
        if id_ is not None and id_ in known:
            raise TypeError(f'an object with same id "{id_}" already exists')

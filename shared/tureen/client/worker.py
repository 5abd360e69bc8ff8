"""Workers that nodes run, and the WebRtcServers of those."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from tureen import mediasoup
from tureen.client.link import Link
from tureen.client.remote import Remote
from tureen.client.router import Router
from tureen.mediasoup.entity import Undo, check_app_data
from tureen.mediasoup.ids import new_id
from tureen.mediasoup.types import AppData, RouterRtpCodecCapability

_CLOSE_ROUTER = Undo("WORKER_CLOSE_ROUTER", "routerId")

_ENDS_SOON = 5.0
"""Seconds within which a node tells that the process of a worker that it has closed has ended."""


class RemoteProcess:
    """The process of a worker, as far as its node tells of it.

    Attributes:
        exited: Set when it has ended; the number says nothing.
    """

    def __init__(self, link: Link, pid: int) -> None:
        self.channel = link
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._pid = pid
        self._obituary = f"[pid:{pid}, node {link.node_id} has it no more]"

    @property
    def pid(self) -> int:
        """Its process id on its node; 0 where the node does not tell."""
        return self._pid

    @property
    def returncode(self) -> int | None:
        """0 once it has ended; None while it runs."""
        return 0 if self.exited.done() else None

    def close(self) -> None:
        """Have it ended."""
        if self.channel.closed:
            return
        self.channel.close()
        told = self.channel.request("WORKER_CLOSE", "", None, awaited=False)
        assert isinstance(told, asyncio.Task)  # noqa: S101 (nobody awaits it)
        loop = asyncio.get_running_loop()
        told.add_done_callback(lambda task: task.cancelled() or loop.call_later(_ENDS_SOON, self.ended))

    async def wait(self) -> int:
        """Wait until it has ended."""
        return await asyncio.shield(self.exited)

    def obituary(self) -> str:
        """Say how it ended by itself."""
        return self._obituary

    def died(self, text: str | None = None) -> None:
        """Note that it has ended by itself."""
        self._obituary = text or self._obituary
        self.channel.close()
        self.ended()

    def ended(self) -> None:
        """Note that it has ended."""
        if not self.exited.done():
            self.exited.set_result(0)


class WebRtcServer(Remote, mediasoup.WebRtcServer):
    """mediasoup's WebRtcServer, on a node."""

    __slots__ = ()

    NOUN = "webRtcServer"


class Worker(mediasoup.Worker):
    """mediasoup's Worker, on a node."""

    __slots__ = ()

    _WEBRTC_SERVER: ClassVar[type[mediasoup.WebRtcServer]] = WebRtcServer
    _process: RemoteProcess

    def __init__(self, process: RemoteProcess, app_data: AppData | None) -> None:
        """Stand for a worker that a node runs; apps call ``create_worker()``."""
        super().__init__(process, app_data)
        process.channel.subscribe(process.channel.worker_id, self._on_event)

    @property
    def id(self) -> str:
        """Its id, by which other clients can get at it."""
        return self._process.channel.worker_id

    @property
    def node_id(self) -> str:
        """The node that runs it."""
        return self._process.channel.node_id

    async def create_router(
        self,
        *,
        media_codecs: list[RouterRtpCodecCapability] | None = None,
        id: str | None = None,  # noqa: A002
        app_data: AppData | None = None,
    ) -> Router:
        """Make a router; as in mediasoup."""
        check_app_data(app_data)
        self._check_new(id, self._routers)
        router_id = new_id() if id is None else id
        body = {"routerId": router_id, "mediaCodecs": media_codecs}
        reply = await self._create(router_id, "WORKER_CREATE_ROUTER", body, _CLOSE_ROUTER)
        router = self.enter_router(router_id, reply["rtpCapabilities"], app_data)
        self._observe("newrouter", router)
        return router

    def enter_router(self, router_id: str, rtp_capabilities: Any, app_data: AppData | None = None) -> Router:
        """Stand for a router of this worker."""
        router = Router(id_=router_id, worker=self, rtp_capabilities=rtp_capabilities, app_data=app_data)
        self._routers[router_id] = router
        return router

    def _on_event(self, event: str, body: Mapping[str, Any]) -> None:
        match event:
            case "died":
                self._process.died(body["data"]["message"])
            case "subprocessclose":
                self._process.ended()
            case "close":
                self.closed_there()

    def closed_there(self) -> None:
        """Close it here because it is closed on its node: somebody else has closed it."""
        if not self._process.exited.done():
            self._process.channel.close()
            self.close()

    def lost_there(self) -> None:
        """Note that its node has it no more, without having said what became of it."""
        if not self._closed:
            self._process.died()
        self._process.ended()

    def _on_exit(self, exited: asyncio.Future[int]) -> None:
        super()._on_exit(exited)
        self._process.channel.end()

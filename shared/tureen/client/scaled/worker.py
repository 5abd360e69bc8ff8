"""Logical workers: all the workers of a node's pool, or of the cluster."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast, get_args

from tureen import mediasoup
from tureen.client.scaled.dumps import summed_usage
from tureen.client.scaled.listening import check_server_infos
from tureen.client.scaled.logical import LogicalProcess
from tureen.client.scaled.room import Room
from tureen.client.scaled.rooms import Rooms
from tureen.client.scaled.types import LogicalWorkerDump, LogicalWorkerResourceUsage
from tureen.client.scaled.webrtc_server import LogicalWebRtcServer
from tureen.client.worker import Worker
from tureen.contract.ids import check_id
from tureen.mediasoup import ortc, wire
from tureen.mediasoup.entity import check_app_data
from tureen.mediasoup.errors import MediasoupError, RequestTimeoutError
from tureen.mediasoup.ids import new_id
from tureen.mediasoup.types import (
    AppData,
    RouterRtpCodecCapability,
    TransportListenInfo,
    WorkerLogLevel,
    WorkerLogTag,
)

_LOOKS = 2
"""After so many looks at which there was no worker there is none left: one that ended is started anew meanwhile."""

log = logging.getLogger("tureen.client")

Attach = Callable[[str, str], Awaitable[Worker]]
"""Gives a worker of a node: gets its id and the node's."""


class LogicalWorker(mediasoup.Worker):
    """The workers of a node, or of a cluster, as one (mediasoup's Worker). Made by ``create_worker()``.

    Attributes:
        rooms: What its rooms ask of placement.
        attach: Gives a worker of a node.
        node_named: Whether the app has named the node on which everything goes.
    """

    __slots__ = ("_missed", "attach", "node_named", "rooms")

    _process: LogicalProcess

    def __init__(self, rooms: Rooms, attach: Attach, app_data: AppData | None, *, node_named: bool) -> None:
        """Stand for workers that run; apps call ``create_worker()``."""
        super().__init__(LogicalProcess(), app_data)
        self.rooms = rooms
        self.attach = attach
        self.node_named = node_named
        self._missed = 0

    async def create_router(
        self,
        *,
        media_codecs: list[RouterRtpCodecCapability] | None = None,
        id: str | None = None,  # noqa: A002
        app_data: AppData | None = None,
    ) -> Room:
        """Make a router of any size: a room.

        Args:
            media_codecs: The codecs that it shall support, each among mediasoup's supported ones. Default: none.
            id: The new room's id. Default: a random UUID. With the id of a room that another client has made with the
                same options it is that room.
            app_data: What the app attaches.

        Raises:
            TypeError: A codec is malformed, or the worker has a router of this id.
            UnsupportedError: mediasoup does not support a codec.
            WorkerClosedError: The worker is closed.
            Unavailable: There is no placement; a MediasoupError.
            Conflict: There is a room of this id, with other codecs or another policy; a MediasoupError.
        """
        check_app_data(app_data)
        # Wrong codecs are told in mediasoup's words, without asking anybody.
        ortc.generate_router_rtp_capabilities(media_codecs)
        self._check_new(id, self._routers)
        room_id = new_id() if id is None else id
        made = await self._create_room(room_id, media_codecs or [])
        room = Room(id_=room_id, worker=self, rtp_capabilities=made["rtpCapabilities"], app_data=app_data)
        self._routers[room_id] = room
        self._observe("newrouter", room)
        return room

    async def _create_room(self, room_id: str, media_codecs: list[RouterRtpCodecCapability]) -> dict[str, Any]:
        self._check_free(room_id)
        self._check_open()
        creating = self._channel.creating
        creating.add(room_id)
        making = asyncio.ensure_future(self.rooms.create(room_id, media_codecs))
        try:
            made = await asyncio.shield(making)
        except (asyncio.CancelledError, RequestTimeoutError):
            self.rooms.session.run(self._abandon(room_id, making))
            raise
        finally:
            creating.discard(room_id)
        if self._closed:
            self.rooms.close(room_id)
            raise self._closed_error()
        return made

    async def _abandon(self, room_id: str, making: asyncio.Future[dict[str, Any]]) -> None:
        """Close a room for which nobody waits any more, once it is there, unless it is another client's as well."""
        try:
            try:
                made = await making
            except RequestTimeoutError:
                made = await self.rooms.get(room_id)
        except MediasoupError:
            # It was not made.
            return
        if not made["routers"]:
            self.rooms.close(room_id)

    async def create_webrtc_server(
        self,
        *,
        listen_infos: Sequence[TransportListenInfo],
        id: str | None = None,  # noqa: A002
        app_data: AppData | None = None,
    ) -> LogicalWebRtcServer:
        """Stand for the WebRtcServers of the workers: each has one, on addresses and ports that its agent chose.

        Raises:
            TypeError: The listen infos are missing or wrong.
            UnsupportedError: A port is fixed.
            WorkerClosedError: The worker is closed.
        """
        check_app_data(app_data)
        self._check_new(id, self._webrtc_servers)
        server_id = new_id() if id is None else id
        self._check_free(server_id)
        check_id(server_id)
        check_server_infos(wire.listen_infos(listen_infos))
        self._check_open()
        server = LogicalWebRtcServer(id_=server_id, worker=self, app_data=app_data)
        self._webrtc_servers[server_id] = server
        self._observe("newwebrtcserver", server)
        return server

    async def update_settings(
        self, *, log_level: WorkerLogLevel | None = None, log_tags: Sequence[WorkerLogTag] | None = None
    ) -> None:
        """Do nothing but check it: what workers log is their node's to say.

        Raises:
            TypeError: There is no such level.
            WorkerClosedError: It is closed.
        """
        self._check_open()
        check_log_settings(log_level, log_tags)

    async def get_resource_usage(self) -> LogicalWorkerResourceUsage:
        """Return what the workers that its rooms use have used since they were started: sums, and each one's part.

        ``workers`` is a list of ``nodeId``, ``workerId`` and ``usage``.

        Raises:
            WorkerClosedError: It is closed.
        """
        self._check_open()
        workers = self._used()
        usages = await asyncio.gather(*(_usage(worker) for worker in workers))
        parts = [(_place(worker), usage) for worker, usage in zip(workers, usages, strict=True) if usage is not None]
        return summed_usage(parts)

    async def dump(self) -> LogicalWorkerDump:
        """Return what is known of it: its routers and WebRtcServers, and which are on each of the ``workers``.

        Raises:
            WorkerClosedError: It is closed.
        """
        self._check_open()
        return cast(
            "LogicalWorkerDump",
            {
                "pid": self.pid,
                "webRtcServerIds": list(self._webrtc_servers),
                "routerIds": list(self._routers),
                "channelMessageHandlers": {
                    "channelRequestHandlers": self._process.channel.objects(),
                    "channelNotificationHandlers": [],
                },
                "workers": [{**_place(worker), "routerIds": self._rooms_on(worker)} for worker in self._used()],
            },
        )

    async def look(self) -> None:
        """Find out whether there are workers; when there are none for a while, it has died.

        While placement does not answer, or a node is silent, nothing is known: its workers may run on.
        """
        try:
            self._missed = 0 if await self.rooms.any_workers() else self._missed + 1
        except MediasoupError:
            return
        if self._missed >= _LOOKS and not self._closed:
            self._process.died("no worker is left")

    def _used(self) -> list[Worker]:
        """Return the workers that its rooms use."""
        members = (member for room in self._routers.values() for member in cast("Room", room).members)
        return list(dict.fromkeys(cast("Worker", member._worker) for member in members))

    def _rooms_on(self, worker: Worker) -> list[str]:
        rooms = (cast("Room", room) for room in self._routers.values())
        return [room.id for room in rooms if any(member._worker is worker for member in room.members)]


def check_log_settings(log_level: object, log_tags: Sequence[object] | None) -> None:
    """Check what a worker shall log, which is its node's to say.

    Raises:
        TypeError: There is no such level, or the tags are no list of strings.
    """
    if log_level is not None and log_level not in get_args(WorkerLogLevel):
        raise TypeError(f"there is no log level {log_level!r}")
    if isinstance(log_tags, str) or not all(isinstance(tag, str) and "\0" not in tag for tag in log_tags or ()):
        raise TypeError("log_tags must be a list of strings")
    if log_level is not None or log_tags:
        log.info("what workers log is their nodes' to say: log settings are without effect with scale=")


def _place(worker: Worker) -> dict[str, str]:
    return {"nodeId": worker.node_id, "workerId": worker.id}


async def _usage(worker: Worker) -> Any:
    """Return what a worker has used; None if it is gone."""
    try:
        return await worker.get_resource_usage()
    except MediasoupError:
        if worker.closed:
            return None
        raise

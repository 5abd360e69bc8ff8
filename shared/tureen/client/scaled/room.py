"""Rooms: many routers that look like one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast
from weakref import WeakKeyDictionary

from tureen import mediasoup
from tureen.client.hearing import Count
from tureen.client.router import Router
from tureen.client.scaled.active_speaker_observer import ActiveSpeakerObserver
from tureen.client.scaled.audio_level_observer import AudioLevelObserver
from tureen.client.scaled.dumps import merged_router_dump
from tureen.client.scaled.logical import LogicalChannel
from tureen.client.scaled.member import Member
from tureen.client.scaled.placing import placed
from tureen.client.scaled.reaching import Reaching
from tureen.client.scaled.rooms import Place
from tureen.client.scaled.rtp_observer import LogicalObserver, check_new
from tureen.client.scaled.types import RoomDump
from tureen.contract.ids import check_id
from tureen.mediasoup.errors import MediasoupError, NotFoundError, UnsupportedError
from tureen.mediasoup.router import AnyRtpObserver
from tureen.mediasoup.router_transports import AnyTransport
from tureen.mediasoup.types import AppData, PipeToRouterResult, RouterRtpCodecCapability, RtpCapabilities

if TYPE_CHECKING:
    from tureen.client.scaled.worker import LogicalWorker
    from tureen.client.session import Session
    from tureen.mediasoup.codec import Packed


class Room(mediasoup.Router):
    """A router of any size (mediasoup's Router): its transports are on as many workers as they need.

    Made by ``worker.create_router()`` of a logical worker. It is closed, and emits ``workerclose``, when the last
    worker that it uses is lost; before that, transports on a worker that is lost emit ``routerclose``.

    Beside mediasoup's events it emits ``producerreachable`` with a Producer, and ``dataproducerreachable`` with a
    DataProducer, of this client's that consumers have lost, though it lives on: a worker by way of which they had it
    died. They emitted ``producerclose``, and can be made anew.
    """

    __slots__ = ("_gone", "_members", "_pipe_ends", "_reaching", "updated")

    _WEBRTC_TRANSPORT: ClassVar[type[mediasoup.WebRtcTransport]] = Router._WEBRTC_TRANSPORT
    _PLAIN_TRANSPORT: ClassVar[type[mediasoup.PlainTransport]] = Router._PLAIN_TRANSPORT
    _PIPE_TRANSPORT: ClassVar[type[mediasoup.PipeTransport]] = Router._PIPE_TRANSPORT
    _DIRECT_TRANSPORT: ClassVar[type[mediasoup.DirectTransport]] = Router._DIRECT_TRANSPORT
    _ACTIVE_SPEAKER_OBSERVER: ClassVar[type[mediasoup.ActiveSpeakerObserver]] = ActiveSpeakerObserver
    _AUDIO_LEVEL_OBSERVER: ClassVar[type[mediasoup.AudioLevelObserver]] = AudioLevelObserver

    def __init__(
        self, *, id_: str, worker: LogicalWorker, rtp_capabilities: RtpCapabilities, app_data: AppData | None
    ) -> None:
        """Stand for a room that exists; apps call ``worker.create_router()``."""
        super().__init__(id_=id_, worker=worker, rtp_capabilities=rtp_capabilities, app_data=app_data)
        self._members: dict[str, Member] = {}
        self._pipe_ends: WeakKeyDictionary[mediasoup.Router, asyncio.Task[Member]] = WeakKeyDictionary()
        self._gone = False
        self._reaching = Reaching(self)
        self.updated: asyncio.Task[None] | None = None
        """Done when placement has heard of the newest codecs; None where they are the first ones."""

    @property
    def members(self) -> Sequence[Member]:
        """The routers that it is, as far as this client has made something on them."""
        return list(self._members.values())

    @property
    def observers(self) -> Sequence[LogicalObserver]:
        """Its RTP observers."""
        return [cast("LogicalObserver", observer) for observer in self._rtp_observers.values()]

    @property
    def session(self) -> Session:
        """The client's connection."""
        return self._logical.rooms.session

    @property
    def channel(self) -> LogicalChannel:
        """What its objects have in common with those of the worker's other rooms."""
        return self._logical._process.channel

    @property
    def fixed_ports(self) -> bool:
        """Whether the app has named the node, so that it may choose ports there."""
        return self._logical.node_named

    @property
    def _logical(self) -> LogicalWorker:
        return cast("LogicalWorker", self._worker)

    # Transports.

    async def _create_transport(
        self, method: str, id_: str | None, options: dict[str, Any], app_data: AppData | None
    ) -> tuple[mediasoup.Router, str, Packed]:
        transport_id = self._new_transport_id(id_, app_data)
        # A wrong one is told before a place is asked for.
        check_id(transport_id)
        self._check_free(transport_id)

        async def make(place: Place) -> tuple[Member, Packed]:
            member = await self.member(place)
            return member, await member.make_transport(method, transport_id, options, place["grant"])

        server = self._server(options)
        member, packed = await placed(self._place, make, self.session.timeout)
        self._check_open()
        if server is not None and server.closed:
            # The worker's own server is not.
            member._tell("ROUTER_CLOSE_TRANSPORT", member.id, {"transportId": transport_id})
            raise server._closed_error()
        return member, transport_id, packed

    def _server(self, options: Mapping[str, Any]) -> mediasoup.WebRtcServer | None:
        """Return the WebRtcServer on which a transport is to listen, if any.

        Raises:
            NotFoundError: It is another worker's.
        """
        server_id = options.get("listen", {}).get("webRtcServerId")
        server = self._logical._webrtc_servers.get(server_id)
        if server is None and server_id is not None:
            raise NotFoundError(f"WebRtcServer with id {server_id} not found: it is of another worker")
        return server

    async def _place(self, exclude: Sequence[str]) -> Place:
        self._check_open()
        try:
            return await self._logical.rooms.place(self._id, exclude)
        except NotFoundError:
            # Somebody else has closed it, if this client has not.
            self.closed_there()
            raise self._closed_error() from None

    async def member(self, place: Place) -> Member:
        """Return the member at a place; on its first use it is entered, and heard from then on."""
        known = self._members.get(place["routerId"])
        if known is not None:
            return known
        worker = await self._logical.attach(place["workerId"], place["nodeId"])
        self._check_open()
        if worker.closed:
            raise worker._closed_error()
        return self._members.get(place["routerId"]) or self._enter(worker, place["routerId"])

    def _enter(self, worker: Any, router_id: str) -> Member:
        worker._process.channel.hear_router(router_id, Count(None))
        member = self._members[router_id] = Member(id_=router_id, worker=worker, room=self)
        worker._routers[router_id] = member
        return member

    def _transport_created(self, transport: AnyTransport) -> AnyTransport:
        return transport._router._transport_created(transport)

    def transport_entered(self, transport: mediasoup.Transport) -> None:
        """Note a new transport on one of the members."""
        self._transports[transport.id] = transport
        self._observe("newtransport", transport)

    def transport_left(self, transport_id: str) -> None:
        """Note the end of a transport."""
        self._transports.pop(transport_id, None)

    async def _pipe_to(
        self,
        router: mediasoup.Router,
        source: mediasoup.Producer | mediasoup.DataProducer,
        *,
        keep_id: bool,
        options: dict[str, Any],
    ) -> PipeToRouterResult:
        async with self.session.in_time():
            return await super()._pipe_to(router, source, keep_id=keep_id, options=options)

    async def _pipe_end(self, origin: mediasoup.Router, *, keep_id: bool) -> mediasoup.Router:
        """Return the member into which another router pipes: always the same one, as long as it is there."""
        self._check_open()
        if keep_id and self._may_share_workers(origin):
            raise UnsupportedError(
                "keep_id: the two routers may use the same workers, and an id exists only once in each; "
                "give keep_id=False, or use workers of different nodes"
            )
        choosing = self._pipe_ends.get(origin)
        if choosing is None or _is_over(choosing):
            choosing = self._pipe_ends[origin] = asyncio.ensure_future(self._choose_pipe_end(origin))
            choosing.add_done_callback(_look_at)
        # Others may wait for it who are not cancelled when this caller is.
        return await asyncio.shield(choosing)

    def _may_share_workers(self, origin: mediasoup.Router) -> bool:
        """Tell whether something of another router, and of this room, may come to be on one worker."""
        if isinstance(origin, Member):
            there = origin.room._logical.rooms.node_id
        elif origin._worker.pid:
            # A worker of the app's own; rooms are on those of nodes.
            return False
        else:
            there = getattr(origin._worker, "node_id", None)
        here = self._logical.rooms.node_id
        return here is None or there is None or here == there

    async def _choose_pipe_end(self, origin: mediasoup.Router) -> Member:
        """Return a member on the same node if there is one, else any, else a new one."""
        node_id = getattr(origin._worker, "node_id", None)
        members = sorted(self._members.values(), key=lambda member: member.place["nodeId"] != node_id)
        return members[0] if members else await self.member(await self._place([]))

    # What is asked of it as a whole.

    def update_media_codecs(self, media_codecs: list[RouterRtpCodecCapability]) -> None:
        """Replace the codecs that it supports, for what is created from now on; as in mediasoup.

        It is judged here. Nodes hear of it from placement; ``produce()`` on this room's transports waits for that.
        """
        super().update_media_codecs(media_codecs)
        if not self._closed:
            self.updated = self._logical.rooms.session.run(self._update(self.updated, media_codecs))

    async def _update(self, before: asyncio.Task[None] | None, media_codecs: list[RouterRtpCodecCapability]) -> None:
        """Tell placement of codecs, after it has heard of those before."""
        if before is not None:
            await asyncio.wait({before})
        await self._logical.rooms.update(self._id, media_codecs)

    async def dump(self) -> RoomDump:
        """Return what the workers hold of it, put together, with a list of the ``routers`` that it is.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        self._check_open()
        members = self.members
        replies = await asyncio.gather(*(member._command("dump") for member in members), return_exceptions=True)
        found = []
        for member, reply in zip(members, replies, strict=True):
            if isinstance(reply, NotFoundError):
                # It was closed meanwhile.
                continue
            if isinstance(reply, BaseException):
                raise reply
            found.append((member.place, reply))
        return merged_router_dump(self._id, found, {each.id: each.real_ids for each in self.observers})

    # RTP observers.

    async def _create_rtp_observer(
        self,
        kind: type[AnyRtpObserver],
        method: str,
        id_: str | None,
        options: Mapping[str, int],
        app_data: AppData | None,
    ) -> AnyRtpObserver:
        observer_id = self._new_rtp_observer_id(id_, app_data)
        self._check_free(observer_id)
        check_new(method, observer_id, options)
        self._check_open()
        logical = cast("Any", kind)
        observer = logical(id_=observer_id, router=self, app_data=app_data, method=method, options=options)
        return self._rtp_observer_created(cast("AnyRtpObserver", observer))

    def lost_producer(self, producer_id: str) -> None:
        """A consumer of a producer was closed as if that were closed; if it is not, tell when it can be consumed."""
        producer = self._producers.get(producer_id) or self._data_producers.get(producer_id)
        if producer is not None and not producer.closed and not self._closed:
            self._reaching.lost(producer)

    # Its end.

    def _tell(self, method: str, handler_id: str, body: Mapping[str, Any]) -> None:
        """Have it closed everywhere: nothing else is told to a room itself."""
        del method, handler_id, body
        self._close_everywhere()

    def _close_everywhere(self) -> None:
        if not self._gone:
            self._logical.rooms.close(self._id)

    def _close_children(self) -> None:
        for member in self.members:
            member.room_closed()
        self._members.clear()
        super()._close_children()

    def _worker_closed(self) -> None:
        if not self._closed:
            self._close_everywhere()
            super()._worker_closed()

    def closed_there(self) -> None:
        """Close it here because somebody else has closed it."""
        self._gone = True
        self.close()

    def member_lost(self, member: Member) -> None:
        """Do without a member whose worker is gone; without any it is lost itself."""
        self._members.pop(member.id, None)
        if not self._members and not self._closed:
            self._worker_closed()
            self._worker._routers.pop(self._id, None)

    def member_closed(self, member: Member) -> None:
        """Do without a member: it was empty, or the room is closed."""
        self._members.pop(member.id, None)
        if not self._closed:
            self.session.run(self._look())

    async def _look(self) -> None:
        """Find out whether somebody else has closed it."""
        try:
            await self._logical.rooms.get(self._id)
        except NotFoundError:
            self.closed_there()
        except MediasoupError:
            # Nobody says that it is closed.
            return


def _is_over(choosing: asyncio.Task[Member]) -> bool:
    """Tell whether a member has to be chosen anew: there is none, or it is closed."""
    return choosing.done() and (choosing.cancelled() or choosing.exception() is not None or choosing.result().closed)


def _look_at(task: asyncio.Task[Any]) -> None:
    """Look at an error: all who waited may have been cancelled, and asyncio complains of what nobody has looked at."""
    if not task.cancelled():
        task.exception()

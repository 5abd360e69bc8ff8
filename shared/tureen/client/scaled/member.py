"""The real routers that a room is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from tureen import mediasoup
from tureen.client.router import Router
from tureen.client.scaled.listening import placed_options
from tureen.client.scaled.logical import MemberChannel
from tureen.client.worker import Worker
from tureen.mediasoup.entity import Undo
from tureen.mediasoup.errors import MediasoupError
from tureen.mediasoup.router_transports import AnyTransport
from tureen.mediasoup.types import AppData

if TYPE_CHECKING:
    from tureen.client.scaled.room import Room
    from tureen.mediasoup.asking import Asking
    from tureen.mediasoup.codec import Packed


_CODECS_PAUSE = 0.02
"""Seconds between two looks whether a node has heard of a room's codecs."""


class Member(Router):
    """One router of a room, on one worker. Apps see the room alone.

    Attributes:
        room: The room. Its producers and data producers are this router's as well: agents pull what lives elsewhere.
    """

    __slots__ = ("_codecs", "room")

    def __init__(self, *, id_: str, worker: Worker, room: Room) -> None:
        """Stand for a router of a room, which exists."""
        super().__init__(id_=id_, worker=worker, rtp_capabilities=room.rtp_capabilities, app_data=None)
        self._channel = cast("Asking", MemberChannel(worker._process.channel, room.channel))
        self.room = room
        self._codecs: object = None
        self._producers = room._producers
        self._data_producers = room._data_producers

    @property
    def place(self) -> dict[str, str]:
        """Where it is, for people."""
        worker = cast("Worker", self._worker)
        return {"routerId": self._id, "nodeId": worker.node_id, "workerId": worker.id}

    async def make_transport(
        self, method: str, id_: str, options: Mapping[str, Any], grant: Mapping[str, Any] | None
    ) -> Packed:
        """Have the node make a transport, at a place that it was offered."""
        body = {
            "transportId": id_,
            "options": placed_options(options, fixed_ports=self.room.fixed_ports),
            "grant": grant,
        }
        return cast("Packed", await self._create(id_, method, body, _CLOSE_TRANSPORT, decode=False))

    async def _create_transport(
        self, method: str, id_: str | None, options: dict[str, Any], app_data: AppData | None
    ) -> tuple[mediasoup.Router, str, Packed]:
        # A pipe to another room or router begins or ends at a certain member, so nobody has to be asked where.
        id_ = self._new_transport_id(id_, app_data)
        return self, id_, await self.make_transport(method, id_, options, None)

    async def codecs_settled(self) -> None:
        """Wait until the node has the codecs that the room was given; it gets them from placement.

        Not for longer than half the time of a call: another client may have given the room others.
        """
        updated, wanted = self.room.updated, self.room.rtp_capabilities
        if updated is None or self._codecs is wanted:
            return
        with suppress(TimeoutError):
            # The other half is for what it is waited for.
            async with asyncio.timeout(self._link.session.timeout / 2):
                await asyncio.wait({updated})
                while True:
                    if (await self._command("getRtpCapabilities"))["rtpCapabilities"] == wanted:
                        break
                    await asyncio.sleep(_CODECS_PAUSE)
        self._codecs = wanted

    # What is made and closed on it is so in the room.

    def _transport_created(self, transport: AnyTransport) -> AnyTransport:
        self._transports[transport.id] = transport
        self.room.transport_entered(transport)
        return transport

    def _transport_closed(self, transport: mediasoup.Transport) -> None:
        super()._transport_closed(transport)
        self.room.transport_left(transport.id)

    def _close_children(self) -> None:
        ids = list(self._transports)
        super()._close_children()
        for transport_id in ids:
            self.room.transport_left(transport_id)

    def lost_producer(self, producer_id: str) -> None:
        """A consumer on it was told that its producer is closed; it may be that only the way from there is."""
        self.room.lost_producer(producer_id)

    def _closed_error(self) -> MediasoupError:
        return self.room._closed_error() if self.room.closed else super()._closed_error()

    # Its end.

    def close(self) -> None:
        """Close it because it is closed on its node: it was empty, or somebody has closed the room."""
        if not self._closed:
            super().close()
            self.room.member_closed(self)

    def _worker_closed(self) -> None:
        if not self._closed:
            super()._worker_closed()
            self.room.member_lost(self)

    def room_closed(self) -> None:
        """Close it with its room, of which its node hears from placement."""
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self._close_children()
        self._worker._routers.pop(self._id, None)


_CLOSE_TRANSPORT = Undo("ROUTER_CLOSE_TRANSPORT", "transportId")

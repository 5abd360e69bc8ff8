"""The signaling service as a whole: its rooms, its browsers, and how both end."""

from __future__ import annotations

import asyncio
from importlib import metadata
from typing import Any

from starlette.websockets import WebSocket

from tureen.bus import Bus, Service
from tureen.contract import subjects
from tureen.contract.registry import commands_of
from tureen.signaling.asking import Asker
from tureen.signaling.halls import Halls
from tureen.signaling.janitor import Janitor
from tureen.signaling.leases import Leases
from tureen.signaling.media import Media
from tureen.signaling.peer import PeerSession
from tureen.signaling.protoo import CLOSE_RESTART
from tureen.signaling.settings import SignalingSettings


class SignalingService:
    """Serves browsers over WebSockets that somebody else accepts."""

    def __init__(self, bus: Bus, settings: SignalingSettings) -> None:
        self.settings = settings
        self._bus = bus
        self._janitor = Janitor(bus, settings.tenant, settings.attempt_timeout)
        asker = Asker(bus, settings)
        self._leases = Leases(bus, asker, settings.lease_ttl)
        self._media = Media(asker, self._leases, settings)
        self._halls = Halls(bus, settings, self._media, self._janitor)
        # No command but `schema.get`, but operators find the service by it.
        self._service = Service(
            bus,
            name="signaling",
            version=metadata.version("tureen"),
            commands=commands_of("signaling"),
            handlers={},
            subject=subjects.service_commands("signaling"),
            queue="signaling",
        )
        self._sessions: set[PeerSession] = set()
        self._all_gone = asyncio.Event()
        self._all_gone.set()
        self._stopping = False

    @property
    def is_connected(self) -> bool:
        """Whether the bus is there."""
        return self._bus.connected

    @property
    def is_full(self) -> bool:
        """Whether no more browsers are taken."""
        return self._stopping or len(self._sessions) >= self.settings.max_connections

    def health(self) -> dict[str, Any]:
        """Tell how the service is."""
        return {
            "connected": self.is_connected,
            "connections": len(self._sessions),
            "rooms": sum(1 for _ in self._halls),
            "closing": self._janitor.under_way,
        }

    async def start(self) -> None:
        """Begin to hear the rooms' events, and to be found."""
        await self._halls.start()
        self._leases.start(self._halls.use, self._halls.lose)
        await self._service.start()

    async def attend(self, socket: WebSocket, room_id: str, peer_id: str) -> None:
        """Serve a browser whose WebSocket was accepted, until it goes."""
        session = PeerSession(socket, room_id, peer_id, self._halls, self._media, self.settings)
        self._sessions.add(session)
        self._all_gone.clear()
        try:
            await session.run()
        finally:
            self._sessions.discard(session)
            if not self._sessions:
                self._all_gone.set()

    async def close(self) -> None:
        """Send every browser away to connect again, and close what they leave behind; once is enough."""
        if self._stopping:
            return
        self._stopping = True
        await self._service.drain()
        for session in list(self._sessions):
            session.close(CLOSE_RESTART, "the server restarts: connect again")
        await self._all_gone.wait()
        await self._halls.close()
        await self._janitor.finish(self.settings.stop_timeout)
        await self._leases.close(self.settings.attempt_timeout)

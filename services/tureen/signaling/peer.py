"""A browser's session: reads its frames, runs what it asks for, and keeps it within its limits."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from starlette.websockets import WebSocket

from tureen.contract.errors import (
    Busy,
    Internal,
    Malformed,
    NoCapacity,
    RateLimited,
    TureenError,
    from_mediasoup,
)
from tureen.signaling import calls, calls_media, calls_setup, dialects, protoo  # noqa: F401 # The methods enter themselves.
from tureen.signaling.calls import Caller
from tureen.signaling.connection import Connection
from tureen.signaling.halls import Halls
from tureen.signaling.limits import Strikes, TokenBucket
from tureen.signaling.media import Media
from tureen.signaling.room import Peer
from tureen.signaling.settings import SignalingSettings
from tureen.telemetry import TraceContext, current_trace, use_trace

log = logging.getLogger(__name__)

MAX_STRIKES = 100
"""What a browser may do wrong within a minute before it is disconnected."""
PARTING = 2.0
"""Seconds that what such a browser had asked for before gets to be answered."""


class PeerSession:
    """One browser from its WebSocket's upgrade to its end."""

    def __init__(
        self, websocket: WebSocket, room_id: str, peer_id: str, halls: Halls, media: Media, settings: SignalingSettings
    ) -> None:
        loop = asyncio.get_running_loop()
        self._settings = settings
        self._halls = halls
        self._media = media
        self._now = loop.time
        self._connection = Connection(websocket, self._on_frame)
        self._bucket = TokenBucket(settings.max_message_rate, settings.max_message_burst)
        self._strikes = Strikes(MAX_STRIKES)
        self._tasks: set[asyncio.Task[None]] = set()
        self._room_id = room_id
        self._peer = Peer(peer_id)
        self._caller: Caller | None = None
        self._refusal: TureenError | None = None
        self._sent_away = False

    def close(self, code: int, reason: str) -> None:
        """Disconnect the browser."""
        self._connection.close(code, reason)

    async def run(self) -> None:
        """Serve the browser until it goes, then take it out of its room with all it had."""
        patience = asyncio.get_running_loop().call_later(self._settings.join_timeout, self._check_has_joined)
        self._come_in()
        code, reason = protoo.CLOSE_INTERNAL, "failed"
        try:
            self._start(self._greet())
            code, reason = await self._connection.run()
        finally:
            patience.cancel()
            self._go()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            log.info("peer %s of room %s has gone: %d %s", self._peer.id, self._room_id, code, reason)

    def _come_in(self) -> None:
        """Enter the room; where that is not possible, every request is answered with the reason."""
        try:
            hall = self._halls.enter(self._room_id)
        except TureenError as error:
            self._refusal = error
            return
        if hall.room.is_full and self._peer.id not in hall.room.peers:
            self._refusal = NoCapacity(f"room {self._room_id} is full")
            return
        hall.enter(self._peer, self._connection)
        self._caller = Caller(self._peer, hall, self._media)
        log.info("peer %s has come to room %s", self._peer.id, self._room_id)

    def _go(self) -> None:
        if self._caller is not None:
            self._caller.hall.leave(self._peer)
            self._halls.left(self._caller.hall)

    def _check_has_joined(self) -> None:
        if not self._peer.joined:
            log.info("peer %s of room %s did not join in time", self._peer.id, self._room_id)
            self.close(protoo.CLOSE_FINAL, "this client did not join in time")

    async def _greet(self) -> None:
        """Have the room made, and tell which mediasoup serves it."""
        if self._caller is None:
            return
        try:
            info = await self._caller.hall.open()
        except TureenError as error:
            log.warning("room %s cannot be opened: %s: %s", self._room_id, error.type, error)
        else:
            version = dialects.mediasoup_version(info["mediasoupVersion"])
            self._connection.notify("mediasoupVersion", version)

    def _on_frame(self, text: str | None) -> None:
        with use_trace(TraceContext.new()):
            try:
                self._take(text)
            except Exception:
                log.exception("a frame of peer %s of room %s could not be taken", self._peer.id, self._room_id)

    def _take(self, text: str | None) -> None:
        if self._sent_away:
            return
        try:
            if text is None:
                raise protoo.BadFrame("a binary frame")
            message = protoo.parse(text)
        except protoo.BadFrame as error:
            self._strike(error, error.request_id)
            return
        if isinstance(message, protoo.Success | protoo.Failure):
            if not self._connection.answered(message):
                log.debug("peer %s answered what was not asked", self._peer.id)
            return
        request_id = message.id if isinstance(message, protoo.Request) else None
        if not self._bucket.take(self._now()):
            self._strike(RateLimited(f"more than {self._settings.max_message_rate:g} messages a second"), request_id)
        elif len(self._tasks) >= self._settings.max_requests_under_way:
            self._strike(Busy(f"more than {self._settings.max_requests_under_way} requests under way"), request_id)
        else:
            self._start(self._serve(message.method, message.data, request_id))

    async def _serve(self, method: str, data: dict[str, Any], request_id: int | None) -> None:
        """Run a method; a notification is a request whose answer nobody gets."""
        try:
            answer = await self._call(method, data, is_notification=request_id is None)
        except TureenError as error:
            self._fail(method, error, request_id)
        except Exception as error:
            coded = from_mediasoup(error)
            if coded is None:
                log.exception("%s of peer %s of room %s broke", method, self._peer.id, self._room_id)
                coded = Internal("something broke here")
            self._fail(method, coded, request_id)
        else:
            if request_id is not None:
                self._connection.send(protoo.success(request_id, answer))
            if self._caller is not None and not self._peer.gone:
                self._caller.hall.supply()

    async def _call(self, method: str, data: dict[str, Any], *, is_notification: bool) -> Any:
        if self._caller is None:
            raise self._refusal or Internal("no room")
        handler = calls.find(method, self._peer, is_notification=is_notification)
        return await handler(self._caller, data)

    def _fail(self, method: str, error: TureenError, request_id: int | None) -> None:
        log.warning(
            "%s %s of peer %s of room %s: %s: %s",
            *("notification" if request_id is None else "request", repr(method)),
            *(self._peer.id, self._room_id, error.type, error),
        )
        self._answer(error, request_id)

    def _answer(self, error: TureenError, request_id: int | None) -> None:
        trace = current_trace()
        if request_id is not None:
            self._connection.send(protoo.failure(request_id, error, trace.trace_id if trace else ""))

    def _strike(self, error: TureenError, request_id: int | None) -> None:
        """Answer what is wrong with the message itself; who goes on and on like that is disconnected."""
        is_last = self._strikes.add(self._now())
        if self._strikes.count == 1 or is_last or isinstance(error, Malformed):
            log.warning("peer %s of room %s: %s: %s", self._peer.id, self._room_id, error.type, error)
        self._answer(error, request_id)
        if is_last:
            self._sent_away = True
            self._start(self._send_away(f"{error.type}: {error}", set(self._tasks)))

    async def _send_away(self, reason: str, under_way: set[asyncio.Task[None]]) -> None:
        """Disconnect the browser once what it asked for before is answered."""
        if under_way:
            await asyncio.wait(under_way, timeout=PARTING)
        self.close(protoo.CLOSE_POLICY, reason)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work, name=f"peer {self._peer.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

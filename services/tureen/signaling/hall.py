"""A room with its shell: carries out what the pure core decides, and keeps every peer supplied with what it watches."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any, cast

from tureen.contract.errors import CallerError, NotFound, TureenError
from tureen.contract.ids import new_id
from tureen.mediasoup import ortc
from tureen.signaling import dialects, events
from tureen.signaling.connection import Connection, RejectedError
from tureen.signaling.effects import Close, Disconnect, Effect, Notify
from tureen.signaling.janitor import Janitor
from tureen.signaling.media import Media
from tureen.signaling.protoo import CLOSE_FINAL
from tureen.signaling.room import Consumer, Peer, Phase, Room
from tureen.signaling.settings import SignalingSettings

log = logging.getLogger(__name__)

_CONSUME_PAUSES = (0.5, 2.0, 5.0)
"""Seconds between the attempts to make one consumer."""
_RESYNC_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between the rounds of looking at consumers after the bus was away; agents may be back later than we are."""
CONSUMES_AT_ONCE = 16
"""Consumers that are made for one peer at a time."""


class Hall:
    """One room on this replica.

    Attributes:
        info: What placement says of the room; None while it is not known to exist.
        may_exist: Whether placement was asked to make it, and did not certainly refuse.
        opening: Held while the room is made or closed in placement.
    """

    def __init__(self, room_id: str, settings: SignalingSettings, media: Media, janitor: Janitor) -> None:
        self.room = Room(room_id, settings.limits)
        self.info: dict[str, Any] | None = None
        self.may_exist = False
        self.opening = asyncio.Lock()
        self._settings = settings
        self._media = media
        self._janitor = janitor
        self._connections: dict[Peer, Connection] = {}
        self._gates: dict[Peer, asyncio.Semaphore] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def id(self) -> str:
        """The room's id."""
        return self.room.id

    async def open(self) -> dict[str, Any]:
        """Return what placement says of the room, having made it if necessary."""
        async with self.opening:
            if self.info is None:
                self.info = await self._media.open_room(self.id, self._doubt)
                self.may_exist = True
            return self.info

    def enter(self, peer: Peer, connection: Connection) -> None:
        """Let a peer in; whoever had its id is sent away for good."""
        predecessor = self.room.peers.get(peer.id)
        if predecessor is not None:
            log.info("peer %s of room %s is replaced by a new connection", peer.id, self.id)
            old = self._connections[predecessor]
            self.leave(predecessor)
            old.close(CLOSE_FINAL, "another connection of this peer took over")
        self.room.enter(peer)
        self._connections[peer] = connection
        self._gates[peer] = asyncio.Semaphore(CONSUMES_AT_ONCE)

    def leave(self, peer: Peer) -> None:
        """Take a peer out, tell the others and have what it had closed."""
        self.carry_out(self.room.leave(peer))
        self._connections.pop(peer, None)
        self._gates.pop(peer, None)

    def carry_out(self, effects: list[Effect]) -> None:
        """Do what follows from a change."""
        for effect in effects:
            if isinstance(effect, Close):
                self._janitor.close(effect)
                continue
            connection = self._connections.get(effect.peer)
            if connection is None:
                continue
            if isinstance(effect, Notify):
                connection.notify(effect.method, effect.data)
            elif isinstance(effect, Disconnect):
                connection.close(effect.code, effect.reason)

    def on_event(self, object_: str, object_id: str, event: str, data: Any) -> None:
        """Take an event of a node agent."""
        self.carry_out(events.apply(self.room, object_, object_id, event, data))
        self.supply()

    def lose_node(self, node_id: str) -> None:
        """Send the browsers back in whose transports on a node are no more."""
        for transport in self.room.transports_on(node_id):
            # One that is still being made hears from its agent itself what became of it.
            if transport.ready:
                self.on_event("transport", transport.id, "close", None)

    def supply(self) -> None:
        """Start making every consumer that should exist and does not."""
        for consumer in self.room.claim_missing(_can_consume, new_id):
            self._start(self._bring(consumer))

    async def close(self) -> None:
        """Stop what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def resync(self) -> None:
        """Look at every consumer, because events may have been missed; at those whose node is not back yet, again."""
        left = [consumer for consumer in self.room.consumers.values() if consumer.phase is not Phase.WANTED]
        for pause in _RESYNC_PAUSES:
            left = [consumer for consumer in left if not (consumer.closed or await self._look_at(consumer))]
            if not left:
                return
            await asyncio.sleep(pause)
        log.warning("%d consumers of room %s could not be looked at", len(left), self.id)

    async def _look_at(self, consumer: Consumer) -> bool:
        """Take over how a consumer is now; tell whether that could be learned."""
        try:
            dump = (await self._media.of_consumer(consumer.transport, "dump", consumer.id))["dump"]
        except NotFound:
            self.on_event("consumer", consumer.id, "producerclose", None)
        except TureenError:
            return False
        else:
            event = "producerpause" if dump.get("producerPaused") else "producerresume"
            self.on_event("consumer", consumer.id, event, None)
        return True

    async def _bring(self, consumer: Consumer) -> None:
        """Make a consumer, have its peer take it, and let it flow."""
        created = await self._consume(consumer)
        if created is None:
            return
        if consumer.closed:
            self._drop(consumer)
            return
        if consumer.producer_paused is None:
            consumer.producer_paused = bool(created["producerPaused"])
        consumer.score = consumer.score or created["score"]
        consumer.shown_paused, consumer.phase = consumer.producer_paused, Phase.OFFERED
        if not await self._offer(consumer, created):
            self.room.refuse_consumer(consumer)
            self._drop(consumer)
            return
        self.carry_out(self.room.accepted(consumer))
        if not consumer.closed:
            await self._let_flow(consumer)

    async def _consume(self, consumer: Consumer) -> Mapping[str, Any] | None:
        """Ask for the consumer, a few times if need be; None if there will be none."""
        peer, producer = consumer.peer, consumer.producer
        wanted = {
            "id": consumer.id,
            "producerId": producer.id,
            "rtpCapabilities": peer.rtp_capabilities,
            "paused": True,
            "appData": {"peerId": peer.id},
        }
        for pause in (*_CONSUME_PAUSES, None):
            if consumer.closed:
                return None
            try:
                async with self._gates[peer]:
                    return await self._media.of_transport(consumer.transport, "consume", **wanted)
            except TureenError as error:
                log.warning(
                    "peer %s of room %s gets no consumer of producer %s: %s: %s",
                    *(peer.id, self.id, producer.id, error.type, error),
                )
                if pause is None or (isinstance(error, CallerError) and not isinstance(error, NotFound)):
                    break
            await asyncio.sleep(pause)
        self.room.refuse_consumer(consumer)
        self._drop(consumer)
        return None

    async def _offer(self, consumer: Consumer, created: Mapping[str, Any]) -> bool:
        """Ask the browser to take a consumer; tell whether it does."""
        peer, producer = consumer.peer, consumer.producer
        connection = self._connections.get(peer)
        if connection is None:
            return False
        offered = dialects.new_consumer(
            {**created, "producerPaused": consumer.shown_paused, "score": consumer.score},
            peer_id=producer.peer.id,
            transport_id=consumer.transport.id,
            app_data=producer.app_data,
            source=producer.served,
        )
        try:
            await connection.request("newConsumer", offered, self._settings.answer_timeout)
        except (RejectedError, TureenError) as error:
            log.info("peer %s of room %s does not take consumer %s: %s", peer.id, self.id, consumer.id, error)
            return False
        return True

    async def _let_flow(self, consumer: Consumer) -> None:
        """Resume a consumer that was made paused, so that its first packet finds somebody who waits for it."""
        try:
            if not consumer.client_paused:
                await self._media.of_consumer(consumer.transport, "resume", consumer.id)
        except TureenError as error:
            if consumer.closed:
                return
            log.warning("consumer %s does not flow: %s: %s", consumer.id, error.type, error)
            self.room.refuse_consumer(consumer)
            self.carry_out([Notify(consumer.peer, "consumerClosed", dialects.consumer_named(consumer.id))])
            self._drop(consumer)
            return
        if consumer.score is not None and not consumer.closed:
            told = dialects.consumer_score(consumer.id, consumer.score)
            self.carry_out([Notify(consumer.peer, "consumerScore", told)])

    def _drop(self, consumer: Consumer) -> None:
        """Have a consumer closed that may exist; with its transport gone it has gone already."""
        if not consumer.peer.gone:
            self.carry_out([self.room.close_effect(consumer.transport, "consumer", consumer.id)])

    def _doubt(self) -> None:
        self.may_exist = True

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"room {self.id}")
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a task of room %s failed", self.id, exc_info=task.exception())


def _can_consume(consumable: Mapping[str, Any], capabilities: Mapping[str, Any]) -> bool:
    return ortc.can_consume(cast("Any", consumable), cast("Any", capabilities))

"""This agent as the source: it lets routers of the same room have the producers that its own routers hold."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tureen.contract.errors import Conflict, NoCapacity, NotFound
from tureen.contract.pipes import (
    PipeEndpoint,
    PipeEntry,
    PipeRelease,
    PipeServe,
    PipeServed,
    PipeState,
)
from tureen.mediasoup import Consumer, PipeTransport
from tureen.node_agent.memory import Creates, fingerprint
from tureen.node_agent.objects import HeldProducer, Objects, RouterEntry
from tureen.node_agent.pipes.peers import Peers
from tureen.node_agent.pipes.transports import PipeTransports

log = logging.getLogger(__name__)

LINGER = 15.0
"""Seconds after which a pipe that serves nothing is closed: later than the puller closes its end, which decides."""


@dataclass(slots=True, eq=False)
class _OutgoingPipe:
    """This end of a pipe out of one of this agent's routers."""

    pipe_id: str
    router: RouterEntry
    transport: PipeTransport
    endpoint: PipeEndpoint
    serves: set[str] = field(default_factory=set)
    linger: asyncio.TimerHandle | None = None


def _ignore(_score: Any) -> None:
    """Stand in until the producer is followed."""


@dataclass(slots=True, eq=False)
class _Serving:
    """One producer on its way out."""

    command: PipeServe
    consumer: Consumer
    held: HeldProducer
    pipe: _OutgoingPipe
    seq: int = 0
    score: int = 10
    on_score: Callable[[Any], None] = _ignore


class PipeServer:
    """Answers `pipe.serve` and `pipe.release`, and tells the pullers what pipes do not carry."""

    def __init__(
        self,
        objects: Objects,
        peers: Peers,
        transports: PipeTransports,
        max_fan_out: int,
        unwatched: Callable[[RouterEntry, str], None],
    ) -> None:
        self._objects = objects
        self._peers = peers
        self._transports = transports
        self._max_fan_out = max_fan_out
        self._unwatched = unwatched
        self._creates = Creates(asyncio.get_running_loop().time)
        self._pipes: dict[str, _OutgoingPipe] = {}
        self._servings: dict[str, _Serving] = {}

    async def serve(self, command: PipeServe) -> PipeServed:
        """Let a router have a producer.

        Raises:
            NotFound: The router named does not hold it.
            Conflict: The asker is on the way to the origin, so this would be a circle.
            NoCapacity: The router serves it to enough others already.
        """
        router = self._objects.routers.get(command.router_id, "system")
        held = self._held(router, command)
        mark = fingerprint(command.to_wire())
        serving = await self._creates.once(command.pull_id, mark, lambda: self._serve(router, held, command))
        return PipeServed(
            endpoint=serving.pipe.endpoint,
            kind=held.producer.kind,
            rtp_parameters=dict(serving.consumer.rtp_parameters),
            paused=serving.consumer.producer_paused,
            path=list(held.path),
            app_data=dict(held.producer.app_data),
        )

    def release(self, command: PipeRelease) -> None:
        """A pull ended."""
        serving = self._servings.get(command.pull_id)
        if serving is not None:
            serving.consumer.close()
        self._creates.forget(command.pull_id)

    def entries(self, node_id: str) -> list[PipeEntry]:
        """Return what is served to a node."""
        return [
            PipeEntry(
                pull_id=pull_id,
                producer_id=serving.command.producer_id,
                from_router_id=serving.command.router_id,
                to_router_id=serving.command.for_router_id,
            )
            for pull_id, serving in self._servings.items()
            if serving.command.for_node_id == node_id
        ]

    def close(self) -> None:
        """Stop every timer."""
        for pipe in self._pipes.values():
            if pipe.linger is not None:
                pipe.linger.cancel()

    def _held(self, router: RouterEntry, command: PipeServe) -> HeldProducer:
        held = router.producers.get(command.producer_id)
        if held is None or router.room_id != command.room_id:
            raise NotFound(
                f"Router {router.id} does not hold producer {command.producer_id}", details={"id": command.producer_id}
            )
        if any(hop.router_id == command.for_router_id for hop in held.path):
            raise Conflict(f"Router {command.for_router_id} is on the way to the origin of {command.producer_id}")
        served = command.pull_id in self._servings or self._creates.is_under_way(command.pull_id)
        if not served and self._fan_out(router, command.producer_id) >= self._max_fan_out:
            raise NoCapacity(
                f"Router {router.id} sends producer {command.producer_id} to {self._max_fan_out} routers already"
            )
        return held

    def _fan_out(self, router: RouterEntry, producer_id: str) -> int:
        return sum(
            serving.pipe.router is router and serving.command.producer_id == producer_id
            for serving in self._servings.values()
        )

    async def _serve(self, router: RouterEntry, held: HeldProducer, command: PipeServe) -> _Serving:
        router.watchers[command.producer_id] += 1
        try:
            pipe = await self._pipe(router, command)
            pipe.serves.add(command.pull_id)
            try:
                consumer = await pipe.transport.consume(producer_id=command.producer_id)
            except BaseException:
                self._drop(pipe, command.pull_id)
                raise
        except BaseException:
            self._unwatched(router, command.producer_id)
            raise
        serving = _Serving(command, consumer, held, pipe)
        self._servings[command.pull_id] = serving
        self._follow(serving)
        return serving

    async def _pipe(self, router: RouterEntry, command: PipeServe) -> _OutgoingPipe:
        mark = fingerprint({"router": router.id, "for": command.for_router_id})
        pipe = await self._creates.once(command.pipe_id, mark, lambda: self._open(router, command))
        if pipe.linger is not None:
            pipe.linger.cancel()
            pipe.linger = None
        return pipe

    async def _open(self, router: RouterEntry, command: PipeServe) -> _OutgoingPipe:
        encrypted = command.endpoint.srtp_parameters is not None
        transport, endpoint = await self._transports.open(router, encrypted=encrypted)
        try:
            await self._transports.connect(transport, command.endpoint)
        except BaseException:
            transport.close()
            raise
        pipe = _OutgoingPipe(command.pipe_id, router, transport, endpoint)
        self._pipes[command.pipe_id] = pipe
        transport.observer.on("close", lambda: self._pipe_closed(pipe))
        return pipe

    def _follow(self, serving: _Serving) -> None:
        """Tell the puller of every change that the pipe does not carry."""
        consumer = serving.consumer
        pull_id = serving.command.pull_id
        consumer.on("producerpause", lambda: self._state(serving))
        consumer.on("producerresume", lambda: self._state(serving))
        consumer.observer.on("close", lambda: self._ended(pull_id))
        serving.on_score = lambda score: self._score(serving, score)
        serving.held.producer.on("score", serving.on_score)

    def _score(self, serving: _Serving, score: Any) -> None:
        worst = min((entry["score"] for entry in score), default=10)
        if worst != serving.score:
            serving.score = worst
            self._state(serving)

    def _ended(self, pull_id: str) -> None:
        serving = self._servings.pop(pull_id, None)
        if serving is None:
            return
        self._creates.forget(pull_id)
        serving.held.producer.off("score", serving.on_score)
        self._state(serving, closed=True)
        self._drop(serving.pipe, pull_id)
        self._unwatched(serving.pipe.router, serving.command.producer_id)

    def _state(self, serving: _Serving, *, closed: bool = False) -> None:
        serving.seq += 1
        seq = serving.seq
        state = PipeState(
            pull_id=serving.command.pull_id,
            seq=seq,
            # The producer itself learns of its pause with the answer to the command, which is after this event.
            paused=serving.consumer.producer_paused,
            closed=closed,
            score=serving.score,
        )
        self._peers.tell(serving.command.for_node_id, "pipe.state", state, obsolete=lambda: serving.seq != seq)

    def _drop(self, pipe: _OutgoingPipe, pull_id: str) -> None:
        pipe.serves.discard(pull_id)
        if not pipe.serves and pipe.linger is None and not pipe.transport.closed:
            pipe.linger = asyncio.get_running_loop().call_later(LINGER, pipe.transport.close)

    def _pipe_closed(self, pipe: _OutgoingPipe) -> None:
        if pipe.linger is not None:
            pipe.linger.cancel()
        self._pipes.pop(pipe.pipe_id, None)
        self._creates.forget(pipe.pipe_id)

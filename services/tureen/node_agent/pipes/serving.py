"""What this agent serves: one producer on its way to another router, and the pipes that such things leave by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tureen.contract.errors import InvalidType
from tureen.contract.pipes import PipeMessage, PipeServe
from tureen.mediasoup import Consumer, DataConsumer, DataProducer, Producer
from tureen.node_agent.memory import Creates, fingerprint
from tureen.node_agent.objects import HeldProducer, RouterEntry
from tureen.node_agent.pipes import scores
from tureen.node_agent.pipes.carrier import Carrier
from tureen.node_agent.pipes.ends import End, PipeEnd
from tureen.node_agent.pipes.peers import Peers
from tureen.node_agent.pipes.transports import PipeTransports

LINGER = 15.0
"""Seconds after which a pipe that serves nothing is closed: later than the puller closes its end, which decides."""


Listeners = tuple[Callable[[], None], Callable[[Any], None], Callable[[], None]]
"""Called when a producer is paused or resumed, when its score changes, and at its end."""


@dataclass(slots=True, eq=False)
class Serving:
    """One producer on its way out.

    Attributes:
        consumer: What sends it; None where the agent takes an app's messages as they pass through it.
        pipe: What it leaves by; None where it is carried over the bus.
        end: Where its messages are heard, to be carried.
        carrier: What carries them.
        seq: The number of the last state that was told.
    """

    command: PipeServe
    router: RouterEntry
    held: HeldProducer
    consumer: Consumer | DataConsumer | None = None
    pipe: PipeEnd | None = None
    end: End | None = None
    carrier: Carrier | None = None
    seq: int = 0
    told: list[int] = field(default_factory=list)
    listeners: Listeners | None = None
    ended: bool = False

    @property
    def paused(self) -> bool:
        """Whether the producer is paused, as the worker has it.

        The producer itself learns of its pause with the answer to the command, which is after the consumer's event.
        """
        if isinstance(self.consumer, Consumer):
            return self.consumer.producer_paused
        if isinstance(self.consumer, DataConsumer):
            return self.consumer.data_producer_paused
        return self.held.producer.paused

    @property
    def origin_stream(self) -> Mapping[str, Any] | None:
        """The SCTP stream that a data producer has where it lives."""
        producer = self.held.producer
        own = producer.sctp_stream_parameters if isinstance(producer, DataProducer) else None
        return own if own is not None else self.held.stream

    def scores(self) -> list[int]:
        """Return the worse of what was known before and what this router's worker sees, by encoding."""
        producer = self.held.producer
        return (
            scores.worse(self.held.scores, scores.of_producer(producer.score)) if isinstance(producer, Producer) else []
        )

    def carry(self, peers: Peers) -> Carrier:
        """Have the messages carried over the bus from now on."""
        self.carrier = Carrier(peers, self.command.for_node_id, self.command.pull_id)
        return self.carrier

    def carry_message(self, message: bytes, ppid: int) -> None:
        """Take a message that came out of the worker to the puller."""
        if self.carrier is not None:
            self.carrier.put(PipeMessage(message=message, ppid=ppid))

    def follow(self, listeners: Listeners) -> None:
        """Call these whenever something happens that pipes do not carry."""
        self.listeners = listeners
        changed, scored, ended = listeners
        if self.consumer is None:
            observer = self.held.producer.observer
            for event, listener in (("pause", changed), ("resume", changed), ("close", ended)):
                observer.on(event, listener)
            return
        prefix = "producer" if isinstance(self.consumer, Consumer) else "dataproducer"
        self.consumer.on(f"{prefix}pause", changed)
        self.consumer.on(f"{prefix}resume", changed)
        self.consumer.observer.once("close", ended)
        if isinstance(self.held.producer, Producer):
            self.held.producer.on("score", scored)

    def _unfollow(self) -> None:
        """Undo `follow` at what outlives this."""
        if self.listeners is None:
            return
        changed, scored, ended = self.listeners
        if self.consumer is None:
            observer = self.held.producer.observer
            for event, listener in (("pause", changed), ("resume", changed), ("close", ended)):
                observer.off(event, listener)
        self.held.producer.off("score", scored)

    def close(self) -> None:
        """Send nothing more, and let go of what was used."""
        self.ended = True
        self._unfollow()
        if self.consumer is not None:
            self.consumer.close()
        if self.carrier is not None:
            self.carrier.close()
            if self.carrier.put in self.held.taps:
                self.held.taps.remove(self.carrier.put)
        for end in (self.pipe, self.end):
            if end is not None:
                end.drop(self.command.pull_id)


class OutgoingPipes:
    """This node's ends of pipes out of its routers, by the ids that the pullers chose."""

    def __init__(self, transports: PipeTransports) -> None:
        self._transports = transports
        self._creates = Creates(asyncio.get_running_loop().time)
        self._pipes: dict[str, PipeEnd] = {}

    async def get(self, serving: Serving, *, sctp: bool) -> PipeEnd:
        """Return the pipe that a pull leaves by, opening it where it is the first, and have it used."""
        command, router = serving.command, serving.router
        mark = fingerprint({"router": router.id, "for": command.for_router_id})
        pipe = await self._creates.once(command.pipe_id, mark, lambda: self._open(router, command, sctp=sctp))
        pipe.hold(command.pull_id)
        serving.pipe = pipe
        return pipe

    def close(self) -> None:
        """Stop every timer."""
        for pipe in self._pipes.values():
            pipe.rest()

    async def _open(self, router: RouterEntry, command: PipeServe, *, sctp: bool) -> PipeEnd:
        if command.endpoint is None:
            raise InvalidType("missing field endpoint", details={"path": "endpoint"})
        encrypted = command.endpoint.srtp_parameters is not None
        transport, endpoint = await self._transports.open(router, encrypted=encrypted, sctp=sctp)
        try:
            await self._transports.connect(transport, command.endpoint)
        except BaseException:
            transport.close()
            raise
        pipe = PipeEnd(transport, LINGER, endpoint=endpoint)
        self._pipes[command.pipe_id] = pipe
        transport.observer.once("close", lambda: self._closed(command.pipe_id, pipe))
        return pipe

    def _closed(self, pipe_id: str, pipe: PipeEnd) -> None:
        pipe.rest()
        self._pipes.pop(pipe_id, None)
        self._creates.forget(pipe_id)

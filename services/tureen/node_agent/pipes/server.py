"""This agent as the source: it lets routers of the same room have the producers that its own routers hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

from tureen.contract.errors import NotFound, Timeout, Unavailable
from tureen.contract.pipes import (
    DataServed,
    PipeEntry,
    PipeRelease,
    PipeServe,
    PipeServed,
    PipeState,
)
from tureen.mediasoup import Consumer, DataConsumer, DataProducer, Producer
from tureen.node_agent.memory import Creates, fingerprint
from tureen.node_agent.objects import HeldProducer, Objects, RouterEntry
from tureen.node_agent.pipes.ends import DirectEnds
from tureen.node_agent.pipes.peers import Peers
from tureen.node_agent.pipes.rules import refusal
from tureen.node_agent.pipes.serving import OutgoingPipes, Serving
from tureen.node_agent.pipes.transports import PipeTransports, associated


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What one producer's tree may grow to, and over which links messages may travel unencrypted.

    Attributes:
        fan_out: To how many routers one router sends it.
        depth: Over how many hops it travels.
        private_link: Whether this node declares its link to others that declare it as well to be private.
    """

    fan_out: int
    depth: int
    private_link: bool = False


class PipeServer:
    """Answers `pipe.serve` and `pipe.release`, and tells the pullers what pipes do not carry."""

    def __init__(
        self,
        objects: Objects,
        peers: Peers,
        transports: PipeTransports,
        direct: DirectEnds,
        limits: ServerLimits,
        start_id: str,
        unwatched: Callable[[RouterEntry, str], None],
    ) -> None:
        self._objects = objects
        self._peers = peers
        self._direct = direct
        self._limits = limits
        self._start_id = start_id
        self._unwatched = unwatched
        self._creates = Creates(asyncio.get_running_loop().time)
        self._pipes = OutgoingPipes(transports)
        self._servings: dict[str, Serving] = {}

    async def serve(self, command: PipeServe, timeout: float) -> PipeServed:
        """Let a router have a producer.

        Asked again for a data producer that comes through a pipe, it answers when the pipe's association is up.

        Raises:
            NotFound: The router named does not hold it.
            Conflict: The asker is on the way to the origin, so this would be a circle.
            NoCapacity: The router serves it to enough others already, or is as far from the origin as may be.
        """
        router = self._objects.router_of_room(command.router_id, command.room_id)
        held = self._held(router, command)
        mark = fingerprint(command.to_wire())
        again = command.pull_id in self._servings
        serving = await self._creates.once(command.pull_id, mark, lambda: self._serve(router, held, command))
        if again and serving.pipe is not None and isinstance(serving.consumer, DataConsumer):
            try:
                async with asyncio.timeout(timeout):
                    await associated(serving.pipe.transport)
            except TimeoutError:
                raise Timeout("the pipe's SCTP association is not up yet") from None
        return self._served(serving)

    def release(self, command: PipeRelease) -> None:
        """A pull ended."""
        self.end(command.pull_id)
        self._creates.forget(command.pull_id)

    def end(self, pull_id: str) -> None:
        """Serve a pull no more, and say so."""
        serving = self._servings.pop(pull_id, None)
        if serving is None:
            return
        self._creates.forget(pull_id)
        self._let_go(serving)
        self._tell(serving, closed=True)

    def scored(self, held: HeldProducer) -> None:
        """What is known of a producer's streams before it came here changed: tell those who pull it from here."""
        for serving in self._servings.values():
            if serving.held is held:
                self._score(serving)

    def unlisted(self, room_id: str, tenant: str, listed: Collection[str]) -> None:
        """End what is served to routers that their room's record does not list any more."""
        for pull_id, serving in list(self._servings.items()):
            router = serving.router
            if (router.room_id, router.tenant) == (room_id, tenant) and serving.command.for_router_id not in listed:
                self.end(pull_id)

    def nodes(self) -> set[str]:
        """Return the nodes to which anything is served."""
        return {serving.command.for_node_id for serving in self._servings.values()}

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
        """Stop every timer and carrier."""
        self._pipes.close()
        for serving in self._servings.values():
            if serving.carrier is not None:
                serving.carrier.close()

    def _held(self, router: RouterEntry, command: PipeServe) -> HeldProducer:
        held = router.producers.get(command.producer_id)
        if held is None or (held.kind == "data") != command.data:
            raise NotFound(
                f"Router {router.id} does not hold producer {command.producer_id}", details={"id": command.producer_id}
            )
        if command.pull_id not in self._servings and not self._creates.is_under_way(command.pull_id):
            refused = refusal(
                held.path,
                command.for_router_id,
                fan_out=held.serving,
                max_fan_out=self._limits.fan_out,
                max_depth=self._limits.depth,
            )
            if refused is not None:
                raise refused
        return held

    async def _serve(self, router: RouterEntry, held: HeldProducer, command: PipeServe) -> Serving:
        router.watchers[command.producer_id] += 1
        held.serving += 1
        serving = Serving(command, router, held)
        try:
            await self._open(serving)
            if held.producer.closed or (serving.consumer is not None and serving.consumer.closed):
                raise NotFound(f"Producer {held.producer.id} was closed", details={"id": held.producer.id})
        except BaseException:
            self._let_go(serving)
            raise
        self._servings[command.pull_id] = serving
        serving.told = serving.scores()
        serving.follow((lambda: self._tell(serving), lambda _: self._score(serving), lambda: self.end(command.pull_id)))
        return serving

    def _let_go(self, serving: Serving) -> None:
        serving.held.serving -= 1
        serving.close()
        self._unwatched(serving.router, serving.command.producer_id)

    def _score(self, serving: Serving) -> None:
        known = serving.scores()
        if known != serving.told:
            serving.told = known
            self._tell(serving)

    def _tell(self, serving: Serving, *, closed: bool = False) -> None:
        """Tell the puller the whole state, until it answers or a newer one is told."""
        serving.seq += 1
        seq = serving.seq
        state = PipeState(
            pull_id=serving.command.pull_id, seq=seq, paused=serving.paused, closed=closed, scores=serving.scores()
        )
        self._peers.tell(serving.command.for_node_id, "pipe.state", state, obsolete=lambda: serving.seq != seq)

    async def _open(self, serving: Serving) -> None:
        """Make what sends a producer's packets or messages on their way."""
        command, producer = serving.command, serving.held.producer
        if isinstance(producer, Producer):
            pipe = await self._pipes.get(serving, sctp=self._may_use_sctp(command))
            serving.consumer = await pipe.transport.consume(producer_id=producer.id)
        elif producer.type == "sctp" and self._may_use_sctp(command):
            pipe = await self._pipes.get(serving, sctp=True)
            serving.consumer = await pipe.transport.consume_data(data_producer_id=producer.id)
        else:
            await self._carry(serving, producer)

    async def _carry(self, serving: Serving, producer: DataProducer) -> None:
        """Take a data producer's messages to the puller over the bus."""
        carrier = serving.carry(self._peers)
        if producer.type == "direct":
            # They pass through this agent anyway, which alone sees their subchannels.
            serving.held.taps.append(carrier.put)
            return
        end = serving.end = await self._direct.get(serving.router)
        end.hold(serving.command.pull_id)
        consumer = await end.transport.consume_data(data_producer_id=producer.id)
        consumer.on("message", serving.carry_message)
        serving.consumer = consumer

    def _may_use_sctp(self, command: PipeServe) -> bool:
        """Tell whether both ends take messages unencrypted; inside a host both are this agent's."""
        return (
            command.endpoint is not None
            and command.endpoint.sctp
            and (command.endpoint.srtp_parameters is None or self._limits.private_link)
        )

    def _served(self, serving: Serving) -> PipeServed:
        consumer, held, pipe = serving.consumer, serving.held, serving.pipe
        if serving.ended:
            raise Unavailable(f"Producer {held.producer.id} was let go while it was asked for; ask again")
        return PipeServed(
            start_id=self._start_id,
            endpoint=pipe.endpoint if pipe is not None else None,
            kind=held.kind,
            rtp_parameters={**consumer.rtp_parameters} if isinstance(consumer, Consumer) else None,
            data=self._data_served(serving),
            paused=serving.paused,
            scores=serving.scores(),
            path=list(held.path),
            app_data=dict(held.producer.app_data),
        )

    def _data_served(self, serving: Serving) -> DataServed | None:
        producer, pipe = serving.held.producer, serving.pipe
        if not isinstance(producer, DataProducer):
            return None
        stream = serving.origin_stream
        if pipe is not None and isinstance(serving.consumer, DataConsumer):
            stream = serving.consumer.sctp_stream_parameters
        return DataServed(
            carried=pipe is None,
            associated=pipe is None or pipe.transport.sctp_state == "connected",
            label=producer.label,
            protocol=producer.protocol,
            sctp_stream_parameters={**stream} if stream is not None else None,
        )

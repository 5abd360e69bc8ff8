"""This agent as the one that pulls: it brings producers that live elsewhere to its own routers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import cast

from tureen.contract.errors import NotFound, Timeout, TureenError
from tureen.contract.ids import new_id
from tureen.contract.pipes import (
    DataServed,
    PipeEntry,
    PipeMessages,
    PipePull,
    PipePulled,
    PipeRelease,
    PipeServe,
    PipeServed,
    PipeState,
)
from tureen.mediasoup import DataProducer, DirectTransport, PipeTransport, Producer
from tureen.mediasoup.types import MediaKind, RtpParameters, SctpStreamParameters
from tureen.node_agent.objects import HeldProducer, Objects, RouterEntry
from tureen.node_agent.pipes.carrier import pass_on
from tureen.node_agent.pipes.ends import DirectEnds
from tureen.node_agent.pipes.incoming import IncomingPipes, PipeLost
from tureen.node_agent.pipes.peers import Peers
from tureen.node_agent.pipes.pulls import Pull
from tureen.node_agent.pipes.transports import associated

LINGER = 2.0
"""Seconds for which a pulled producer stays after its last watcher left."""


@dataclass(frozen=True, slots=True)
class PullerHooks:
    """What the puller tells the agent.

    Attributes:
        opened: A router has a pulled producer now.
        closed: It has it no more.
        scored: What is known of a pulled producer's streams before it came here changed.
    """

    opened: Callable[[RouterEntry, HeldProducer], None]
    closed: Callable[[RouterEntry, HeldProducer], None]
    scored: Callable[[RouterEntry, HeldProducer], None]


class Puller:
    """Makes hops to this agent's routers, and lets producers go when nobody watches."""

    def __init__(
        self,
        objects: Objects,
        peers: Peers,
        pipes: IncomingPipes,
        direct: DirectEnds,
        hooks: PullerHooks,
        *,
        node_id: str,
        private_link: bool,
    ) -> None:
        self._objects = objects
        self._peers = peers
        self._pipes = pipes
        self._direct = direct
        self._hooks = hooks
        self._node_id = node_id
        self._private_link = private_link
        self._pulls: dict[str, Pull] = {}
        self._hops: dict[tuple[str, str], asyncio.Task[HeldProducer]] = {}

    async def pull(self, command: PipePull, timeout: float) -> PipePulled:
        """Make one hop to a router of this agent's.

        Raises:
            NotFound: The room has no such router here, or the source no such producer.
            TureenError: As the source refuses; `details.refuser` names its router.
        """
        router = self._objects.router_of_room(command.router_id, command.room_id)
        held = await self._hop(router, command, timeout)
        return PipePulled(path=list(held.path))

    async def state(self, command: PipeState) -> None:
        """Take over the source's state of a pull; an older one is ignored."""
        pull = self._pulls.get(command.pull_id)
        if pull is None or (pull.state is not None and command.seq <= pull.state.seq):
            return
        pull.state = command
        if pull.held is not None:
            await self._apply(pull, pull.held)

    def messages(self, command: PipeMessages) -> None:
        """Send messages that the source carried here into the router.

        Raises:
            NotFound: There is no such pull any more.
        """
        pull = self._pulls.get(command.pull_id)
        if pull is None:
            raise NotFound(f"Pull {command.pull_id} is over", details={"id": command.pull_id})
        fresh = command.messages[max(pull.taken - command.seq, 0) :]
        pull.taken = max(pull.taken, command.seq + len(command.messages))
        for message in fresh:
            if pull.held is not None:
                pass_on(pull.held, message)

    def unwatched(self, router: RouterEntry, producer_id: str) -> None:
        """Somebody stopped watching a producer on a router: if it was the last, let it go after the linger."""
        router.watchers[producer_id] -= 1
        if router.watchers[producer_id] <= 0:
            del router.watchers[producer_id]
        held = router.producers.get(producer_id)
        pull = self._pulls.get(held.pull_id) if held is not None and held.pull_id is not None else None
        if pull is not None:
            self._linger(pull)

    def end(self, pull_id: str) -> None:
        """The source serves a pull no more: close what was pulled."""
        pull = self._pulls.get(pull_id)
        if pull is not None and pull.held is not None:
            pull.held.producer.close()

    def unlisted(self, room_id: str, tenant: str, listed: Collection[str]) -> None:
        """End what was pulled from routers that their room's record does not list any more, and the pipes from them."""
        for pull in list(self._pulls.values()):
            router = pull.router
            if (router.room_id, router.tenant) == (room_id, tenant) and pull.source.from_router_id not in listed:
                self.end(pull.pull_id)
        for router in list(self._objects.routers.all()):
            if (router.room_id, router.tenant) == (room_id, tenant):
                self._pipes.unlisted(router, frozenset(listed))

    def nodes(self) -> set[str]:
        """Return the nodes from which anything is pulled."""
        return {pull.source.from_node_id for pull in self._pulls.values()}

    def of_other_run(self, node_id: str, start_id: str) -> list[str]:
        """Return the pulls from a run of a node's agent that is over."""
        return [
            pull.pull_id
            for pull in self._pulls.values()
            if pull.source.from_node_id == node_id and pull.start_id not in {"", start_id}
        ]

    def entries(self, node_id: str) -> list[PipeEntry]:
        """Return what is pulled from a node."""
        return [
            PipeEntry(
                pull_id=pull.pull_id,
                producer_id=pull.producer_id,
                from_router_id=pull.source.from_router_id,
                to_router_id=pull.router.id,
                making=pull.held is None,
            )
            for pull in self._pulls.values()
            if pull.source.from_node_id == node_id
        ]

    async def close(self) -> None:
        """Stop every timer and hop."""
        for pull in self._pulls.values():
            if pull.linger is not None:
                pull.linger.cancel()
        self._pipes.close()
        hops = list(self._hops.values())
        for hop in hops:
            hop.cancel()
        await asyncio.gather(*hops, return_exceptions=True)

    async def _hop(self, router: RouterEntry, command: PipePull, timeout: float) -> HeldProducer:
        """Make one hop, once however many ask for it at the same time."""
        held = router.producers.get(command.producer_id)
        if held is not None:
            return held
        key = (router.id, command.producer_id)
        hop = self._hops.get(key)
        if hop is None:
            hop = asyncio.create_task(self._make_hop(router, command, timeout), name=f"pull {command.producer_id}")
            self._hops[key] = hop
            hop.add_done_callback(lambda _: self._hops.pop(key, None))
        return await asyncio.shield(hop)

    async def _make_hop(self, router: RouterEntry, command: PipePull, timeout: float) -> HeldProducer:
        try:
            async with asyncio.timeout(timeout):
                try:
                    return await self._try_hop(router, command, timeout)
                except PipeLost:
                    # Its other end went with something that is over; the next pipe has a new one.
                    return await self._try_hop(router, command, timeout)
        except TimeoutError:
            raise Timeout("the hop took longer than the caller waits", details=_refuser(command)) from None

    async def _try_hop(self, router: RouterEntry, command: PipePull, timeout: float) -> HeldProducer:
        pull = Pull(new_id(), router, command)
        self._pulls[pull.pull_id] = pull
        try:
            await self._offer(pull)
            served = await self._ask_source(pull, timeout)
            pull.start_id = served.start_id
            return await self._produce(pull, served, timeout)
        except BaseException:
            self._end(pull)
            raise

    async def _offer(self, pull: Pull) -> None:
        """Open what the producer may come by; messages travel over SCTP only where nobody else can read them."""
        source = pull.source
        here = source.from_node_id == self._node_id
        sctp = here or self._private_link
        if source.data and not sctp:
            return
        pull.pipe = await self._pipes.get(pull.router, source.from_router_id, encrypted=not here, sctp=sctp)
        pull.pipe.hold(pull.pull_id)

    async def _ask_source(self, pull: Pull, timeout: float) -> PipeServed:
        source = pull.source
        command = PipeServe(
            pull_id=pull.pull_id,
            pipe_id=pull.pipe.pipe_id if pull.pipe is not None else pull.pull_id,
            room_id=source.room_id,
            producer_id=source.producer_id,
            router_id=source.from_router_id,
            for_router_id=pull.router.id,
            for_node_id=self._node_id,
            endpoint=pull.pipe.endpoint if pull.pipe is not None else None,
            data=source.data,
        )
        try:
            reply = await self._peers.ask(source.from_node_id, "pipe.serve", command, PipeServed, timeout)
        except TureenError as error:
            raise type(error)(error.message, details={**error.details, **_refuser(source)}) from None
        assert isinstance(reply, PipeServed)  # noqa: S101 - what `ask` was told to return.
        return reply

    async def _produce(self, pull: Pull, served: PipeServed, timeout: float) -> HeldProducer:
        producer = await self._made(pull, served, timeout)
        if producer.closed:
            # With its router, while the news of it came.
            raise NotFound(f"Producer with id {pull.producer_id} not found", details={"id": pull.producer_id})
        held = HeldProducer(producer, (*served.path, pull.router.place), pull.pull_id, served.scores)
        if served.data is not None and served.data.carried:
            held.stream = served.data.sctp_stream_parameters
        pull.held = held
        pull.router.producers[pull.producer_id] = held
        producer.observer.once("close", lambda: self._closed(pull, held))
        self._hooks.opened(pull.router, held)
        if pull.state is not None:
            await self._apply(pull, held)
        # Nobody watches it yet, and whoever asked for it may be gone by now.
        self._linger(pull)
        return held

    async def _made(self, pull: Pull, served: PipeServed, timeout: float) -> Producer | DataProducer:
        if served.data is not None and served.data.carried:
            return await self._carried(pull, served, served.data)
        assert pull.pipe is not None  # noqa: S101 - what was not offered is not served.
        await self._pipes.connect(pull.pipe, served.endpoint)
        if served.data is not None:
            return await self._through_sctp(pull, pull.pipe.transport, served, served.data, timeout)
        return await pull.pipe.transport.produce(
            id=pull.producer_id,
            kind=cast("MediaKind", served.kind),
            rtp_parameters=cast("RtpParameters", served.rtp_parameters),
            paused=self._paused(pull, served),
            key_frame_request_delay=0,
            app_data=served.app_data,
        )

    async def _through_sctp(
        self, pull: Pull, transport: PipeTransport, served: PipeServed, data: DataServed, timeout: float
    ) -> DataProducer:
        producer = await transport.produce_data(
            id=pull.producer_id,
            sctp_stream_parameters=cast("SctpStreamParameters", data.sctp_stream_parameters),
            label=data.label,
            protocol=data.protocol,
            paused=self._paused(pull, served),
            app_data=served.app_data,
        )
        try:
            # The worker associates once there is something to send or to take; what is sent before is lost.
            await associated(transport)
            if not data.associated:
                await self._ask_source(pull, timeout)
        except BaseException:
            producer.close()
            raise
        return producer

    async def _carried(self, pull: Pull, served: PipeServed, data: DataServed) -> DataProducer:
        if pull.pipe is not None:
            pull.pipe.drop(pull.pull_id)
            pull.pipe = None
        pull.end = await self._direct.get(pull.router)
        pull.end.hold(pull.pull_id)
        return await cast("DirectTransport", pull.end.transport).produce_data(
            id=pull.producer_id,
            label=data.label,
            protocol=data.protocol,
            paused=self._paused(pull, served),
            app_data=served.app_data,
        )

    def _paused(self, pull: Pull, served: PipeServed) -> bool:
        """Return whether it is paused by now.

        Raises:
            NotFound: It was closed meanwhile.
        """
        if pull.closed_by_source:
            raise NotFound(f"Producer with id {pull.producer_id} not found", details={"id": pull.producer_id})
        return pull.state.paused if pull.state is not None else served.paused

    async def _apply(self, pull: Pull, held: HeldProducer) -> None:
        """Do to what was pulled what happened where it came from."""
        producer = held.producer
        async with pull.applying:
            # What came while an earlier state was applied counts, not what was the newest then.
            state = pull.state
            if state is None or producer.closed:
                return
            if state.closed:
                producer.close()
                return
            if list(held.scores) != state.scores:
                held.scores = state.scores
                self._hooks.scored(pull.router, held)
            if state.paused != producer.paused:
                await (producer.pause() if state.paused else producer.resume())

    def _linger(self, pull: Pull) -> None:
        """Let a pull that nobody watches go after a while."""
        if pull.linger is None and pull.producer_id not in pull.router.watchers and pull.pull_id in self._pulls:
            pull.linger = asyncio.get_running_loop().call_later(LINGER, self._let_go, pull)

    def _let_go(self, pull: Pull) -> None:
        """The linger is over: close the pulled producer, unless somebody watches it again."""
        pull.linger = None
        if pull.held is not None and pull.producer_id not in pull.router.watchers:
            pull.held.producer.close()

    def _closed(self, pull: Pull, held: HeldProducer) -> None:
        pull.router.producers.pop(pull.producer_id, None)
        self._end(pull)
        self._hooks.closed(pull.router, held)

    def _end(self, pull: Pull) -> None:
        """Forget a pull, tell the source, and close the pipe in a while if nothing else uses it."""
        if self._pulls.pop(pull.pull_id, None) is None:
            return
        if pull.linger is not None:
            pull.linger.cancel()
        if not pull.closed_by_source:
            self._peers.tell(pull.source.from_node_id, "pipe.release", PipeRelease(pull_id=pull.pull_id))
        for end in (pull.pipe, pull.end):
            if end is not None:
                end.drop(pull.pull_id)


def _refuser(source: PipePull) -> dict[str, str]:
    return {"refuser": source.from_router_id}

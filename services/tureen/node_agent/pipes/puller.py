"""This agent as the one that pulls: it brings producers that live elsewhere to its own routers, hop by hop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise

from tureen.contract.errors import Conflict, NoCapacity, NotFound, Timeout, Unavailable
from tureen.contract.ids import new_id
from tureen.contract.pipes import (
    PipeEndpoint,
    PipeEntry,
    PipePull,
    PipePulled,
    PipeRelease,
    PipeServe,
    PipeServed,
    PipeState,
)
from tureen.contract.rooms import RoomPath, RoomRouter
from tureen.mediasoup import PipeTransport, Producer
from tureen.node_agent.objects import HeldProducer, Objects, RouterEntry
from tureen.node_agent.pipes.peers import Peers
from tureen.node_agent.pipes.transports import PipeTransports

log = logging.getLogger(__name__)

LINGER = 2.0
"""Seconds for which a pulled producer stays after its last watcher left."""
PIPE_LINGER = 10.0
"""Seconds for which a pipe stays after its last pull."""

Route = Callable[[RouterEntry, str, list[str], float], Awaitable[RoomPath]]


@dataclass(slots=True, eq=False)
class _IncomingPipe:
    """This end of a pipe into one of this agent's routers."""

    pipe_id: str
    key: tuple[str, str]
    transport: PipeTransport
    endpoint: PipeEndpoint
    remote: PipeEndpoint | None = None
    pulls: set[str] = field(default_factory=set)
    linger: asyncio.TimerHandle | None = None
    connecting: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True, eq=False)
class _Pull:
    """One producer brought over a pipe."""

    pull_id: str
    router: RouterEntry
    producer_id: str
    source: PipePull
    pipe: _IncomingPipe
    producer: Producer | None = None
    state: PipeState | None = None
    applying: asyncio.Lock = field(default_factory=asyncio.Lock)
    linger: asyncio.TimerHandle | None = None


@dataclass(frozen=True, slots=True)
class PullerHooks:
    """What the puller needs of the agent.

    Attributes:
        route: Ask placement for a path: router, producer, routers to leave out, seconds.
        opened: A router has a pulled producer now.
        closed: It has it no more.
        score: The origin's score of a pulled producer changed.
        linked: A pipe leads into a router now, from the router of that id.
        unlinked: It leads there no more.
    """

    route: Route
    opened: Callable[[RouterEntry, HeldProducer], None]
    closed: Callable[[RouterEntry, HeldProducer], None]
    score: Callable[[RouterEntry, str, int], None]
    linked: Callable[[RouterEntry, str], None]
    unlinked: Callable[[RouterEntry, str], None]


class Puller:
    """Brings producers to this agent's routers, and lets them go when nobody watches."""

    def __init__(
        self, objects: Objects, peers: Peers, transports: PipeTransports, node_id: str, hooks: PullerHooks
    ) -> None:
        self._objects = objects
        self._peers = peers
        self._transports = transports
        self._node_id = node_id
        self._hooks = hooks
        self._pulls: dict[str, _Pull] = {}
        self._pipes: dict[tuple[str, str], asyncio.Future[_IncomingPipe]] = {}
        self._hops: dict[tuple[str, str], asyncio.Task[HeldProducer]] = {}

    async def ensure(self, router: RouterEntry, producer_id: str, deadline: float) -> HeldProducer:
        """Bring a producer to a router, over as many hops as placement says.

        After a refusal the way is asked for again without the router that refused, until the deadline (loop time).

        Raises:
            NotFound: No router of the room holds the producer.
            Unavailable: There is no way to it now.
        """
        exclude: list[str] = []
        loop = asyncio.get_running_loop()
        while producer_id not in router.producers:
            path = (await self._hooks.route(router, producer_id, exclude, deadline - loop.time())).path
            refuser = await self._walk(path, producer_id, router, deadline)
            if refuser is None:
                break
            exclude.append(refuser)
            if loop.time() >= deadline:
                raise Timeout(f"No way to producer {producer_id} was found in time")
        held = router.producers.get(producer_id)
        if held is None:
            raise NotFound(f"Producer with id {producer_id} not found", details={"id": producer_id})
        return held

    async def pull(self, command: PipePull, timeout: float) -> PipePulled:
        """Make one hop to a router of this agent's.

        Raises:
            NotFound: The room has no such router here, or the source no such producer.
        """
        router = self._objects.routers.get(command.router_id, "system")
        if router.room_id != command.room_id:
            raise NotFound(f"Router {router.id} is of no room {command.room_id}", details={"id": router.id})
        held = await self._hop(router, command, timeout)
        return PipePulled(path=list(held.path))

    async def state(self, command: PipeState) -> None:
        """Take over the source's state of a pull; an older one is ignored."""
        pull = self._pulls.get(command.pull_id)
        if pull is None or (pull.state is not None and command.seq <= pull.state.seq):
            return
        before, pull.state = pull.state, command
        if pull.producer is not None:
            await self._apply(pull, pull.producer, before, command)

    def unwatched(self, router: RouterEntry, producer_id: str) -> None:
        """Somebody stopped watching a producer on a router: if it was the last, let it go after the linger."""
        router.watchers[producer_id] -= 1
        if router.watchers[producer_id] <= 0:
            del router.watchers[producer_id]
        held = router.producers.get(producer_id)
        pull = self._pulls.get(held.pull_id) if held is not None and held.pull_id is not None else None
        if pull is not None:
            self._linger(pull)

    def entries(self, node_id: str) -> list[PipeEntry]:
        """Return what is pulled from a node."""
        return [
            PipeEntry(
                pull_id=pull.pull_id,
                producer_id=pull.producer_id,
                from_router_id=pull.source.from_router_id,
                to_router_id=pull.router.id,
            )
            for pull in self._pulls.values()
            if pull.source.from_node_id == node_id
        ]

    async def close(self) -> None:
        """Stop every timer and hop."""
        for pull in self._pulls.values():
            if pull.linger is not None:
                pull.linger.cancel()
        for future in self._pipes.values():
            if future.done() and not future.cancelled() and future.exception() is None:
                linger = future.result().linger
                if linger is not None:
                    linger.cancel()
        hops = list(self._hops.values())
        for hop in hops:
            hop.cancel()
        await asyncio.gather(*hops, return_exceptions=True)

    async def _walk(self, path: list[RoomRouter], producer_id: str, router: RouterEntry, deadline: float) -> str | None:
        """Make every hop of a path in order; return the router that refused, or None."""
        loop = asyncio.get_running_loop()
        for source, to in pairwise(path):
            command = PipePull(
                room_id=router.room_id or "",
                producer_id=producer_id,
                router_id=to.router_id,
                from_router_id=source.router_id,
                from_node_id=source.node_id,
            )
            try:
                await self._peers.ask(to.node_id, "pipe.pull", command, PipePulled, deadline - loop.time())
            except (Conflict, NoCapacity, NotFound, Unavailable) as error:
                log.info("hop %s -> %s of %s: %s", source.router_id, to.router_id, producer_id, error)
                return source.router_id
        return None

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
        pipe = await self._pipe(router, command)
        pull = _Pull(new_id(), router, command.producer_id, command, pipe)
        pipe.pulls.add(pull.pull_id)
        self._pulls[pull.pull_id] = pull
        try:
            served = await self._ask_source(pull, timeout)
            await self._connect(pipe, served.endpoint)
            return await self._produce(pull, served)
        except BaseException:
            self._end(pull)
            raise

    async def _ask_source(self, pull: _Pull, timeout: float) -> PipeServed:
        command = PipeServe(
            pull_id=pull.pull_id,
            pipe_id=pull.pipe.pipe_id,
            room_id=pull.source.room_id,
            producer_id=pull.producer_id,
            router_id=pull.source.from_router_id,
            for_router_id=pull.router.id,
            for_node_id=self._node_id,
            endpoint=pull.pipe.endpoint,
        )
        reply = await self._peers.ask(pull.source.from_node_id, "pipe.serve", command, PipeServed, timeout)
        assert isinstance(reply, PipeServed)  # noqa: S101 - what `ask` was told to return.
        return reply

    async def _pipe(self, router: RouterEntry, command: PipePull) -> _IncomingPipe:
        """Return the pipe from the source's router to this one, opening it once however many ask."""
        key = (command.from_router_id, router.id)
        future = self._pipes.get(key)
        if future is None:
            future = asyncio.ensure_future(self._open(router, key, encrypted=command.from_node_id != self._node_id))
            self._pipes[key] = future
        try:
            pipe = await asyncio.shield(future)
        except Exception:
            self._pipes.pop(key, None)
            raise
        if pipe.linger is not None:
            pipe.linger.cancel()
            pipe.linger = None
        return pipe

    async def _open(self, router: RouterEntry, key: tuple[str, str], *, encrypted: bool) -> _IncomingPipe:
        transport, endpoint = await self._transports.open(router, encrypted=encrypted)
        pipe = _IncomingPipe(new_id(), key, transport, endpoint)
        transport.observer.on("close", lambda: self._pipe_closed(router, pipe))
        self._hooks.linked(router, pipe.key[0])
        return pipe

    async def _connect(self, pipe: _IncomingPipe, remote: PipeEndpoint) -> None:
        """Connect this end, once; a source that answers with another end has lost the pipe."""
        async with pipe.connecting:
            if pipe.remote is None:
                await self._transports.connect(pipe.transport, remote)
                pipe.remote = remote
        if pipe.remote != remote:
            pipe.transport.close()
            raise Unavailable("The source lost its end of the pipe; ask again")

    async def _produce(self, pull: _Pull, served: PipeServed) -> HeldProducer:
        paused = pull.state.paused if pull.state is not None else served.paused
        if pull.state is not None and pull.state.closed:
            raise NotFound(f"Producer with id {pull.producer_id} not found", details={"id": pull.producer_id})
        producer = await pull.pipe.transport.produce(
            id=pull.producer_id,
            kind=served.kind,  # type: ignore[arg-type]  # The source's own producer has it.
            rtp_parameters=served.rtp_parameters,  # type: ignore[arg-type]
            paused=paused,
            key_frame_request_delay=0,
            app_data=served.app_data,
        )
        held = HeldProducer(producer, (*served.path, pull.router.place), pull.pull_id)
        pull.producer = producer
        pull.router.producers[pull.producer_id] = held
        producer.observer.on("close", lambda: self._closed(pull, held))
        self._hooks.opened(pull.router, held)
        if pull.state is not None:
            await self._apply(pull, producer, None, pull.state)
        # Nobody watches it yet, and whoever asked for it may be gone by now.
        self._linger(pull)
        return held

    async def _apply(self, pull: _Pull, producer: Producer, before: PipeState | None, state: PipeState) -> None:
        if state.closed:
            producer.close()
            return
        async with pull.applying:
            # What came while an earlier state was applied counts, not what was the newest then.
            paused = (pull.state or state).paused
            if not producer.closed and paused != producer.paused:
                await (producer.pause() if paused else producer.resume())
        if before is None or before.score != state.score:
            self._hooks.score(pull.router, pull.producer_id, state.score)

    def _linger(self, pull: _Pull) -> None:
        """Let a pull that nobody watches go after a while."""
        if pull.linger is None and pull.producer_id not in pull.router.watchers:
            pull.linger = asyncio.get_running_loop().call_later(LINGER, self._let_go, pull)

    def _let_go(self, pull: _Pull) -> None:
        """The linger is over: close the pulled producer, unless somebody watches it again."""
        pull.linger = None
        if pull.producer is not None and pull.producer_id not in pull.router.watchers:
            pull.producer.close()

    def _closed(self, pull: _Pull, held: HeldProducer) -> None:
        pull.router.producers.pop(pull.producer_id, None)
        self._end(pull)
        self._hooks.closed(pull.router, held)

    def _end(self, pull: _Pull) -> None:
        """Forget a pull, tell the source, and close the pipe in a while if nothing else uses it."""
        if self._pulls.pop(pull.pull_id, None) is None:
            return
        if pull.linger is not None:
            pull.linger.cancel()
        if pull.state is None or not pull.state.closed:
            self._peers.tell(pull.source.from_node_id, "pipe.release", PipeRelease(pull_id=pull.pull_id))
        pipe = pull.pipe
        pipe.pulls.discard(pull.pull_id)
        if not pipe.pulls and pipe.linger is None and not pipe.transport.closed:
            pipe.linger = asyncio.get_running_loop().call_later(PIPE_LINGER, pipe.transport.close)

    def _pipe_closed(self, router: RouterEntry, pipe: _IncomingPipe) -> None:
        if pipe.linger is not None:
            pipe.linger.cancel()
        self._pipes.pop(pipe.key, None)
        self._hooks.unlinked(router, pipe.key[0])

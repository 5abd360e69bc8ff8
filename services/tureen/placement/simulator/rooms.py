"""A room and its peers: what signaling and the node agents would do, asked of the same engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from tureen.contract.cluster import GrantedEvent
from tureen.contract.rooms import Direction, RoomPlace, RoomRecord, RoomRouter
from tureen.placement import engine, records
from tureen.placement.engine.room import view
from tureen.placement.simulator import streams
from tureen.placement.simulator.workload import Rooms
from tureen.placement.simulator.world import VERSION, Router, World

A_FEW = 4
"""For how many consumers a receiving transport is asked for where no worker takes all that a peer may watch."""


@dataclass(slots=True, eq=False)
class Transport:
    """A transport of a peer's; `granted` consumers are in its cost, those beyond use up its reserve."""

    peer: Peer
    router: Router
    reserve: float
    granted: int
    consumes: set[str] = field(default_factory=set)
    kept: float = 0.0


@dataclass(slots=True, eq=False)
class Peer:
    """A member of a room."""

    id: str
    sends: bool
    producers: list[str] = field(default_factory=list)
    sending: Transport | None = None
    receiving: list[Transport] = field(default_factory=list)
    watching: set[str] = field(default_factory=set)


class Room:
    """One room; everything it asks for is answered at once."""

    def __init__(self, world: World, room_id: str, spec: Rooms) -> None:
        self._world = world
        self._spec = spec
        self.record = RoomRecord(
            room_id=room_id,
            tenant="default",
            incarnation=1,
            generation=1,
            mediasoup_version=VERSION,
            media_codecs=[],
            rtp_capabilities={},
            policy=spec.policy,
            routers=[],
        )
        self.routers: dict[str, Router] = {}
        self.peers: dict[str, Peer] = {}
        self._owners: dict[str, Peer] = {}
        self._moving = False

    def join(self, peer_id: str, *, sends: bool) -> None:
        """A peer comes: it sends, it watches, and others watch it."""
        peer = Peer(peer_id, sends)
        self.peers[peer_id] = peer
        if sends:
            self._produce(peer)
        senders = [other for other in self.peers.values() if other.producers and other is not peer]
        for other in self._chosen(senders):
            self._watch(peer, other)
        for other in self.peers.values() if peer.producers else ():
            if other is not peer and (self._spec.watch == "all" or len(other.watching) < self._spec.watch):
                self._watch(other, peer)

    def leave(self, peer_id: str) -> None:
        """A peer goes, and all that it had."""
        peer = self.peers.pop(peer_id, None)
        if peer is None:
            return
        for transport in list(peer.receiving):
            self._close(transport)
        for producer_id in peer.producers:
            self._end(producer_id)
        if peer.sending is not None:
            self._count_transport(peer.sending, -1)
        for other in self.peers.values():
            other.watching.discard(peer_id)

    def lose_node(self, node_id: str) -> None:
        """A node is gone: who was on it leaves, and joins again elsewhere."""
        gone = {router_id for router_id, router in self.routers.items() if router.worker.node.id == node_id}
        if not gone:
            return
        moved = [peer for peer in self.peers.values() if _touches(peer, gone)]
        for peer in moved:
            self.leave(peer.id)
        lost = [self.routers.pop(router_id) for router_id in sorted(gone)]
        for router in lost:
            streams.cut(self._world, router)
        self.record = records.without_routers(self.record, gone) or self.record
        self._repull()
        for peer in moved:
            self._world.moves += 1
            self.join(peer.id, sends=peer.sends)

    def depth(self) -> int:
        """Over how many hops a producer of the room travels at most."""
        return max((hops for router in self.routers.values() for _, hops in router.pulled.values()), default=0)

    def pipes(self) -> int:
        """How many ordered pairs of the room's routers are linked."""
        return sum(len({source.id for source, _ in router.pulled.values()}) for router in self.routers.values())

    def _chosen(self, senders: list[Peer]) -> list[Peer]:
        most = self._spec.watch
        if most == "all" or len(senders) <= most:
            return senders
        return self._world.rng.sample(senders, most)

    def _produce(self, peer: Peer) -> None:
        transport = self._open(peer, "send")
        if transport is None:
            return
        peer.sending = transport
        for _ in range(self._spec.producers):
            producer_id = self._world.new_id("producer")
            peer.producers.append(producer_id)
            self._owners[producer_id] = peer
            transport.router.origins.add(producer_id)
            transport.router.worker.producers += 1
            self._world.picture.holdings.learn_producer(transport.router.id, producer_id, None)

    def _end(self, producer_id: str) -> None:
        """A producer ends: so does what consumes it, and what carries it."""
        for other in self.peers.values():
            for transport in other.receiving:
                if producer_id in transport.consumes:
                    self._unconsume(transport, producer_id)
        owner = self._owners.pop(producer_id)
        if owner.sending is not None:
            owner.sending.router.origins.discard(producer_id)
            owner.sending.router.worker.producers -= 1
            self._world.picture.holdings.forget_producer(owner.sending.router.id, producer_id)

    def _watch(self, watcher: Peer, sender: Peer) -> None:
        watcher.watching.add(sender.id)
        for producer_id in sender.producers:
            cause = self._consume(watcher, producer_id)
            if cause is not None:
                self._world.refusals[cause] += 1

    def _consume(self, peer: Peer, producer_id: str) -> str | None:
        """Consume on a transport that there is, else on another one, else after moving somebody; return why not."""
        ready = sorted(peer.receiving, key=lambda transport: not transport.router.holds(producer_id))
        full: str | None = None
        for transport in ready:
            refused = self._consume_on(transport, producer_id)
            if refused is None:
                return None
            full = full or refused
        if len(peer.receiving) >= self._world.workload.receiving_transports:
            return "receiving transports"
        another = self._open(peer, "recv", [transport.router.worker.id for transport in ready], A_FEW)
        if another is None:
            return None  # The refusal is counted.
        peer.receiving.append(another)
        refused = self._consume_on(another, producer_id)
        if refused is not None and self._make_room(refused):
            refused = self._consume_on(another, producer_id)
        if refused is None:
            self._world.extra_transports += len(peer.receiving) > 1
            return None
        self._close(another)
        return "pipe"

    def _consume_on(self, transport: Transport, producer_id: str) -> str | None:
        """Consume; return None, or the id of the router whose worker takes no more."""
        world, router = self._world, transport.router
        if not world.takes(router.worker, self.record.policy.hard_limit):
            return router.id
        if not router.holds(producer_id):
            refused = streams.pull(world, self.record, self.routers, router, producer_id)
            if refused is not None:
                return refused
        router.watchers[producer_id] += 1
        router.consumers += 1
        router.worker.consumers += 1
        transport.consumes.add(producer_id)
        self._keep(transport)
        return None

    def _unconsume(self, transport: Transport, producer_id: str) -> None:
        router = transport.router
        transport.consumes.discard(producer_id)
        router.watchers[producer_id] -= 1
        router.consumers -= 1
        router.worker.consumers -= 1
        self._keep(transport)
        streams.release(self._world, router, producer_id)

    def _keep(self, transport: Transport) -> None:
        """Of a transport's reserve there is left what its consumers do not use."""
        used = self._world.costs.copy * max(0, len(transport.consumes) - transport.granted)
        left = max(0.0, transport.reserve - used)
        transport.router.worker.reserved += left - transport.kept
        transport.kept = left

    def _make_room(self, router_id: str) -> bool:
        """A worker cannot send a producer on: move the receiving transport with the most consumers off it."""
        router = self.routers.get(router_id)
        receiving = (transport for peer in self.peers.values() for transport in peer.receiving)
        here = (transport for transport in receiving if transport.router is router)
        heaviest = max(here, key=lambda transport: len(transport.consumes), default=None)
        if heaviest is None or self._moving:
            return False
        self._moving = True
        try:
            return self._move(heaviest)
        finally:
            self._moving = False

    def _move(self, transport: Transport) -> bool:
        """Give a receiving transport up for one elsewhere, or for several where none takes it all."""
        peer = transport.peer
        new = self._open(peer, "recv", [transport.router.worker.id], A_FEW)
        if new is None:
            return False
        self._world.moves += 1
        producers = sorted(transport.consumes)
        self._close(transport)
        peer.receiving.append(new)
        for producer_id in producers:
            cause = self._consume(peer, producer_id)
            if cause is not None:
                self._world.refusals[cause] += 1
        return True

    def _repull(self) -> None:
        """What came through lost routers comes another way."""
        for router in self.routers.values():
            for producer_id, (source, _) in list(router.pulled.items()):
                if source.id not in self.routers:
                    del router.pulled[producer_id]
                    self._world.picture.holdings.forget_producer(router.id, producer_id)
        for router in self.routers.values():
            for producer_id in [each for each, count in router.watchers.items() if count and not router.holds(each)]:
                streams.pull(self._world, self.record, self.routers, router, producer_id)

    def _open(
        self, peer: Peer, direction: Direction, exclude: list[str] | None = None, at_worst: int | None = None
    ) -> Transport | None:
        """Ask where a transport goes until an agent takes it, and open it there.

        Where none takes one that may hold all there is, one for `at_worst` consumers is asked for: others will follow.
        """
        world = self._world
        left_out = list(exclude or ())
        expected = self._spec.expected_consumers if direction == "recv" else None
        while True:
            request = RoomPlace(
                room_id=self.record.room_id, direction=direction, exclude=left_out, expected_consumers=expected
            )
            seen = view(world.picture, self.record)
            decision = engine.place(world.picture.cluster, seen, request, world.wall_ms, world.rng, world.costs)
            world.decisions += 1
            if decision.place is None and at_worst is not None:
                expected, at_worst, left_out = at_worst, None, list(exclude or ())
                continue
            if decision.place is None:
                world.refusals[_cause(decision.reason.refusals)] += 1
                return None
            worker = world.workers[decision.place.worker_id]
            consumers = decision.demand.consumers
            if world.takes(worker, self.record.policy.hard_limit, decision.demand.cost, consumers):
                return self._opened(peer, decision)
            left_out.append(worker.id)

    def _opened(self, peer: Peer, decision: engine.Decision) -> Transport:
        assert decision.place is not None  # noqa: S101, the caller has looked.
        router = self._router(decision.place)
        needed, world = decision.demand, self._world
        transport = Transport(peer, router, needed.reserve, needed.consumers)
        granted = GrantedEvent(
            replica_id="simulator",
            node_id=decision.place.node_id,
            worker_id=decision.place.worker_id,
            router_id=router.id,
            grant_id=world.new_id("grant"),
            cost=needed.cost,
            reserve=needed.reserve,
            consumers=needed.consumers,
            expires_at=world.picture.expiry(decision.place.node_id, decision.expires_at - world.wall_ms, world.now),
        )
        world.picture.book(granted, world.now)
        self._count_transport(transport, 1)
        return transport

    def _router(self, place: engine.Place) -> Router:
        if place.router_id is not None:
            return self.routers[place.router_id]
        world = self._world
        listed = RoomRouter(router_id=world.new_id("router"), node_id=place.node_id, worker_id=place.worker_id)
        self.record = records.with_router(self.record, listed) or self.record
        worker = world.workers[place.worker_id]
        router = Router(listed.router_id, self.record.room_id, worker)
        self.routers[router.id] = worker.routers[router.id] = router
        world.picture.holdings.learn_router(router.id, place.node_id, place.worker_id)
        return router

    def _count_transport(self, transport: Transport, change: int) -> None:
        router = transport.router
        router.transports += change
        router.opened += change > 0
        router.worker.transports += change
        if change > 0:
            self._keep(transport)
        else:
            router.worker.reserved -= transport.kept
            transport.kept = 0.0

    def _close(self, transport: Transport) -> None:
        transport.peer.receiving.remove(transport)
        for producer_id in sorted(transport.consumes):
            self._unconsume(transport, producer_id)
        self._count_transport(transport, -1)


def _touches(peer: Peer, routers: set[str]) -> bool:
    transports = [*peer.receiving, *([peer.sending] if peer.sending is not None else [])]
    return any(transport.router.id in routers for transport in transports)


def _cause(refusals: object) -> str:
    counts = dict(refusals) if isinstance(refusals, dict) else {}
    return max(counts, key=lambda cause: (counts[cause], cause), default="no worker")

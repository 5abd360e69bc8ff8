"""A room over several nodes, played with the functions that really decide, in any order in which things can happen.

The decisions are placement's `routes.route`, `Plans` and `Holdings`, and the agents' `refusal`, `compare` and
`Bookings`. What is modelled is what is around them: agents that pull, serve and let go, and messages between them that
come late, in any order, or not at all. Each `yield` is a moment in which anything else may happen.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from tureen.contract.cluster import (
    Inventory,
    ProducerEntry,
    ProducerEvent,
    PulledFrom,
    RouterEntry,
    RouterEvent,
)
from tureen.contract.errors import TureenError
from tureen.contract.rooms import RoomPolicy, RoomRecord, RoomRouter
from tureen.node_agent.bookings import Bookings
from tureen.node_agent.pipes.rules import Side, compare, refusal
from tureen.placement.picture.holdings import Holdings
from tureen.placement.routes import Bounds, Plans, Tree, route

Steps = Generator[None, None, None]
PLAN_LIFETIME = 10.0
ATTEMPTS = 12
"""How often a way is asked for before the command's deadline."""
ROOM = RoomRecord(
    room_id="room",
    tenant="t",
    incarnation=1,
    generation=1,
    mediasoup_version="3.27.1",
    media_codecs=[],
    rtp_capabilities={},
    policy=RoomPolicy(),
    routers=[],
)
"""The room of which all routers are, as inventories have it; which of them are listed the model keeps by itself."""


@dataclass(eq=False)
class Held:
    """A producer that a router holds, and over which pull it came."""

    path: list[RoomRouter]
    pull_id: str | None = None


@dataclass(eq=False)
class Pull:
    """A pull, at its puller; `idle` is what the time was when nobody watched any more."""

    pull_id: str
    producer_id: str
    router_id: str
    source: RoomRouter
    made: bool = False
    closed: bool = False
    idle: float | None = None


@dataclass(eq=False)
class Agent:
    """One run of a node's agent."""

    node_id: str
    start_id: str
    connected: bool = True
    version: int = 0
    routers: dict[str, RoomRouter] = field(default_factory=dict)
    held: dict[tuple[str, str], Held] = field(default_factory=dict)
    watchers: Counter[tuple[str, str]] = field(default_factory=Counter)
    pulls: dict[str, Pull] = field(default_factory=dict)
    servings: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """By pull: the producer, the router that sends it, the router that gets it."""
    hops: set[tuple[str, str]] = field(default_factory=set)
    bookings: Bookings = field(default_factory=Bookings)


class World:
    """Everything, and the order in which it happens."""

    def __init__(self, rng: Random, bounds: Bounds, nodes: int, workers: int, loss: float) -> None:
        self.rng, self.bounds, self.loss = rng, bounds, loss
        self.workers = workers
        self.now = 0.0
        self.ids = map(str, itertools.count())
        self.holdings, self.plans = Holdings(), Plans(PLAN_LIFETIME)
        self.agents: dict[str, Agent] = {}
        self.record: dict[str, RoomRouter] = {}
        self.running: list[Steps] = []
        self.messages: list[tuple[str, str, Callable[[Agent], None]]] = []
        """Told until answered: the node, its run, and what is done there."""
        self.watching: dict[str, tuple[str, str, str]] = {}
        """Who watches: by transport the node's run, the router and the producer."""
        self.origins: dict[str, str] = {}
        for number in range(nodes):
            self.start(f"{'eu'[number % 2]}{number}")

    # Nodes.

    def start(self, node_id: str) -> None:
        """Run a node's agent, with new routers of the room."""
        agent = self.agents[node_id] = Agent(node_id, next(self.ids))
        self.tell_inventory(agent)
        for worker in range(self.workers):
            router = RoomRouter(
                router_id=f"{node_id}-{worker}-{next(self.ids)}", node_id=node_id, worker_id=f"w{worker}"
            )
            agent.routers[router.router_id] = self.record[router.router_id] = router
            self.announce(agent, "routerOpened", RouterEvent, router_id=router.router_id)

    def lose(self, node_id: str) -> None:
        """End a node's agent and all that it holds; it is started anew, and the others hear of that later."""
        gone = self.agents[node_id]
        for router_id in gone.routers:
            self.record.pop(router_id, None)
        self.origins = {producer: router for producer, router in self.origins.items() if router not in gone.routers}
        self.watching = {transport: watch for transport, watch in self.watching.items() if watch[0] != gone.start_id}
        self.start(node_id)
        for agent in self.agents.values():
            self.tell("placement", agent, self.unlisted)

    def unlisted(self, agent: Agent) -> None:
        """`room.update`: what hangs on routers that are not listed any more ends."""
        for pull in list(agent.pulls.values()):
            if pull.source.router_id not in self.record:
                self.source_closed(agent, pull.pull_id)
        for pull_id, (_, _, to) in list(agent.servings.items()):
            if to not in self.record:
                self.end_serving(agent, pull_id)

    def usable(self, node_id: str) -> bool:
        """Tell whether placement takes a node for alive."""
        return self.agents[node_id].connected

    # What placement hears.

    def announce(
        self, agent: Agent, what: str, model: type[ProducerEvent] | type[RouterEvent], **fields: object
    ) -> None:
        """Publish an event; it may be lost, and then the gap is seen later."""
        agent.version += 1
        event = model(
            node_id=agent.node_id,
            start_id=agent.start_id,
            inventory_version=agent.version,
            room_id="room",
            **fields,  # type: ignore[arg-type]
        )
        if agent.connected and self.rng.random() >= self.loss:
            self.holdings.take_event(what, event)

    def tell_inventory(self, agent: Agent) -> None:
        """Publish what an agent holds."""
        if not agent.connected:
            return
        entries = [
            RouterEntry(
                router_id=router_id,
                worker_id=router.worker_id,
                tenant="t",
                record=ROOM,
                producers=[
                    ProducerEntry(producer_id=producer_id, kind="video", upstream=_upstream(held))
                    for (at, producer_id), held in agent.held.items()
                    if at == router_id
                ],
            )
            for router_id, router in agent.routers.items()
        ]
        self.holdings.take_page(
            Inventory(node_id=agent.node_id, start_id=agent.start_id, version=agent.version, routers=entries)
        )

    def changed(self, agent: Agent, what: str, router_id: str, producer_id: str, held: Held) -> None:
        """A router has a producer now, or no more."""
        self.announce(
            agent, what, ProducerEvent, router_id=router_id, producer_id=producer_id, upstream=_upstream(held)
        )

    def way(self, router_id: str, producer_id: str, exclude: list[str]) -> list[RoomRouter] | None:
        """`room.route`: from what is known, or from what the agents say."""
        if router_id not in self.record:
            return None
        for asked in (False, True):
            if asked:
                self.find(producer_id)
            known = self.holdings.holders(producer_id)
            tree = Tree(
                routers=dict(self.record),
                upstream={holder: upstream for holder, upstream in known.items() if holder in self.record},
                planned=self.plans.of(producer_id, self.now),
            )
            if tree.upstream:
                path = route(
                    tree,
                    router_id,
                    bounds=self.bounds,
                    usable=self.usable,
                    region=lambda node_id: node_id[0],
                    exclude=exclude,
                )
                if path is not None:
                    self.plans.add(producer_id, path, self.now)
                    return path
        return None

    def find(self, producer_id: str) -> None:
        """`pipe.find`: every agent that can be reached says what it holds."""
        for agent in self.agents.values():
            for router_id in agent.routers if agent.connected else ():
                held = agent.held.get((router_id, producer_id))
                if held is not None:
                    upstream = _upstream(held)
                    self.holdings.learn_producer(router_id, producer_id, upstream.router_id if upstream else None)
                else:
                    self.holdings.forget_producer(router_id, producer_id)

    # What apps do.

    def produce(self, router: RoomRouter) -> None:
        """Make a producer."""
        producer_id = f"p{next(self.ids)}"
        held = Held([router])
        agent = self.agents[router.node_id]
        agent.held[router.router_id, producer_id] = held
        self.origins[producer_id] = router.router_id
        self.changed(agent, "producerOpened", router.router_id, producer_id, held)

    def close(self, producer_id: str) -> None:
        """Close a producer where it lives."""
        router = self.record[self.origins.pop(producer_id)]
        self.drop(self.agents[router.node_id], router.router_id, producer_id)

    def watch(self, router: RoomRouter, producer_id: str) -> Steps:
        """Consume a producer on a router: bring it there first, as a walker does."""
        agent = self.agents[router.node_id]
        key = (router.router_id, producer_id)
        transport = f"t{next(self.ids)}"
        agent.bookings.book(transport, 1.0, 0.0, self.now)
        exclude: list[str] = []
        for _ in range(ATTEMPTS):
            if key in agent.held or self.agents[agent.node_id] is not agent:
                break
            yield
            path = self.way(router.router_id, producer_id, exclude) if agent.connected else None
            if path is None:
                break
            for source, to in pairwise(path):
                refuser = yield from self.hop(producer_id, source, to)
                if refuser is not None:
                    exclude.append(refuser)
                    break
        if self.agents[agent.node_id] is agent and key in agent.held:
            agent.watchers[key] += 1
            self.watching[transport] = (agent.start_id, *key)
        else:
            agent.bookings.release(transport)

    def leave(self, transport: str) -> None:
        """Close a consumer and its transport."""
        start_id, router_id, producer_id = self.watching.pop(transport)
        agent = self.agents[self.record[router_id].node_id]
        assert agent.start_id == start_id
        agent.bookings.release(transport)
        self.unwatch(agent, router_id, producer_id)

    # What agents do.

    def hop(self, producer_id: str, source: RoomRouter, to: RoomRouter) -> Generator[None, None, str | None]:
        """`pipe.pull` of one hop; return who refused."""
        yield
        agent = self.agents[to.node_id]
        key = (to.router_id, producer_id)
        if not agent.connected or to.router_id not in agent.routers:
            return to.router_id
        while key in agent.hops:
            yield
        if key in agent.held:
            return None
        agent.hops.add(key)
        try:
            refuser = yield from self.make_hop(agent, producer_id, source, to)
        finally:
            agent.hops.discard(key)
        return refuser

    def make_hop(
        self, agent: Agent, producer_id: str, source: RoomRouter, to: RoomRouter
    ) -> Generator[None, None, str | None]:
        """Ask the source, and produce what it serves."""
        pull = Pull(f"pull{next(self.ids)}", producer_id, to.router_id, source)
        agent.pulls[pull.pull_id] = pull
        yield
        path = self.serve(pull, to)
        yield
        if isinstance(path, TureenError) or pull.closed or pull.pull_id not in agent.pulls:
            self.end_pull(agent, pull)
            return source.router_id
        held = Held([*path, to], pull.pull_id)
        agent.held[to.router_id, producer_id] = held
        pull.made, pull.idle = True, self.now
        self.changed(agent, "producerOpened", to.router_id, producer_id, held)
        return None

    def serve(self, pull: Pull, to: RoomRouter) -> list[RoomRouter] | TureenError:
        """`pipe.serve`; its answer may be lost, and then the puller takes it for a refusal."""
        lost = TureenError("nobody answered")
        agent = self.agents[pull.source.node_id]
        if not agent.connected:
            return lost
        router_id = pull.source.router_id
        held = agent.held.get((router_id, pull.producer_id))
        if held is None:
            return TureenError("does not hold it")
        served = sum(serving[:2] == (pull.producer_id, router_id) for serving in agent.servings.values())
        refused = refusal(
            held.path,
            to.router_id,
            fan_out=served,
            max_fan_out=self.bounds.fan_out,
            max_depth=self.bounds.depth,
        )
        if refused is not None:
            return refused
        agent.servings[pull.pull_id] = (pull.producer_id, router_id, to.router_id)
        agent.watchers[router_id, pull.producer_id] += 1
        return lost if to.node_id != agent.node_id and self.rng.random() < self.loss else held.path

    def tell(self, sender: str, agent: Agent, act: Callable[[Agent], None]) -> None:
        """Tell an agent something until it answers; a message to another node may be given up."""
        if sender == agent.node_id or self.rng.random() >= self.loss / 4:
            self.messages.append((agent.node_id, agent.start_id, act))

    def end_pull(self, agent: Agent, pull: Pull) -> None:
        """Forget a pull and release it."""
        if agent.pulls.pop(pull.pull_id, None) is not None and not pull.closed:
            source = self.agents[pull.source.node_id]
            self.tell(agent.node_id, source, lambda at: self.release(at, pull.pull_id))

    def release(self, agent: Agent, pull_id: str) -> None:
        """`pipe.release`."""
        if pull_id in agent.servings:
            self.end_serving(agent, pull_id)

    def end_serving(self, agent: Agent, pull_id: str) -> None:
        """Serve a pull no more, and say so."""
        producer_id, router_id, to = agent.servings.pop(pull_id)
        self.unwatch(agent, router_id, producer_id)
        if to in self.record:
            puller = self.agents[self.record[to].node_id]
            self.tell(agent.node_id, puller, lambda at: self.source_closed(at, pull_id))

    def source_closed(self, agent: Agent, pull_id: str) -> None:
        """`pipe.state closed`."""
        pull = agent.pulls.get(pull_id)
        if pull is not None:
            pull.closed = True
            if pull.made:
                self.drop(agent, pull.router_id, pull.producer_id)

    def drop(self, agent: Agent, router_id: str, producer_id: str) -> None:
        """A producer of a router's closes: so does all that hangs on it."""
        key = (router_id, producer_id)
        held = agent.held.pop(key)
        for transport, watch in list(self.watching.items()):
            if watch == (agent.start_id, *key):
                del self.watching[transport]
                agent.bookings.release(transport)
                self.unwatch(agent, *key)
        for pull_id, serving in list(agent.servings.items()):
            if serving[:2] == (producer_id, router_id):
                self.end_serving(agent, pull_id)
        if held.pull_id is not None:
            self.end_pull(agent, agent.pulls[held.pull_id])
        self.changed(agent, "producerClosed", router_id, producer_id, held)

    def unwatch(self, agent: Agent, router_id: str, producer_id: str) -> None:
        """Somebody watches a producer on a router no more."""
        key = (router_id, producer_id)
        agent.watchers[key] -= 1
        if agent.watchers[key] <= 0:
            del agent.watchers[key]
        held = agent.held.get(key)
        if held is not None and held.pull_id is not None and key not in agent.watchers:
            agent.pulls[held.pull_id].idle = self.now

    def tick(self, seconds: float) -> None:
        """Let time pass: what nobody has watched for the linger goes."""
        self.now += seconds
        for agent in self.agents.values():
            for pull in list(agent.pulls.values()):
                key = (pull.router_id, pull.producer_id)
                if pull.made and key not in agent.watchers and pull.idle is not None and self.now - pull.idle >= 2:
                    self.drop(agent, *key)

    def compare(self, agent: Agent, other_id: str) -> Steps:
        """`pipe.list`: compare the ends of the pulls with another agent."""
        before = self.side(agent, other_id)
        yield
        other = self.agents[other_id]
        if not (agent.connected and other.connected):
            return
        theirs = self.side(other, agent.node_id)
        yield
        if self.agents[agent.node_id] is not agent:
            return
        found = compare(before, self.side(agent, other_id), theirs)
        for pull_id in found.ended:
            self.source_closed(agent, pull_id)
        for pull_id in found.unserved:
            self.release(agent, pull_id)
        for pull_id in found.to_release:
            self.tell(agent.node_id, other, lambda at, pull_id=pull_id: self.release(at, pull_id))  # type: ignore[misc]
        for pull_id in found.to_close:
            self.tell(agent.node_id, other, lambda at, pull_id=pull_id: self.source_closed(at, pull_id))  # type: ignore[misc]

    def side(self, agent: Agent, other_id: str) -> Side:
        """Return an agent's pulls with another one."""
        pulled = [pull for pull in agent.pulls.values() if pull.source.node_id == other_id]
        return Side(
            served=frozenset(
                pull_id for pull_id, serving in agent.servings.items() if self.node_of(serving[2]) == other_id
            ),
            pulled=frozenset(pull.pull_id for pull in pulled),
            making=frozenset(pull.pull_id for pull in pulled if not pull.made),
        )

    @staticmethod
    def node_of(router_id: str) -> str:
        """Return the node that a router is, or was, on."""
        return router_id.partition("-")[0]

    # The order of things.

    def step(self) -> None:
        """Let one thing happen of all that can."""
        ready = [index for index, (node_id, _, _) in enumerate(self.messages) if self.agents[node_id].connected]
        choice = self.rng.randrange(len(self.running) + len(ready)) if self.running or ready else None
        if choice is None:
            return
        if choice < len(self.running):
            try:
                next(self.running[choice])
            except StopIteration:
                del self.running[choice]
            return
        node_id, start_id, act = self.messages.pop(ready[choice - len(self.running)])
        if self.agents[node_id].start_id == start_id:
            act(self.agents[node_id])

    def settle(self) -> None:
        """Let everything happen that is under way."""
        while self.running or any(self.agents[node_id].connected for node_id, _, _ in self.messages):
            self.step()


def _upstream(held: Held) -> PulledFrom | None:
    if held.pull_id is None:
        return None
    return PulledFrom(router_id=held.path[-2].router_id, node_id=held.path[-2].node_id)

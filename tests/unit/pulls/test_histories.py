"""Pulls over thousands of random histories."""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.pulls.model import World

from tureen.placement.routes import Bounds

HISTORIES = int(os.environ.get("TUREEN_HISTORIES", "200"))
"""How many; `TUREEN_HISTORIES` asks for a longer run."""

pytestmark = pytest.mark.timeout(120 + HISTORIES)


def assert_trees(world: World) -> None:
    """Check what holds at every moment: no circle, and nothing too deep or too wide."""
    for agent in world.agents.values():
        for (router_id, _), held in agent.held.items():
            names = [hop.router_id for hop in held.path]
            assert names[-1] == router_id
            assert len(set(names)) == len(names) <= world.bounds.depth + 1
        sent = Counter(serving[:2] for serving in agent.servings.values())
        assert max(sent.values(), default=0) <= world.bounds.fan_out


def anything(world: World, rng: Random) -> None:
    """Have an app, a network or a fault do something."""
    routers = list(world.record.values())
    what = rng.choices(
        ("produce", "watch", "leave", "close", "lose", "cut", "back", "compare", "inventory", "tick"),
        (2, 12, 5, 1, 1, 1, 2, 1, 2, 2),
    )[0]
    node = rng.choice(sorted(world.agents))
    if what == "produce":
        world.produce(rng.choice(routers))
    elif what == "watch" and world.origins:
        world.running.append(world.watch(rng.choice(routers), rng.choice(sorted(world.origins))))
    elif what == "leave" and world.watching:
        world.leave(rng.choice(sorted(world.watching)))
    elif what == "close" and world.origins:
        world.close(rng.choice(sorted(world.origins)))
    elif what == "lose":
        world.lose(node)
    elif what == "cut":
        world.agents[node].connected = False
    elif what == "back":
        back(world, node)
    elif what == "compare":
        compare_all(world, node)
    elif what == "inventory":
        world.tell_inventory(world.agents[node])
    elif what == "tick":
        world.tick(rng.choice((0.1, 1.0, 3.0)))


def back(world: World, node: str) -> None:
    """Reconnect a node: it tells what it holds, and compares."""
    world.agents[node].connected = True
    world.tell_inventory(world.agents[node])
    compare_all(world, node)


def compare_all(world: World, node: str) -> None:
    """Have an agent compare with all others."""
    world.running += [world.compare(world.agents[node], other) for other in world.agents if other != node]


def calm(world: World) -> None:
    """Lose nothing any more, reconnect everybody, and let everything come to its end."""
    world.loss = 0.0
    for _ in range(2):
        for node in world.agents:
            back(world, node)
        world.settle()
    # What both ends have, and nobody watches, goes router by router.
    for _ in range(world.bounds.depth + 1):
        world.tick(3.0)
        world.settle()
    world.tick(11.0)
    for agent in world.agents.values():
        world.tell_inventory(agent)


def assert_settled(world: World) -> None:
    """Check what holds when all is calm."""
    assert_trees(world)
    agents = world.agents.values()
    servings = {pull_id: (agent.node_id, *serving) for agent in agents for pull_id, serving in agent.servings.items()}
    pulls = {pull_id: pull for agent in agents for pull_id, pull in agent.pulls.items()}
    assert servings.keys() == pulls.keys(), "each pull is at both ends"
    watched = {(router_id, producer_id) for _, router_id, producer_id in world.watching.values()}
    for agent in agents:
        assert not agent.hops
        for (router_id, producer_id), held in agent.held.items():
            assert held.path[0].router_id == world.origins[producer_id], "nothing outlives its origin"
            if held.pull_id is None:
                continue
            pull = pulls[held.pull_id]
            assert servings[held.pull_id] == (pull.source.node_id, producer_id, pull.source.router_id, router_id)
            assert held.path[-2].router_id == pull.source.router_id, "one upstream, the one of its path"
            feeds = {serving[3] for serving in servings.values() if serving[1:3] == (producer_id, router_id)}
            assert feeds or (router_id, producer_id) in watched, "nothing is pulled that nobody watches"
        assert set(agent.watchers) <= set(agent.held), "nobody watches what is not there"
        mine = sum(watch[0] == agent.start_id for watch in world.watching.values())
        assert len(agent.bookings) == mine, "bookings never leak"


@settings(max_examples=HISTORIES, deadline=None)
@given(
    st.integers(0, 2**32), st.integers(2, 4), st.integers(2, 4), st.integers(2, 6), st.sampled_from([0.0, 0.05, 0.3])
)
def test_any_history(seed: int, fan_out: int, depth: int, nodes: int, loss: float) -> None:
    """No circle, one upstream, bounded trees; when all is calm nothing is left over, and whoever wants to watch can."""
    rng = Random(seed)
    world = World(rng, Bounds(fan_out, depth), nodes, workers=rng.randint(1, 3), loss=loss)
    for _ in range(120):
        anything(world, rng)
        for _ in range(rng.randint(0, 6)):
            world.step()
        assert_trees(world)
    calm(world)
    assert_settled(world)
    everybody_watches(world)


def everybody_watches(world: World) -> None:
    """Have every router watch every producer at once: all get it, as far as a tree of that size can carry them."""
    routers = list(world.record.values())
    room = sum(world.bounds.fan_out**level for level in range(world.bounds.depth + 1))
    if room < len(routers):
        return
    world.running += [world.watch(router, producer) for router in routers for producer in sorted(world.origins)]
    world.settle()
    assert_settled(world)
    watched = {(router_id, producer_id) for _, router_id, producer_id in world.watching.values()}
    missing = {(router.router_id, producer) for router in routers for producer in world.origins} - watched
    assert not missing


@pytest.mark.parametrize("seed", range(3))
def test_everybody_leaves(seed: int) -> None:
    """When the last watcher has left, nothing is pulled, served or booked."""
    rng = Random(seed)
    world = World(rng, Bounds(3, 3), 4, workers=2, loss=0.0)
    for _ in range(6):
        world.produce(rng.choice(list(world.record.values())))
    everybody_watches(world)
    for transport in sorted(world.watching):
        world.leave(transport)
    calm(world)
    assert_settled(world)
    assert not any(agent.pulls or agent.servings or len(agent.bookings) for agent in world.agents.values())

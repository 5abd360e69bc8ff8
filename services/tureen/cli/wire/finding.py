"""Which nodes there are, as far as this user may know."""

from __future__ import annotations

import asyncio

from tureen.bus import Bus
from tureen.contract import cluster, subjects
from tureen.contract.errors import TureenError, Unauthorized

FIRST_LOOK = 1.5 * cluster.HEARTBEAT_INTERVAL
"""Seconds in which every node that is well has been heard once."""


class NodesUnknownError(Exception):
    """This user may not know the nodes, or there is not one to choose; the message says what to do."""


async def listed(bus: Bus, timeout: float) -> list[str] | None:
    """Return the ids of the nodes that placement says are alive; None where it does not say."""
    alive: list[str] = []
    asked: dict[str, str] = {}
    while True:
        try:
            answer = await bus.command("placement", "node.list", asked, tenant=subjects.SYSTEM, timeout=timeout)
        except TureenError:
            return None
        page = cluster.NodePage.model_validate(answer)
        alive += (node.node_id for node in page.nodes if node.state == "alive")
        if page.next is None:
            return sorted(alive)
        asked = {"after": page.next}


async def heartbeats(bus: Bus, timeout: float) -> dict[str, cluster.Heartbeat]:
    """Return a heartbeat of each node, by id; where placement knows the nodes, wait for all of them, up to `timeout`.

    Raises:
        Unauthorized: This user may not hear heartbeats.
    """
    heard: dict[str, cluster.Heartbeat] = {}
    arrived = asyncio.Event()

    def take(_: str, body: dict[str, object]) -> None:
        heartbeat = cluster.Heartbeat.model_validate(body)
        heard[heartbeat.node_id] = heartbeat
        arrived.set()

    subscription = await bus.subscribe(subjects.HEARTBEATS, take)
    try:
        async with asyncio.timeout(timeout):
            expected = await listed(bus, timeout)
            if expected is None:
                await asyncio.sleep(FIRST_LOOK)
            while not heard.keys() >= set(expected or heard or ("any",)):
                arrived.clear()
                await arrived.wait()
    except TimeoutError:
        pass
    finally:
        subscription.abandon()
    return dict(sorted(heard.items()))


async def only_node(bus: Bus, timeout: float) -> str:
    """Return the one node there is.

    Raises:
        NodesUnknownError: There is none, or several, or this user may not know.
    """
    nodes = await listed(bus, timeout)
    if nodes is None:
        try:
            nodes = list(await heartbeats(bus, timeout))
        except Unauthorized:
            raise NodesUnknownError(
                "this user may not hear which nodes there are: name one with --node, such as the nodeId that "
                "`tureen call worker.place` or `room.place` answers"
            ) from None
    if not nodes:
        raise NodesUnknownError("there is no node: start a node agent, or name one with --node")
    if len(nodes) > 1:
        raise NodesUnknownError(f"there are {len(nodes)} nodes: name one with --node, {', '.join(nodes)}")
    return nodes[0]

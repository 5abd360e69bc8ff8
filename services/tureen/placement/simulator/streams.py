"""How a producer gets to a router: the routes of placement, hop by hop."""

from __future__ import annotations

from itertools import pairwise

from tureen.contract.rooms import RoomRecord
from tureen.placement import routes
from tureen.placement.simulator.world import Router, World


def pull(world: World, record: RoomRecord, routers: dict[str, Router], router: Router, producer_id: str) -> str | None:
    """Bring a producer to a router; return None, or the router that could not send it on (empty: no way was found).

    A router whose worker takes no more is left out, and the way is asked for again, as node agents do.
    """
    exclude: list[str] = []
    while True:
        path = _route(world, record, router.id, producer_id, exclude)
        if path is None:
            return exclude[0] if exclude else ""
        full = _walk(world, record, [routers[router_id] for router_id in path], producer_id)
        if full is None:
            return None
        exclude.append(full.id)


def _walk(world: World, record: RoomRecord, path: list[Router], producer_id: str) -> Router | None:
    """Make the hops that are missing; return the router that does not take another pipe consumer."""
    for hops, (source, to) in enumerate(pairwise(path), 1):
        if to.holds(producer_id):
            continue
        if not world.takes(source.worker, record.policy.hard_limit):
            return source
        source.serving[producer_id] += 1
        source.worker.pipe_consumers += 1
        to.pulled[producer_id] = (source, hops)
        world.picture.holdings.learn_producer(to.id, producer_id, source.id)
    return None


def _route(world: World, record: RoomRecord, router_id: str, producer_id: str, exclude: list[str]) -> list[str] | None:
    nodes = world.picture.cluster.nodes
    tree = routes.Tree(
        routers={router.router_id: router for router in record.routers},
        upstream=world.picture.holdings.holders(producer_id),
        planned={},
    )
    path = routes.route(
        tree,
        router_id,
        bounds=routes.Bounds(world.workload.fan_out, world.workload.depth),
        usable=lambda node_id: node_id in nodes and nodes[node_id].state == "alive",
        region=lambda node_id: nodes[node_id].region if node_id in nodes else "",
        exclude=exclude,
    )
    return [router.router_id for router in path] if path is not None else None


def release(world: World, router: Router, producer_id: str) -> None:
    """Undo what nobody needs any more, up to where the producer lives; the linger of 2 s is left out."""
    while not router.watchers[producer_id] and not router.serving[producer_id] and producer_id in router.pulled:
        source, _ = router.pulled.pop(producer_id)
        world.picture.holdings.forget_producer(router.id, producer_id)
        source.serving[producer_id] -= 1
        source.worker.pipe_consumers -= 1
        router = source


def cut(world: World, router: Router) -> None:
    """A router is lost: who sent to it sends no more, whatever went on from there."""
    for producer_id, (source, _) in router.pulled.items():
        source.serving[producer_id] -= 1
        source.worker.pipe_consumers -= 1
        release(world, source, producer_id)
    router.pulled.clear()

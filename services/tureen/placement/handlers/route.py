"""`room.route`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tureen.bus import Call
from tureen.contract.errors import NotFound, TureenError, Unavailable
from tureen.contract.pipes import PipeFind, PipeFound
from tureen.contract.rooms import RoomPath, RoomRecord, RoomRoute, RoomRouter
from tureen.contract.subjects import SYSTEM
from tureen.placement import routes
from tureen.placement.handlers.function import Function
from tureen.placement.state import PlacementState
from tureen.placement.updates import nodes_of


async def route(state: PlacementState, call: Call, command: RoomRoute) -> RoomPath:
    """Say by which path a router of a room gets a producer."""
    state.store.require_ready()
    record = await _record_with(state, call.tenant, command)
    known = _holders(state, record, command.producer_id)
    path = _path(state, record, command, known) if known else None
    if path is None:
        # What is known does not lead there: the agents have the last word.
        found = await _find(state, record, command.producer_id, call.remaining())
        path = _path(state, record, command, found)
    if path is None:
        raise Unavailable(
            f"There is no way to producer {command.producer_id} at this moment",
            details={"holders": sorted(_holders(state, record, command.producer_id))},
        )
    state.plans.add(command.producer_id, path, state.now())
    return RoomPath(path=path)


async def _record_with(state: PlacementState, tenant: str, command: RoomRoute) -> RoomRecord:
    """Return the room's record, which lists the asker: where it does not, the mirror may be behind."""
    record = (await state.store.get(tenant, command.room_id)).record
    if record.router(command.router_id) is None:
        record = (await state.store.fresh(tenant, command.room_id)).record
    if record.router(command.router_id) is None:
        raise NotFound(
            f"Router with id {command.router_id} not found in room {command.room_id}", details={"id": command.router_id}
        )
    return record


def _holders(state: PlacementState, record: RoomRecord, producer_id: str) -> dict[str, str | None]:
    """Return the room's routers that hold a producer, each with the one it was pulled from."""
    holders = state.picture.holdings.holders(producer_id)
    return {router_id: upstream for router_id, upstream in holders.items() if record.router(router_id) is not None}


def _path(
    state: PlacementState, record: RoomRecord, command: RoomRoute, holders: Mapping[str, str | None]
) -> list[RoomRouter] | None:
    nodes = state.picture.cluster.nodes
    settings = state.settings
    tree = routes.Tree(
        routers={router.router_id: router for router in record.routers},
        upstream=holders,
        planned={
            router_id: source
            for router_id, source in state.plans.of(command.producer_id, state.now()).items()
            if record.router(router_id) is not None and record.router(source) is not None
        },
    )
    return routes.route(
        tree,
        command.router_id,
        bounds=routes.Bounds(settings.max_pipe_fan_out, settings.max_pipe_depth),
        usable=lambda node_id: node_id in nodes and nodes[node_id].state == "alive",
        region=lambda node_id: nodes[node_id].region if node_id in nodes else "",
        exclude=command.exclude,
    )


async def _find(state: PlacementState, record: RoomRecord, producer_id: str, remaining: float) -> dict[str, str | None]:
    """Ask every agent of the room who holds a producer.

    Raises:
        NotFound: All said that they do not.
        Unavailable: Not all answered, and those who did do not.
    """
    timeout = min(state.settings.find_timeout, remaining * 0.8)
    nodes = sorted(nodes_of(record))
    answers = await asyncio.gather(*(_ask(state, node_id, producer_id, timeout) for node_id in nodes))
    for node_id, answer in zip(nodes, answers, strict=True):
        if answer is not None:
            _learn(state, record, node_id, producer_id, answer)
    found = {
        holder.router_id: holder.upstream_router_id
        for answer in answers
        if answer is not None
        for holder in answer.holders
        if record.router(holder.router_id) is not None
    }
    silent = [node_id for node_id, answer in zip(nodes, answers, strict=True) if answer is None]
    if not found and silent:
        raise Unavailable(f"Who holds producer {producer_id} is unknown: {', '.join(silent)} did not answer")
    if not found:
        raise NotFound(f"Producer with id {producer_id} not found", details={"id": producer_id})
    return found


async def _ask(state: PlacementState, node_id: str, producer_id: str, timeout: float) -> PipeFound | None:
    command = PipeFind(producer_id=producer_id)
    try:
        body = await state.bus.command(
            "node", "pipe.find", command.to_wire(), tenant=SYSTEM, node_id=node_id, timeout=timeout
        )
    except TureenError:
        return None
    return PipeFound.model_validate(body)


def _learn(state: PlacementState, record: RoomRecord, node_id: str, producer_id: str, answer: PipeFound) -> None:
    """Correct what is known of a node by what it said."""
    holdings = state.picture.holdings
    held = {holder.router_id: holder for holder in answer.holders}
    for router in record.routers:
        if router.node_id != node_id:
            continue
        holder = held.get(router.router_id)
        if holder is not None:
            holdings.learn_producer(router.router_id, producer_id, holder.upstream_router_id, holder.kind)
        else:
            holdings.forget_producer(router.router_id, producer_id)


HANDLERS: dict[str, Function] = {"room.route": route}

"""`room.why`."""

from __future__ import annotations

import asyncio
from itertools import islice

from tureen.bus import Call
from tureen.contract.decisions import RoomWhy, RoomWhyAnswer, TransportFind, TransportPlace
from tureen.contract.errors import InvalidType, NotFound, TureenError, Unauthorized, Unavailable
from tureen.contract.subjects import DEFAULT_TENANT, SYSTEM
from tureen.placement.handlers.function import Function
from tureen.placement.state import PlacementState


async def why(state: PlacementState, call: Call, command: RoomWhy) -> RoomWhyAnswer:
    """Tell the last decisions of a room, or the one that a transport came from."""
    tenant = _tenant(call, command)
    if command.transport_id is not None:
        return await _why_transport(state, call, command, command.transport_id, tenant)
    if command.room_id is None:
        raise InvalidType("name a room or a transport", details={"path": "roomId"})
    decisions = list(islice(state.decisions.of_room(tenant, command.room_id), command.limit))
    if not decisions:
        # What is closed may still be explained; what never was is not found.
        state.store.require_ready()
        await state.store.get(tenant, command.room_id)
    return RoomWhyAnswer(decisions=[kept.tell(inputs=command.inputs) for kept in decisions])


def _tenant(call: Call, command: RoomWhy) -> str:
    """Return whose rooms are asked for: a tenant's own, or those that the operator names."""
    if call.tenant == SYSTEM:
        return command.tenant or DEFAULT_TENANT
    if command.tenant not in {None, call.tenant}:
        raise Unauthorized("only the operator may ask for another tenant", details={"path": "tenant"})
    return call.tenant


async def _why_transport(
    state: PlacementState, call: Call, command: RoomWhy, transport_id: str, tenant: str
) -> RoomWhyAnswer:
    wanted = TransportFind(transport_id=transport_id, tenant=tenant)
    place = await _find(state, wanted, min(state.settings.find_timeout, call.remaining() * 0.8))
    if command.room_id not in {None, place.room_id}:
        raise NotFound(f"Transport with id {transport_id} not found", details={"id": transport_id})
    kept = state.decisions.of_grant(tenant, place.grant_id) if place.grant_id is not None else None
    decisions = [kept.tell(inputs=command.inputs)] if kept is not None else []
    return RoomWhyAnswer(decisions=decisions, transport=place)


async def _find(state: PlacementState, wanted: TransportFind, timeout: float) -> TransportPlace:
    """Ask every agent for a transport.

    Raises:
        NotFound: All said that they do not hold it.
        Unavailable: Not all answered, and those who did do not hold it.
    """
    nodes = list(state.picture.cluster.nodes)
    answers = await asyncio.gather(*(_ask(state, node_id, wanted, timeout) for node_id in nodes))
    for answer in answers:
        if isinstance(answer, TransportPlace):
            return answer
    answered = (TransportPlace, NotFound)
    silent = [node_id for node_id, answer in zip(nodes, answers, strict=True) if not isinstance(answer, answered)]
    if silent:
        raise Unavailable(f"Where transport {wanted.transport_id} is is unknown: {', '.join(silent)} did not answer")
    raise NotFound(f"Transport with id {wanted.transport_id} not found", details={"id": wanted.transport_id})


async def _ask(
    state: PlacementState, node_id: str, wanted: TransportFind, timeout: float
) -> TransportPlace | TureenError:
    try:
        body = await state.bus.command(
            "node", "transport.find", wanted.to_wire(), tenant=SYSTEM, node_id=node_id, timeout=timeout
        )
    except TureenError as error:
        return error
    return TransportPlace.model_validate(body)


HANDLERS: dict[str, Function] = {"room.why": why}

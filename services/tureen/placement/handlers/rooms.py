"""`room.create`, `get`, `list`, `update` and `close`."""

from __future__ import annotations

import heapq
from typing import Any, cast

from tureen.bundle import MEDIASOUP_VERSION
from tureen.bus import Call
from tureen.contract.errors import Conflict, InvalidType, NotFound, Unauthorized, from_mediasoup
from tureen.contract.ids import new_id
from tureen.contract.paging import fitting
from tureen.contract.rooms import RoomCreate, RoomInfo, RoomList, RoomPage, RoomRecord, RoomRef, RoomUpdate
from tureen.contract.subjects import SYSTEM
from tureen.mediasoup.ortc import generate_router_rtp_capabilities
from tureen.mediasoup.types import RouterRtpCodecCapability
from tureen.placement import records
from tureen.placement.handlers.function import Function
from tureen.placement.state import PlacementState


async def create(state: PlacementState, call: Call, command: RoomCreate) -> RoomInfo:
    """Make a room; asked again with the same options it is the same room."""
    incarnation = state.store.require_ready()
    if call.tenant == SYSTEM:
        raise Unauthorized("Rooms belong to tenants; the operator's name is none")
    codecs = command.media_codecs if command.media_codecs is not None else state.settings.media_codecs
    wanted = records.new(
        tenant=call.tenant,
        room_id=command.room_id or new_id(),
        incarnation=incarnation,
        generation=records.first_generation(incarnation, state.wall_ms()),
        mediasoup_version=state.picture.cluster.newest_version() or MEDIASOUP_VERSION,
        media_codecs=codecs,
        rtp_capabilities=capabilities(codecs),
        policy=command.policy,
    )
    known = state.store.peek(call.tenant, wanted.room_id)
    record = known or (await state.store.create(wanted)).record
    if (record.media_codecs, record.policy) != (wanted.media_codecs, wanted.policy):
        raise Conflict(f"Room {record.room_id} exists with other options", details={"id": record.room_id})
    return records.info(record)


async def get(state: PlacementState, call: Call, command: RoomRef) -> RoomInfo:
    """Show a room."""
    state.store.require_ready()
    return records.info((await state.store.get(call.tenant, command.room_id)).record)


async def list_rooms(state: PlacementState, call: Call, command: RoomList) -> RoomPage:
    """List a tenant's rooms by id, a page at a time."""
    state.store.require_ready()
    after = command.after or ""
    found = (record for record in state.store.all() if record.tenant == call.tenant and record.room_id > after)
    page = heapq.nsmallest(command.limit + 1, found, key=_room_id)
    shown = fitting(records.info(record) for record in page[: command.limit])
    return RoomPage(rooms=shown, next=shown[-1].room_id if len(shown) < len(page) else None)


async def update(state: PlacementState, call: Call, command: RoomUpdate) -> RoomInfo:
    """Change a room's codecs or policy."""
    state.store.require_ready()
    made = capabilities(command.media_codecs) if command.media_codecs is not None else None

    def transition(record: RoomRecord) -> RoomRecord | None:
        return records.updated(record, media_codecs=command.media_codecs, rtp_capabilities=made, policy=command.policy)

    return records.info((await state.store.change(call.tenant, command.room_id, transition)).record)


async def close(state: PlacementState, call: Call, command: RoomRef) -> None:
    """Close a room and all its routers; one that is not there is closed as well."""
    state.store.require_ready()
    try:
        await state.store.delete(call.tenant, command.room_id)
    except NotFound:
        return


def capabilities(media_codecs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the capabilities of a router with these codecs.

    Raises:
        InvalidType: A codec is malformed.
        Unsupported: mediasoup does not know a codec.
    """
    try:
        made = generate_router_rtp_capabilities(cast("list[RouterRtpCodecCapability]", media_codecs))
    except Exception as error:
        raise from_mediasoup(error) or InvalidType(f"mediaCodecs: {error}", details={"path": "mediaCodecs"}) from error
    return cast("dict[str, Any]", made)


def _room_id(record: RoomRecord) -> str:
    return record.room_id


HANDLERS: dict[str, Function] = {
    "room.create": create,
    "room.get": get,
    "room.list": list_rooms,
    "room.update": update,
    "room.close": close,
}

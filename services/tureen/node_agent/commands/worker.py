"""`worker.*`: routers and WebRtcServers are made here."""

from __future__ import annotations

from typing import cast

from tureen.bus import Call
from tureen.contract.errors import InvalidType, Unauthorized
from tureen.contract.ids import new_id
from tureen.contract.media import Dumped, ResourceUsage, RouterCreated, WorkerCreateRouter, WorkerRef
from tureen.contract.rooms import RoomRecord
from tureen.contract.subjects import SYSTEM
from tureen.contract.workers import WebRtcServerCreated, WorkerCreateWebRtcServer, WorkerUpdateSettings
from tureen.mediasoup.types import RouterRtpCodecCapability
from tureen.node_agent import rooms
from tureen.node_agent.addresses import listen_info
from tureen.node_agent.objects import RouterEntry, WebRtcServerEntry, WorkerEntry
from tureen.node_agent.state import AgentState, Handlers


async def create_router(state: AgentState, call: Call, command: WorkerCreateRouter) -> RouterCreated:
    """Make a router; with a record it joins that room, and is the room's tenant's."""
    router_id = command.id or new_id()
    if command.record is not None:
        call = _join(state, call, router_id, command, command.record)
    entry = await state.create(call, router_id, command, lambda: _make(state, call, router_id, command))
    return RouterCreated(id=entry.id, rtp_capabilities={**entry.router.rtp_capabilities})


def _join(state: AgentState, call: Call, router_id: str, command: WorkerCreateRouter, record: RoomRecord) -> Call:
    """Check that the record is for this router, and keep it; return the call as the tenant's whose room it is.

    A record of a tenant's own making could be newer than any that placement writes: its room could never be changed or
    closed again.
    """
    if call.tenant != SYSTEM:
        raise Unauthorized("record: only placement writes the records of rooms", details={"path": "record"})
    if command.owner_id is not None:
        raise InvalidType("ownerId: a room's router is the room's, no lease ends it", details={"path": "ownerId"})
    if record.router(router_id) is None:
        raise InvalidType(f"record: it does not list router {router_id}", details={"path": "record"})
    rooms.accept(state.objects, record)
    return call._replace(tenant=record.tenant)


async def _make(state: AgentState, call: Call, router_id: str, command: WorkerCreateRouter) -> RouterEntry:
    await state.settled(command.worker_id, call)
    # Placement names a worker of the pool, whatever tenants call their own, and whether it is still there.
    workers, of_room = state.objects.workers, command.record is not None
    worker = workers.of_node(command.worker_id) if of_room else workers.shared(command.worker_id, call.tenant)
    tenant = worker.tenant if call.tenant == SYSTEM else call.tenant
    codecs = command.record.media_codecs if command.record is not None else command.media_codecs
    router = await worker.names(tenant).create_router(
        id=router_id,
        media_codecs=cast("list[RouterRtpCodecCapability] | None", codecs),
        app_data=command.app_data,
    )
    room_id = command.record.room_id if command.record is not None else None
    entry = RouterEntry(router_id, tenant, router, worker, state.settings.node_id, room_id)
    router.observer.once("close", lambda: state.router_closed(entry))
    state.events.attach(entry, "router", router_id, router)
    state.router_opened(entry)
    newest = state.objects.record_of(entry)
    if newest is not None and newest.media_codecs != codecs:
        # The room got others while this router was made with those.
        rooms.give_codecs(entry, newest)
    return entry


async def create_webrtc_server(state: AgentState, call: Call, command: WorkerCreateWebRtcServer) -> WebRtcServerCreated:
    """Bind ports that transports share; on a worker of the caller's own."""
    server_id = command.id or new_id()
    entry = await state.create(call, server_id, command, lambda: _make_server(state, call, server_id, command))
    return WebRtcServerCreated(id=entry.id)


async def get_resource_usage(state: AgentState, call: Call, command: WorkerRef) -> ResourceUsage:
    """Tell what a worker's process has used."""
    await state.settled(command.worker_id, call)
    worker = state.objects.workers.shared(command.worker_id, call.tenant)
    return ResourceUsage(usage={**await worker.worker.get_resource_usage()})


async def update_settings(state: AgentState, call: Call, command: WorkerUpdateSettings) -> None:
    """Change what a worker logs."""
    worker = await _owned(state, call, command.worker_id)
    await worker.worker.update_settings(log_level=command.log_level, log_tags=command.log_tags)


async def dump(state: AgentState, call: Call, command: WorkerRef) -> Dumped:
    """Show what a worker holds."""
    return Dumped(dump={**await (await _owned(state, call, command.worker_id)).worker.dump()})


async def close(state: AgentState, call: Call, command: WorkerRef) -> None:
    """End a worker and all that is in it; the pool starts another one for one of its own."""
    state.objects.workers.forbid_shared(command.worker_id, call.tenant)
    entry = await state.to_close(state.objects.workers, command.worker_id, call)
    if entry is not None:
        entry.worker.close()


async def _owned(state: AgentState, call: Call, worker_id: str) -> WorkerEntry:
    state.objects.workers.forbid_shared(worker_id, call.tenant)
    return await state.named(state.objects.workers, worker_id, call)


async def _make_server(
    state: AgentState, call: Call, server_id: str, command: WorkerCreateWebRtcServer
) -> WebRtcServerEntry:
    worker = await _owned(state, call, command.worker_id)
    infos = [listen_info(state.settings, info, worker.ports) for info in command.listen_infos]
    server = await worker.worker.create_webrtc_server(id=server_id, listen_infos=infos, app_data=command.app_data)
    return state.pool.enter_server(worker, server)


HANDLERS: Handlers = {
    "worker.createRouter": create_router,
    "worker.createWebRtcServer": create_webrtc_server,
    "worker.getResourceUsage": get_resource_usage,
    "worker.updateSettings": update_settings,
    "worker.dump": dump,
    "worker.close": close,
}

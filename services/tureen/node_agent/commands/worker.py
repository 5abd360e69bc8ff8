"""`worker.*`: routers are made here."""

from __future__ import annotations

from typing import cast

from tureen.bus import Call
from tureen.contract.errors import InvalidType
from tureen.contract.ids import new_id
from tureen.contract.media import ResourceUsage, RouterCreated, WorkerCreateRouter, WorkerRef
from tureen.contract.rooms import RoomRecord
from tureen.mediasoup.types import RouterRtpCodecCapability
from tureen.node_agent import rooms
from tureen.node_agent.memory import fingerprint
from tureen.node_agent.objects import RouterEntry
from tureen.node_agent.state import AgentState, Handlers


async def create_router(state: AgentState, call: Call, command: WorkerCreateRouter) -> RouterCreated:
    """Make a router; with a record it joins that room."""
    router_id = command.id or new_id()
    if command.record is not None:
        _join(state, call.tenant, router_id, command.record)
    mark = fingerprint(command.to_wire())
    entry = await state.creates.once(router_id, mark, lambda: _make(state, call.tenant, router_id, command))
    return RouterCreated(id=entry.id, rtp_capabilities={**entry.router.rtp_capabilities})


def _join(state: AgentState, tenant: str, router_id: str, record: RoomRecord) -> None:
    """Check that the record is for this router, and keep it."""
    if record.tenant != tenant or record.router(router_id) is None:
        raise InvalidType(f"record: it does not list router {router_id} of tenant {tenant}", details={"path": "record"})
    rooms.accept(state.objects, record)


async def _make(state: AgentState, tenant: str, router_id: str, command: WorkerCreateRouter) -> RouterEntry:
    worker = state.objects.worker_for_tenant(command.worker_id, tenant)
    codecs = command.record.media_codecs if command.record is not None else command.media_codecs
    router = await worker.worker.create_router(
        id=router_id,
        media_codecs=cast("list[RouterRtpCodecCapability] | None", codecs),
        app_data=command.app_data,
    )
    room_id = command.record.room_id if command.record is not None else None
    entry = RouterEntry(router_id, tenant, router, worker, state.settings.node_id, room_id)
    router.observer.on("close", lambda: state.router_closed(entry))
    state.events.attach(entry, "router", router_id, router)
    state.router_opened(entry)
    return entry


async def get_resource_usage(state: AgentState, call: Call, command: WorkerRef) -> ResourceUsage:
    """Tell what a worker's process has used."""
    worker = state.objects.worker_for_tenant(command.worker_id, call.tenant)
    return ResourceUsage(usage={**await worker.worker.get_resource_usage()})


HANDLERS: Handlers = {
    "worker.createRouter": create_router,
    "worker.getResourceUsage": get_resource_usage,
}

"""`room.update`, `inventory.get` and `transport.find`: what placement tells and asks."""

from __future__ import annotations

from tureen.bus import Call
from tureen.contract.cluster import InventoryGet
from tureen.contract.decisions import TransportFind, TransportPlace
from tureen.contract.rooms import RoomRecord
from tureen.node_agent import arbiter, rooms
from tureen.node_agent.state import AgentState, Handlers


async def update_room(state: AgentState, _call: Call, command: RoomRecord) -> None:
    """Keep a room's newest record; routers that it does not list any more are closed."""
    rooms.accept(state.objects, command)
    for router in rooms.unlisted(state.objects, command):
        router.router.close()
    listed = {router.router_id for router in command.routers}
    state.puller.unlisted(command.room_id, command.tenant, listed)
    state.server.unlisted(command.room_id, command.tenant, listed)
    rooms.forget_unused(state.objects, command.tenant, command.room_id, state.settings.node_id)


async def find_transport(state: AgentState, _call: Call, command: TransportFind) -> TransportPlace:
    """Tell where a transport is and what it has booked."""
    entry = state.objects.transports.get(command.transport_id, command.tenant)
    router = entry.router
    booked = arbiter.booked(router, entry.id)
    return TransportPlace(
        transport_id=entry.id,
        tenant=entry.tenant,
        room_id=router.room_id,
        node_id=router.node_id,
        worker_id=router.worker.id,
        router_id=router.id,
        **booked._asdict(),
    )


async def get_inventory(state: AgentState, _call: Call, _command: InventoryGet) -> None:
    """Publish what the agent holds."""
    state.publish_inventory()


HANDLERS: Handlers = {
    "room.update": update_room,
    "transport.find": find_transport,
    "inventory.get": get_inventory,
}

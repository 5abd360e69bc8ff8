"""`pipe.*`: what node agents say to each other."""

from __future__ import annotations

from tureen.bus import Call
from tureen.contract.pipes import (
    PipeFind,
    PipeFound,
    PipeHolder,
    PipeList,
    PipePage,
    PipePull,
    PipePulled,
    PipeRelease,
    PipeServe,
    PipeServed,
    PipeState,
)
from tureen.node_agent.inventory import upstream_of
from tureen.node_agent.state import AgentState, Handlers


async def pull(state: AgentState, call: Call, command: PipePull) -> PipePulled:
    """Make one hop to a router of this agent's."""
    return await state.puller.pull(command, call.remaining())


async def serve(state: AgentState, _call: Call, command: PipeServe) -> PipeServed:
    """Let a router have a producer that one of this agent's holds."""
    return await state.server.serve(command)


async def tell_state(state: AgentState, _call: Call, command: PipeState) -> None:
    """Take over what the source of a pull says."""
    await state.puller.state(command)


async def release(state: AgentState, _call: Call, command: PipeRelease) -> None:
    """End what is served for a pull."""
    state.server.release(command)


async def list_pulls(state: AgentState, _call: Call, command: PipeList) -> PipePage:
    """List the pulls between this agent and the asker."""
    return PipePage(served=state.server.entries(command.node_id), pulled=state.puller.entries(command.node_id))


async def find(state: AgentState, _call: Call, command: PipeFind) -> PipeFound:
    """Tell which of this agent's routers hold a producer."""
    holders = []
    for router in state.objects.routers.all():
        held = router.producers.get(command.producer_id)
        if held is None:
            continue
        upstream = upstream_of(held)
        holders.append(
            PipeHolder(
                router_id=router.id,
                room_id=router.room_id,
                upstream_router_id=upstream.router_id if upstream is not None else None,
                upstream_node_id=upstream.node_id if upstream is not None else None,
            )
        )
    return PipeFound(holders=holders)


HANDLERS: Handlers = {
    "pipe.pull": pull,
    "pipe.serve": serve,
    "pipe.state": tell_state,
    "pipe.release": release,
    "pipe.list": list_pulls,
    "pipe.find": find,
}

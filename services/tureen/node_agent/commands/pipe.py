"""`pipe.*`: what node agents say to each other."""

from __future__ import annotations

from itertools import chain

from tureen.bus import Call
from tureen.contract.pipes import (
    PipeFind,
    PipeFound,
    PipeHolder,
    PipeList,
    PipeMessages,
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


async def serve(state: AgentState, call: Call, command: PipeServe) -> PipeServed:
    """Let a router have a producer that one of this agent's holds."""
    return await state.server.serve(command, call.remaining())


async def tell_state(state: AgentState, _call: Call, command: PipeState) -> None:
    """Take over what the source of a pull says."""
    await state.puller.state(command)


async def take_messages(state: AgentState, _call: Call, command: PipeMessages) -> None:
    """Send what the source of a pull carried here into the router."""
    state.puller.messages(command)


async def release(state: AgentState, _call: Call, command: PipeRelease) -> None:
    """End what is served for a pull."""
    state.server.release(command)


async def list_pulls(state: AgentState, _call: Call, command: PipeList) -> PipePage:
    """List the pulls between this agent and the asker."""
    served, pulled = state.server.entries(command.node_id), state.puller.entries(command.node_id)
    after = command.after or ""
    left = sorted(entry.pull_id for entry in chain(served, pulled) if entry.pull_id > after)
    page = set(left[: command.limit])
    return PipePage(
        start_id=state.start_id,
        served=[entry for entry in served if entry.pull_id in page],
        pulled=[entry for entry in pulled if entry.pull_id in page],
        next=left[command.limit - 1] if len(left) > command.limit else None,
    )


async def find(state: AgentState, _call: Call, command: PipeFind) -> PipeFound:
    """Tell which of this agent's routers hold a producer: those of rooms, all others are their tenants' affair."""
    holders = []
    for router in state.objects.routers.all():
        held = router.producers.get(command.producer_id)
        if held is None or router.room_id is None:
            continue
        upstream = upstream_of(held)
        holders.append(
            PipeHolder(
                router_id=router.id,
                room_id=router.room_id,
                kind=held.kind,
                upstream_router_id=upstream.router_id if upstream is not None else None,
                upstream_node_id=upstream.node_id if upstream is not None else None,
            )
        )
    return PipeFound(holders=holders)


HANDLERS: Handlers = {
    "pipe.pull": pull,
    "pipe.serve": serve,
    "pipe.state": tell_state,
    "pipe.messages": take_messages,
    "pipe.release": release,
    "pipe.list": list_pulls,
    "pipe.find": find,
}

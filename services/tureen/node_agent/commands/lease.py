"""`lease.*`: what an owner says to keep, or to give up, what it made."""

from __future__ import annotations

from tureen.bus import Call
from tureen.contract.leases import LeaseEnd, LeaseHeld, LeaseRenew
from tureen.node_agent.lease_clock import close_owned
from tureen.node_agent.state import AgentState, Handlers


async def renew(state: AgentState, call: Call, command: LeaseRenew) -> LeaseHeld:
    """Begin a lease, or let it last longer."""
    lease = state.leases.renew(call.tenant, command.owner_id, command.ttl_ms / 1000, state.now())
    return LeaseHeld(owner_id=lease.owner_id, lease_id=lease.id, ttl_ms=command.ttl_ms)


async def end(state: AgentState, call: Call, command: LeaseEnd) -> None:
    """End a lease and close what it owns."""
    lease = state.leases.end(call.tenant, command.owner_id)
    if lease is not None:
        await close_owned(lease)


HANDLERS: Handlers = {
    "lease.renew": renew,
    "lease.end": end,
}

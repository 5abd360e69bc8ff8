"""`producer.*`, where a producer lives; what was pulled follows over its pipes."""

from __future__ import annotations

from tureen.bus import Call
from tureen.contract.media import Dumped, ProducerRef, Stats
from tureen.node_agent.objects import ProducerEntry
from tureen.node_agent.state import AgentState, Handlers


async def pause(state: AgentState, call: Call, command: ProducerRef) -> None:
    """Pause a producer, and with it everybody who watches it."""
    await (await _settled(state, call, command)).producer.pause()


async def resume(state: AgentState, call: Call, command: ProducerRef) -> None:
    """Resume a producer."""
    await (await _settled(state, call, command)).producer.resume()


async def dump(state: AgentState, call: Call, command: ProducerRef) -> Dumped:
    """Show a producer as its worker sees it."""
    return Dumped(dump={**await (await _settled(state, call, command)).producer.dump()})


async def get_stats(state: AgentState, call: Call, command: ProducerRef) -> Stats:
    """Tell a producer's statistics, an entry a stream."""
    return Stats(stats=[{**stat} for stat in await (await _settled(state, call, command)).producer.get_stats()])


async def close(state: AgentState, call: Call, command: ProducerRef) -> None:
    """Close a producer; one that never was is closed as well."""
    entry = state.objects.producers.find(command.producer_id, call.tenant)
    if entry is not None:
        entry.producer.close()
    else:
        state.creates.forget(command.producer_id)


async def _settled(state: AgentState, call: Call, command: ProducerRef) -> ProducerEntry:
    await state.creates.settled(command.producer_id)
    return state.objects.producers.get(command.producer_id, call.tenant)


HANDLERS: Handlers = {
    "producer.pause": pause,
    "producer.resume": resume,
    "producer.dump": dump,
    "producer.getStats": get_stats,
    "producer.close": close,
}

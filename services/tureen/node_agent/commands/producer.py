"""`producer.*`, where a producer lives; what was pulled follows over its pipes."""

from __future__ import annotations

from typing import Any, cast

from tureen.bus import Call
from tureen.contract.dumps import ProducerDumped
from tureen.contract.errors import InvalidType
from tureen.contract.media import ProducerRef, Stats
from tureen.contract.transports import ProducerEnableTraceEvent, ProducerSend
from tureen.node_agent import properties
from tureen.node_agent.objects import ProducerEntry
from tureen.node_agent.state import AgentState, Handlers


async def pause(state: AgentState, call: Call, command: ProducerRef) -> None:
    """Pause a producer, and with it everybody who watches it."""
    await (await _settled(state, call, command)).producer.pause()


async def resume(state: AgentState, call: Call, command: ProducerRef) -> None:
    """Resume a producer."""
    await (await _settled(state, call, command)).producer.resume()


async def dump(state: AgentState, call: Call, command: ProducerRef) -> ProducerDumped:
    """Show a producer as its worker sees it, and its properties."""
    entry = await _settled(state, call, command)
    dumped = await entry.producer.dump()
    return ProducerDumped(dump={**dumped}, properties=properties.of_producer(entry))


async def get_stats(state: AgentState, call: Call, command: ProducerRef) -> Stats:
    """Tell a producer's statistics, an entry a stream."""
    return Stats(stats=[{**stat} for stat in await (await _settled(state, call, command)).producer.get_stats()])


async def enable_trace_event(state: AgentState, call: Call, command: ProducerEnableTraceEvent) -> None:
    """Choose which events of a producer are traced."""
    await (await _settled(state, call, command)).producer.enable_trace_event(cast("Any", command.types))


async def send(state: AgentState, call: Call, command: ProducerSend) -> None:
    """Send an RTP packet into a router."""
    entry = await _settled(state, call, command)
    if not entry.direct:
        raise InvalidType(f"Producer {entry.id} is of no DirectTransport")
    entry.producer.send(command.rtp_packet)


async def close(state: AgentState, call: Call, command: ProducerRef) -> None:
    """Close a producer; one that never was is closed as well."""
    entry = await state.to_close(state.objects.producers, _key(state, call, command), call)
    if entry is not None:
        entry.producer.close()


async def _settled(state: AgentState, call: Call, command: ProducerRef) -> ProducerEntry:
    return await state.named(state.objects.producers, _key(state, call, command), call)


def _key(state: AgentState, call: Call, command: ProducerRef) -> str:
    return state.key(state.objects.producers, command.producer_id, command.router_id, call)


HANDLERS: Handlers = {
    "producer.pause": pause,
    "producer.resume": resume,
    "producer.enableTraceEvent": enable_trace_event,
    "producer.send": send,
    "producer.dump": dump,
    "producer.getStats": get_stats,
    "producer.close": close,
}

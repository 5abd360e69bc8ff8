"""`consumer.*`."""

from __future__ import annotations

from typing import Any, cast

from tureen.bus import Call
from tureen.contract.dumps import ConsumerDumped
from tureen.contract.media import (
    ConsumerRef,
    ConsumerSetPreferredLayers,
    ConsumerSetPriority,
    PreferredLayers,
    Stats,
)
from tureen.contract.transports import ConsumerEnableTraceEvent
from tureen.node_agent import properties
from tureen.node_agent.objects import ConsumerEntry
from tureen.node_agent.state import AgentState, Handlers


async def pause(state: AgentState, call: Call, command: ConsumerRef) -> None:
    """Pause a consumer."""
    entry = await _settled(state, call, command.consumer_id)
    with state.events.telling_of_pauses(entry.router, "consumer", entry.consumer):
        await entry.consumer.pause()


async def resume(state: AgentState, call: Call, command: ConsumerRef) -> None:
    """Resume a consumer."""
    entry = await _settled(state, call, command.consumer_id)
    with state.events.telling_of_pauses(entry.router, "consumer", entry.consumer):
        await entry.consumer.resume()


async def request_key_frame(state: AgentState, call: Call, command: ConsumerRef) -> None:
    """Ask the producer for a key frame."""
    consumer = (await _settled(state, call, command.consumer_id)).consumer
    # Audio has none, and 3.27.1's worker does not answer for a pipe consumer of audio.
    if consumer.kind == "video":
        await consumer.request_key_frame()


async def set_preferred_layers(state: AgentState, call: Call, command: ConsumerSetPreferredLayers) -> PreferredLayers:
    """Choose the layers of a simulcast or SVC consumer."""
    entry = await _settled(state, call, command.consumer_id)
    await entry.consumer.set_preferred_layers(
        spatial_layer=command.spatial_layer, temporal_layer=command.temporal_layer
    )
    layers = entry.consumer.preferred_layers
    state.events.publish(entry.router, "consumer", entry.id, "preferredlayerschange", layers)
    return PreferredLayers(preferred_layers=None if layers is None else {**layers})


async def set_priority(state: AgentState, call: Call, command: ConsumerSetPriority) -> None:
    """Choose whose quality suffers last on this transport."""
    entry = await _settled(state, call, command.consumer_id)
    await entry.consumer.set_priority(command.priority)
    state.events.publish(entry.router, "consumer", entry.id, "prioritychange", entry.consumer.priority)


async def unset_priority(state: AgentState, call: Call, command: ConsumerRef) -> None:
    """Set the priority back to 1."""
    entry = await _settled(state, call, command.consumer_id)
    await entry.consumer.unset_priority()
    state.events.publish(entry.router, "consumer", entry.id, "prioritychange", entry.consumer.priority)


async def enable_trace_event(state: AgentState, call: Call, command: ConsumerEnableTraceEvent) -> None:
    """Choose which events of a consumer are traced."""
    await (await _settled(state, call, command.consumer_id)).consumer.enable_trace_event(cast("Any", command.types))


async def dump(state: AgentState, call: Call, command: ConsumerRef) -> ConsumerDumped:
    """Show a consumer as its worker sees it, and its properties."""
    entry = await _settled(state, call, command.consumer_id)
    dumped = await entry.consumer.dump()
    return ConsumerDumped(dump={**dumped}, properties=properties.of_consumer(entry))


async def get_stats(state: AgentState, call: Call, command: ConsumerRef) -> Stats:
    """Tell a consumer's statistics."""
    entry = await _settled(state, call, command.consumer_id)
    return Stats(stats=[{**stat} for stat in await entry.consumer.get_stats()])


async def close(state: AgentState, call: Call, command: ConsumerRef) -> None:
    """Close a consumer; one that never was is closed as well."""
    entry = await state.to_close(state.objects.consumers, command.consumer_id, call)
    if entry is not None:
        entry.consumer.close()


async def _settled(state: AgentState, call: Call, consumer_id: str) -> ConsumerEntry:
    return await state.named(state.objects.consumers, consumer_id, call)


HANDLERS: Handlers = {
    "consumer.pause": pause,
    "consumer.resume": resume,
    "consumer.requestKeyFrame": request_key_frame,
    "consumer.setPreferredLayers": set_preferred_layers,
    "consumer.setPriority": set_priority,
    "consumer.unsetPriority": unset_priority,
    "consumer.enableTraceEvent": enable_trace_event,
    "consumer.dump": dump,
    "consumer.getStats": get_stats,
    "consumer.close": close,
}

"""`dataConsumer.*`."""

from __future__ import annotations

from tureen.bus import Call
from tureen.contract.data import (
    BufferedAmount,
    DataConsumerRef,
    DataConsumerSend,
    DataConsumerSetSubchannels,
    DataConsumerSetThreshold,
    DataConsumerSubchannel,
    Subchannels,
)
from tureen.contract.dumps import DataConsumerDumped
from tureen.contract.errors import InvalidType
from tureen.contract.media import Stats
from tureen.mediasoup import DataConsumer
from tureen.node_agent import properties
from tureen.node_agent.objects import DataConsumerEntry
from tureen.node_agent.state import AgentState, Handlers


async def pause(state: AgentState, call: Call, command: DataConsumerRef) -> None:
    """Pause a data consumer."""
    entry = await _entry(state, call, command)
    with state.events.telling_of_pauses(entry.router, "dataConsumer", entry.data_consumer):
        await entry.data_consumer.pause()


async def resume(state: AgentState, call: Call, command: DataConsumerRef) -> None:
    """Resume a data consumer."""
    entry = await _entry(state, call, command)
    with state.events.telling_of_pauses(entry.router, "dataConsumer", entry.data_consumer):
        await entry.data_consumer.resume()


async def send(state: AgentState, call: Call, command: DataConsumerSend) -> BufferedAmount:
    """Send a message to an endpoint."""
    data_consumer = await _over_sctp(state, call, command)
    return BufferedAmount(buffered_amount=await data_consumer.send(command.message, command.ppid))


async def set_threshold(state: AgentState, call: Call, command: DataConsumerSetThreshold) -> None:
    """Choose when `bufferedamountlow` is emitted."""
    await (await _over_sctp(state, call, command)).set_buffered_amount_low_threshold(command.threshold)


async def get_buffered_amount(state: AgentState, call: Call, command: DataConsumerRef) -> BufferedAmount:
    """Tell how many bytes wait to be sent."""
    return BufferedAmount(buffered_amount=await (await _over_sctp(state, call, command)).get_buffered_amount())


async def set_subchannels(state: AgentState, call: Call, command: DataConsumerSetSubchannels) -> Subchannels:
    """Listen to these subchannels, and to no other."""
    entry = await _entry(state, call, command)
    await entry.data_consumer.set_subchannels(command.subchannels)
    return _subchannels(state, entry)


async def add_subchannel(state: AgentState, call: Call, command: DataConsumerSubchannel) -> Subchannels:
    """Listen to one more subchannel."""
    entry = await _entry(state, call, command)
    await entry.data_consumer.add_subchannel(command.subchannel)
    return _subchannels(state, entry)


async def remove_subchannel(state: AgentState, call: Call, command: DataConsumerSubchannel) -> Subchannels:
    """Listen to a subchannel no more."""
    entry = await _entry(state, call, command)
    await entry.data_consumer.remove_subchannel(command.subchannel)
    return _subchannels(state, entry)


def _subchannels(state: AgentState, entry: DataConsumerEntry) -> Subchannels:
    """Tell everybody which subchannels a data consumer listens to now."""
    subchannels = list(entry.data_consumer.subchannels)
    state.events.publish(entry.router, "dataConsumer", entry.id, "subchannelschange", subchannels)
    return Subchannels(subchannels=subchannels)


async def dump(state: AgentState, call: Call, command: DataConsumerRef) -> DataConsumerDumped:
    """Show a data consumer as its worker sees it, and its properties."""
    entry = await _entry(state, call, command)
    dumped = await entry.data_consumer.dump()
    return DataConsumerDumped(dump={**dumped}, properties=properties.of_data_consumer(entry))


async def get_stats(state: AgentState, call: Call, command: DataConsumerRef) -> Stats:
    """Tell a data consumer's statistics."""
    return Stats(stats=[{**stat} for stat in await (await _settled(state, call, command)).get_stats()])


async def close(state: AgentState, call: Call, command: DataConsumerRef) -> None:
    """Close a data consumer; one that never was is closed as well."""
    entry = await state.to_close(state.objects.data_consumers, command.data_consumer_id, call)
    if entry is not None:
        entry.data_consumer.close()


async def _entry(state: AgentState, call: Call, command: DataConsumerRef) -> DataConsumerEntry:
    return await state.named(state.objects.data_consumers, command.data_consumer_id, call)


async def _settled(state: AgentState, call: Call, command: DataConsumerRef) -> DataConsumer:
    return (await _entry(state, call, command)).data_consumer


async def _over_sctp(state: AgentState, call: Call, command: DataConsumerRef) -> DataConsumer:
    data_consumer = await _settled(state, call, command)
    if data_consumer.type != "sctp":
        raise InvalidType(f"DataConsumer {data_consumer.id} is of a DirectTransport: it has events, and no buffer")
    return data_consumer


HANDLERS: Handlers = {
    "dataConsumer.pause": pause,
    "dataConsumer.resume": resume,
    "dataConsumer.send": send,
    "dataConsumer.setBufferedAmountLowThreshold": set_threshold,
    "dataConsumer.getBufferedAmount": get_buffered_amount,
    "dataConsumer.setSubchannels": set_subchannels,
    "dataConsumer.addSubchannel": add_subchannel,
    "dataConsumer.removeSubchannel": remove_subchannel,
    "dataConsumer.dump": dump,
    "dataConsumer.getStats": get_stats,
    "dataConsumer.close": close,
}

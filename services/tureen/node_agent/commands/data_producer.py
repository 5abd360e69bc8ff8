"""`dataProducer.*`."""

from __future__ import annotations

from tureen.bus import Call
from tureen.contract.data import DataProducerRef, DataProducerSend
from tureen.contract.dumps import DataProducerDumped
from tureen.contract.errors import InvalidType
from tureen.contract.media import Stats
from tureen.contract.pipes import PipeMessage
from tureen.mediasoup import DataProducer
from tureen.mediasoup.data_producer import encode_message
from tureen.node_agent import properties
from tureen.node_agent.objects import DataProducerEntry
from tureen.node_agent.pipes import carrier
from tureen.node_agent.state import AgentState, Handlers


async def pause(state: AgentState, call: Call, command: DataProducerRef) -> None:
    """Pause a data producer, and with it all its data consumers."""
    await (await _settled(state, call, command)).pause()


async def resume(state: AgentState, call: Call, command: DataProducerRef) -> None:
    """Resume a data producer."""
    await (await _settled(state, call, command)).resume()


async def send(state: AgentState, call: Call, command: DataProducerSend) -> None:
    """Send a message into a router, and on to those of its room that pull it from there."""
    entry = await state.named(state.objects.data_producers, command.data_producer_id, call)
    data_producer = entry.data_producer
    if data_producer.type != "direct":
        raise InvalidType(f"DataProducer {data_producer.id} is of no DirectTransport")
    ppid, message = encode_message(command.message, command.ppid)
    carrier.send(
        entry.router.producers[data_producer.id],
        data_producer,
        PipeMessage(
            message=message,
            ppid=ppid,
            subchannels=command.subchannels,
            required_subchannel=command.required_subchannel,
            ignored_subchannel=command.ignored_subchannel,
        ),
    )


async def dump(state: AgentState, call: Call, command: DataProducerRef) -> DataProducerDumped:
    """Show a data producer as its worker sees it, and its properties."""
    entry = await _entry(state, call, command)
    dumped = await entry.data_producer.dump()
    return DataProducerDumped(dump={**dumped}, properties=properties.of_data_producer(entry))


async def get_stats(state: AgentState, call: Call, command: DataProducerRef) -> Stats:
    """Tell a data producer's statistics."""
    return Stats(stats=[{**stat} for stat in await (await _settled(state, call, command)).get_stats()])


async def close(state: AgentState, call: Call, command: DataProducerRef) -> None:
    """Close a data producer; one that never was is closed as well."""
    entry = await state.to_close(state.objects.data_producers, _key(state, call, command), call)
    if entry is not None:
        entry.data_producer.close()


async def _entry(state: AgentState, call: Call, command: DataProducerRef) -> DataProducerEntry:
    return await state.named(state.objects.data_producers, _key(state, call, command), call)


async def _settled(state: AgentState, call: Call, command: DataProducerRef) -> DataProducer:
    return (await _entry(state, call, command)).data_producer


def _key(state: AgentState, call: Call, command: DataProducerRef) -> str:
    return state.key(state.objects.data_producers, command.data_producer_id, command.router_id, call)


HANDLERS: Handlers = {
    "dataProducer.pause": pause,
    "dataProducer.resume": resume,
    "dataProducer.send": send,
    "dataProducer.dump": dump,
    "dataProducer.getStats": get_stats,
    "dataProducer.close": close,
}

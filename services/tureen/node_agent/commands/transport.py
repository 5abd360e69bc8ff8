"""`transport.*`: producers and consumers of media and of data are made here."""

from __future__ import annotations

from typing import Any, cast

from tureen.bus import Call
from tureen.contract.data import (
    DataConsumerCreated,
    DataProducerCreated,
    TransportConsumeData,
    TransportProduceData,
)
from tureen.contract.errors import InvalidType
from tureen.contract.ids import new_id
from tureen.contract.media import (
    ConsumerCreated,
    IceRestarted,
    ProducerCreated,
    Stats,
    TransportConnect,
    TransportConnected,
    TransportConsume,
    TransportProduce,
    TransportRef,
    TransportSetBitrate,
)
from tureen.contract.transports import TransportEnableTraceEvent, TransportSendRtcp
from tureen.mediasoup import Consumer, DataConsumer, DirectTransport, PipeTransport, PlainTransport, WebRtcTransport
from tureen.mediasoup.turns import in_turns
from tureen.mediasoup.types import (
    ConsumerLayers,
    DtlsParameters,
    RtpCapabilities,
    RtpParameters,
    SctpStreamParameters,
    SrtpParameters,
)
from tureen.node_agent import arbiter, channels, properties, streams
from tureen.node_agent.memory import fingerprint
from tureen.node_agent.objects import (
    ConsumerEntry,
    DataConsumerEntry,
    DataProducerEntry,
    PipeEntry,
    ProducerEntry,
    TransportEntry,
    piped_key,
)
from tureen.node_agent.state import AgentState, Handlers
from tureen.node_agent.table import Table
from tureen.node_agent.transports import connect_id, transport_connected

KEY_FRAME_REQUEST_DELAY = 1000
"""Milliseconds between two key frame requests to a room's own producers; an app's own value wins."""

_LOWEST_LAYERS = {"spatialLayer": 0, "temporalLayer": 0}


async def connect(state: AgentState, call: Call, command: TransportConnect) -> TransportConnected:
    """Connect a transport; again with the same parameters it succeeds."""
    entry = await _settled(state, call, command.transport_id)
    mark = fingerprint(command.to_wire())
    await state.creates.once(connect_id(entry.id), mark, lambda: _connect(state, entry, command), entry.tenant)
    return transport_connected(entry.transport)


async def restart_ice(state: AgentState, call: Call, command: TransportRef) -> IceRestarted:
    """Give a WebRtcTransport new ICE parameters."""
    entry = await _settled(state, call, command.transport_id)
    transport = entry.transport
    if not isinstance(transport, WebRtcTransport):
        raise InvalidType(f"Transport {command.transport_id} is no WebRtcTransport")
    ice_parameters = {**await transport.restart_ice()}
    state.events.publish(entry.router, "transport", entry.id, "iceparameterschange", ice_parameters)
    return IceRestarted(ice_parameters=ice_parameters)


async def set_max_incoming_bitrate(state: AgentState, call: Call, command: TransportSetBitrate) -> None:
    """Bound what a transport takes."""
    await (await _settled(state, call, command.transport_id)).transport.set_max_incoming_bitrate(command.bitrate)


async def set_max_outgoing_bitrate(state: AgentState, call: Call, command: TransportSetBitrate) -> None:
    """Bound what a transport sends."""
    await (await _settled(state, call, command.transport_id)).transport.set_max_outgoing_bitrate(command.bitrate)


async def set_min_outgoing_bitrate(state: AgentState, call: Call, command: TransportSetBitrate) -> None:
    """Keep what a transport sends above a bound."""
    await (await _settled(state, call, command.transport_id)).transport.set_min_outgoing_bitrate(command.bitrate)


async def produce(state: AgentState, call: Call, command: TransportProduce) -> ProducerCreated:
    """Make a producer."""
    id_ = command.id or new_id()
    key = _key(state, call, state.objects.producers, command.transport_id, id_)
    entry = await state.create(call, key, command, lambda: _produce(state, call, id_, key, command))
    return streams.producer_created(entry.router, entry.producer)


async def consume(state: AgentState, call: Call, command: TransportConsume) -> ConsumerCreated:
    """Make a consumer; a producer that lives on another router of the room is pulled first."""
    id_ = command.id or new_id()
    entry = await state.create(call, id_, command, lambda: _consume(state, call, id_, command))
    return streams.consumer_created(entry.router, entry.consumer)


async def produce_data(state: AgentState, call: Call, command: TransportProduceData) -> DataProducerCreated:
    """Make a data producer."""
    id_ = command.id or new_id()
    key = _key(state, call, state.objects.data_producers, command.transport_id, id_)
    entry = await state.create(call, key, command, lambda: _produce_data(state, call, id_, key, command))
    return channels.data_producer_created(entry.router, entry.data_producer)


async def consume_data(state: AgentState, call: Call, command: TransportConsumeData) -> DataConsumerCreated:
    """Make a data consumer; a data producer that lives on another router of the room is pulled first."""
    id_ = command.id or new_id()
    entry = await state.create(call, id_, command, lambda: _consume_data(state, call, id_, command))
    return channels.data_consumer_created(entry.router, entry.data_consumer)


async def enable_trace_event(state: AgentState, call: Call, command: TransportEnableTraceEvent) -> None:
    """Choose which events of a transport are traced."""
    await (await _settled(state, call, command.transport_id)).transport.enable_trace_event(cast("Any", command.types))


async def send_rtcp(state: AgentState, call: Call, command: TransportSendRtcp) -> None:
    """Send RTCP into a router."""
    transport = (await _settled(state, call, command.transport_id)).transport
    if not isinstance(transport, DirectTransport):
        raise InvalidType(f"Transport {command.transport_id} is no DirectTransport")
    transport.send_rtcp(command.rtcp_packet)


async def dump(state: AgentState, call: Call, command: TransportRef) -> dict[str, Any]:
    """Show a transport as its worker sees it, its properties, and the states of what is on it.

    What is returned is a `TransportDumped` as it goes on the wire.
    """
    await state.settled(command.transport_id, call)
    entry = state.objects.visible_transport(command.transport_id, call.tenant)
    shown: dict[str, Any] = {**await entry.transport.dump()}
    if isinstance(entry, PipeEntry):
        # The keys of rooms' pipes are in the commands that make them, and nowhere else.
        shown.pop("srtpParameters", None)
        return {"dump": shown}
    told = properties.of_transport(entry).to_wire()
    return {"dump": shown, "properties": told, **await in_turns(properties.states_on(entry))}


async def get_stats(state: AgentState, call: Call, command: TransportRef) -> Stats:
    """Tell a transport's statistics."""
    await state.settled(command.transport_id, call)
    entry = state.objects.visible_transport(command.transport_id, call.tenant)
    return Stats(stats=[{**stat} for stat in await entry.transport.get_stats()])


async def close(state: AgentState, call: Call, command: TransportRef) -> None:
    """Close a transport and all that hangs on it; one that never was is closed as well."""
    entry = await state.to_close(state.objects.transports, command.transport_id, call)
    if entry is not None:
        entry.transport.close()


async def _settled(state: AgentState, call: Call, transport_id: str) -> TransportEntry:
    return await state.named(state.objects.transports, transport_id, call)


async def _connect(state: AgentState, entry: TransportEntry, command: TransportConnect) -> bool:
    transport = entry.transport
    srtp = cast("SrtpParameters | None", command.srtp_parameters)
    if isinstance(transport, WebRtcTransport):
        dtls = _needed(command.dtls_parameters, "dtlsParameters")
        await transport.connect(dtls_parameters=cast("DtlsParameters", dtls))
    elif isinstance(transport, PlainTransport):
        await transport.connect(ip=command.ip, port=command.port, rtcp_port=command.rtcp_port, srtp_parameters=srtp)
    elif isinstance(transport, PipeTransport):
        ip, port = _needed(command.ip, "ip"), _needed(command.port, "port")
        await transport.connect(ip=ip, port=port, srtp_parameters=srtp)
    if settled := transport_connected(transport).to_wire():
        state.events.publish(entry.router, "transport", entry.id, "connect", settled)
    return True


def _needed(value: Any, name: str) -> Any:
    if value is None:
        raise InvalidType(f"missing field {name}", details={"path": name})
    return value


def _key(
    state: AgentState, call: Call, table: Table[ProducerEntry] | Table[DataProducerEntry], transport_id: str, id_: str
) -> str:
    """Return under which key a new producer, or data producer, is entered: its id.

    What an app pipes between two workers of this node keeps its id, as in mediasoup; it is entered with its router.
    """
    transport = state.objects.transports.find(transport_id, call.tenant)
    if transport is None or not isinstance(transport.transport, PipeTransport):
        return id_
    known = table.find(id_, call.tenant)
    return id_ if known is None or known.router is transport.router else piped_key(id_, transport.router.id)


async def _produce(
    state: AgentState, call: Call, producer_id: str, key: str, command: TransportProduce
) -> ProducerEntry:
    transport = await _settled(state, call, command.transport_id)
    router = transport.router
    delay = command.key_frame_request_delay
    if delay is None and router.room_id is not None and command.kind == "video":
        delay = KEY_FRAME_REQUEST_DELAY
    producer = await transport.transport.produce(
        id=producer_id,
        kind=command.kind,
        rtp_parameters=cast("RtpParameters", command.rtp_parameters),
        paused=command.paused,
        key_frame_request_delay=delay or 0,
        enable_mediasoup_packet_id_header_extension=command.enable_mediasoup_packet_id_header_extension,
        app_data=command.app_data,
    )
    direct = isinstance(transport.transport, DirectTransport)
    return streams.enter_producer(state, router, producer, key, direct=direct)


async def _consume(state: AgentState, call: Call, consumer_id: str, command: TransportConsume) -> ConsumerEntry:
    await state.settled(command.producer_id, call)
    transport = await _settled(state, call, command.transport_id)
    router = transport.router
    record = state.objects.record_of(router)
    arbiter.admit_consumer(router, record, transport.id, state.settings.hard_limit, state.now())
    try:
        consumer = await _watching(state, call, transport, consumer_id, command)
    except BaseException:
        arbiter.consumer_gone(router, transport.id)
        raise
    return streams.enter_consumer(state, router, consumer, transport.id)


async def _watching(
    state: AgentState, call: Call, transport: TransportEntry, consumer_id: str, command: TransportConsume
) -> Consumer:
    """Have the producer pulled where the router lacks it, and make the consumer."""
    router = transport.router
    if command.producer_id not in router.producers and router.room_id is not None:
        await state.walker.ensure(router, command.producer_id, call.deadline, data=False)
    if arbiter.takes_lowest_layers(router, state.objects.record_of(router), state.now()):
        command = command.model_copy(update={"preferred_layers": _LOWEST_LAYERS})
    streams.watch(router, command.producer_id)
    try:
        return await _consumer_of(transport, consumer_id, command)
    except BaseException:
        streams.unwatch(state, router, command.producer_id)
        raise


async def _consumer_of(entry: TransportEntry, consumer_id: str, command: TransportConsume) -> Consumer:
    transport = entry.transport
    if isinstance(transport, PipeTransport):
        return await transport.consume(id=consumer_id, producer_id=command.producer_id, app_data=command.app_data)
    capabilities = _needed(command.rtp_capabilities, "rtpCapabilities")
    return await transport.consume(
        id=consumer_id,
        producer_id=command.producer_id,
        rtp_capabilities=cast("RtpCapabilities", capabilities),
        paused=command.paused,
        mid=command.mid,
        preferred_layers=cast("ConsumerLayers | None", command.preferred_layers),
        enable_rtx=command.enable_rtx,
        ignore_dtx=command.ignore_dtx,
        pipe=command.pipe,
        app_data=command.app_data,
    )


async def _produce_data(
    state: AgentState, call: Call, data_producer_id: str, key: str, command: TransportProduceData
) -> DataProducerEntry:
    transport = await _settled(state, call, command.transport_id)
    stream = command.sctp_stream_parameters
    if not isinstance(transport.transport, DirectTransport):
        stream = _needed(stream, "sctpStreamParameters")
    data_producer = await transport.transport.produce_data(
        id=data_producer_id,
        sctp_stream_parameters=cast("SctpStreamParameters | None", stream),
        label=command.label,
        protocol=command.protocol,
        paused=command.paused,
        app_data=command.app_data,
    )
    return channels.enter_data_producer(state, transport.router, data_producer, key)


async def _consume_data(
    state: AgentState, call: Call, data_consumer_id: str, command: TransportConsumeData
) -> DataConsumerEntry:
    data_producer_id = command.data_producer_id
    await state.settled(data_producer_id, call)
    transport = await _settled(state, call, command.transport_id)
    router = transport.router
    if data_producer_id not in router.producers and router.room_id is not None:
        await state.walker.ensure(router, data_producer_id, call.deadline, data=True)
    router.watchers[data_producer_id] += 1
    try:
        data_consumer = await _data_consumer_of(transport, data_consumer_id, command)
    except BaseException:
        state.puller.unwatched(router, data_producer_id)
        raise
    return channels.enter_data_consumer(state, router, data_consumer)


async def _data_consumer_of(entry: TransportEntry, consumer_id: str, command: TransportConsumeData) -> DataConsumer:
    asked = (command.ordered, command.max_packet_life_time, command.max_retransmits)
    if asked == (None, None, None):
        asked = _reliability(entry, command.data_producer_id)
    return await entry.transport.consume_data(
        id=consumer_id,
        data_producer_id=command.data_producer_id,
        ordered=asked[0],
        max_packet_life_time=asked[1],
        max_retransmits=asked[2],
        paused=command.paused,
        subchannels=command.subchannels,
        app_data=command.app_data,
    )


def _reliability(entry: TransportEntry, data_producer_id: str) -> tuple[bool | None, int | None, int | None]:
    """Return what a data consumer takes over of its data producer where the worker here does not know of it."""
    held = entry.router.producers.get(data_producer_id)
    stream = (held.stream if held is not None else None) or {}
    return stream.get("ordered"), stream.get("maxPacketLifeTime"), stream.get("maxRetransmits")


HANDLERS: Handlers = {
    "transport.connect": connect,
    "transport.restartIce": restart_ice,
    "transport.setMaxIncomingBitrate": set_max_incoming_bitrate,
    "transport.setMaxOutgoingBitrate": set_max_outgoing_bitrate,
    "transport.setMinOutgoingBitrate": set_min_outgoing_bitrate,
    "transport.produce": produce,
    "transport.consume": consume,
    "transport.produceData": produce_data,
    "transport.consumeData": consume_data,
    "transport.enableTraceEvent": enable_trace_event,
    "transport.sendRtcp": send_rtcp,
    "transport.dump": dump,
    "transport.getStats": get_stats,
    "transport.close": close,
}

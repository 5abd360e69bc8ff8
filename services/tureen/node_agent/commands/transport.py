"""`transport.*`: producers and consumers are made here."""

from __future__ import annotations

from typing import Any, cast

from tureen.bus import Call
from tureen.contract.errors import InvalidType
from tureen.contract.ids import new_id
from tureen.contract.media import (
    ConsumerCreated,
    Dumped,
    IceRestarted,
    ProducerCreated,
    Stats,
    TransportConnect,
    TransportConsume,
    TransportProduce,
    TransportRef,
    TransportSetBitrate,
)
from tureen.mediasoup import Consumer, Producer, WebRtcTransport
from tureen.mediasoup.types import ConsumerLayers, DtlsParameters, RtpCapabilities, RtpParameters, SrtpParameters
from tureen.node_agent import arbiter
from tureen.node_agent.commands.router import connect_id
from tureen.node_agent.memory import fingerprint
from tureen.node_agent.objects import ConsumerEntry, HeldProducer, ProducerEntry, RouterEntry, TransportEntry
from tureen.node_agent.state import AgentState, Handlers

KEY_FRAME_REQUEST_DELAY = 1000
"""Milliseconds between two key frame requests to a room's own producers; an app's own value wins."""


async def connect(state: AgentState, call: Call, command: TransportConnect) -> None:
    """Connect a transport; again with the same parameters it succeeds."""
    entry = await _settled(state, call, command.transport_id)
    mark = fingerprint(command.to_wire())
    await state.creates.once(connect_id(entry.id), mark, lambda: _connect(entry, command))


async def restart_ice(state: AgentState, call: Call, command: TransportRef) -> IceRestarted:
    """Give a WebRtcTransport new ICE parameters."""
    entry = await _settled(state, call, command.transport_id)
    return IceRestarted(ice_parameters={**await _webrtc(entry).restart_ice()})


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
    producer_id = command.id or new_id()
    mark = fingerprint(command.to_wire())
    entry = await state.creates.once(producer_id, mark, lambda: _produce(state, call, producer_id, command))
    producer = entry.producer
    return ProducerCreated(
        id=producer.id,
        kind=producer.kind,
        type=producer.type,
        paused=producer.paused,
        rtp_parameters={**producer.rtp_parameters},
        consumable_rtp_parameters={**producer.consumable_rtp_parameters},
        served=entry.router.served,
    )


async def consume(state: AgentState, call: Call, command: TransportConsume) -> ConsumerCreated:
    """Make a consumer; a producer that lives on another router of the room is pulled first."""
    consumer_id = command.id or new_id()
    mark = fingerprint(command.to_wire())
    entry = await state.creates.once(consumer_id, mark, lambda: _consume(state, call, consumer_id, command))
    consumer = entry.consumer
    layers = consumer.preferred_layers
    return ConsumerCreated(
        id=consumer.id,
        producer_id=consumer.producer_id,
        kind=consumer.kind,
        type=consumer.type,
        rtp_parameters={**consumer.rtp_parameters},
        paused=consumer.paused,
        producer_paused=consumer.producer_paused,
        score={**consumer.score},
        preferred_layers=None if layers is None else {**layers},
        served=entry.router.served,
    )


async def dump(state: AgentState, call: Call, command: TransportRef) -> Dumped:
    """Show a transport as its worker sees it."""
    await state.creates.settled(command.transport_id)
    entry = state.objects.visible_transport(command.transport_id, call.tenant)
    return Dumped(dump={**await entry.transport.dump()})


async def get_stats(state: AgentState, call: Call, command: TransportRef) -> Stats:
    """Tell a transport's statistics."""
    await state.creates.settled(command.transport_id)
    entry = state.objects.visible_transport(command.transport_id, call.tenant)
    return Stats(stats=[{**stat} for stat in await entry.transport.get_stats()])


async def close(state: AgentState, call: Call, command: TransportRef) -> None:
    """Close a transport and all that hangs on it; one that never was is closed as well."""
    entry = state.objects.transports.find(command.transport_id, call.tenant)
    if entry is not None:
        entry.transport.close()
    else:
        state.creates.forget(command.transport_id)


async def _settled(state: AgentState, call: Call, transport_id: str) -> TransportEntry:
    await state.creates.settled(transport_id)
    return state.objects.transports.get(transport_id, call.tenant)


def _webrtc(entry: TransportEntry) -> WebRtcTransport:
    if not isinstance(entry.transport, WebRtcTransport):
        raise InvalidType(f"Transport {entry.id} is no WebRtcTransport")
    return entry.transport


async def _connect(entry: TransportEntry, command: TransportConnect) -> bool:
    transport = entry.transport
    if isinstance(transport, WebRtcTransport):
        if command.dtls_parameters is None:
            raise InvalidType("missing field dtlsParameters", details={"path": "dtlsParameters"})
        await transport.connect(dtls_parameters=cast("DtlsParameters", command.dtls_parameters))
    else:
        await transport.connect(
            ip=command.ip,
            port=command.port,
            rtcp_port=command.rtcp_port,
            srtp_parameters=cast("SrtpParameters | None", command.srtp_parameters),
        )
    return True


async def _produce(state: AgentState, call: Call, producer_id: str, command: TransportProduce) -> ProducerEntry:
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
        app_data=command.app_data,
    )
    return _enter_producer(state, router, producer)


def _enter_producer(state: AgentState, router: RouterEntry, producer: Producer) -> ProducerEntry:
    entry = ProducerEntry(producer.id, producer, router)
    held = HeldProducer(producer, (router.place,))
    router.producers[producer.id] = held
    state.objects.producers.add(entry)

    def closed() -> None:
        router.producers.pop(entry.id, None)
        state.objects.producers.discard(entry.id)
        state.creates.forget(entry.id)
        state.producer_closed(router, held)

    producer.observer.on("close", closed)
    state.events.attach(router, "producer", producer.id, producer)
    state.producer_opened(router, held)
    return entry


async def _consume(state: AgentState, call: Call, consumer_id: str, command: TransportConsume) -> ConsumerEntry:
    transport = await _settled(state, call, command.transport_id)
    router = transport.router
    record = state.objects.record_of(router)
    arbiter.admit_consumer(router, record, state.settings.hard_limit, state.now())
    if command.producer_id not in router.producers and router.room_id is not None:
        await state.puller.ensure(router, command.producer_id, call.deadline)
    router.watchers[command.producer_id] += 1
    router.consumers += 1
    try:
        consumer = await transport.transport.consume(
            id=consumer_id,
            producer_id=command.producer_id,
            rtp_capabilities=cast("RtpCapabilities", command.rtp_capabilities),
            **_options(command),
        )
    except BaseException:
        _consumer_gone(state, router, command.producer_id)
        raise
    return _enter_consumer(state, router, consumer)


def _options(command: TransportConsume) -> dict[str, Any]:
    """Return the options that were given; the rest is mediasoup's default."""
    options = {
        "paused": command.paused,
        "mid": command.mid,
        "preferred_layers": cast("ConsumerLayers | None", command.preferred_layers),
        "enable_rtx": command.enable_rtx,
        "ignore_dtx": command.ignore_dtx,
        "pipe": command.pipe,
        "app_data": command.app_data,
    }
    return {name: value for name, value in options.items() if value is not None}


def _enter_consumer(state: AgentState, router: RouterEntry, consumer: Consumer) -> ConsumerEntry:
    entry = ConsumerEntry(consumer.id, consumer, router, consumer.producer_id)
    state.objects.consumers.add(entry)

    def closed() -> None:
        state.objects.consumers.discard(entry.id)
        state.creates.forget(entry.id)
        _consumer_gone(state, router, entry.producer_id)

    consumer.observer.on("close", closed)
    state.events.attach(router, "consumer", consumer.id, consumer)
    return entry


def _consumer_gone(state: AgentState, router: RouterEntry, producer_id: str) -> None:
    router.consumers -= 1
    state.puller.unwatched(router, producer_id)


HANDLERS: Handlers = {
    "transport.connect": connect,
    "transport.restartIce": restart_ice,
    "transport.setMaxIncomingBitrate": set_max_incoming_bitrate,
    "transport.setMaxOutgoingBitrate": set_max_outgoing_bitrate,
    "transport.setMinOutgoingBitrate": set_min_outgoing_bitrate,
    "transport.produce": produce,
    "transport.consume": consume,
    "transport.dump": dump,
    "transport.getStats": get_stats,
    "transport.close": close,
}

"""`router.*`: transports are made here."""

from __future__ import annotations

from typing import Any, cast

from tureen.bus import Call
from tureen.contract.errors import Conflict, Unauthorized
from tureen.contract.ids import new_id
from tureen.contract.media import (
    CanConsume,
    Dumped,
    ListenInfo,
    PlainTransportCreated,
    RouterCanConsume,
    RouterCapabilities,
    RouterClose,
    RouterCreatePlainTransport,
    RouterCreateWebRtcTransport,
    RouterRef,
    WebRtcTransportCreated,
)
from tureen.contract.rooms import Grant
from tureen.mediasoup import PlainTransport, WebRtcTransport
from tureen.mediasoup.types import RtpCapabilities, SrtpCryptoSuite, TransportListenInfo
from tureen.node_agent import arbiter
from tureen.node_agent.memory import fingerprint
from tureen.node_agent.objects import RouterEntry, Transport, TransportEntry
from tureen.node_agent.settings import Address
from tureen.node_agent.state import AgentState, Handlers

_WEBRTC_OPTIONS = tuple(RouterCreateWebRtcTransport.model_fields.keys() - {"router_id", "id", "listen_infos", "grant"})
"""What is passed on to mediasoup as it is; what is absent is mediasoup's default."""


async def create_webrtc_transport(
    state: AgentState, call: Call, command: RouterCreateWebRtcTransport
) -> WebRtcTransportCreated:
    """Make a WebRtcTransport, on the worker's WebRtcServer unless `listenInfos` say otherwise."""
    transport_id = command.id or new_id()
    entry = await state.creates.once(
        transport_id,
        fingerprint(command.to_wire()),
        lambda: _make_webrtc(state, call, transport_id, command),
    )
    transport = cast("WebRtcTransport", entry.transport)
    sctp = transport.sctp_parameters
    return WebRtcTransportCreated(
        id=entry.id,
        ice_role=transport.ice_role,
        ice_parameters={**transport.ice_parameters},
        ice_candidates=[{**candidate} for candidate in transport.ice_candidates],
        dtls_parameters={**transport.dtls_parameters},
        sctp_parameters=None if sctp is None else {**sctp},
        served=entry.router.served,
    )


async def create_plain_transport(
    state: AgentState, call: Call, command: RouterCreatePlainTransport
) -> PlainTransportCreated:
    """Make a PlainTransport on one of this node's addresses."""
    transport_id = command.id or new_id()
    entry = await state.creates.once(
        transport_id,
        fingerprint(command.to_wire()),
        lambda: _make_plain(state, call, transport_id, command),
    )
    transport = cast("PlainTransport", entry.transport)
    rtcp, srtp = transport.rtcp_tuple, transport.srtp_parameters
    return PlainTransportCreated(
        id=entry.id,
        tuple={**transport.tuple},
        rtcp_tuple=None if rtcp is None else {**rtcp},
        srtp_parameters=None if srtp is None else {**srtp},
        served=entry.router.served,
    )


async def get_rtp_capabilities(state: AgentState, call: Call, command: RouterRef) -> RouterCapabilities:
    """Tell a router's RTP capabilities."""
    router = await _settled(state, call, command.router_id)
    return RouterCapabilities(rtp_capabilities={**router.router.rtp_capabilities})


async def can_consume(state: AgentState, call: Call, command: RouterCanConsume) -> CanConsume:
    """Tell whether a producer that this router holds can be consumed with these capabilities."""
    router = await _settled(state, call, command.router_id)
    capabilities = cast("RtpCapabilities", command.rtp_capabilities)
    return CanConsume(
        can_consume=router.router.can_consume(producer_id=command.producer_id, rtp_capabilities=capabilities)
    )


async def dump(state: AgentState, call: Call, command: RouterRef) -> Dumped:
    """Show a router as its worker sees it."""
    router = await _settled(state, call, command.router_id)
    return Dumped(dump={**await router.router.dump()})


async def close(state: AgentState, call: Call, command: RouterClose) -> None:
    """Close a router and all that hangs on it; one that never was is closed as well."""
    router = state.objects.routers.find(command.router_id, call.tenant)
    if router is None:
        state.creates.forget(command.router_id)
        return
    if command.if_empty and router.in_use:
        raise Conflict(f"Router {router.id} is in use", details={"transports": len(router.transports)})
    router.router.close()


async def _settled(state: AgentState, call: Call, router_id: str) -> RouterEntry:
    await state.creates.settled(router_id)
    return state.objects.routers.get(router_id, call.tenant)


async def _make_webrtc(
    state: AgentState, call: Call, transport_id: str, command: RouterCreateWebRtcTransport
) -> TransportEntry:
    router = await _settled(state, call, command.router_id)
    options = {name: getattr(command, name) for name in _WEBRTC_OPTIONS}
    if command.listen_infos is None:
        options["webrtc_server"] = router.worker.webrtc_server
    else:
        options["listen_infos"] = [_listen_info(state, info) for info in command.listen_infos]
    given = {name: value for name, value in options.items() if value is not None}
    book(state, router, transport_id, command.grant)
    return await _enter(state, router, transport_id, router.router.create_webrtc_transport(id=transport_id, **given))


async def _make_plain(
    state: AgentState, call: Call, transport_id: str, command: RouterCreatePlainTransport
) -> TransportEntry:
    router = await _settled(state, call, command.router_id)
    listen_info = _listen_info(state, command.listen_info)
    rtcp = None if command.rtcp_listen_info is None else _listen_info(state, command.rtcp_listen_info)
    book(state, router, transport_id, command.grant)
    making = router.router.create_plain_transport(
        id=transport_id,
        listen_info=listen_info,
        rtcp_listen_info=rtcp,
        rtcp_mux=command.rtcp_mux,
        comedia=command.comedia,
        enable_srtp=command.enable_srtp,
        srtp_crypto_suite=cast("SrtpCryptoSuite", command.srtp_crypto_suite),
        app_data=command.app_data,
    )
    return await _enter(state, router, transport_id, making)


def book(state: AgentState, router: RouterEntry, transport_id: str, grant: Grant | None) -> None:
    """Book a transport's place, within the node's and the room's limits."""
    record = state.objects.record_of(router)
    arbiter.book(router, record, transport_id, grant, state.settings.hard_limit, state.now())


async def _enter(state: AgentState, router: RouterEntry, transport_id: str, making: Any) -> TransportEntry:
    """Wait for a transport and enter it; its place is given back when it closes, or was never made."""
    try:
        transport: Transport = await making
    except BaseException:
        router.worker.bookings.release(transport_id)
        raise
    entry = TransportEntry(transport_id, transport, router)
    router.transports[transport_id] = entry
    state.objects.transports.add(entry)
    transport.observer.on("close", lambda: _closed(state, entry))
    state.events.attach(router, "transport", transport_id, transport)
    return entry


def _closed(state: AgentState, entry: TransportEntry) -> None:
    entry.router.transports.pop(entry.id, None)
    entry.router.worker.bookings.release(entry.id)
    state.objects.transports.discard(entry.id)
    state.creates.forget(entry.id)
    state.creates.forget(connect_id(entry.id), closed=False)


def connect_id(transport_id: str) -> str:
    """Return under which name it is remembered that a transport was connected; no object has such an id."""
    return f"{transport_id}/connect"


def _listen_info(state: AgentState, info: ListenInfo) -> TransportListenInfo:
    """Return where a transport listens: on one of this node's addresses, named by its label or its ip.

    Raises:
        Unauthorized: The node does not offer that address, or a fixed port outside its range.
    """
    address = _address(state, info.ip)
    settings = state.settings
    if info.port and not settings.min_port <= info.port <= settings.max_port:
        raise Unauthorized(
            f"port {info.port} is outside of this node's {settings.min_port} to {settings.max_port}",
            details={"minPort": settings.min_port, "maxPort": settings.max_port},
        )
    chosen = {**info.to_wire(), "ip": address.ip}
    if not info.port and info.port_range is None:
        chosen["portRange"] = {"min": settings.min_port, "max": settings.max_port}
    if info.announced_address is None and address.announced is not None:
        chosen["announcedAddress"] = address.announced
    return cast("TransportListenInfo", chosen)


def _address(state: AgentState, wanted: str) -> Address:
    for address in state.settings.addresses:
        if wanted in {address.label, address.ip}:
            return address
    labels = ", ".join(address.label for address in state.settings.addresses)
    raise Unauthorized(f"this node does not offer address {wanted!r}; it offers {labels}", details={"labels": labels})


HANDLERS: Handlers = {
    "router.createWebRtcTransport": create_webrtc_transport,
    "router.createPlainTransport": create_plain_transport,
    "router.getRtpCapabilities": get_rtp_capabilities,
    "router.canConsume": can_consume,
    "router.dump": dump,
    "router.close": close,
}

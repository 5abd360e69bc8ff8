"""Transports of this node: how they are entered, forgotten and described."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, cast

from tureen.contract.media import PlainTransportCreated, TransportConnected
from tureen.contract.rooms import Grant
from tureen.contract.transports import DirectTransportCreated, PipeTransportCreated
from tureen.mediasoup import PipeTransport, PlainTransport, Transport, WebRtcTransport
from tureen.node_agent import arbiter
from tureen.node_agent.objects import RouterEntry, TransportEntry
from tureen.node_agent.state import AgentState


def book(
    state: AgentState, router: RouterEntry, transport_id: str, grant: Grant | None, *, counts: bool = True
) -> None:
    """Book a transport's place, within the node's and the room's limits.

    Raises:
        Conflict: The grant is for another worker or room, or was used for another transport.
        Stale: The grant has expired.
        NoCapacity: The worker takes no more, or no more of that room.
    """
    record, now = state.objects.record_of(router), state.now()
    if grant is not None:
        state.grants.use(router.tenant, grant, transport_id, now)
    try:
        arbiter.book(router, record, transport_id, grant, state.settings.hard_limit, now, counts=counts)
    except BaseException:
        state.grants.free(router.tenant, transport_id)
        raise


async def enter(
    state: AgentState, router: RouterEntry, transport_id: str, making: Awaitable[Transport]
) -> TransportEntry:
    """Wait for a transport and enter it; its place is given back when it closes, or was never made."""
    try:
        transport = await making
    except BaseException:
        arbiter.release(router, transport_id)
        state.grants.free(router.tenant, transport_id)
        raise
    entry = TransportEntry(transport_id, router, transport)
    router.opened += 1
    state.objects.transports.add(entry)
    state.events.attach(router, "transport", transport_id, transport, lambda: _closed(state, entry))
    return entry


def _closed(state: AgentState, entry: TransportEntry) -> None:
    arbiter.release(entry.router, entry.id)
    state.objects.transports.discard(entry)
    state.forget(entry)
    state.creates.forget(connect_id(entry.id), entry.tenant, closed=False)


def connect_id(transport_id: str) -> str:
    """Return under which name it is remembered that a transport was connected; no object has such an id."""
    return f"{transport_id}/connect"


def webrtc_created(entry: TransportEntry) -> dict[str, Any]:
    """Describe a WebRtcTransport as mediasoup's properties do: a `WebRtcTransportCreated` as it goes on the wire.

    There is no answer that is made more often, and a model around it would cost more than the rest of it.
    """
    transport = cast("WebRtcTransport", entry.transport)
    described = {
        "id": entry.id,
        "iceRole": transport.ice_role,
        "iceParameters": transport.ice_parameters,
        "iceCandidates": transport.ice_candidates,
        "dtlsParameters": transport.dtls_parameters,
        "served": entry.router.served_on_wire,
    }
    if (sctp := transport.sctp_parameters) is not None:
        described["sctpParameters"] = sctp
    return described


def plain_created(entry: TransportEntry) -> PlainTransportCreated:
    """Describe a PlainTransport."""
    transport = cast("PlainTransport", entry.transport)
    return PlainTransportCreated(
        id=entry.id,
        tuple={**transport.tuple},
        rtcp_tuple=_copy(transport.rtcp_tuple),
        srtp_parameters=_copy(transport.srtp_parameters),
        sctp_parameters=_copy(transport.sctp_parameters),
        served=entry.router.served,
    )


def pipe_created(entry: TransportEntry) -> PipeTransportCreated:
    """Describe a PipeTransport."""
    transport = cast("PipeTransport", entry.transport)
    return PipeTransportCreated(
        id=entry.id,
        tuple={**transport.tuple},
        srtp_parameters=_copy(transport.srtp_parameters),
        sctp_parameters=_copy(transport.sctp_parameters),
        served=entry.router.served,
    )


def direct_created(entry: TransportEntry) -> DirectTransportCreated:
    """Describe a DirectTransport."""
    return DirectTransportCreated(id=entry.id, served=entry.router.served)


def transport_connected(transport: Transport) -> TransportConnected:
    """Describe what connecting a transport has settled."""
    if isinstance(transport, WebRtcTransport):
        return TransportConnected(dtls_parameters={**transport.dtls_parameters})
    if isinstance(transport, PlainTransport):
        return TransportConnected(
            tuple={**transport.tuple},
            rtcp_tuple=_copy(transport.rtcp_tuple),
            srtp_parameters=_copy(transport.srtp_parameters),
        )
    return TransportConnected(tuple=_copy(transport.tuple) if isinstance(transport, PipeTransport) else None)


def _copy(values: Any) -> dict[str, Any] | None:
    return None if values is None else {**values}

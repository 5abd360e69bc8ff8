"""What a browser calls on its way in: capabilities, transports, join."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

from tureen.contract.errors import InvalidType, NotFound, Unauthorized, Unavailable
from tureen.mediasoup import ortc
from tureen.signaling import dialects, events
from tureen.signaling.calls import Caller, method
from tureen.signaling.incoming import (
    ChangeDisplayName,
    ConnectWebRtcTransport,
    CreateWebRtcTransport,
    Join,
    TransportNamed,
)
from tureen.signaling.room import Transport

log = logging.getLogger(__name__)


@method("getRouterRtpCapabilities", needs_join=False)
async def get_router_rtp_capabilities(caller: Caller, _data: dict[str, Any]) -> Any:
    """Tell what the room's routers can receive and send."""
    return dialects.router_rtp_capabilities((await caller.hall.open())["rtpCapabilities"])


@method("createWebRtcTransport", needs_join=False)
async def create_webrtc_transport(caller: Caller, data: dict[str, Any]) -> Any:
    """Make a transport on a router of the room; which one is placement's choice, and need not be that of the other."""
    asked = CreateWebRtcTransport.parse(data)
    peer, room = caller.peer, caller.hall.room
    peer.stats_as_list = peer.stats_as_list or asked.is_classic
    await caller.hall.open()

    def claim(transport: Transport) -> None:
        caller.check_is_here()
        room.add_transport(peer, transport)

    def give_up(transport: Transport) -> None:
        # With a peer that left meanwhile the room has closed it already.
        if peer.transports.pop(transport.id, None) is not None and transport.in_doubt and not peer.gone:
            caller.hall.carry_out([room.close_effect(transport, "transport", transport.id)])

    transport, created = await caller.media.create_transport(
        room.id, asked.direction, force_tcp=asked.force_tcp, claim=claim, give_up=give_up
    )
    caller.check_is_here()
    transport.ready = True
    return dialects.web_rtc_transport(created)


@method("connectWebRtcTransport", needs_join=False)
async def connect_webrtc_transport(caller: Caller, data: dict[str, Any]) -> Any:
    """Give a transport the browser's DTLS parameters."""
    asked = ConnectWebRtcTransport.parse(data)
    transport = caller.peer.transport(asked.transport_id)
    await _on_transport(caller, transport, "connect", dtlsParameters=asked.dtls_parameters)
    return {}


@method("restartIce", needs_join=False)
async def restart_ice(caller: Caller, data: dict[str, Any]) -> Any:
    """Give a transport new ICE credentials."""
    transport = caller.peer.transport(TransportNamed.parse(data).transport_id)
    restarted = await _on_transport(caller, transport, "restartIce")
    return dialects.ice_restarted(restarted["iceParameters"])


@method("join", needs_join=False)
async def join(caller: Caller, data: dict[str, Any]) -> Any:
    """Take part: be seen by the others, and receive what they send."""
    asked = Join.parse(data)
    _check_rtp_capabilities(asked.rtp_capabilities)
    room, peer = caller.hall.room, caller.peer
    effects = room.join(peer, asked.display_name, asked.device_shown, asked.rtp_capabilities)
    caller.hall.carry_out(effects)
    return dialects.joined(room.others(peer))


@method("changeDisplayName", either=True)
async def change_display_name(caller: Caller, data: dict[str, Any]) -> Any:
    """Show another name to the others."""
    asked = ChangeDisplayName.parse(data)
    caller.hall.carry_out(caller.hall.room.rename(caller.peer, asked.display_name))
    return {}


@method("getRtcStatsUrl", needs_join=False)
async def get_rtc_stats_url(_caller: Caller, _data: dict[str, Any]) -> Any:
    """Answer that the browser's statistics are not collected."""
    return {}


@method("applyNetworkThrottle", needs_join=False)
@method("resetNetworkThrottle", needs_join=False)
@method("stopNetworkThrottle", needs_join=False)
async def refuse_network_throttle(_caller: Caller, _data: dict[str, Any]) -> Any:
    """Refuse to slow the host's network down: in mediasoup-demo that takes a secret, and here there is none."""
    raise Unauthorized("the network of this host cannot be throttled from a browser")


async def _on_transport(caller: Caller, transport: Transport, method: str, **data: Any) -> dict[str, Any]:
    """Call a method of a transport; with one that turns out to be gone the browser is sent back in.

    A browser whose node died notices first, and asks for an ICE restart.
    """
    try:
        return await caller.media.of_transport(transport, method, **data)
    except (NotFound, Unavailable) as error:
        room = caller.hall.room
        is_lost = isinstance(error, NotFound) or not await caller.media.has_router(room.id, transport.router_id)
        if is_lost and not caller.peer.gone:
            log.warning("transport %s of peer %s of room %s is gone", transport.id, caller.peer.id, room.id)
            effects = events.transport_lost(room, caller.peer, transport.id)
            # The request is answered first.
            asyncio.get_running_loop().call_soon(caller.hall.carry_out, effects)
        raise


def _check_rtp_capabilities(capabilities: dict[str, Any] | None) -> None:
    if capabilities is None:
        return
    try:
        ortc.validate_and_normalize_rtp_capabilities(cast("Any", capabilities))
    except TypeError as error:
        raise InvalidType(f"rtpCapabilities: {error}") from None

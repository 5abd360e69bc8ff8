"""`router.*`: transports and RTP observers are made here."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, cast

from tureen.bus import Call
from tureen.contract.errors import Conflict, InvalidType
from tureen.contract.ids import new_id
from tureen.contract.media import (
    CanConsume,
    PlainTransportCreated,
    RouterCanConsume,
    RouterCapabilities,
    RouterClose,
    RouterCreatePlainTransport,
    RouterCreateWebRtcTransport,
    RouterRef,
)
from tureen.contract.observers import (
    RouterCreateActiveSpeakerObserver,
    RouterCreateAudioLevelObserver,
    RtpObserverCreated,
)
from tureen.contract.transports import (
    DirectTransportCreated,
    PipedToRouter,
    PipeTransportCreated,
    RouterCreateDirectTransport,
    RouterCreatePipeTransport,
    RouterPipeToRouter,
    RouterUpdateMediaCodecs,
)
from tureen.mediasoup import WebRtcServer, WebRtcTransport
from tureen.mediasoup.dumped import packed_dump
from tureen.mediasoup.turns import in_turns
from tureen.mediasoup.types import RouterRtpCodecCapability, RtpCapabilities
from tureen.node_agent import observers, piping, transports
from tureen.node_agent.moment import moment_of
from tureen.node_agent.objects import RouterEntry, RtpObserverEntry, TransportEntry
from tureen.node_agent.state import AgentState, Handlers

_OURS = {
    "router_id",
    "id",
    "owner_id",
    "reuse",
    "grant",
    "listen_info",
    "rtcp_listen_info",
    "listen_infos",
    "web_rtc_server_id",
}
_WEBRTC = tuple(RouterCreateWebRtcTransport.model_fields.keys() - _OURS - {"app_data"})
_PLAIN = tuple(RouterCreatePlainTransport.model_fields.keys() - _OURS)
_PIPE = tuple(RouterCreatePipeTransport.model_fields.keys() - _OURS)
_DIRECT = tuple(RouterCreateDirectTransport.model_fields.keys() - _OURS)
"""What is passed on to mediasoup as it is; what is None is mediasoup's default."""

_webrtc_options = attrgetter(*_WEBRTC)


async def create_webrtc_transport(
    state: AgentState, call: Call, command: RouterCreateWebRtcTransport
) -> dict[str, Any]:
    """Make a WebRtcTransport, on the worker's WebRtcServer unless the command says otherwise."""
    id_ = command.id or new_id()
    repeatable = command.id is not None
    entry = await state.create(
        call, id_, command, lambda: _make_webrtc(state, call, id_, command), repeatable=repeatable
    )
    return transports.webrtc_created(entry)


async def create_plain_transport(
    state: AgentState, call: Call, command: RouterCreatePlainTransport
) -> PlainTransportCreated:
    """Make a PlainTransport on one of this node's addresses."""
    id_ = command.id or new_id()
    entry = await state.create(call, id_, command, lambda: _make_plain(state, call, id_, command))
    return transports.plain_created(entry)


async def create_pipe_transport(
    state: AgentState, call: Call, command: RouterCreatePipeTransport
) -> PipeTransportCreated:
    """Make one end of a pipe that the app connects itself."""
    id_ = command.id or new_id()
    entry = await state.create(call, id_, command, lambda: _make_pipe(state, call, id_, command))
    return transports.pipe_created(entry)


async def create_direct_transport(
    state: AgentState, call: Call, command: RouterCreateDirectTransport
) -> DirectTransportCreated:
    """Make a transport whose packets and messages travel over the bus."""
    id_ = command.id or new_id()
    entry = await state.create(call, id_, command, lambda: _make_direct(state, call, id_, command))
    return transports.direct_created(entry)


async def create_active_speaker_observer(
    state: AgentState, call: Call, command: RouterCreateActiveSpeakerObserver
) -> RtpObserverCreated:
    """Make something that tells who speaks."""
    id_ = command.id or new_id()
    entry = await state.create(call, id_, command, lambda: _make_observer(state, call, id_, command))
    return RtpObserverCreated(id=entry.id, type=entry.rtp_observer.type)


async def create_audio_level_observer(
    state: AgentState, call: Call, command: RouterCreateAudioLevelObserver
) -> RtpObserverCreated:
    """Make something that tells how loud the loudest are."""
    id_ = command.id or new_id()
    entry = await state.create(call, id_, command, lambda: _make_observer(state, call, id_, command))
    return RtpObserverCreated(id=entry.id, type=entry.rtp_observer.type)


async def pipe_to_router(state: AgentState, call: Call, command: RouterPipeToRouter) -> PipedToRouter:
    """Bring a producer or a data producer to another router of this node."""
    router = await _settled(state, call, command.router_id)
    return await piping.pipe_to_router(state, call, router, command)


async def get_rtp_capabilities(state: AgentState, call: Call, command: RouterRef) -> RouterCapabilities:
    """Tell a router's RTP capabilities."""
    router = await _settled(state, call, command.router_id)
    return RouterCapabilities(rtp_capabilities={**router.router.rtp_capabilities})


async def update_media_codecs(state: AgentState, call: Call, command: RouterUpdateMediaCodecs) -> RouterCapabilities:
    """Replace a router's codecs for what is made from now on."""
    router = await _settled(state, call, command.router_id)
    if router.room_id is not None:
        raise Conflict(f"Router {router.id} has the codecs of room {router.room_id}: change the room's")
    router.router.update_media_codecs(cast("list[RouterRtpCodecCapability]", command.media_codecs))
    return RouterCapabilities(rtp_capabilities={**router.router.rtp_capabilities})


async def can_consume(state: AgentState, call: Call, command: RouterCanConsume) -> CanConsume:
    """Tell whether a producer that this router holds can be consumed with these capabilities."""
    router = await _settled(state, call, command.router_id)
    capabilities = cast("RtpCapabilities", command.rtp_capabilities)
    return CanConsume(
        can_consume=router.router.can_consume(producer_id=command.producer_id, rtp_capabilities=capabilities)
    )


async def dump(state: AgentState, call: Call, command: RouterRef) -> dict[str, Any]:
    """Show a router as its worker sees it, and which of its objects are paused.

    What is returned is a `RouterDumped` as it goes on the wire. Others get their turn while the dump is decoded; what
    happens then is later than the dump.
    """
    router = await _settled(state, call, command.router_id)
    packed = await packed_dump(router.router)
    moment = moment_of(router)
    dumped = await in_turns(packed.unpacking())
    return {
        "dump": dumped,
        "rtpCapabilities": router.router.rtp_capabilities,
        "served": router.served_on_wire,
        "startId": state.start_id,
        "seq": moment.seq,
        "paused": moment.paused,
        "sourcePaused": moment.source_paused,
        "madeByAgent": moment.made_by_agent(dumped),
    }


async def close(state: AgentState, call: Call, command: RouterClose) -> None:
    """Close a router and all that hangs on it; one that never was is closed as well."""
    router = await state.to_close(state.objects.routers, command.router_id, call)
    if router is None:
        return
    if command.if_empty and router.in_use:
        raise Conflict(f"Router {router.id} is in use", details={"transports": len(router.transports)})
    router.router.close()


async def _settled(state: AgentState, call: Call, router_id: str) -> RouterEntry:
    return await state.named(state.objects.routers, router_id, call)


async def _make_webrtc(
    state: AgentState, call: Call, transport_id: str, command: RouterCreateWebRtcTransport
) -> TransportEntry:
    if command.listen_infos is not None and command.web_rtc_server_id is not None:
        raise InvalidType("only one of webRtcServerId and listenInfos must be given", details={"path": "listenInfos"})
    if command.web_rtc_server_id is not None:
        await state.settled(command.web_rtc_server_id, call)
    router = await state.named(state.objects.routers, command.router_id, call)
    listen_infos = command.listen_infos
    server = _webrtc_server(state, router, command.web_rtc_server_id) if listen_infos is None else None
    kind = server, None if listen_infos is None else tuple(listen_infos), _webrtc_options(command)
    known = router.worker.webrtc_kinds.get(kind)
    options = _given(command, _WEBRTC) if known is None else {}
    if known is None and listen_infos is not None:
        options["listen_infos"] = [state.listen_info(info, router.worker.ports) for info in listen_infos]
    transports.book(state, router, transport_id, command.grant)
    if known is not None:
        making = router.router.create_webrtc_transport_like(known, id=transport_id, app_data=command.app_data)
        return await transports.enter(state, router, transport_id, making)
    making = router.router.create_webrtc_transport(
        id=transport_id, webrtc_server=server, app_data=command.app_data, **options
    )
    entry = await transports.enter(state, router, transport_id, making)
    router.worker.know_webrtc_kind(kind, cast("WebRtcTransport", entry.transport).options)
    return entry


def _webrtc_server(state: AgentState, router: RouterEntry, server_id: str | None) -> WebRtcServer:
    """Return the WebRtcServer that was named, or the one that a worker of the pool has."""
    if server_id is None:
        server = router.worker.webrtc_server
        if server is None:
            raise InvalidType("missing webRtcServerId or listenInfos", details={"path": "listenInfos"})
        return server
    entry = state.objects.webrtc_servers.shared(server_id, router.tenant)
    if entry.worker is not router.worker:
        raise Conflict(f"WebRtcServer {server_id} is of another worker than router {router.id}")
    return entry.webrtc_server


async def _make_plain(
    state: AgentState, call: Call, transport_id: str, command: RouterCreatePlainTransport
) -> TransportEntry:
    router = await _settled(state, call, command.router_id)
    options = _given(command, _PLAIN)
    options["listen_info"] = state.listen_info(command.listen_info, router.worker.ports)
    if command.rtcp_listen_info is not None:
        options["rtcp_listen_info"] = state.listen_info(command.rtcp_listen_info, router.worker.ports)
    transports.book(state, router, transport_id, command.grant)
    making = router.router.create_plain_transport(id=transport_id, **options)
    return await transports.enter(state, router, transport_id, making)


async def _make_pipe(
    state: AgentState, call: Call, transport_id: str, command: RouterCreatePipeTransport
) -> TransportEntry:
    router = await _settled(state, call, command.router_id)
    options = _given(command, _PIPE)
    options["listen_info"] = state.listen_info(command.listen_info, router.worker.ports)
    transports.book(state, router, transport_id, None, counts=False)
    making = router.router.create_pipe_transport(id=transport_id, **options)
    return await transports.enter(state, router, transport_id, making)


async def _make_direct(
    state: AgentState, call: Call, transport_id: str, command: RouterCreateDirectTransport
) -> TransportEntry:
    router = await _settled(state, call, command.router_id)
    transports.book(state, router, transport_id, None)
    making = router.router.create_direct_transport(id=transport_id, **_given(command, _DIRECT))
    return await transports.enter(state, router, transport_id, making)


async def _make_observer(
    state: AgentState,
    call: Call,
    observer_id: str,
    command: RouterCreateActiveSpeakerObserver | RouterCreateAudioLevelObserver,
) -> RtpObserverEntry:
    router = await _settled(state, call, command.router_id)
    options = _given(command, type(command).model_fields.keys() - _OURS)
    if isinstance(command, RouterCreateAudioLevelObserver):
        observer: Any = await router.router.create_audio_level_observer(id=observer_id, **options)
    else:
        observer = await router.router.create_active_speaker_observer(id=observer_id, **options)
    entry = RtpObserverEntry(observer_id, router, observer)
    state.objects.rtp_observers.add(entry)

    def closed() -> None:
        state.objects.rtp_observers.discard(entry)
        observers.closed(state, entry)
        state.forget(entry)

    observer.observer.once("close", closed)
    state.events.attach(router, "rtpObserver", entry.id, observer)
    return entry


def _given(command: Any, names: Any) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(command, name)) is not None}


HANDLERS: Handlers = {
    "router.createWebRtcTransport": create_webrtc_transport,
    "router.createPlainTransport": create_plain_transport,
    "router.createPipeTransport": create_pipe_transport,
    "router.createDirectTransport": create_direct_transport,
    "router.createActiveSpeakerObserver": create_active_speaker_observer,
    "router.createAudioLevelObserver": create_audio_level_observer,
    "router.pipeToRouter": pipe_to_router,
    "router.getRtpCapabilities": get_rtp_capabilities,
    "router.updateMediaCodecs": update_media_codecs,
    "router.canConsume": can_consume,
    "router.dump": dump,
    "router.close": close,
}

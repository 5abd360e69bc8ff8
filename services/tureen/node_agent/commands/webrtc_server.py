"""`webRtcServer.*`; those of the pool's workers are the node's."""

from __future__ import annotations

from tureen.bus import Call
from tureen.contract.dumps import WebRtcServerDumped
from tureen.contract.workers import WebRtcServerRef
from tureen.node_agent import properties
from tureen.node_agent.state import AgentState, Handlers


async def dump(state: AgentState, call: Call, command: WebRtcServerRef) -> WebRtcServerDumped:
    """Show a WebRtcServer as its worker sees it, and its properties."""
    servers = state.objects.webrtc_servers
    servers.forbid_shared(command.web_rtc_server_id, call.tenant)
    entry = await state.named(servers, command.web_rtc_server_id, call)
    dumped = await entry.webrtc_server.dump()
    return WebRtcServerDumped(dump={**dumped}, properties=properties.of_webrtc_server(entry))


async def close(state: AgentState, call: Call, command: WebRtcServerRef) -> None:
    """Close a WebRtcServer and the transports that listen on it; one that never was is closed as well."""
    servers = state.objects.webrtc_servers
    servers.forbid_shared(command.web_rtc_server_id, call.tenant)
    entry = await state.to_close(servers, command.web_rtc_server_id, call)
    if entry is not None:
        entry.webrtc_server.close()


HANDLERS: Handlers = {
    "webRtcServer.dump": dump,
    "webRtcServer.close": close,
}

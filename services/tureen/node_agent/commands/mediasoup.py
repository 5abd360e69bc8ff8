"""`mediasoup.*`: what there is before there is a worker."""

from __future__ import annotations

from tureen.bus import Call
from tureen.contract.errors import InvalidType, Unauthorized
from tureen.contract.ids import new_id
from tureen.contract.media import RouterCapabilities
from tureen.contract.subjects import SYSTEM
from tureen.contract.workers import MediasoupCreateWorker, MediasoupGetSupportedRtpCapabilities, WorkerCreated
from tureen.mediasoup import get_supported_rtp_capabilities
from tureen.node_agent.addresses import check_ports
from tureen.node_agent.state import AgentState, Handlers


async def create_worker(state: AgentState, call: Call, command: MediasoupCreateWorker) -> WorkerCreated:
    """Start a worker of the caller's own."""
    _check(state, call, command)
    worker_id = command.id or new_id()
    entry = await state.create(call, worker_id, command, lambda: state.pool.start_own(worker_id, call.tenant, command))
    return WorkerCreated(id=entry.id, pid=entry.worker.pid, node_id=state.settings.node_id)


async def supported_rtp_capabilities(
    _state: AgentState, _call: Call, _command: MediasoupGetSupportedRtpCapabilities
) -> RouterCapabilities:
    """Tell what mediasoup supports."""
    return RouterCapabilities(rtp_capabilities={**get_supported_rtp_capabilities()})


def _check(state: AgentState, call: Call, command: MediasoupCreateWorker) -> None:
    """Refuse what is the node's own affair, before a process is started for it."""
    files = (command.dtls_certificate_file, command.dtls_private_key_file, command.libwebrtc_field_trials)
    if call.tenant != SYSTEM and any(value is not None for value in files):
        raise Unauthorized("files of the node and field trials are for its operator alone")
    if any(value is not None and "\0" in value for value in files):
        raise InvalidType("a path and field trials hold no NUL")
    settings = state.settings
    low, high = command.rtc_min_port or settings.min_port, command.rtc_max_port or settings.max_port
    check_ports(settings, low, high)


HANDLERS: Handlers = {
    "mediasoup.createWorker": create_worker,
    "mediasoup.getSupportedRtpCapabilities": supported_rtp_capabilities,
}

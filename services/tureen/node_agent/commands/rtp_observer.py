"""`rtpObserver.*`: what both of mediasoup's observers have in common."""

from __future__ import annotations

from tureen.bus import Call
from tureen.contract.observers import RtpObserverProducer, RtpObserverRef
from tureen.mediasoup import RtpObserver
from tureen.node_agent.state import AgentState, Handlers


async def pause(state: AgentState, call: Call, command: RtpObserverRef) -> None:
    """Pause an RTP observer."""
    await (await _settled(state, call, command.rtp_observer_id)).pause()


async def resume(state: AgentState, call: Call, command: RtpObserverRef) -> None:
    """Resume an RTP observer."""
    await (await _settled(state, call, command.rtp_observer_id)).resume()


async def add_producer(state: AgentState, call: Call, command: RtpObserverProducer) -> None:
    """Watch a producer that the router holds."""
    await state.creates.settled(command.producer_id)
    observer = await _settled(state, call, command.rtp_observer_id)
    await observer.add_producer(producer_id=command.producer_id)


async def remove_producer(state: AgentState, call: Call, command: RtpObserverProducer) -> None:
    """Watch a producer no more."""
    observer = await _settled(state, call, command.rtp_observer_id)
    await observer.remove_producer(producer_id=command.producer_id)


async def close(state: AgentState, call: Call, command: RtpObserverRef) -> None:
    """Close an RTP observer; one that never was is closed as well."""
    entry = await state.to_close(state.objects.rtp_observers, command.rtp_observer_id, call)
    if entry is not None:
        entry.rtp_observer.close()


async def _settled(state: AgentState, call: Call, rtp_observer_id: str) -> RtpObserver:
    return (await state.named(state.objects.rtp_observers, rtp_observer_id, call)).rtp_observer


HANDLERS: Handlers = {
    "rtpObserver.pause": pause,
    "rtpObserver.resume": resume,
    "rtpObserver.addProducer": add_producer,
    "rtpObserver.removeProducer": remove_producer,
    "rtpObserver.close": close,
}

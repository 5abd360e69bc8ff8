"""`rtpObserver.*`: what both of mediasoup's observers have in common."""

from __future__ import annotations

from tureen.bus import Call
from tureen.contract.dumps import RtpObserverDumped
from tureen.contract.observers import RtpObserverProducer, RtpObserverRef
from tureen.mediasoup import ActiveSpeakerObserver, RtpObserver
from tureen.node_agent import observers, properties
from tureen.node_agent.state import AgentState, Handlers


async def pause(state: AgentState, call: Call, command: RtpObserverRef) -> None:
    """Pause an RTP observer."""
    await (await _settled(state, call, command.rtp_observer_id)).pause()


async def resume(state: AgentState, call: Call, command: RtpObserverRef) -> None:
    """Resume an RTP observer."""
    await (await _settled(state, call, command.rtp_observer_id)).resume()


async def add_producer(state: AgentState, call: Call, command: RtpObserverProducer) -> None:
    """Watch a producer, once; for active speakers one that lives on another router of the room is pulled first.

    Levels are taken where producers live, by an observer on each router.
    """
    producer_id = command.producer_id
    await state.settled(producer_id, call)
    entry = await state.named(state.objects.rtp_observers, command.rtp_observer_id, call)
    if producer_id in entry.watching:
        return
    router = entry.router
    elsewhere = producer_id not in router.producers and router.room_id is not None
    if elsewhere and isinstance(entry.rtp_observer, ActiveSpeakerObserver):
        await state.walker.ensure(router, producer_id, call.deadline, data=False)
        if producer_id in entry.watching:
            # Somebody has asked for it twice, and both had to wait.
            return
    observers.watch(state, entry, producer_id)
    try:
        await entry.rtp_observer.add_producer(producer_id=producer_id)
    except BaseException:
        observers.unwatch(state, entry, producer_id)
        raise


async def remove_producer(state: AgentState, call: Call, command: RtpObserverProducer) -> None:
    """Watch a producer no more."""
    entry = await state.named(state.objects.rtp_observers, command.rtp_observer_id, call)
    await entry.rtp_observer.remove_producer(producer_id=command.producer_id)
    observers.unwatch(state, entry, command.producer_id)


async def dump(state: AgentState, call: Call, command: RtpObserverRef) -> RtpObserverDumped:
    """Show an RTP observer: its properties, and what it hears."""
    entry = await state.named(state.objects.rtp_observers, command.rtp_observer_id, call)
    told = properties.of_rtp_observer(entry)
    shown = {"id": told.id, "type": told.type, "paused": told.paused, "producerIds": list(entry.watching)}
    return RtpObserverDumped(dump=shown, properties=told)


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
    "rtpObserver.dump": dump,
    "rtpObserver.close": close,
}

"""What RTP observers watch: a pulled producer stays while one does."""

from __future__ import annotations

from tureen.node_agent.objects import HeldProducer, RtpObserverEntry
from tureen.node_agent.state import AgentState


def watch(state: AgentState, entry: RtpObserverEntry, producer_id: str) -> None:
    """Count an observer as a watcher of a producer that its router holds, until either closes."""
    held = entry.router.producers.get(producer_id)
    if held is None or producer_id in entry.watching:
        return
    entry.router.watchers[producer_id] += 1
    entry.watching[producer_id] = held.producer.observer.once("close", lambda: _ended(state, entry, held))


def _ended(state: AgentState, entry: RtpObserverEntry, held: HeldProducer) -> None:
    """A producer is gone from the router; if it was pulled, say so: it may live on, and be had another way."""
    unwatch(state, entry, held.producer.id)
    if held.pull_id is not None and not entry.router.router.closed:
        entry.rtp_observer.observer.safe_emit("removeproducer", held.producer)


def unwatch(state: AgentState, entry: RtpObserverEntry, producer_id: str) -> None:
    """An observer watches a producer no more."""
    listener = entry.watching.pop(producer_id, None)
    if listener is None:
        return
    held = entry.router.producers.get(producer_id)
    if held is not None:
        held.producer.observer.off("close", listener)
    state.puller.unwatched(entry.router, producer_id)


def closed(state: AgentState, entry: RtpObserverEntry) -> None:
    """An observer is gone: it watches nothing more."""
    for producer_id in list(entry.watching):
        unwatch(state, entry, producer_id)

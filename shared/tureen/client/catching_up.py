"""Finding out what was missed: what is closed by now, what is paused, and what else has changed.

Where mediasoup has an event for a change it is emitted, once, with what holds now; what has none is taken over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from tureen.client.hearing import Count
from tureen.client.remote import SOURCE_PAUSED, Remote
from tureen.client.router import Router
from tureen.client.streams import Consumer, DataConsumer
from tureen.client.transports import Transport
from tureen.client.worker import Worker
from tureen.mediasoup.convert import consumer_layers
from tureen.mediasoup.dumped import object_ids
from tureen.mediasoup.errors import MediasoupError, NotFoundError

Told = Callable[..., bool]
"""Tells of an object, by its id, and of events, by their names, whether one was heard that may be later than a dump."""

# What a transport's properties tell of what its events tell.
_STATES: Mapping[str, tuple[str, str]] = {
    "icestatechange": ("iceState", "_ice_state"),
    "iceselectedtuplechange": ("iceSelectedTuple", "_ice_selected_tuple"),
    "dtlsstatechange": ("dtlsState", "_dtls_state"),
    "sctpstatechange": ("sctpState", "_sctp_state"),
    "tuple": ("tuple", "_tuple"),
    "rtcptuple": ("rtcpTuple", "_rtcp_tuple"),
}
_OF_COMEDIA = frozenset({"tuple", "rtcptuple"})
"""Events of what a packet has told; without `comedia` it is `connect()` that tells it, which is no event."""
_TUPLES = frozenset({"tuple", "rtcpTuple"})
_TOLD_BY: Mapping[str, str] = {
    "iceParameters": "iceparameterschange",
    "dtlsRemoteCert": "dtlsremotecert",
    "sctpNegotiatedCapabilities": "sctpnegotiatedcapabilities",
}
"""Which event tells of properties for which mediasoup has none; of all others it is `connect`."""
_AT_ONCE = 16
"""Transports that are looked at side by side."""


async def catch_up_worker(worker: Worker) -> None:
    """Find out whether a worker still runs; one that its node does not know any more has died."""
    try:
        await worker.get_resource_usage()
    except NotFoundError:
        worker.lost_there()
    except MediasoupError:
        # Nobody answers. That is no reason to close anything.
        return
    else:
        await _servers(worker)


async def catch_up_router(router: Router) -> bool:
    """Find out what has happened to a router and to what is on it, and emit it; tell whether all was found out."""
    # A router that is closed is heard no more.
    sequence = router._link.sequence_of(router.id) or Count()
    with sequence.noting():
        try:
            await _catch_up(router, sequence)
        except MediasoupError:
            # Nobody answers.
            return False
    return True


async def _catch_up(router: Router, sequence: Count) -> None:
    """Take over what dumps tell, but for what events tell that are later than these."""
    known = _known(router)
    try:
        reply = await router._command("dump")
    except NotFoundError:
        if not router.closed and not router._link.closed:
            await catch_up_worker(cast("Worker", router._worker))
            router.closed_there()
        return
    sequence.stands_at(reply["startId"], reply["seq"])
    _close_missing(known, frozenset(object_ids(reply["dump"])))
    _pause(
        known, frozenset(reply["paused"]), frozenset(reply["sourcePaused"]), partial(sequence.told_since, reply["seq"])
    )
    limit = asyncio.Semaphore(_AT_ONCE)
    transports = [object_ for object_ in known if isinstance(object_, Transport)]
    results = await asyncio.gather(*(_states(each, limit, sequence) for each in transports), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


def _known(router: Router) -> list[Remote]:
    """Return what is on a router, parents first, sources before what they feed."""
    transports = list(router._transports.values())
    children = (
        child
        for kind in ("_producers", "_data_producers", "_consumers", "_data_consumers")
        for transport in transports
        for child in getattr(transport, kind).values()
    )
    return [cast("Remote", object_) for object_ in (*transports, *children, *router._rtp_observers.values())]


def _close_missing(known: list[Remote], there: frozenset[str]) -> None:
    for object_ in known:
        if object_.closed or object_.id in there:
            continue
        if isinstance(object_, Consumer) and object_.producer_id not in there:
            object_._producer_closed()
        elif isinstance(object_, DataConsumer) and object_.data_producer_id not in there:
            object_._data_producer_closed()
        else:
            object_.closed_there()


def _pause(known: list[Remote], paused: frozenset[str], source_paused: frozenset[str], told: Told) -> None:
    """Take over what is paused; `told(id, *names)` says of what a later event has told already."""
    for object_ in known:
        if object_.closed:
            continue
        if not told(object_.id, *SOURCE_PAUSED):
            if isinstance(object_, Consumer):
                object_._set_producer_paused(object_.id in source_paused)
            elif isinstance(object_, DataConsumer):
                object_._set_data_producer_paused(object_.id in source_paused)
        if not told(object_.id, "pause", "resume"):
            object_.paused_there(object_.id in paused)


async def _states(transport: Transport, limit: asyncio.Semaphore, sequence: Count) -> None:
    """Emit the changes of a transport's state, and of what is on it."""
    async with limit:
        if transport.closed:
            return
        asked = sequence.mark()
        try:
            reply = await transport._command("dump")
        except NotFoundError:
            # An event tells of that.
            return
    told = partial(sequence.told_since, asked)
    _transport(transport, reply["properties"], told, comedia=bool(reply["dump"].get("comedia")))
    for state in reply["producers"]:
        _emit(transport._producers.get(state["id"]), "score", "_score", state["score"], told)
    for state in reply["consumers"]:
        _consumer(transport._consumers.get(state["id"]), state, told)
    for state in reply["dataConsumers"]:
        data_consumer = transport._data_consumers.get(state["id"])
        if data_consumer is not None and not told(data_consumer.id, "subchannelschange"):
            data_consumer._subchannels = state["subchannels"]


def _transport(transport: Transport, properties: Mapping[str, Any], told: Told, *, comedia: bool) -> None:
    emitted = _STATES if comedia else _STATES.keys() - _OF_COMEDIA
    for event in emitted:
        key, attribute = _STATES[event]
        # That there is none yet is no event.
        if event in transport.EVENTS and properties.get(key) is not None:
            _emit(transport, event, attribute, properties[key], told)
    if transport.closed:
        return
    transport.take(
        {
            key: value
            for key, value in properties.items()
            if not (comedia and key in _TUPLES) and not told(transport.id, _TOLD_BY.get(key, "connect"))
        }
    )


def _consumer(consumer: Any, state: Mapping[str, Any], told: Told) -> None:
    _emit(consumer, "score", "_score", state["score"], told)
    _emit(consumer, "layerschange", "_current_layers", consumer_layers(state.get("currentLayers")), told)
    if consumer is not None and not told(consumer.id, "preferredlayerschange"):
        consumer._preferred_layers = consumer_layers(state.get("preferredLayers"))
    if consumer is not None and not told(consumer.id, "prioritychange"):
        consumer._priority = state["priority"]


def _emit(object_: Any, event: str, attribute: str, value: Any, told: Told) -> None:
    """Let an event happen that was missed, if it was: not if nothing has changed, or a later one was heard."""
    if object_ is None or object_.closed or told(object_.id, event):
        return
    if value != object_.state_of(attribute):
        object_._happened(event, value)


async def _servers(worker: Worker) -> None:
    """Close the WebRtcServers that are gone; the nodes' own workers do not tell which they have."""
    known = list(worker._webrtc_servers.values())
    if not known:
        return
    try:
        there = (await worker.dump())["webRtcServerIds"]
    except MediasoupError:
        return
    for server in known:
        if server.id not in there:
            cast("Remote", server).closed_there()

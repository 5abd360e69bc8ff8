"""Finding out what was missed: what is closed by now, what is paused, and in which state transports are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias, cast

from tureen.client.hearing import Count
from tureen.client.remote import SOURCE_PAUSED, Remote
from tureen.client.router import Router
from tureen.client.streams import Consumer, DataConsumer
from tureen.client.transports import Transport
from tureen.client.worker import Worker
from tureen.mediasoup.dumped import object_ids
from tureen.mediasoup.errors import MediasoupError, NotFoundError

Dump: TypeAlias = Mapping[str, Any]

# What a transport's dump tells of what its events tell.
_STATES: Mapping[str, tuple[str, str]] = {
    "icestatechange": ("iceState", "_ice_state"),
    "iceselectedtuplechange": ("iceSelectedTuple", "_ice_selected_tuple"),
    "dtlsstatechange": ("dtlsState", "_dtls_state"),
    "sctpstatechange": ("sctpState", "_sctp_state"),
    "tuple": ("tuple", "_tuple"),
    "rtcptuple": ("rtcpTuple", "_rtcp_tuple"),
}
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


async def catch_up_router(router: Router) -> None:
    """Find out what has happened to a router and to what is on it, and emit it."""
    # A router that is closed is heard no more.
    sequence = router._link.sequence_of(router.id) or Count()
    with sequence.noting():
        await _catch_up(router, sequence)


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
    except MediasoupError:
        return
    sequence.stands_at(reply["startId"], reply["seq"])
    _close_missing(known, frozenset(object_ids(reply["dump"])))
    _pause(
        known, frozenset(reply["paused"]), frozenset(reply["sourcePaused"]), partial(sequence.told_since, reply["seq"])
    )
    limit = asyncio.Semaphore(_AT_ONCE)
    await asyncio.gather(*(_states(object_, limit, sequence) for object_ in known if isinstance(object_, Transport)))


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


def _pause(
    known: list[Remote], paused: frozenset[str], source_paused: frozenset[str], told: Callable[..., bool]
) -> None:
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
    """Emit the changes of a transport's state."""
    if transport.closed:
        return
    try:
        async with limit:
            asked = sequence.mark()
            dump = await transport.dump()
    except MediasoupError:
        return
    for event, (key, attribute) in _STATES.items():
        told = dump.get(key)
        if sequence.told_since(asked, transport.id, event):
            # It may be later than the dump.
            continue
        if not transport.closed and event in transport.EVENTS and told not in (None, transport.state_of(attribute)):
            transport._happened(event, told)


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

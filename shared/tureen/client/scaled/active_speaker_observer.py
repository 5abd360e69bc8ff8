"""ActiveSpeakerObservers of rooms: who speaks, on whatever worker."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from tureen import mediasoup
from tureen.client import observers as real
from tureen.client.scaled.rtp_observer import LogicalObserver
from tureen.mediasoup.types import ActiveSpeakerObserverDominantSpeaker

if TYPE_CHECKING:
    from tureen.client.scaled.member import Member
    from tureen.client.scaled.room import Room
    from tureen.client.session import Session

log = logging.getLogger("tureen.client")

_REJOINING = (0.0, 1.0, 3.0, 10.0)
"""Seconds before each look at whether all is watched that should be, once something is lost: agents hear of it, too."""


class ActiveSpeakerObserver(LogicalObserver, mediasoup.ActiveSpeakerObserver):
    """mediasoup's ActiveSpeakerObserver, of a room: a real one on one worker, which pulls the producers it watches.

    If that worker is lost, another one takes over.
    """

    __slots__ = ("_dominant", "_forget", "_rejoining")

    REAL = real.ActiveSpeakerObserver

    def __init__(self, **what: Any) -> None:
        """Stand for an ActiveSpeakerObserver of a room; see `LogicalObserver`."""
        super().__init__(**what)
        self._rejoining: asyncio.Task[None] | None = None
        self._dominant = ""
        # Nobody knows what was lost in the meantime.
        self._forget = self._session.bus.on_reconnect(self._watch_all)

    @property
    def _session(self) -> Session:
        return cast("Room", self._router).session

    def _member_for(self, producer: mediasoup.Producer) -> Member:
        """Return the one where it is already, else the one where most of what it watches lives."""
        for member in self._reals:
            return member
        members = Counter(each._transport._router for each in [producer, *self._living()])
        return cast("Member", members.most_common(1)[0][0])

    def _living(self) -> list[mediasoup.Producer]:
        producers = self._router._producers
        return [producers[producer_id] for producer_id in self._watched if producer_id in producers]

    def _hear(self, member: Member, observer: mediasoup.RtpObserver) -> None:
        def speaks(speaker: ActiveSpeakerObserverDominantSpeaker) -> None:
            producer_id = speaker["producer"].id
            # One that has taken over tells also who was told of already.
            if producer_id in self._watched and producer_id != self._dominant:
                self._dominant = producer_id
                self._announce("dominantspeaker", speaker)

        def gone(producer: mediasoup.Producer) -> None:
            # Nobody has taken it off: the way by which it was pulled is lost.
            if producer.id in self._watched:
                self._lost(member)

        observer.on("dominantspeaker", speaks)
        observer.observer.on("removeproducer", gone)

    def _unwatch(self, producer_id: str) -> None:
        super()._unwatch(producer_id)
        if producer_id == self._dominant:
            self._dominant = ""

    def _lost(self, member: Member) -> None:
        del member
        self._watch_all()

    def _watch_all(self) -> None:
        """Have all watched that should be."""
        if self._rejoining is not None:
            self._rejoining.cancel()
        self._rejoining = None
        if self._watched and not self._closed:
            self._rejoining = self._session.run(self._rejoin())

    async def _rejoin(self) -> None:
        failed = 0
        for pause in _REJOINING:
            await asyncio.sleep(pause)
            joining = [self._join(producer) for producer in self._living()]
            failed = sum(isinstance(each, Exception) for each in await asyncio.gather(*joining, return_exceptions=True))
            if pause and not failed:
                return
        log.warning("ActiveSpeakerObserver %s: %d producers cannot be watched any more", self._id, failed)

    def _end(self) -> None:
        super()._end()
        self._forget()
        if self._rejoining is not None:
            self._rejoining.cancel()
            self._rejoining = None

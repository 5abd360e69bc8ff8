"""AudioLevelObservers of rooms: how loud the loudest are, on whatever workers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from tureen import mediasoup
from tureen.client import observers as real
from tureen.client.scaled.levels import Levels, Told, Volume
from tureen.client.scaled.rtp_observer import LogicalObserver
from tureen.mediasoup.types import AudioLevelObserverVolume

if TYPE_CHECKING:
    from tureen.client.scaled.member import Member


class AudioLevelObserver(LogicalObserver, mediasoup.AudioLevelObserver):
    """mediasoup's AudioLevelObserver, of a room: a real one on each worker on which producers live that it watches."""

    __slots__ = ("_levels", "_loop", "_timer")

    REAL = real.AudioLevelObserver

    def __init__(self, *, options: Mapping[str, int], **what: Any) -> None:
        """Stand for an AudioLevelObserver of a room; see `LogicalObserver`."""
        super().__init__(options=options, **what)
        self._levels = Levels(options["maxEntries"], options["interval"])
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def _member_for(self, producer: mediasoup.Producer) -> Member:
        return cast("Member", producer._transport._router)

    def _hear(self, member: Member, observer: mediasoup.RtpObserver) -> None:
        def volumes(entries: list[AudioLevelObserverVolume]) -> None:
            heard = [Volume(entry["producer"].id, entry["volume"]) for entry in entries]
            watched = [volume for volume in heard if volume.producer_id in self._watched]
            self._pass_on(self._levels.heard(member, watched, self._loop.time()))

        observer.on("volumes", volumes)
        observer.on("silence", lambda: self._pass_on(self._levels.silent(member)))

    def _lost(self, member: Member) -> None:
        self._pass_on(self._levels.silent(member))

    def _unwatch(self, producer_id: str) -> None:
        super()._unwatch(producer_id)
        self._levels.removed(producer_id)

    def _pass_on(self, told: Told) -> None:
        self._watch_the_clock()
        if told is None or self._closed:
            return
        if not told:
            self._announce("silence")
            return
        producers = self._router._producers
        volumes: list[AudioLevelObserverVolume] = [
            {"producer": producers[entry.producer_id], "volume": entry.volume}
            for entry in told
            if entry.producer_id in producers
        ]
        if volumes:
            self._announce("volumes", volumes)

    def _watch_the_clock(self) -> None:
        deadline = self._levels.deadline
        if self._timer is None and deadline is not None and not self._closed:
            self._timer = self._loop.call_at(deadline, self._time_passed)

    def _time_passed(self) -> None:
        self._timer = None
        self._pass_on(self._levels.expire(self._loop.time()))

    def _end(self) -> None:
        super()._end()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

"""RTP observers of rooms: each is as many real ones, on members of the room, as it needs."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from tureen import mediasoup
from tureen.client import observers as real
from tureen.client.errors import named
from tureen.client.scaled.levels import Levels, Told, Volume
from tureen.client.translation import asked
from tureen.contract.errors import TureenError
from tureen.mediasoup.errors import MediasoupError
from tureen.mediasoup.types import ActiveSpeakerObserverDominantSpeaker, AppData, AudioLevelObserverVolume

if TYPE_CHECKING:
    from tureen.client.scaled.member import Member
    from tureen.client.scaled.room import Room

log = logging.getLogger("tureen.client")

_REJOINING = (0.0, 1.0, 3.0, 10.0)
"""Seconds before each look at whether all is watched that should be, once a member is lost: agents hear of it, too."""


def check_options(method: str, options: Mapping[str, int]) -> None:
    """Check what a real one will be made with; as the node would.

    Raises:
        TypeError: Something in it is wrong.
    """
    command, payload = asked(method, "room", {"rtpObserverId": "observer", "options": options})
    try:
        command.request.parse(payload)
    except TureenError as error:
        raise named(error) from None


class LogicalObserver(mediasoup.RtpObserver, ABC):
    """What both RTP observers of rooms have in common.

    Its real ones are made when the first producer is added that they are to watch, and are gone with their members.
    """

    __slots__ = ("_changing", "_method", "_options", "_reals", "_watched")

    REAL: ClassVar[type[mediasoup.RtpObserver]]

    def __init__(
        self, *, id_: str, router: Room, app_data: AppData | None, method: str, options: Mapping[str, int]
    ) -> None:
        """Stand for an RTP observer of a room; apps call ``router.create_…_observer()``.

        Args:
            id_: Its id.
            router: The room.
            app_data: What the app attaches.
            method: What a worker is asked for a real one.
            options: What it gets with that.
        """
        super().__init__(id_=id_, router=router, app_data=app_data)
        self._method = method
        self._options = options
        self._changing = asyncio.Lock()
        self._reals: dict[Member, mediasoup.RtpObserver] = {}
        self._watched: dict[str, Callable[[], None]] = {}

    @property
    def real_ids(self) -> list[str]:
        """The ids of its real ones."""
        return [observer.id for observer in self._reals.values()]

    # What apps ask.

    async def pause(self) -> None:
        """Pause it; as in mediasoup."""
        await self._set_paused(paused=True)

    async def resume(self) -> None:
        """Resume it; as in mediasoup."""
        await self._set_paused(paused=False)

    async def add_producer(self, *, producer_id: str) -> None:
        """Watch a producer of the room, on whatever worker it lives; errors as in mediasoup."""
        producer = self._open_producer(producer_id)
        if producer.kind != "audio":
            raise TypeError("not an audio Producer")
        known = producer_id in self._watched
        if not known:
            self._watched[producer_id] = producer.observer.once("close", lambda: self._unwatch(producer_id))
        try:
            await self._join(producer)
        except BaseException:
            if not known:
                self._unwatch(producer_id)
            raise
        if not known:
            self._observe("addproducer", producer)

    async def remove_producer(self, *, producer_id: str) -> None:
        """Watch a producer no more; errors as in mediasoup."""
        producer = self._open_producer(producer_id)
        watched = producer_id in self._watched
        self._unwatch(producer_id)
        observer = self._reals.get(self._member_for(producer))
        if watched and observer is not None:
            await self._unless_lost(observer, observer.remove_producer(producer_id=producer_id))
        self._observe("removeproducer", producer)

    async def _set_paused(self, *, paused: bool) -> None:
        if self._closed:
            raise self._closed_error()
        async with self._changing:
            observers = self._reals.values()
            await asyncio.gather(*(self._unless_lost(each, _set_paused(each, paused=paused)) for each in observers))
            if self._closed:
                raise self._closed_error()
            if self._paused is not paused:
                self._paused = paused
                self._observe("pause" if paused else "resume")

    def _open_producer(self, producer_id: str) -> mediasoup.Producer:
        if self._closed:
            raise self._closed_error()
        return self._producer(producer_id)

    def _unwatch(self, producer_id: str) -> None:
        listener = self._watched.pop(producer_id, None)
        producer = self._router._producers.get(producer_id)
        if listener is not None and producer is not None:
            producer.observer.off("close", listener)

    # Its real ones.

    @abstractmethod
    def _member_for(self, producer: mediasoup.Producer) -> Member:
        """Return the member on which a producer is watched."""

    @abstractmethod
    def _hear(self, member: Member, observer: mediasoup.RtpObserver) -> None:
        """Pass on what a new real one tells."""

    @abstractmethod
    def _lost(self, member: Member) -> None:
        """Do without the real one of a member."""

    def member_lost(self) -> None:
        """Do what is to be done when a member of the room is lost, be there a real one on it or not: nothing."""

    async def _join(self, producer: mediasoup.Producer) -> None:
        """Have a producer watched, by another real one if the one that was asked is lost meanwhile."""
        while True:
            async with self._changing:
                member = self._member_for(producer)
                try:
                    observer = self._reals.get(member) or await self._make_real(member)
                except MediasoupError:
                    if self._closed or producer.closed or not member.closed:
                        raise
                    continue
            try:
                return await observer.add_producer(producer_id=producer.id)
            except MediasoupError:
                if self._closed or producer.closed or not observer.closed:
                    raise

    async def _make_real(self, member: Member) -> mediasoup.RtpObserver:
        made = await member._create_rtp_observer(self.REAL, self._method, None, self._options, None)
        if self._paused:
            await made.pause()
        if self._closed:
            made.close()
            raise self._closed_error()
        self._reals[member] = made
        made.observer.once("close", lambda: self._real_closed(member))
        self._hear(member, made)
        return made

    def _real_closed(self, member: Member) -> None:
        if self._reals.pop(member, None) is not None and not self._closed and not self._router.closed:
            self._lost(member)

    async def _unless_lost(self, observer: mediasoup.RtpObserver, asking: Awaitable[None]) -> None:
        try:
            await asking
        except MediasoupError:
            if not observer.closed:
                raise

    # Its end.

    def close(self) -> None:
        """Close it."""
        super().close()
        self._end()

    def _router_closed(self) -> None:
        super()._router_closed()
        self._end()

    def _tell(self, method: str, handler_id: str, body: Mapping[str, Any]) -> None:
        del method, handler_id, body
        for observer in list(self._reals.values()):
            observer.close()

    def _end(self) -> None:
        self._reals.clear()
        for producer_id in list(self._watched):
            self._unwatch(producer_id)


async def _set_paused(observer: mediasoup.RtpObserver, *, paused: bool) -> None:
    await (observer.pause() if paused else observer.resume())


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
            {"producer": producers[entry.producer_id], "volume": entry.volume} for entry in told
        ]
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


class ActiveSpeakerObserver(LogicalObserver, mediasoup.ActiveSpeakerObserver):
    """mediasoup's ActiveSpeakerObserver, of a room: a real one on one worker, which pulls the producers it watches.

    If that worker is lost, another one takes over.
    """

    __slots__ = ("_rejoining",)

    REAL = real.ActiveSpeakerObserver

    def __init__(self, **what: Any) -> None:
        """Stand for an ActiveSpeakerObserver of a room; see `LogicalObserver`."""
        super().__init__(**what)
        self._rejoining: asyncio.Task[None] | None = None

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
        del member

        def speaks(speaker: ActiveSpeakerObserverDominantSpeaker) -> None:
            if speaker["producer"].id in self._watched:
                self._announce("dominantspeaker", speaker)

        observer.on("dominantspeaker", speaks)

    def _lost(self, member: Member) -> None:
        del member
        self.member_lost()

    def member_lost(self) -> None:
        """Have all watched that should be: what was pulled by way of the member is not any more."""
        if self._rejoining is not None:
            self._rejoining.cancel()
        self._rejoining = None
        if self._watched and not self._closed:
            self._rejoining = cast("Room", self._router).session.run(self._rejoin())

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
        if self._rejoining is not None:
            self._rejoining.cancel()
            self._rejoining = None

"""What both RTP observers of rooms have in common: each is as many real ones, on members of the room, as it needs."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, cast

from tureen import mediasoup
from tureen.client.errors import named
from tureen.client.translation import asked
from tureen.contract.errors import TureenError
from tureen.mediasoup.errors import MediasoupError
from tureen.mediasoup.types import AppData

if TYPE_CHECKING:
    from tureen.client.scaled.member import Member
    from tureen.client.scaled.room import Room


def check_new(method: str, id_: str, options: Mapping[str, int]) -> None:
    """Check a new observer's id, and the options with which real ones will be made, as a node would.

    Raises:
        TypeError: Something is wrong with them.
    """
    command, payload = asked(method, "room", {"rtpObserverId": id_, "options": options})
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
            async with cast("Room", self._router).session.in_time():
                await self._join(producer)
        except BaseException:
            if not known:
                self._unwatch(producer_id)
                # It may have been done, or be about to be: who was cancelled does not know.
                cast("Room", self._router).session.run(self._take_out(producer))
            raise
        if not known:
            self._observe("addproducer", producer)

    async def _take_out(self, producer: mediasoup.Producer) -> None:
        """Have a producer watched no more that nobody wants watched."""
        if self._closed or producer.closed or producer.id in self._watched:
            return
        observer = self._reals.get(self._member_for(producer))
        if observer is not None:
            with suppress(MediasoupError):
                await observer.remove_producer(producer_id=producer.id)

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
        self._check_open()
        async with self._changing:
            observers = self._reals.values()
            await asyncio.gather(*(self._unless_lost(each, _set_paused(each, paused=paused)) for each in observers))
            self._check_open()
            if self._paused is not paused:
                self._paused = paused
                self._observe("pause" if paused else "resume")

    def _open_producer(self, producer_id: str) -> mediasoup.Producer:
        self._check_open()
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
        try:
            if self._paused:
                await made.pause()
            self._check_open()
        except BaseException:
            made.close()
            raise
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

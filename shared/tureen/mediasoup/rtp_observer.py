"""What both RTP observers have in common: they watch the audio of producers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from tureen.mediasoup.describe import describe
from tureen.mediasoup.entity import Identified
from tureen.mediasoup.errors import NotFoundError
from tureen.mediasoup.producer import Producer
from tureen.mediasoup.types import AppData, RtpObserverType

if TYPE_CHECKING:
    from tureen.mediasoup.router import Router


class RtpObserver(Identified):
    """What watches the media of some of a router's producers (mediasoup's RtpObserver)."""

    __slots__ = ("_paused", "_router")

    TYPE: ClassVar[RtpObserverType]
    EVENTS: ClassVar[Mapping[str, str]] = {"routerclose": ""}
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {
        "close": "",
        "pause": "",
        "resume": "",
        "addproducer": "producer: Producer",
        "removeproducer": "producer: Producer",
    }

    def __init__(self, *, id_: str, router: Router, app_data: AppData | None) -> None:
        """Stand for an RTP observer that exists in the worker; apps call ``router.create_…_observer()``."""
        super().__init__(id_, router._channel, app_data)
        self._router = router
        self._paused = False
        self._channel.subscribe(id_, self._on_notification)

    @property
    def type(self) -> RtpObserverType:
        """Which of the two classes it is."""
        return self.TYPE

    @property
    def paused(self) -> bool:
        """Whether it is paused: it emits no events."""
        return self._paused

    def close(self) -> None:
        """Close it."""
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self._tell("ROUTER_CLOSE_RTPOBSERVER", self._router._id, {"rtpObserverId": self._id})
        self._router._rtp_observers.pop(self._id, None)
        self._observe("close")

    def _router_closed(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        self.safe_emit("routerclose")
        self._observe("close")

    async def pause(self) -> None:
        """Pause it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        await self._request("RTPOBSERVER_PAUSE")
        if not self._paused:
            self._paused = True
            self._observe("pause")

    async def resume(self) -> None:
        """Resume it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        await self._request("RTPOBSERVER_RESUME")
        if self._paused:
            self._paused = False
            self._observe("resume")

    async def add_producer(self, *, producer_id: str) -> None:
        """Watch a producer.

        Args:
            producer_id: A producer of the same router.

        Raises:
            NotFoundError: There is no such producer, or the observer is closed.
            WorkerClosedError: The worker is closed.
            TypeError: It is no audio producer.
        """
        producer = self._producer(producer_id)
        await self._request("RTPOBSERVER_ADD_PRODUCER", {"producerId": producer_id})
        self._observe("addproducer", producer)

    async def remove_producer(self, *, producer_id: str) -> None:
        """Watch a producer no more.

        Args:
            producer_id: A producer of the same router.

        Raises:
            NotFoundError: There is no such producer, or the observer is closed.
            WorkerClosedError: The worker is closed.
        """
        producer = self._producer(producer_id)
        await self._request("RTPOBSERVER_REMOVE_PRODUCER", {"producerId": producer_id})
        self._observe("removeproducer", producer)

    def _producer(self, producer_id: str) -> Producer:
        producer = self._router._producers.get(producer_id)
        if producer is None:
            raise NotFoundError(f"Producer with id {describe(producer_id)} not found")
        return producer

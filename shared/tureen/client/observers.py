"""RTP observers that live on a node."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tureen import mediasoup
from tureen.client.remote import Remote
from tureen.mediasoup.errors import MediasoupError


class RtpObserver(Remote, mediasoup.RtpObserver):
    """What both RTP observers on a node have in common."""

    __slots__ = ()

    NOUN = "rtpObserver"

    async def add_producer(self, *, producer_id: str) -> None:
        """Watch a producer that the router holds, whoever made it; the node tells all who watch the observer.

        Raises:
            NotFoundError: There is no such producer, or the observer is closed.
            WorkerClosedError: The worker is closed.
            TypeError: It is no audio producer.
        """
        await self._request("RTPOBSERVER_ADD_PRODUCER", {"producerId": producer_id})

    async def remove_producer(self, *, producer_id: str) -> None:
        """Watch a producer no more.

        Raises:
            NotFoundError: There is no such producer, or the observer is closed.
            WorkerClosedError: The worker is closed.
        """
        await self._request("RTPOBSERVER_REMOVE_PRODUCER", {"producerId": producer_id})

    def _told(self, event: str, data: Any) -> None:
        if event not in ("addproducer", "removeproducer"):
            super()._told(event, data)
        elif (producer := self._router._producers.get(data["producerId"])) is not None:
            self._observe(event, producer)
        elif event == "addproducer":
            self._link.session.run(self._stranger(data["producerId"]))

    async def _stranger(self, producer_id: str) -> None:
        """Get at a producer that another client has made and let this hear, so that events can be about it."""
        with suppress(MediasoupError):
            producer = await self._link.find_producer(producer_id)
            if not self._closed:
                self._observe("addproducer", producer)


class ActiveSpeakerObserver(RtpObserver, mediasoup.ActiveSpeakerObserver):
    """mediasoup's ActiveSpeakerObserver, on a node."""

    __slots__ = ()

    def _happened(self, event: str, data: Any) -> None:
        producer = self._router._producers.get(data["producerId"])
        # Another client may have made it.
        if producer is not None:
            super()._happened(event, {"producer": producer})


class AudioLevelObserver(RtpObserver, mediasoup.AudioLevelObserver):
    """mediasoup's AudioLevelObserver, on a node."""

    __slots__ = ()

    def _happened(self, event: str, data: Any) -> None:
        if event == "volumes":
            producers = self._router._producers
            known = [entry for entry in data if entry["producerId"] in producers]
            if not known:
                return
            data = [{"producer": producers[entry["producerId"]], "volume": entry["volume"]} for entry in known]
        super()._happened(event, data)

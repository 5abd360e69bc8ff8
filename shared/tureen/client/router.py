"""Routers that live on a node."""

from __future__ import annotations

from typing import Any, ClassVar

from tureen import mediasoup
from tureen.client.observers import ActiveSpeakerObserver, AudioLevelObserver
from tureen.client.remote import Remote
from tureen.client.transports import DirectTransport, PipeTransport, PlainTransport, WebRtcTransport
from tureen.mediasoup.types import PipeToRouterResult, RouterRtpCodecCapability


class Router(Remote, mediasoup.Router):
    """mediasoup's Router, on a node. ``pipe_to_router()`` reaches routers of other nodes as well."""

    __slots__ = ()

    NOUN = "router"
    _WEBRTC_TRANSPORT: ClassVar[type[mediasoup.WebRtcTransport]] = WebRtcTransport
    _PLAIN_TRANSPORT: ClassVar[type[mediasoup.PlainTransport]] = PlainTransport
    _PIPE_TRANSPORT: ClassVar[type[mediasoup.PipeTransport]] = PipeTransport
    _DIRECT_TRANSPORT: ClassVar[type[mediasoup.DirectTransport]] = DirectTransport
    _ACTIVE_SPEAKER_OBSERVER: ClassVar[type[mediasoup.ActiveSpeakerObserver]] = ActiveSpeakerObserver
    _AUDIO_LEVEL_OBSERVER: ClassVar[type[mediasoup.AudioLevelObserver]] = AudioLevelObserver

    def update_media_codecs(self, media_codecs: list[RouterRtpCodecCapability]) -> None:
        """Replace the codecs that it supports, for what is created from now on; as in mediasoup.

        It is judged here, and the node hears of it before anything that is asked after this.
        """
        super().update_media_codecs(media_codecs)
        if not self._closed:
            self._link.request("ROUTER_UPDATE_MEDIA_CODECS", self._id, {"mediaCodecs": media_codecs}, awaited=False)

    async def _pipe_to(
        self,
        router: mediasoup.Router,
        source: mediasoup.Producer | mediasoup.DataProducer,
        *,
        keep_id: bool,
        options: dict[str, Any],
    ) -> PipeToRouterResult:
        async with self._link.session.in_time():
            return await super()._pipe_to(router, source, keep_id=keep_id, options=options)

    async def codecs_settled(self) -> None:
        """Wait until the node has the codecs that it was told of; it gets that before anything asked after it."""

    def lost_producer(self, producer_id: str) -> None:
        """A consumer on it was told that its producer is closed: on one router that is so."""

    def _on_notification(self, event: str, body: Any) -> None:
        if event == "workerclose":
            # Its worker's own events come after those of its routers.
            self._link.close()
            self._worker_closed()
        else:
            super()._on_notification(event, body)

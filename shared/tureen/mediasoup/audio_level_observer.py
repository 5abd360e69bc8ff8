"""AudioLevelObservers: how loud the loudest are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from tureen.mediasoup.rtp_observer import RtpObserver
from tureen.mediasoup.types import AudioLevelObserverVolume

_OWN_EVENTS = {"volumes": "volumes: list[AudioLevelObserverVolume]", "silence": ""}


class AudioLevelObserver(RtpObserver):
    """Tells how loud the loudest producers are (mediasoup's AudioLevelObserver).

    Made by ``router.create_audio_level_observer()``.
    """

    __slots__ = ()

    TYPE = "audiolevel"
    EVENTS: ClassVar[Mapping[str, str]] = {**RtpObserver.EVENTS, **_OWN_EVENTS}
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {**RtpObserver.OBSERVER_EVENTS, **_OWN_EVENTS}

    @property
    def type(self) -> Literal["audiolevel"]:
        """Always ``audiolevel``."""
        return "audiolevel"

    def _on_notification(self, event: str, body: Mapping[str, Any]) -> None:
        match event:
            case "AUDIOLEVELOBSERVER_VOLUMES":
                producers = self._router._producers
                # Some may have been closed in the meantime.
                volumes: list[AudioLevelObserverVolume] = [
                    {"producer": producers[entry["producerId"]], "volume": entry["volume"]}
                    for entry in body["volumes"]
                    if entry["producerId"] in producers
                ]
                if volumes:
                    self._announce("volumes", volumes)
            case "AUDIOLEVELOBSERVER_SILENCE":
                self._announce("silence")
            case _:
                super()._on_notification(event, body)

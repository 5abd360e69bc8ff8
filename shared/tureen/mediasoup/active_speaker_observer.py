"""ActiveSpeakerObservers: who speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from tureen.mediasoup.rtp_observer import RtpObserver
from tureen.mediasoup.types import ActiveSpeakerObserverDominantSpeaker

_OWN_EVENTS = {"dominantspeaker": "dominant_speaker: ActiveSpeakerObserverDominantSpeaker"}


class ActiveSpeakerObserver(RtpObserver):
    """Tells who speaks, out of the audio levels that producers report (mediasoup's ActiveSpeakerObserver).

    Made by ``router.create_active_speaker_observer()``.
    """

    __slots__ = ()

    TYPE = "activespeaker"
    EVENTS: ClassVar[Mapping[str, str]] = {**RtpObserver.EVENTS, **_OWN_EVENTS}
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {**RtpObserver.OBSERVER_EVENTS, **_OWN_EVENTS}

    @property
    def type(self) -> Literal["activespeaker"]:
        """Always ``activespeaker``."""
        return "activespeaker"

    def _on_notification(self, event: str, body: Mapping[str, Any]) -> None:
        if event != "ACTIVESPEAKEROBSERVER_DOMINANT_SPEAKER":
            super()._on_notification(event, body)
        # It may have been closed in the meantime.
        elif (producer := self._router._producers.get(body["producerId"])) is not None:
            speaker: ActiveSpeakerObserverDominantSpeaker = {"producer": producer}
            self._announce("dominantspeaker", speaker)

"""RTP observers. What mediasoup's class RtpObserver has is `rtpObserver.*`, as what Transport has is `transport.*`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tureen.contract.ids import Id
from tureen.contract.leases import Ownable
from tureen.contract.media import RouterRef, Structure
from tureen.contract.model import Command, Reply
from tureen.contract.paging import Pageable

Interval = Annotated[int, Field(ge=0, lt=65536)]


class RouterCreateActiveSpeakerObserver(Ownable, RouterRef):
    """`router.createActiveSpeakerObserver`; the interval is in ms."""

    id: Id | None = None
    interval: Interval = 300
    app_data: Structure | None = None


class RouterCreateAudioLevelObserver(Ownable, RouterRef):
    """`router.createAudioLevelObserver`; the threshold is in dBov, the interval in ms."""

    id: Id | None = None
    max_entries: Annotated[int, Field(ge=1, lt=65536)] = 1
    threshold: Annotated[int, Field(ge=-127, le=0)] = -80
    interval: Interval = 1000
    app_data: Structure | None = None


class RtpObserverCreated(Reply):
    """A new RTP observer: `activespeaker` or `audiolevel`."""

    id: str
    type: str


class RtpObserverRef(Command):
    """Name an RTP observer."""

    rtp_observer_id: Id


class RtpObserverInspect(Pageable, RtpObserverRef):
    """`rtpObserver.dump`."""


class RtpObserverProducer(RtpObserverRef):
    """`rtpObserver.addProducer` and `removeProducer`."""

    producer_id: Id

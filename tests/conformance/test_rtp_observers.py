"""The ActiveSpeakerObserver and AudioLevelObserver classes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conformance.helpers import happens, hear, record
from tests.conformance.samples import AUDIO, VIDEO

from tureen.mediasoup import Router, RtpObserver, WebRtcTransport, Worker
from tureen.mediasoup.errors import NotFoundError, WorkerClosedError


@pytest.fixture(params=["audiolevel", "activespeaker"])
async def observer(request: pytest.FixtureRequest, router: Router) -> RtpObserver:
    """Give one observer of each kind."""
    if request.param == "audiolevel":
        return await router.create_audio_level_observer(max_entries=8, app_data={"foo": 1})
    return await router.create_active_speaker_observer(app_data={"foo": 1})


async def test_create(router: Router) -> None:
    """New observers are announced, and known to the worker."""
    announced = record(router.observer, "newrtpobserver")
    level = await router.create_audio_level_observer()
    speaker = await router.create_active_speaker_observer()
    assert announced == [("newrtpobserver", level), ("newrtpobserver", speaker)]
    assert (level.type, speaker.type) == ("audiolevel", "activespeaker")
    for observer in (level, speaker):
        assert (observer.closed, observer.paused, observer.app_data) == (False, False, {})
    assert sorted((await router.dump())["rtpObserverIds"]) == sorted([level.id, speaker.id])


async def test_chosen_id(router: Router) -> None:
    """An observer may be given its id, which no other one of the router has."""
    observer = await router.create_audio_level_observer(id="mine")
    assert observer.id == "mine"
    with pytest.raises(TypeError):
        await router.create_active_speaker_observer(id="mine")


@pytest.mark.parametrize(
    "options",
    [
        {"max_entries": 0},
        {"max_entries": -10},
        {"threshold": "foo"},
        {"threshold": 1},
        {"threshold": -128},
        {"interval": False},
        {"interval": 65536},
        {"app_data": "NOT-A-DICT"},
    ],
    ids=str,
)
async def test_wrong_arguments(router: Router, options: dict[str, Any]) -> None:
    """Wrong options are refused."""
    with pytest.raises(TypeError):
        await router.create_audio_level_observer(**options)
    if options.keys() <= {"interval", "app_data"}:
        with pytest.raises(TypeError):
            await router.create_active_speaker_observer(**options)
    assert (await router.dump())["rtpObserverIds"] == []


async def test_pause_and_resume(observer: RtpObserver) -> None:
    """An observer can be paused and resumed."""
    events = record(observer.observer, "pause", "resume")
    await observer.pause()
    assert observer.paused
    await observer.pause()
    await observer.resume()
    assert not observer.paused
    assert events == [("pause",), ("resume",)]


async def test_producers(router: Router, transport: WebRtcTransport, observer: RtpObserver) -> None:
    """Audio producers can be added and removed."""
    audio = await transport.produce(kind="audio", rtp_parameters=AUDIO)
    video = await transport.produce(kind="video", rtp_parameters=VIDEO)
    events = record(observer.observer, "addproducer", "removeproducer")
    await observer.add_producer(producer_id=audio.id)
    dump = await router.dump()
    assert {"key": audio.id, "values": [observer.id]} in dump["mapProducerIdObserverIds"]
    await observer.remove_producer(producer_id=audio.id)
    assert events == [("addproducer", audio), ("removeproducer", audio)]
    with pytest.raises(TypeError):
        await observer.add_producer(producer_id=video.id)
    audio.close()
    for call in (observer.add_producer, observer.remove_producer):
        with pytest.raises(NotFoundError):
            await call(producer_id=audio.id)


async def test_dominant_speaker(router: Router, transport: WebRtcTransport) -> None:
    """The dominant speaker is told of by its producer, unless that was closed meanwhile."""
    observer = await router.create_active_speaker_observer()
    audio = await transport.produce(kind="audio", rtp_parameters=AUDIO)
    await observer.add_producer(producer_id=audio.id)
    events, observed = record(observer, "dominantspeaker"), record(observer.observer, "dominantspeaker")
    await hear(observer, "ACTIVESPEAKEROBSERVER_DOMINANT_SPEAKER", {"producerId": audio.id})
    await hear(observer, "ACTIVESPEAKEROBSERVER_DOMINANT_SPEAKER", {"producerId": "unknown"})
    assert events == observed == [("dominantspeaker", {"producer": audio})]


async def test_volumes(router: Router, transport: WebRtcTransport) -> None:
    """Volumes come with their producers, without those that were closed meanwhile."""
    observer = await router.create_audio_level_observer()
    audio = await transport.produce(kind="audio", rtp_parameters=AUDIO)
    await observer.add_producer(producer_id=audio.id)
    events, observed = record(observer, "volumes", "silence"), record(observer.observer, "volumes", "silence")
    loud, gone = {"producerId": audio.id, "volume": -20}, {"producerId": "unknown", "volume": -30}
    await hear(observer, "AUDIOLEVELOBSERVER_VOLUMES", {"volumes": [loud, gone]})
    await hear(observer, "AUDIOLEVELOBSERVER_VOLUMES", {"volumes": [gone]})
    await hear(observer, "AUDIOLEVELOBSERVER_SILENCE")
    assert events == observed == [("volumes", [{"producer": audio, "volume": -20}]), ("silence",)]


async def test_real_volumes(router: Router) -> None:
    """An audio level that comes with real packets is told of, and so is the silence after it."""
    direct = await router.create_direct_transport()
    audio = await direct.produce(kind="audio", rtp_parameters=AUDIO)
    observer = await router.create_audio_level_observer(interval=250)
    await observer.add_producer(producer_id=audio.id)
    events = record(observer, "volumes", "silence")
    sequence = 0

    def told() -> bool:
        nonlocal sequence
        sequence += 1
        # A one-byte header extension (RFC 8285) with the level (RFC 6464): id 12, 1 byte, voice, -5 dBov.
        extension = b"\xbe\xde" + (1).to_bytes(2) + b"\xc0\x85\x00\x00"
        header = b"\x90\x6f" + sequence.to_bytes(2) + (sequence * 960).to_bytes(4) + (11111111).to_bytes(4)
        audio.send(header + extension + b"x" * 20)
        return bool(events)

    await happens(told)
    name, volumes = events[0]
    assert name == "volumes"
    assert [(entry["producer"], entry["volume"]) for entry in volumes] == [(audio, -5)]
    await happens(lambda: events[-1] == ("silence",))


async def test_unknown_events_are_logged(
    transport: WebRtcTransport, observer: RtpObserver, caplog: pytest.LogCaptureFixture
) -> None:
    """An event that is not an observer's is logged."""
    audio = await transport.produce(kind="audio", rtp_parameters=AUDIO)
    await observer.add_producer(producer_id=audio.id)
    await hear(observer, "CONSUMER_PRODUCER_CLOSE")
    assert "unknown event" in caplog.text


async def test_close(router: Router, observer: RtpObserver) -> None:
    """A closed observer is gone from its router."""
    closings = record(observer.observer, "close")
    observer.close()
    observer.close()
    assert (observer.closed, closings) == (True, [("close",)])
    assert (await router.dump())["rtpObserverIds"] == []
    for call in (observer.pause, observer.resume):
        with pytest.raises(NotFoundError):
            await call()


async def test_router_closed(router: Router, observer: RtpObserver) -> None:
    """An observer whose router was closed says so."""
    events, closings = record(observer, "routerclose"), record(observer.observer, "close")
    router.close()
    assert (events, closings) == ([("routerclose",)], [("close",)])
    with pytest.raises(NotFoundError):
        await observer.pause()


async def test_worker_closed(worker: Worker, observer: RtpObserver) -> None:
    """An observer whose worker was closed says so."""
    events = record(observer, "routerclose")
    worker.close()
    assert events == [("routerclose",)]
    with pytest.raises(WorkerClosedError):
        await observer.pause()

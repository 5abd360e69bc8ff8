"""The Router class."""

from __future__ import annotations

import asyncio

import pytest
from tests.conformance.helpers import comes, record, start
from tests.conformance.samples import AUDIO, DEVICE, FOREIGN_DEVICE, LISTEN_UDP, MEDIA_CODECS, VIDEO

from tureen.mediasoup import Router, WebRtcTransport, Worker
from tureen.mediasoup.errors import MediasoupError, NotFoundError, UnsupportedError, WorkerClosedError

pytestmark = pytest.mark.each_loop

EMPTY_MAPS: dict[str, list[object]] = {
    "mapProducerIdConsumerIds": [],
    "mapConsumerIdProducerId": [],
    "mapProducerIdObserverIds": [],
    "mapDataProducerIdDataConsumerIds": [],
    "mapDataConsumerIdDataProducerId": [],
}


@pytest.mark.not_for_rooms("a room's dump lists its routers as well")
async def test_create(worker: Worker) -> None:
    """A new router knows its codecs, each video codec with one for RTX, and is announced."""
    announced = record(worker.observer, "newrouter")
    router = await worker.create_router(media_codecs=MEDIA_CODECS, app_data={"foo": 123})
    assert announced == [("newrouter", router)]
    assert not router.closed
    assert router.app_data == {"foo": 123}
    assert [codec["mimeType"] for codec in router.rtp_capabilities["codecs"]] == [
        "audio/opus",
        "video/VP8",
        "video/rtx",
        "video/H264",
        "video/rtx",
    ]
    assert router.rtp_capabilities["headerExtensions"]
    dump = await worker.dump()
    assert dump["routerIds"] == [router.id]
    assert dump["channelMessageHandlers"]["channelRequestHandlers"] == [router.id]
    assert await router.dump() == {"id": router.id, "transportIds": [], "rtpObserverIds": [], **EMPTY_MAPS}


async def test_app_data(router: Router) -> None:
    """What the app attaches may be replaced, and changed in place."""
    router.app_data["one"] = 1
    assert router.app_data == {"one": 1}
    router.app_data = {"two": 2}
    assert router.app_data == {"two": 2}


async def test_unsupported_codecs(worker: Worker) -> None:
    """Codecs that mediasoup does not have are refused."""
    for codec in ("audio/x-aiff", "video/3gpp"):
        with pytest.raises(UnsupportedError):
            await worker.create_router(media_codecs=[{"kind": "audio", "mimeType": codec, "clockRate": 8000}])


async def test_wrong_arguments(worker: Worker) -> None:
    """Wrong arguments are refused."""
    with pytest.raises(TypeError):
        await worker.create_router(media_codecs={})  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        await worker.create_router(app_data="NOT-A-DICT")  # type: ignore[arg-type]
    assert (await worker.dump())["routerIds"] == []


async def test_chosen_id(worker: Worker) -> None:
    """A router may be given its id, which no other router of the worker has."""
    router = await worker.create_router(id="one")
    assert router.id == "one"
    with pytest.raises(TypeError):
        await worker.create_router(id="one")
    router.close()
    await worker.create_router(id="one")


async def test_update_media_codecs(router: Router) -> None:
    """The codecs can be replaced; if the new ones are wrong, the former ones stay."""
    before = router.rtp_capabilities
    with pytest.raises(UnsupportedError):
        router.update_media_codecs([{"kind": "audio", "mimeType": "audio/x-aiff", "clockRate": 8000}])
    assert router.rtp_capabilities is before
    router.update_media_codecs([])
    assert router.rtp_capabilities["codecs"] == []
    assert before["codecs"]


async def test_can_consume(router: Router, transport: WebRtcTransport) -> None:
    """A router tells who can receive what, and takes whatever it is asked."""
    producer = await transport.produce(kind="audio", rtp_parameters=AUDIO)
    assert router.can_consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    assert not router.can_consume(producer_id=producer.id, rtp_capabilities=FOREIGN_DEVICE)
    assert not router.can_consume(producer_id=producer.id, rtp_capabilities={"codecs": [], "headerExtensions": []})
    assert not router.can_consume(producer_id="unknown", rtp_capabilities=DEVICE)
    assert not router.can_consume(producer_id=producer.id, rtp_capabilities={"codecs": [{}]})  # type: ignore[typeddict-item]
    producer.close()
    assert not router.can_consume(producer_id=producer.id, rtp_capabilities=DEVICE)


async def test_close(worker: Worker, router: Router) -> None:
    """A closed router is gone from its worker, with all that it held."""
    transport = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    observer = await router.create_audio_level_observer()
    producer = await transport.produce(kind="audio", rtp_parameters=AUDIO)
    calls: list[str] = []
    producer.on("transportclose", lambda: calls.append("producer"))
    transport.on("routerclose", lambda: calls.append("transport"))
    observer.on("routerclose", lambda: calls.append("rtp observer"))
    router.observer.on("close", lambda: calls.append("router"))
    router.on("workerclose", lambda: calls.append("never"))
    router.close()
    router.close()
    assert calls == ["producer", "transport", "rtp observer", "router"]
    assert router.closed
    assert transport.closed
    assert producer.closed
    with pytest.raises(NotFoundError):
        await router.dump()
    dump = await worker.dump()
    assert dump["routerIds"] == []
    assert dump["channelMessageHandlers"] == {"channelRequestHandlers": [], "channelNotificationHandlers": []}


async def test_closed_router_creates_nothing(router: Router) -> None:
    """A closed router refuses to create anything."""
    router.close()
    with pytest.raises(NotFoundError):
        await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    with pytest.raises(NotFoundError):
        await router.create_plain_transport(listen_info=LISTEN_UDP)
    with pytest.raises(NotFoundError):
        await router.create_pipe_transport(listen_info=LISTEN_UDP)
    with pytest.raises(NotFoundError):
        await router.create_direct_transport()
    with pytest.raises(NotFoundError):
        await router.create_audio_level_observer()
    with pytest.raises(NotFoundError):
        await router.create_active_speaker_observer()


async def test_listeners_may_close_others(worker: Worker, router: Router) -> None:
    """While a worker closes what it holds, listeners may close the same things."""
    other = await worker.create_router(media_codecs=MEDIA_CODECS)
    first = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    second = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    one = await first.produce(kind="audio", rtp_parameters=AUDIO)
    two = await first.produce(kind="video", rtp_parameters=VIDEO)
    one.on("transportclose", two.close)
    first.on("routerclose", second.close)
    router.on("workerclose", other.close)
    ended = [record(two, "transportclose"), record(second, "routerclose"), record(other, "workerclose")]
    worker.close()
    assert two.closed
    assert second.closed
    assert other.closed
    assert ended == [[], [], []]


async def test_worker_closed(worker: Worker, router: Router) -> None:
    """A router whose worker was closed says so."""
    events = record(router, "workerclose")
    closings = record(router.observer, "close")
    worker.close()
    assert events == [("workerclose",)]
    assert closings == [("close",)]
    assert router.closed
    with pytest.raises(WorkerClosedError):
        await router.dump()


@pytest.mark.not_for_rooms("an RTP observer of a room is there at once")
async def test_close_while_creating(worker: Worker, router: Router) -> None:
    """What is being created when its router closes fails, is announced to nobody, and is in the worker no more."""
    announced = record(router.observer, "newtransport", "newrtpobserver")
    creations = await start(
        router.create_webrtc_transport(listen_infos=[LISTEN_UDP]),
        router.create_plain_transport(listen_info=LISTEN_UDP),
        router.create_pipe_transport(listen_info=LISTEN_UDP),
        router.create_direct_transport(),
        router.create_audio_level_observer(),
        router.create_active_speaker_observer(),
    )
    router.close()
    results = await asyncio.gather(*creations, return_exceptions=True)
    assert [isinstance(result, NotFoundError) for result in results] == [True] * 6
    assert announced == []
    dump = await worker.dump()
    assert dump["channelMessageHandlers"] == {"channelRequestHandlers": [], "channelNotificationHandlers": []}


@pytest.mark.not_for_rooms("an RTP observer of a room is there at once")
async def test_cancelled_creation(router: Router) -> None:
    """What nobody waits for any more is not left in the worker."""
    announced = record(router.observer, "newtransport", "newrtpobserver")
    creations = await start(router.create_direct_transport(), router.create_audio_level_observer())
    for creation in creations:
        creation.cancel()
    await asyncio.gather(*creations, return_exceptions=True)
    assert all(creation.cancelled() for creation in creations)

    async def left() -> list[str]:
        dump = await router.dump()
        return [*dump["transportIds"], *dump["rtpObserverIds"]]

    # A node closes what it was still making after what it was asked since then.
    await comes(left, [])
    assert announced == []


async def test_same_id_twice_at_once(router: Router) -> None:
    """Of two creations of one id at once the first wins, even if the second is cancelled."""
    first, second = await start(router.create_direct_transport(id="one"), router.create_direct_transport(id="one"))
    second.cancel()
    transport = await first
    with pytest.raises((TypeError, asyncio.CancelledError)):
        await second
    assert (await router.dump())["transportIds"] == [transport.id]


async def test_id_clash_across_routers(worker: Worker, router: Router) -> None:
    """A worker has one name space: an id that another router uses is refused, and harms neither."""
    other = await worker.create_router(media_codecs=MEDIA_CODECS)
    transport = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP], id="transport")
    producer = await transport.produce(kind="audio", rtp_parameters=AUDIO, id="producer")
    with pytest.raises(MediasoupError):
        await other.create_webrtc_transport(listen_infos=[LISTEN_UDP], id="transport")
    theirs = await other.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    with pytest.raises(MediasoupError):
        await theirs.produce(kind="audio", rtp_parameters=AUDIO, id="producer")
    assert (await producer.dump())["id"] == "producer"
    assert (await transport.dump())["producerIds"] == ["producer"]
    assert (await theirs.dump())["producerIds"] == []
    assert other.can_consume(producer_id="producer", rtp_capabilities=DEVICE) is False
    producer.close()
    await theirs.produce(kind="audio", rtp_parameters=AUDIO, id="producer")


@pytest.mark.not_for_rooms("what is asked of several workers has no order")
async def test_requests_keep_their_order(router: Router) -> None:
    """Tasks that are started in some order are heard by the worker in that order."""
    creations = [asyncio.ensure_future(router.create_direct_transport(id=f"t{index}")) for index in range(20)]
    dump = asyncio.ensure_future(router.dump())
    late = asyncio.ensure_future(router.create_direct_transport(id="late"))
    assert sorted((await dump)["transportIds"]) == sorted(f"t{index}" for index in range(20))
    await asyncio.gather(*creations, late)

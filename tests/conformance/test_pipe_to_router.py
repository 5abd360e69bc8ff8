"""Router.pipe_to_router()."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.conformance.conftest import NewWorker
from tests.conformance.helpers import happens, holds, record, start
from tests.conformance.samples import AUDIO, DEVICE, LISTEN_UDP, MEDIA_CODECS, VIDEO

from tureen.mediasoup import DataProducer, PipeTransport, Producer, Router, WebRtcTransport, Worker
from tureen.mediasoup.errors import MediasoupError, NotFoundError, WorkerClosedError
from tureen.mediasoup.types import RtpParameters

pytestmark = pytest.mark.each_loop


@pytest.fixture
async def other_worker(new_worker: NewWorker) -> Worker:
    """Give a second worker."""
    return await new_worker()


@pytest.fixture
async def other_router(other_worker: Worker) -> Router:
    """Give a router of the second worker."""
    return await other_worker.create_router(media_codecs=MEDIA_CODECS)


@pytest.fixture
async def audio(transport: WebRtcTransport) -> Producer:
    """Give an audio producer."""
    return await transport.produce(kind="audio", rtp_parameters=AUDIO, app_data={"who": "me"})


@pytest.fixture
async def video(transport: WebRtcTransport) -> Producer:
    """Give a simulcast producer."""
    return await transport.produce(kind="video", rtp_parameters=VIDEO)


@pytest.fixture
async def data(router: Router) -> DataProducer:
    """Give a data producer whose messages live for 5 seconds."""
    transport = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP], enable_sctp=True)
    return await transport.produce_data(
        sctp_stream_parameters={"streamId": 666, "ordered": False, "maxPacketLifeTime": 5000},
        label="foo",
        protocol="bar",
    )


def pipes(router: Router) -> list[PipeTransport]:
    """Return the PipeTransports of a router."""
    return [transport for transport in router._transports.values() if isinstance(transport, PipeTransport)]


async def test_audio(router: Router, other_router: Router, audio: Producer) -> None:
    """A producer appears in the other router under the same id, with what it was made of."""
    result = await router.pipe_to_router(producer_id=audio.id, router=other_router)
    consumer, producer = result["pipeConsumer"], result["pipeProducer"]
    assert set(result) == {"pipeConsumer", "pipeProducer"}
    assert (consumer.type, consumer.kind, consumer.producer_id) == ("pipe", "audio", audio.id)
    assert (producer.id, producer.kind, producer.paused) == (audio.id, "audio", False)
    assert producer.app_data == {"who": "me"}
    assert consumer.score == {"score": 10, "producerScore": 10, "producerScores": []}
    assert holds(consumer.rtp_parameters["codecs"][0], mimeType="audio/opus", payloadType=100, channels=2)
    assert producer.rtp_parameters["codecs"] == consumer.rtp_parameters["codecs"]
    assert [extension["id"] for extension in producer.rtp_parameters["headerExtensions"]] == [6, 7, 11, 12]
    assert producer.rtp_parameters["rtcp"]["cname"] == audio.rtp_parameters["rtcp"]["cname"]
    assert other_router.can_consume(producer_id=audio.id, rtp_capabilities=DEVICE)
    (local,), (remote,) = pipes(router), pipes(other_router)
    assert local.tuple["localPort"] == remote.tuple["remotePort"]
    assert remote.tuple["localPort"] == local.tuple["remotePort"]


async def test_one_pair_for_all(router: Router, other_router: Router, audio: Producer, video: Producer) -> None:
    """All that is piped between two routers, at once or later, goes through one pair of transports."""
    await asyncio.gather(
        *(router.pipe_to_router(producer_id=producer.id, router=other_router) for producer in (audio, video))
    )
    third = await audio._transport.produce(
        kind="audio", rtp_parameters={**AUDIO, "mid": "THIRD", "encodings": [{"ssrc": 3}]}
    )
    await router.pipe_to_router(producer_id=third.id, router=other_router)
    assert len(pipes(router)) == len(pipes(other_router)) == 1


async def test_one_pair_for_both_ways(router: Router, other_router: Router, audio: Producer) -> None:
    """Two routers that pipe to each other at once use one pair, which ends with either of them."""
    theirs = await other_router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    back = await theirs.produce(kind="audio", rtp_parameters=AUDIO)
    there, here = await asyncio.gather(
        router.pipe_to_router(producer_id=audio.id, router=other_router),
        other_router.pipe_to_router(producer_id=back.id, router=router),
    )
    (local,), (remote,) = pipes(router), pipes(other_router)
    assert local.tuple["localPort"] == remote.tuple["remotePort"]
    router.close()
    assert (local.closed, remote.closed) == (True, True)
    assert pipes(other_router) == []
    assert there["pipeProducer"].closed
    assert here["pipeProducer"].closed
    assert other_router._pipes._pairs == {}


async def test_new_pair_after_the_end(router: Router, other_router: Router, audio: Producer) -> None:
    """When one transport of a pair is closed the other follows, and the next call makes a new pair."""
    first = await router.pipe_to_router(producer_id=audio.id, router=other_router)
    pipes(other_router)[0].close()
    assert pipes(router) == []
    assert first["pipeConsumer"].closed
    second = await router.pipe_to_router(producer_id=audio.id, router=other_router)
    assert not second["pipeProducer"].closed


async def test_shared_flight(router: Router, other_router: Router, audio: Producer) -> None:
    """Calls for the same producer at the same time get the same, also those whose neighbours are cancelled."""
    calls = await start(*(router.pipe_to_router(producer_id=audio.id, router=other_router) for _ in range(3)))
    calls[0].cancel()
    one, two = await asyncio.gather(*calls[1:])
    assert one["pipeProducer"] is two["pipeProducer"]
    assert len((await pipes(router)[0].dump())["consumerIds"]) == 1
    with pytest.raises(TypeError, match="already exists"):
        await router.pipe_to_router(producer_id=audio.id, router=other_router)
    assert len((await pipes(router)[0].dump())["consumerIds"]) == 1
    assert not one["pipeProducer"].closed


async def test_paused_video(router: Router, other_router: Router, video: Producer) -> None:
    """A producer that is paused comes out paused."""
    await video.pause()
    result = await router.pipe_to_router(producer_id=video.id, router=other_router)
    assert (result["pipeConsumer"].producer_paused, result["pipeProducer"].paused) == (True, True)


async def test_pauses_travel(router: Router, other_router: Router, video: Producer) -> None:
    """A producer's pauses reach the consumers in the other router."""
    await video.pause()
    piped = (await router.pipe_to_router(producer_id=video.id, router=other_router))["pipeProducer"]
    transport = await other_router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    consumer = await transport.consume(producer_id=video.id, rtp_capabilities=DEVICE)
    assert (consumer.producer_paused, consumer.paused) == (True, False)
    await video.resume()
    await happens(lambda: not consumer.producer_paused and not piped.paused)
    await video.pause()
    await happens(lambda: consumer.producer_paused and piped.paused)
    await asyncio.gather(video.resume(), video.pause(), video.resume())
    await happens(lambda: not consumer.producer_paused and not piped.paused)
    await piped.dump()
    # On a node the last change may still be on its way.
    await happens(lambda: not consumer.producer_paused and not piped.paused)


@pytest.mark.parametrize("pauses", [1, 2, 3])
async def test_pauses_while_piping(router: Router, other_router: Router, video: Producer, pauses: int) -> None:
    """A producer that is paused and resumed while it is piped comes out as it is in the end."""
    piping = asyncio.create_task(router.pipe_to_router(producer_id=video.id, router=other_router))
    for index in range(pauses):
        await (video.pause() if index % 2 == 0 else video.resume())
    result = await piping
    await happens(lambda: result["pipeProducer"].paused is video.paused)
    assert (await result["pipeProducer"].dump())["paused"] is video.paused


async def test_pause_of_the_pipe_itself(router: Router, other_router: Router, video: Producer) -> None:
    """A pause of the pipe consumer reaches the other router, too."""
    result = await router.pipe_to_router(producer_id=video.id, router=other_router)
    await result["pipeConsumer"].pause()
    await happens(lambda: result["pipeProducer"].paused)
    await result["pipeConsumer"].resume()
    await happens(lambda: not result["pipeProducer"].paused)


async def test_end_travels(router: Router, other_router: Router, video: Producer) -> None:
    """When a producer is closed, so is all that was made of it in the other router."""
    result = await router.pipe_to_router(producer_id=video.id, router=other_router)
    transport = await other_router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    consumer = await transport.consume(producer_id=video.id, rtp_capabilities=DEVICE)
    events = record(consumer, "producerclose")
    video.close()
    await happens(lambda: consumer.closed)
    assert events == [("producerclose",)]
    assert result["pipeConsumer"].closed
    assert result["pipeProducer"].closed
    assert not other_router.can_consume(producer_id=video.id, rtp_capabilities=DEVICE)


async def test_end_of_the_pipe_producer(router: Router, other_router: Router, video: Producer) -> None:
    """When what came out of a pipe is closed, nothing goes in any more."""
    result = await router.pipe_to_router(producer_id=video.id, router=other_router)
    result["pipeProducer"].close()
    assert result["pipeConsumer"].closed
    assert not video.closed
    await router.pipe_to_router(producer_id=video.id, router=other_router)


async def test_closed_while_piping(router: Router, other_router: Router, video: Producer) -> None:
    """A producer that is closed while it is piped is left nowhere."""
    (piping,) = await start(router.pipe_to_router(producer_id=video.id, router=other_router))
    video.close()
    with pytest.raises(NotFoundError):
        await piping
    await happens(lambda: not any(transport._consumers for transport in pipes(router)))
    for transport in pipes(other_router):
        assert (await transport.dump())["producerIds"] == []


@pytest.mark.parametrize("which", ["source", "target"])
async def test_router_closed_while_piping(router: Router, other_router: Router, audio: Producer, which: str) -> None:
    """When a router closes while something is piped, nothing is left in the other."""
    (piping,) = await start(router.pipe_to_router(producer_id=audio.id, router=other_router))
    closed, left = (router, other_router) if which == "source" else (other_router, router)
    await asyncio.sleep(0)
    closed.close()
    with pytest.raises(NotFoundError):
        await piping
    assert pipes(left) == []
    assert left._pipes._pairs == {}
    dump = await left.dump()
    assert len(dump["transportIds"]) == (0 if which == "source" else 1)


async def test_worker_dies_while_piping(
    router: Router, other_worker: Worker, other_router: Router, audio: Producer
) -> None:
    """When a worker ends while something is piped, nothing is left in the other."""
    (piping,) = await start(router.pipe_to_router(producer_id=audio.id, router=other_router))
    await asyncio.sleep(0)
    other_worker.close()
    with pytest.raises(WorkerClosedError):
        await piping
    assert pipes(router) == []


async def test_same_worker(worker: Worker, router: Router, video: Producer) -> None:
    """Between routers of one worker, what comes out needs an id of its own."""
    neighbour = await worker.create_router(media_codecs=MEDIA_CODECS)
    with pytest.raises(MediasoupError):
        await router.pipe_to_router(producer_id=video.id, router=neighbour)
    assert (await video.dump())["id"] == video.id
    result = await router.pipe_to_router(producer_id=video.id, router=neighbour, keep_id=False)
    assert result["pipeProducer"].id != video.id
    assert len((await pipes(router)[0].dump())["consumerIds"]) == 1
    video.close()
    await happens(lambda: result["pipeProducer"].closed)


@pytest.mark.not_for_rooms("ports are the agents'")
async def test_options(router: Router, other_router: Router, video: Producer) -> None:
    """Where the pair listens can be chosen, and whether it encrypts and repairs."""
    result = await router.pipe_to_router(
        producer_id=video.id,
        router=other_router,
        listen_info={**LISTEN_UDP, "portRange": {"min": 40000, "max": 40999}},
        enable_sctp=False,
        enable_rtx=True,
        enable_srtp=True,
    )
    for transport in (pipes(router)[0], pipes(other_router)[0]):
        assert 40000 <= transport.tuple["localPort"] < 41000
        assert transport.srtp_parameters
        assert transport.sctp_parameters is None
        assert (await transport.dump())["rtx"] is True
    assert len(result["pipeConsumer"].rtp_parameters["codecs"]) == 2


async def test_former_options(router: Router, other_router: Router, video: Producer) -> None:
    """The former way to say where to listen works, too."""
    await router.pipe_to_router(
        producer_id=video.id, router=other_router, listen_ip="127.0.0.1", max_send_message_size=1000
    )
    (transport,) = pipes(router)
    assert transport.sctp_parameters
    assert transport.sctp_parameters["maxSendMessageSize"] == 1000


async def test_capture_time(router: Router, other_router: Router, transport: WebRtcTransport) -> None:
    """The capture time of the packets is piped if the producer has it."""
    uri = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
    parameters: RtpParameters = {**AUDIO, "headerExtensions": [{"uri": uri, "id": 12}]}  # type: ignore[typeddict-item]
    producer = await transport.produce(kind="audio", rtp_parameters=parameters)
    result = await router.pipe_to_router(producer_id=producer.id, router=other_router)
    assert uri in [extension["uri"] for extension in result["pipeConsumer"].rtp_parameters["headerExtensions"]]


async def test_wrong_arguments(
    worker: Worker, router: Router, other_router: Router, video: Producer, data: DataProducer
) -> None:
    """What is missing, wrong, unknown or closed is refused."""
    wrong: list[dict[str, Any]] = [
        {"router": other_router},
        {"router": other_router, "producer_id": video.id, "data_producer_id": data.id},
        {"router": router, "producer_id": video.id},
        {"router": None, "producer_id": video.id},
        {"producer_id": video.id},
        {"router": other_router, "producer_id": video.id, "listen_info": LISTEN_UDP, "listen_ip": "127.0.0.1"},
    ]
    for options in wrong:
        with pytest.raises(TypeError):
            await router.pipe_to_router(**options)
    with pytest.raises(NotFoundError):
        await router.pipe_to_router(router=other_router, producer_id="12345678")
    with pytest.raises(NotFoundError):
        await router.pipe_to_router(router=other_router, data_producer_id="12345678")
    closed = await worker.create_router()
    closed.close()
    with pytest.raises(NotFoundError):
        await router.pipe_to_router(router=closed, producer_id=video.id)
    assert pipes(router) == []
    assert router._pipes._pairs == {}


async def test_data(router: Router, other_router: Router, data: DataProducer) -> None:
    """A data producer appears in the other router under the same id, with a stream as reliable."""
    result = await router.pipe_to_router(data_producer_id=data.id, router=other_router)
    assert set(result) == {"pipeDataConsumer", "pipeDataProducer"}
    consumer, producer = result["pipeDataConsumer"], result["pipeDataProducer"]
    stream = {"streamId": 0, "ordered": False, "maxPacketLifeTime": 5000}
    assert consumer.sctp_stream_parameters == producer.sctp_stream_parameters == stream
    assert (consumer.type, producer.type, producer.id) == ("sctp", "sctp", data.id)
    assert (producer.label, producer.protocol) == ("foo", "bar")
    transport = await other_router.create_webrtc_transport(listen_infos=[LISTEN_UDP], enable_sctp=True)
    last = await transport.consume_data(data_producer_id=data.id)
    assert (last.label, last.protocol) == ("foo", "bar")
    assert last.sctp_stream_parameters == stream
    events = record(last, "dataproducerclose")
    data.close()
    await happens(lambda: last.closed)
    assert events == [("dataproducerclose",)]
    assert producer.closed


async def test_messages(router: Router, other_router: Router) -> None:
    """Messages go through a pipe to those who listen to their subchannels."""
    source = await (await router.create_direct_transport()).produce_data()
    piped = (await router.pipe_to_router(data_producer_id=source.id, router=other_router))["pipeDataConsumer"]
    target = await (await other_router.create_direct_transport()).consume_data(
        data_producer_id=source.id, subchannels=[123, 666, 777]
    )
    received = record(target, "message")
    # The pipe's own data consumer listens to no subchannel at first, and lets everything pass.
    source.send("one", subchannels=[123, 124], required_subchannel=666)
    await piped.set_subchannels([123, 124, 666])
    source.send("two", subchannels=[123], required_subchannel=666)
    source.send("not for the target", subchannels=[124], required_subchannel=666)
    source.send("not for the pipe", subchannels=[125], required_subchannel=666)
    source.send("ignored", subchannels=[123], ignored_subchannel=666)
    source.send("ignored as well", required_subchannel=123, ignored_subchannel=777)
    source.send("end")
    await happens(lambda: bool(received) and received[-1][1] == b"end")
    assert [data for _, data, _ in received] == [b"one", b"two", b"end"]


async def test_ignored_subchannels(router: Router, other_router: Router) -> None:
    """What some ignore at the end of a pipe reaches the others."""
    source = await (await router.create_direct_transport()).produce_data()
    piped = (await router.pipe_to_router(data_producer_id=source.id, router=other_router))["pipeDataConsumer"]
    direct = await other_router.create_direct_transport()
    targets = [await direct.consume_data(data_producer_id=source.id, subchannels=[number]) for number in (111, 222)]
    received = [record(target, "message") for target in targets]
    await piped.set_subchannels([111, 222])
    source.send("one", ignored_subchannel=111)
    source.send("end")
    await happens(lambda: all(messages and messages[-1][1] == b"end" for messages in received))
    assert [[data for _, data, _ in messages] for messages in received] == [[b"end"], [b"one", b"end"]]


async def test_data_closed_while_piping(router: Router, other_router: Router, data: DataProducer) -> None:
    """A data producer that is closed while it is piped is left nowhere."""
    (piping,) = await start(router.pipe_to_router(data_producer_id=data.id, router=other_router))
    data.close()
    with pytest.raises(NotFoundError):
        await piping
    for transport in pipes(other_router):
        assert (await transport.dump())["dataProducerIds"] == []


async def test_media_goes_through(router: Router, other_router: Router) -> None:
    """A packet that goes in here comes out there."""
    source = await (await router.create_direct_transport()).produce(kind="audio", rtp_parameters=AUDIO)
    await router.pipe_to_router(producer_id=source.id, router=other_router, enable_srtp=True)
    consumer = await (await other_router.create_direct_transport()).consume(
        producer_id=source.id, rtp_capabilities=DEVICE
    )
    packets = record(consumer, "rtp")
    sequence = 0

    def arrived() -> bool:
        nonlocal sequence
        sequence += 1
        header = b"\x80\x6f" + sequence.to_bytes(2) + (sequence * 960).to_bytes(4) + (11111111).to_bytes(4)
        source.send(header + b"hello")
        return bool(packets)

    await happens(arrived)
    assert packets[0][1].endswith(b"hello")


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_abandoned(router: Router, other_router: Router, audio: Producer, turns: int) -> None:
    """When all who asked for a pipe are cancelled, at whatever moment, nothing of it stays, and it can be asked for."""
    calls = await start(*(router.pipe_to_router(producer_id=audio.id, router=other_router) for _ in range(2)))
    for _ in range(turns):
        # What the worker sends takes real time to come.
        await asyncio.sleep(0.0005)
    for call in calls:
        call.cancel()
    done = await asyncio.gather(*calls, return_exceptions=True)
    if any(not isinstance(result, BaseException) for result in done):
        return
    result = await router.pipe_to_router(producer_id=audio.id, router=other_router)
    assert result["pipeProducer"].id == audio.id
    for transport in pipes(router) + pipes(other_router):
        dump = await transport.dump()
        assert len(dump["consumerIds"]) + len(dump["producerIds"]) == 1


async def test_abandoned_at_the_last_moment(router: Router, other_router: Router, audio: Producer) -> None:
    """A pipe is closed when those who asked for it are cancelled just before they get it."""
    calls: list[asyncio.Task[Any]] = []

    def cancel_all(_: Producer) -> None:
        for call in calls:
            call.cancel()

    other_router.observer.on("newtransport", lambda made: made.observer.on("newproducer", cancel_all))
    calls += await start(*(router.pipe_to_router(producer_id=audio.id, router=other_router) for _ in range(2)))
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    calls.clear()
    result = await router.pipe_to_router(producer_id=audio.id, router=other_router)
    assert (await pipes(other_router)[0].dump())["producerIds"] == [audio.id]
    assert (await pipes(router)[0].dump())["consumerIds"] == [result["pipeConsumer"].id]

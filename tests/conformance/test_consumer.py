"""The Consumer class."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.conformance.helpers import happens, hear, holds, record, start
from tests.conformance.samples import (
    AUDIO,
    DEVICE,
    FOREIGN_DEVICE,
    LISTEN_UDP,
    MULTIOPUS,
    MULTIOPUS_CODEC,
    VIDEO,
    VPX_CODECS,
    VPX_DEVICE,
    vp8,
    vp9,
)

from tureen.mediasoup import Consumer, Producer, Router, WebRtcTransport, Worker
from tureen.mediasoup.errors import NotFoundError, UnsupportedError, WorkerClosedError
from tureen.mediasoup.extras import enhanced_once
from tureen.mediasoup.types import RtpCapabilities, RtpEncodingParameters, RtpParameters

SIMULCAST: list[RtpEncodingParameters] = [{"ssrc": ssrc, "scalabilityMode": "L1T5"} for ssrc in (1, 2, 3)]


@pytest.fixture
async def audio_producer(transport: WebRtcTransport) -> Producer:
    """Give an audio producer."""
    return await transport.produce(kind="audio", rtp_parameters=AUDIO)


@pytest.fixture
async def video_producer(transport: WebRtcTransport) -> Producer:
    """Give a simulcast producer with four streams."""
    return await transport.produce(kind="video", rtp_parameters=VIDEO)


@pytest.fixture
async def audio(other_transport: WebRtcTransport, audio_producer: Producer) -> Consumer:
    """Give an audio consumer."""
    return await other_transport.consume(producer_id=audio_producer.id, rtp_capabilities=DEVICE)


@pytest.fixture
async def video(other_transport: WebRtcTransport, video_producer: Producer) -> Consumer:
    """Give a simulcast consumer."""
    return await other_transport.consume(producer_id=video_producer.id, rtp_capabilities=DEVICE)


async def test_audio(router: Router, other_transport: WebRtcTransport, audio_producer: Producer) -> None:
    """An audio consumer shows what it is made from, and is announced."""
    announced = record(other_transport.observer, "newconsumer")
    consumer = await other_transport.consume(
        producer_id=audio_producer.id, rtp_capabilities=DEVICE, app_data={"baz": "LOL"}
    )
    assert announced == [("newconsumer", consumer)]
    assert (consumer.producer_id, consumer.kind, consumer.type) == (audio_producer.id, "audio", "simple")
    assert (consumer.closed, consumer.paused, consumer.producer_paused) == (False, False, False)
    assert (consumer.priority, consumer.preferred_layers, consumer.current_layers) == (1, None, None)
    assert consumer.score == {"score": 10, "producerScore": 0, "producerScores": [0]}
    assert consumer.app_data == {"baz": "LOL"}
    (codec,) = consumer.rtp_parameters["codecs"]
    assert codec == {
        "mimeType": "audio/opus",
        "payloadType": 100,
        "clockRate": 48000,
        "channels": 2,
        "parameters": AUDIO["codecs"][0]["parameters"],
        "rtcpFeedback": [],
    }
    assert (consumer.rtp_parameters["mid"], consumer.rtp_parameters["msid"]) == ("0", "stream track")
    dump = await router.dump()
    assert dump["mapProducerIdConsumerIds"] == [{"key": audio_producer.id, "values": [consumer.id]}]
    assert dump["mapConsumerIdProducerId"] == [{"key": consumer.id, "value": audio_producer.id}]
    assert (await other_transport.dump())["consumerIds"] == [consumer.id]


async def test_video(other_transport: WebRtcTransport, video_producer: Producer) -> None:
    """A simulcast consumer sends one stream with as many layers as the producer has streams."""
    await video_producer.pause()
    consumer = await other_transport.consume(
        producer_id=video_producer.id,
        rtp_capabilities=DEVICE,
        paused=True,
        preferred_layers={"spatialLayer": 12, "temporalLayer": 0},
    )
    assert (consumer.type, consumer.paused, consumer.producer_paused) == ("simulcast", True, True)
    assert consumer.score == {"score": 10, "producerScore": 0, "producerScores": [0, 0, 0, 0]}
    assert consumer.preferred_layers == {"spatialLayer": 3, "temporalLayer": 0}
    assert [codec["payloadType"] for codec in consumer.rtp_parameters["codecs"]] == [103, 104]
    assert len(consumer.rtp_parameters["encodings"]) == 1
    assert "msid" not in consumer.rtp_parameters


async def test_pipe(other_transport: WebRtcTransport, video_producer: Producer) -> None:
    """A consumer may pass on all streams as they are; it has no MID then."""
    consumer = await other_transport.consume(producer_id=video_producer.id, rtp_capabilities=DEVICE, pipe=True)
    assert (consumer.type, consumer.preferred_layers) == ("pipe", None)
    assert consumer.score == {"score": 10, "producerScore": 10, "producerScores": [0, 0, 0, 0]}
    assert len(consumer.rtp_parameters["encodings"]) == 4
    assert "mid" not in consumer.rtp_parameters
    dump = await consumer.dump()
    assert dump["type"] == "pipe"
    assert len(dump["rtpStreams"]) == 4
    assert len(await consumer.get_stats()) == 4


async def test_enable_rtx(other_transport: WebRtcTransport, audio_producer: Producer, video_producer: Producer) -> None:
    """Retransmission can be had for audio and left out for video."""
    audio = await other_transport.consume(
        producer_id=audio_producer.id, rtp_capabilities=DEVICE, enable_rtx=True, ignore_dtx=True
    )
    assert audio.rtp_parameters["codecs"][0]["rtcpFeedback"] == [{"type": "nack", "parameter": ""}]
    video = await other_transport.consume(producer_id=video_producer.id, rtp_capabilities=DEVICE, enable_rtx=False)
    assert [codec["mimeType"] for codec in video.rtp_parameters["codecs"]] == ["video/H264"]
    assert "rtx" not in video.rtp_parameters["encodings"][0]


async def test_mid(other_transport: WebRtcTransport, audio_producer: Producer) -> None:
    """MIDs are counted up, and may be given."""
    mids = []
    for mid in (None, "custom", None):
        consumer = await other_transport.consume(producer_id=audio_producer.id, rtp_capabilities=DEVICE, mid=mid)
        mids.append(consumer.rtp_parameters["mid"])
    assert mids == ["0", "custom", "1"]
    for wrong in ("", 5):
        with pytest.raises(TypeError):
            await other_transport.consume(producer_id=audio_producer.id, rtp_capabilities=DEVICE, mid=wrong)  # type: ignore[arg-type]


async def test_distinct_ssrcs(other_transport: WebRtcTransport, video_producer: Producer) -> None:
    """All consumers of a transport have SSRCs of their own."""
    consumers = await asyncio.gather(
        *(other_transport.consume(producer_id=video_producer.id, rtp_capabilities=DEVICE) for _ in range(50))
    )
    encodings = [consumer.rtp_parameters["encodings"][0] for consumer in consumers]
    ssrcs = [encoding["ssrc"] for encoding in encodings] + [encoding["rtx"]["ssrc"] for encoding in encodings]
    assert len(set(ssrcs)) == 100


async def test_chosen_id(other_transport: WebRtcTransport, audio_producer: Producer) -> None:
    """A consumer may be given its id, which no other consumer of the transport has."""
    consumer = await other_transport.consume(producer_id=audio_producer.id, rtp_capabilities=DEVICE, id="mine")
    assert (consumer.id, (await consumer.dump())["id"]) == ("mine", "mine")
    with pytest.raises(TypeError):
        await other_transport.consume(producer_id=audio_producer.id, rtp_capabilities=DEVICE, id="mine")


async def test_wrong_arguments(other_transport: WebRtcTransport, audio_producer: Producer) -> None:
    """Wrong arguments are refused, unknown producers are not found, and unfit endpoints are not supported."""
    with pytest.raises(NotFoundError):
        await other_transport.consume(producer_id="12345678", rtp_capabilities=DEVICE)
    with pytest.raises(TypeError):
        await other_transport.consume(producer_id="", rtp_capabilities=DEVICE)
    with pytest.raises(TypeError):
        await other_transport.consume(producer_id=audio_producer.id, rtp_capabilities=None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        await other_transport.consume(producer_id=audio_producer.id, rtp_capabilities=DEVICE, app_data="no")  # type: ignore[arg-type]
    empty: RtpCapabilities = {"codecs": [], "headerExtensions": []}
    for device in (FOREIGN_DEVICE, empty):
        with pytest.raises(UnsupportedError):
            await other_transport.consume(producer_id=audio_producer.id, rtp_capabilities=device)
    assert (await other_transport.dump())["consumerIds"] == []


async def test_multiopus(worker: Worker) -> None:
    """Surround sound goes to endpoints whose channels are laid out as the producer's are."""
    router = await worker.create_router(media_codecs=[MULTIOPUS_CODEC])
    transport = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    producer = await transport.produce(kind="audio", rtp_parameters=MULTIOPUS)
    device: Any = {"codecs": [{**MULTIOPUS_CODEC, "preferredPayloadType": 100}], "headerExtensions": []}
    assert router.can_consume(producer_id=producer.id, rtp_capabilities=device)
    consumer = await transport.consume(producer_id=producer.id, rtp_capabilities=device)
    assert holds(consumer.rtp_parameters["codecs"][0], payloadType=100, channels=6)
    narrower: Any = {"codecs": [{**device["codecs"][0], "channels": 8}]}
    assert not router.can_consume(producer_id=producer.id, rtp_capabilities=narrower)
    with pytest.raises(UnsupportedError):
        await transport.consume(producer_id=producer.id, rtp_capabilities=narrower)


@pytest.mark.not_for_rooms("the source that a consumer tells of is what came through a pipe")
async def test_audio_dump(audio: Consumer, audio_producer: Producer) -> None:
    """The dump of an audio consumer tells what the worker was told."""
    dump: Any = await audio.dump()
    assert holds(
        dump,
        id=audio.id,
        producerId=audio_producer.id,
        kind="audio",
        type="simple",
        supportedCodecPayloadTypes=[100],
        paused=False,
        producerPaused=False,
        priority=1,
        traceEventTypes=[],
    )
    parameters = dump["rtpParameters"]
    assert holds(parameters["codecs"][0], payloadType=100, channels=2, parameters=AUDIO["codecs"][0]["parameters"])
    assert [extension["id"] for extension in parameters["headerExtensions"]] == [1, 4, 6]
    assert parameters["encodings"][0]["ssrc"] == audio.rtp_parameters["encodings"][0]["ssrc"]
    (encoding,) = dump["consumableRtpEncodings"]
    assert encoding["ssrc"] == audio_producer.consumable_rtp_parameters["encodings"][0]["ssrc"]
    assert holds(dump["rtpStream"]["params"], mimeType="audio/opus", payloadType=100, useInBandFec=True)
    assert "rid" not in dump["rtpStream"]["params"]
    assert "preferredSpatialLayer" not in dump


async def test_video_dump(video: Consumer) -> None:
    """The dump of a simulcast consumer tells of its layers."""
    dump: Any = await video.dump()
    assert holds(dump, kind="video", type="simulcast", supportedCodecPayloadTypes=[103])
    assert holds(
        dump,
        preferredSpatialLayer=3,
        preferredTemporalLayer=2,
        targetSpatialLayer=-1,
        currentSpatialLayer=-1,
        targetTemporalLayer=-1,
        currentTemporalLayer=-1,
    )
    (encoding,) = dump["rtpParameters"]["encodings"]
    assert holds(encoding, codecPayloadType=103, rtx=video.rtp_parameters["encodings"][0]["rtx"])
    assert len(dump["consumableRtpEncodings"]) == 4
    assert dump["rtpStream"]["rtxStream"]["params"]["payloadType"] == 104


async def test_stats(audio: Consumer, video: Consumer) -> None:
    """A consumer tells of the stream that it sends."""
    for consumer, mime_type in ((audio, "audio/opus"), (video, "video/H264")):
        (stats,) = await consumer.get_stats()
        assert holds(stats, type="outbound-rtp", kind=consumer.kind, mimeType=mime_type, packetCount=0, score=10)
        assert stats["ssrc"] == consumer.rtp_parameters["encodings"][0]["ssrc"]
        assert stats.keys().isdisjoint({"rid", "bitrateByLayer", "rtxPacketsDiscarded"})


async def test_pause_and_resume(audio: Consumer) -> None:
    """A consumer can be paused and resumed; observers hear of each change."""
    events = record(audio.observer, "pause", "resume")
    await audio.pause()
    assert audio.paused
    assert (await audio.dump())["paused"] is True
    await audio.resume()
    assert not audio.paused
    assert (await audio.dump())["paused"] is False
    calls = [audio.pause, audio.resume, audio.pause, audio.pause, audio.pause, audio.resume]
    await asyncio.gather(*(call() for call in calls))
    assert events == [("pause",), ("resume",)] * 3


async def test_producer_pauses(audio: Consumer, audio_producer: Producer) -> None:
    """A consumer says when its producer pauses and resumes."""
    events = record(audio, "producerpause", "producerresume")
    observed = record(audio.observer, "pause", "resume")
    await asyncio.gather(enhanced_once(audio, "producerpause"), audio_producer.pause())
    assert (audio.paused, audio.producer_paused) == (False, True)
    await asyncio.gather(enhanced_once(audio, "producerresume"), audio_producer.resume())
    assert (audio.paused, audio.producer_paused) == (False, False)
    assert events == [("producerpause",), ("producerresume",)]
    assert observed == [("pause",), ("resume",)]


async def test_observers_see_what_counts(audio: Consumer, audio_producer: Producer) -> None:
    """Observers hear of a pause when the first of consumer and producer pauses, and of its end with the last."""
    observed = record(audio.observer, "pause", "resume")
    await audio.pause()
    await asyncio.gather(enhanced_once(audio, "producerpause"), audio_producer.pause())
    await audio.resume()
    assert observed == [("pause",)]
    await asyncio.gather(enhanced_once(audio, "producerresume"), audio_producer.resume())
    assert observed == [("pause",), ("resume",)]


async def test_preferred_layers(audio: Consumer, video: Consumer) -> None:
    """Layers can be chosen, up to the highest; consumers without layers have none."""
    await audio.set_preferred_layers(spatial_layer=1, temporal_layer=1)
    assert audio.preferred_layers is None
    choices: list[tuple[int, int | None, int, int]] = [(2, 1, 2, 1), (3, None, 3, 2), (3, 0, 3, 0), (66, 66, 3, 2)]
    for spatial, temporal, chosen_spatial, chosen_temporal in choices:
        await video.set_preferred_layers(spatial_layer=spatial, temporal_layer=temporal)
        assert video.preferred_layers == {"spatialLayer": chosen_spatial, "temporalLayer": chosen_temporal}
    for wrong in ({}, {"temporal_layer": 2}, {"spatial_layer": "1"}, {"spatial_layer": 256}, {"spatial_layer": None}):
        with pytest.raises(TypeError):
            await video.set_preferred_layers(**wrong)


@pytest.mark.parametrize(
    ("parameters", "type_", "asked", "given"),
    [
        (vp9({"ssrc": 1, "scalabilityMode": "L3T3"}), "svc", {"spatialLayer": 1, "temporalLayer": 0}, (1, 0)),
        (vp9({"ssrc": 1, "scalabilityMode": "L3T3"}), "svc", {"spatialLayer": 9, "temporalLayer": 9}, (2, 2)),
        (vp9({"ssrc": 1, "scalabilityMode": "L3T3"}), "svc", {"spatialLayer": 1}, (1, 2)),
        (
            vp8(*SIMULCAST),
            "simulcast",
            {"spatialLayer": 1, "temporalLayer": 0},
            (1, 0),
        ),
        (
            vp8(*SIMULCAST),
            "simulcast",
            {"spatialLayer": 9, "temporalLayer": 9},
            (2, 4),
        ),
        (vp8({"ssrc": 1}), "simple", {"spatialLayer": 1}, None),
        (vp8({"ssrc": 1, "scalabilityMode": "L1T3"}), "svc", {"spatialLayer": 0}, (0, 2)),
    ],
    ids=["svc", "svc-clamped", "svc-spatial", "simulcast", "simulcast-clamped", "simple", "temporal"],
)
async def test_types_and_layers(
    worker: Worker, parameters: RtpParameters, type_: str, asked: Any, given: tuple[int, int] | None
) -> None:
    """The type is the producer's; layers that are asked for from the start are given if there are so many."""
    router = await worker.create_router(media_codecs=VPX_CODECS)
    transport = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    producer = await transport.produce(kind="video", rtp_parameters=parameters)
    consumer = await transport.consume(
        producer_id=producer.id, rtp_capabilities=VPX_DEVICE, paused=True, preferred_layers=asked
    )
    layers = consumer.preferred_layers
    assert (producer.type, consumer.type) == (type_, type_)
    assert (layers and (layers["spatialLayer"], layers["temporalLayer"])) == given
    assert (await consumer.dump())["type"] == type_


async def test_priority(video: Consumer) -> None:
    """A consumer's priority can be set and set back."""
    await video.set_priority(2)
    assert video.priority == 2
    await video.unset_priority()
    assert video.priority == 1
    for wrong in (0, -1, 256, "foo", None):
        with pytest.raises(TypeError):
            await video.set_priority(wrong)  # type: ignore[arg-type]


async def test_key_frame(audio: Consumer, video: Consumer) -> None:
    """A key frame can be asked for; for audio that does nothing."""
    await video.request_key_frame()
    await audio.request_key_frame()


async def test_key_frame_on_pipes(router: Router, audio_producer: Producer) -> None:
    """A key frame can be asked for on a pipe of audio, too, which the worker itself would not answer."""
    direct = await router.create_direct_transport()
    consumer = await direct.consume(producer_id=audio_producer.id, rtp_capabilities=DEVICE, pipe=True)
    async with asyncio.timeout(1):
        await consumer.request_key_frame()
    consumer.close()
    with pytest.raises(NotFoundError):
        await consumer.request_key_frame()


async def test_enable_trace_event(audio: Consumer) -> None:
    """What is traced can be chosen; unknown types are ignored."""
    await audio.enable_trace_event(["rtp", "pli"])
    assert sorted((await audio.dump())["traceEventTypes"]) == ["pli", "rtp"]
    await audio.enable_trace_event()
    assert (await audio.dump())["traceEventTypes"] == []
    chosen: Any = ["nack", "FOO", "fir", "sr"]
    await audio.enable_trace_event(chosen)
    assert sorted((await audio.dump())["traceEventTypes"]) == ["fir", "nack"]
    for wrong in (123, "rtp", ["fir", 123.123]):
        with pytest.raises(TypeError):
            await audio.enable_trace_event(wrong)  # type: ignore[arg-type]


async def test_events(video: Consumer) -> None:
    """What a worker tells of scores and layers is kept, emitted and shown to observers."""
    names = ("score", "layerschange", "trace")
    events, observed = record(video, *names), record(video.observer, *names)
    score = {"score": 9, "producerScore": 10, "producerScores": [8, 0]}
    await hear(video, "CONSUMER_SCORE", {"score": {**score, "producerScores": bytes([8, 0])}})
    assert video.score == score
    await hear(video, "CONSUMER_LAYERS_CHANGE", {"layers": {"spatialLayer": 1, "temporalLayer": 2}})
    assert video.current_layers == {"spatialLayer": 1, "temporalLayer": 2}
    await hear(video, "CONSUMER_LAYERS_CHANGE", {})
    assert video.current_layers is None
    trace = {"type": "pli", "timestamp": 1, "direction": "in"}
    await hear(video, "CONSUMER_TRACE", {**trace, "infoType": "PliTraceInfo", "info": {"ssrc": 5}})
    assert events == observed
    assert events == [
        ("score", score),
        ("layerschange", {"spatialLayer": 1, "temporalLayer": 2}),
        ("layerschange", None),
        ("trace", {**trace, "info": {"ssrc": 5}}),
    ]


async def test_close(router: Router, other_transport: WebRtcTransport, audio: Consumer, video: Consumer) -> None:
    """A closed consumer is gone from its transport; others stay."""
    closings = record(audio.observer, "close")
    audio.close()
    audio.close()
    assert closings == [("close",)]
    assert audio.closed
    for call in (audio.dump, audio.get_stats, audio.pause, audio.resume, audio.request_key_frame, audio.unset_priority):
        with pytest.raises(NotFoundError):
            await call()
    with pytest.raises(NotFoundError):
        await audio.set_preferred_layers(spatial_layer=0)
    dump = await router.dump()
    assert dump["mapConsumerIdProducerId"] == [{"key": video.id, "value": video.producer_id}]
    assert (await other_transport.dump())["consumerIds"] == [video.id]


async def test_producer_closed(other_transport: WebRtcTransport, audio: Consumer, audio_producer: Producer) -> None:
    """A consumer whose producer was closed says so, and is gone."""
    events, closings = record(audio, "producerclose"), record(audio.observer, "close")
    audio_producer.close()
    await happens(lambda: audio.closed)
    assert (events, closings) == ([("producerclose",)], [("close",)])
    with pytest.raises(NotFoundError):
        await audio.dump()
    assert (await other_transport.dump())["consumerIds"] == []
    assert other_transport._consumers == {}


@pytest.mark.not_for_rooms("what is asked of two workers has no order: there is no such producer, or it closes")
async def test_producer_closed_while_creating(other_transport: WebRtcTransport, audio_producer: Producer) -> None:
    """A consumer whose producer closes right after it was asked for hears of that."""
    (creating,) = await start(other_transport.consume(producer_id=audio_producer.id, rtp_capabilities=DEVICE))
    audio_producer.close()
    consumer = await creating
    assert not consumer.closed
    events = record(consumer, "producerclose")
    await happens(lambda: consumer.closed)
    assert events == [("producerclose",)]


async def test_transport_closed(router: Router, other_transport: WebRtcTransport, audio: Consumer) -> None:
    """A consumer whose transport was closed says so."""
    events, closings = record(audio, "transportclose"), record(audio.observer, "close")
    other_transport.close()
    assert (events, closings) == ([("transportclose",)], [("close",)])
    assert audio.closed
    with pytest.raises(NotFoundError):
        await audio.dump()
    assert (await router.dump())["mapConsumerIdProducerId"] == []


async def test_worker_closed(worker: Worker, audio: Consumer) -> None:
    """A consumer whose worker was closed says so."""
    events = record(audio, "transportclose")
    worker.close()
    assert events == [("transportclose",)]
    with pytest.raises(WorkerClosedError):
        await audio.pause()

"""The Producer class."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.conformance.helpers import hear, holds, record
from tests.conformance.samples import AUDIO, MULTIOPUS, MULTIOPUS_CODEC, VIDEO, vp8

from tureen.mediasoup import Producer, Router, WebRtcTransport, Worker
from tureen.mediasoup.errors import MediasoupError, NotFoundError, UnsupportedError, WorkerClosedError
from tureen.mediasoup.types import RtpParameters


@pytest.fixture
async def audio(transport: WebRtcTransport) -> Producer:
    """Give an audio producer."""
    return await transport.produce(kind="audio", rtp_parameters=AUDIO)


async def test_audio(router: Router, transport: WebRtcTransport) -> None:
    """An audio producer shows what it was made of, and is announced."""
    announced = record(transport.observer, "newproducer")
    producer = await transport.produce(kind="audio", rtp_parameters=AUDIO, app_data={"foo": 1})
    assert announced == [("newproducer", producer)]
    assert (producer.kind, producer.type, producer.closed, producer.paused) == ("audio", "simple", False, False)
    assert (producer.score, producer.app_data) == ([], {"foo": 1})
    assert producer.rtp_parameters["codecs"][0]["payloadType"] == 111
    assert producer.consumable_rtp_parameters["codecs"][0]["payloadType"] == 100
    dump = await router.dump()
    assert dump["mapProducerIdConsumerIds"] == [{"key": producer.id, "values": []}]
    assert holds(await transport.dump(), producerIds=[producer.id], consumerIds=[])


async def test_video(transport: WebRtcTransport) -> None:
    """A producer with several encodings is simulcast."""
    producer = await transport.produce(kind="video", rtp_parameters=VIDEO, paused=True, key_frame_request_delay=1000)
    assert (producer.kind, producer.type, producer.paused) == ("video", "simulcast", True)
    assert len(producer.consumable_rtp_parameters["encodings"]) == 4


async def test_little_is_enough(transport: WebRtcTransport) -> None:
    """Header extensions, encodings and RTCP parameters may be left out if there is a MID."""
    producer = await transport.produce(
        kind="audio",
        rtp_parameters={"mid": "AUDIO2", "codecs": [{**AUDIO["codecs"][0], "payloadType": 0}]},
    )
    assert holds(producer.rtp_parameters, mid="AUDIO2", encodings=[{}], headerExtensions=[])
    assert producer.rtp_parameters["rtcp"]["cname"]


async def test_cname(transport: WebRtcTransport, other_transport: WebRtcTransport) -> None:
    """All producers of a transport have the canonical name of the first, which is made up if it has none."""
    anonymous: RtpParameters = {**VIDEO, "rtcp": {}}
    first = await transport.produce(kind="audio", rtp_parameters=AUDIO)
    second = await transport.produce(kind="video", rtp_parameters={**VIDEO, "rtcp": {"cname": "OTHER"}})
    assert first.rtp_parameters["rtcp"] == {"cname": "FOOBAR", "reducedSize": True}
    assert second.rtp_parameters["rtcp"] == {"cname": "FOOBAR", "reducedSize": True}
    third = await other_transport.produce(kind="video", rtp_parameters=anonymous)
    assert len(third.rtp_parameters["rtcp"]["cname"]) == 8
    assert second.consumable_rtp_parameters["rtcp"]["cname"] == "FOOBAR"


async def test_what_browsers_send(transport: WebRtcTransport) -> None:
    """Unknown fields are ignored, whatever their order, and so are those that are None."""
    codec: dict[str, Any] = {**VIDEO["codecs"][0]}
    parameters: Any = {
        "foo": 1,
        "rtcp": {"mux": True, "reducedSize": True, "cname": "FOO"},
        "codecs": [{"foo": 1, **dict(reversed(codec.items()))}, VIDEO["codecs"][1]],
        "encodings": [{"scaleResolutionDownBy": 2, "active": True, "maxBitrate": None, "ssrc": 1, "rtx": {"ssrc": 2}}],
        "headerExtensions": [{"foo": 1, "parameters": {}, "id": 1, "uri": "urn:ietf:params:rtp-hdrext:sdes:mid"}],
    }
    producer = await transport.produce(kind="video", rtp_parameters=parameters)
    dump = await producer.dump()
    assert holds(dump["rtpParameters"]["encodings"][0], ssrc=1, rtx={"ssrc": 2})
    assert parameters["foo"] == 1


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"codecs": [], "encodings": [{"ssrc": "1111"}]},
        {**VIDEO, "encodings": []},
        {**VIDEO, "codecs": [VIDEO["codecs"][0], {**VIDEO["codecs"][1], "parameters": {"apt": 111}}]},
        {**AUDIO, "headerExtensions": [{"uri": "urn:unknown", "id": 1}]},
        {**AUDIO, "encodings": [{"ssrc": 2**32}]},
    ],
    ids=["empty", "ssrc", "encodings", "apt", "extension", "range"],
)
async def test_wrong_parameters(transport: WebRtcTransport, parameters: Any) -> None:
    """Wrong parameters are refused."""
    if parameters.get("mid") == "VIDEO" and not parameters["encodings"]:
        parameters = {key: value for key, value in parameters.items() if key != "mid"}
    with pytest.raises(TypeError):
        await transport.produce(kind="video", rtp_parameters=parameters)
    assert (await transport.dump())["producerIds"] == []


async def test_wrong_arguments(transport: WebRtcTransport) -> None:
    """Wrong arguments are refused."""
    with pytest.raises(TypeError):
        await transport.produce(kind="chicken", rtp_parameters=AUDIO)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        await transport.produce(kind="audio", rtp_parameters=AUDIO, app_data="NOT-A-DICT")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        await transport.produce(kind="audio", rtp_parameters=AUDIO, paused="yes")  # type: ignore[arg-type]


async def test_unsupported(transport: WebRtcTransport) -> None:
    """Codecs and profiles that the router lacks are refused."""
    isac: RtpParameters = {
        "codecs": [{"mimeType": "audio/ISAC", "payloadType": 108, "clockRate": 32000}],
        "encodings": [{"ssrc": 1111}],
    }
    with pytest.raises(UnsupportedError):
        await transport.produce(kind="audio", rtp_parameters=isac)
    codec: Any = {**VIDEO["codecs"][0], "parameters": {"packetization-mode": 1, "profile-level-id": "CHICKEN"}}
    with pytest.raises(UnsupportedError):
        await transport.produce(kind="video", rtp_parameters={**VIDEO, "codecs": [codec, VIDEO["codecs"][1]]})


async def test_taken(transport: WebRtcTransport) -> None:
    """A MID, an SSRC and an id can be used once per transport."""
    first = await transport.produce(kind="audio", rtp_parameters=AUDIO, id="one")
    with pytest.raises(TypeError, match="already exists"):
        await transport.produce(kind="video", rtp_parameters=VIDEO, id="one")
    with pytest.raises(MediasoupError):
        await transport.produce(kind="audio", rtp_parameters={**AUDIO, "encodings": [{"ssrc": 99}]})
    with pytest.raises(MediasoupError):
        await transport.produce(kind="audio", rtp_parameters={**AUDIO, "mid": "ANOTHER"})
    assert (await transport.dump())["producerIds"] == ["one"]
    first.close()
    await transport.produce(kind="audio", rtp_parameters=AUDIO, id="one")


async def test_nothing_to_recognise_it_by(transport: WebRtcTransport) -> None:
    """A producer needs a MID, a RID or an SSRC."""
    with pytest.raises((MediasoupError, TypeError)):
        await transport.produce(kind="audio", rtp_parameters={"codecs": AUDIO["codecs"], "encodings": [{}]})


@pytest.mark.parametrize(
    ("encodings", "type_"),
    [
        ([{"ssrc": 11111111}], "simple"),
        ([{"ssrc": 11111111, "scalabilityMode": "L1T3"}], "svc"),
        ([{"ssrc": 11111111, "scalabilityMode": "L1T3"}, {"ssrc": 22222222, "scalabilityMode": "L1T3"}], "simulcast"),
    ],
    ids=["simple", "svc", "simulcast"],
)
async def test_types(transport: WebRtcTransport, encodings: Any, type_: str) -> None:
    """The type follows from the encodings."""
    producer = await transport.produce(kind="video", rtp_parameters=vp8(*encodings))
    assert producer.type == type_


async def test_multiopus(worker: Worker) -> None:
    """Surround sound is taken if its channels are laid out as the router's are."""
    router = await worker.create_router(media_codecs=[MULTIOPUS_CODEC])
    transport = await router.create_webrtc_transport(listen_infos=[{"protocol": "udp", "ip": "127.0.0.1"}])
    producer = await transport.produce(kind="audio", rtp_parameters=MULTIOPUS)
    assert producer.rtp_parameters["codecs"][0]["channels"] == 6
    for layout in ({"num_streams": 2}, {"coupled_streams": 1}):
        codec: Any = {**MULTIOPUS["codecs"][0]}
        codec["parameters"] = {**codec["parameters"], **layout}
        with pytest.raises(UnsupportedError):
            await transport.produce(kind="audio", rtp_parameters={"mid": "OTHER", "codecs": [codec]})


async def test_audio_dump(audio: Producer) -> None:
    """The dump of an audio producer tells what the worker was told."""
    dump = await audio.dump()
    assert holds(dump, id=audio.id, kind="audio", type="simple", paused=False, traceEventTypes=[])
    parameters = dump["rtpParameters"]
    assert holds(
        parameters["codecs"][0],
        mimeType="audio/opus",
        payloadType=111,
        clockRate=48000,
        channels=2,
        parameters={"useinbandfec": 1, "usedtx": 1, "foo": "222.222", "bar": "333"},
        rtcpFeedback=[],
    )
    assert parameters["headerExtensions"] == [
        {"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 10, "encrypt": False, "parameters": {}},
        {"uri": "urn:ietf:params:rtp-hdrext:ssrc-audio-level", "id": 12, "encrypt": False, "parameters": {}},
    ]
    assert holds(parameters["encodings"][0], ssrc=11111111, codecPayloadType=111, dtx=True)
    assert parameters["msid"] == "stream track"
    assert dump["rtpMapping"]["codecs"] == [{"payloadType": 111, "mappedPayloadType": 100}]
    assert "rtpStreams" not in dump


async def test_video_dump(transport: WebRtcTransport) -> None:
    """The dump of a video producer tells what the worker was told, without what there is not."""
    producer = await transport.produce(kind="video", rtp_parameters=VIDEO)
    dump = await producer.dump()
    assert holds(dump, id=producer.id, kind="video", type="simulcast")
    h264, rtx = dump["rtpParameters"]["codecs"]
    assert holds(h264, mimeType="video/H264", payloadType=112, channels=None)
    assert h264["parameters"] == {"packetization-mode": 1, "profile-level-id": "4d0032"}
    assert [(entry["type"], entry.get("parameter")) for entry in h264["rtcpFeedback"]] == [
        ("nack", None),
        ("nack", "pli"),
        ("goog-remb", None),
    ]
    assert holds(rtx, mimeType="video/rtx", payloadType=113, parameters={"apt": 112})
    encodings = dump["rtpParameters"]["encodings"]
    assert [(encoding["ssrc"], encoding["rtx"]["ssrc"]) for encoding in encodings] == [
        (22222222, 22222223),
        (22222224, 22222225),
        (22222226, 22222227),
        (22222228, 22222229),
    ]
    assert encodings[0]["scalabilityMode"] == "L1T3"
    assert "channels" not in h264
    assert all("rid" not in encoding for encoding in encodings)


async def test_floats_in_parameters(transport: WebRtcTransport) -> None:
    """A codec's parameter may be a fraction."""
    codec: Any = {**AUDIO["codecs"][0], "parameters": {"foo": 222.222, "whole": 3.0}}
    producer = await transport.produce(kind="audio", rtp_parameters={**AUDIO, "codecs": [codec]})
    dump = await producer.dump()
    assert dump["rtpParameters"]["codecs"][0]["parameters"] == {"foo": 222.222, "whole": 3}


async def test_stats(audio: Producer) -> None:
    """A producer that gets nothing has no statistics."""
    assert await audio.get_stats() == []


async def test_pause_and_resume(audio: Producer) -> None:
    """A producer can be paused and resumed; observers hear of each change."""
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
    assert not audio.paused


async def test_enable_trace_event(audio: Producer) -> None:
    """What is traced can be chosen; unknown types are ignored."""
    await audio.enable_trace_event(["rtp", "pli"])
    assert sorted((await audio.dump())["traceEventTypes"]) == ["pli", "rtp"]
    await audio.enable_trace_event()
    assert (await audio.dump())["traceEventTypes"] == []
    # The worker traces sender reports, but its dump does not mention them.
    chosen: Any = ["nack", "FOO", "fir", "sr"]
    await audio.enable_trace_event(chosen)
    assert sorted((await audio.dump())["traceEventTypes"]) == ["fir", "nack"]
    for wrong in (123, "rtp", ["fir", 123.123]):
        with pytest.raises(TypeError):
            await audio.enable_trace_event(wrong)  # type: ignore[arg-type]


async def test_score(audio: Producer) -> None:
    """Scores are kept, emitted and shown to observers."""
    events, observed = record(audio, "score"), record(audio.observer, "score")
    scores = [{"encodingIdx": 0, "ssrc": 11, "score": 10}, {"encodingIdx": 1, "ssrc": 22, "rid": "h", "score": 9}]
    await hear(audio, "PRODUCER_SCORE", {"scores": scores})
    await hear(audio, "PRODUCER_SCORE", {"scores": scores})
    assert events == observed == [("score", scores)] * 2
    assert audio.score == scores


async def test_video_orientation(audio: Producer) -> None:
    """A change of the video's orientation is emitted."""
    events = record(audio, "videoorientationchange")
    orientation = {"camera": True, "flip": False, "rotation": 90}
    await hear(audio, "PRODUCER_VIDEO_ORIENTATION_CHANGE", orientation)
    assert events == [("videoorientationchange", orientation)]


async def test_traces(audio: Producer) -> None:
    """Traces are emitted with what they tell."""
    events = record(audio, "trace")
    packet = {
        "payloadType": 100,
        "sequenceNumber": 1,
        "timestamp": 2,
        "marker": False,
        "ssrc": 3,
        "isKeyFrame": True,
        "size": 4,
        "payloadSize": 5,
        "spatialLayer": 0,
        "temporalLayer": 0,
    }
    info = {"rtpPacket": packet, "isRtx": False}
    trace = {"timestamp": 7, "direction": "in"}
    await hear(audio, "PRODUCER_TRACE", {**trace, "type": "keyframe", "infoType": "KeyFrameTraceInfo", "info": info})
    await hear(audio, "PRODUCER_TRACE", {**trace, "type": "nack"})
    assert events == [
        ("trace", {**trace, "type": "keyframe", "info": info}),
        ("trace", {**trace, "type": "nack", "info": {}}),
    ]


async def test_unknown_events_are_logged(audio: Producer, caplog: pytest.LogCaptureFixture) -> None:
    """An event that is not a producer's is logged."""
    await hear(audio, "CONSUMER_PRODUCER_CLOSE")
    assert "unknown event CONSUMER_PRODUCER_CLOSE" in caplog.text


async def test_close(router: Router, transport: WebRtcTransport, audio: Producer) -> None:
    """A closed producer is gone from its transport and its router."""
    closings = record(audio.observer, "close")
    audio.close()
    audio.close()
    assert closings == [("close",)]
    assert audio.closed
    for call in (audio.dump, audio.get_stats, audio.pause, audio.resume, audio.enable_trace_event):
        with pytest.raises(NotFoundError):
            await call()
    assert (await router.dump())["mapProducerIdConsumerIds"] == []
    assert (await transport.dump())["producerIds"] == []


async def test_transport_closed(transport: WebRtcTransport, audio: Producer) -> None:
    """A producer whose transport was closed says so."""
    events, closings = record(audio, "transportclose"), record(audio.observer, "close")
    transport.close()
    assert (events, closings) == ([("transportclose",)], [("close",)])
    assert audio.closed
    with pytest.raises(NotFoundError):
        await audio.dump()


async def test_worker_closed(worker: Worker, audio: Producer) -> None:
    """A producer whose worker was closed says so."""
    events = record(audio, "transportclose")
    worker.close()
    assert events == [("transportclose",)]
    with pytest.raises(WorkerClosedError):
        await audio.pause()
    with pytest.raises(WorkerClosedError):
        audio.send(b"")


async def test_notifications_stop_with_the_end(audio: Producer) -> None:
    """A closed producer emits nothing any more."""
    events = record(audio, "score")
    audio.close()
    await hear(audio, "PRODUCER_SCORE", {"scores": []})
    assert events == []


async def test_bitrate_with_a_fraction(transport: WebRtcTransport) -> None:
    """A client may have computed its highest bitrate; what is left of a bit does not count."""
    encodings: Any = [{**VIDEO["encodings"][0], "maxBitrate": 1e6 / 3}]
    producer = await transport.produce(kind="video", rtp_parameters={**VIDEO, "encodings": encodings})
    assert producer.rtp_parameters["encodings"][0]["maxBitrate"] == 333_333
    for wrong in (float("nan"), float("inf"), 1e300, "1000"):
        encodings = [{"ssrc": 5, "maxBitrate": wrong}]
        with pytest.raises(TypeError, match="maxBitrate"):
            await transport.produce(kind="video", rtp_parameters={**VIDEO, "mid": "5", "encodings": encodings})

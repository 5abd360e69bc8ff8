"""The PipeTransport class."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conformance.helpers import free_port, hear, holds, record
from tests.conformance.samples import AUDIO, LISTEN_UDP, VIDEO

from tureen.mediasoup import PipeTransport, Producer, Router, WebRtcTransport, Worker
from tureen.mediasoup.errors import MediasoupError, NotFoundError, WorkerClosedError
from tureen.mediasoup.types import SrtpParameters

GCM: SrtpParameters = {
    "cryptoSuite": "AEAD_AES_256_GCM",
    "keyBase64": "YTdjcDBvY2JoMGY5YXNlNDc0eDJsdGgwaWRvNnJsamRrdG16aWVpZHphdHo=",
}


@pytest.fixture
async def pipe(router: Router) -> PipeTransport:
    """Give a PipeTransport."""
    return await router.create_pipe_transport(listen_info=LISTEN_UDP)


@pytest.fixture
async def video(transport: WebRtcTransport) -> Producer:
    """Give a simulcast producer."""
    return await transport.produce(kind="video", rtp_parameters=VIDEO)


async def test_create(router: Router) -> None:
    """A new transport shows its address, and is announced."""
    announced = record(router.observer, "newtransport")
    port = free_port()
    transport = await router.create_pipe_transport(
        listen_info={**LISTEN_UDP, "port": port}, enable_sctp=True, app_data={"foo": "bar"}, id="mine"
    )
    assert announced == [("newtransport", transport)]
    assert (transport.id, transport.type, transport.closed) == ("mine", "pipe", False)
    assert transport.app_data == {"foo": "bar"}
    assert holds(transport.tuple, localAddress="127.0.0.1", localPort=port, protocol="udp", remoteIp=None)
    assert transport.srtp_parameters is None
    assert transport.sctp_parameters
    assert holds(transport.sctp_parameters, isDataChannel=False, port=5000)
    assert (transport.sctp_state, transport.sctp_negotiated_capabilities) == ("new", None)
    dump = await transport.dump()
    assert holds(dump, id="mine", tuple=transport.tuple, rtx=False, sctpState="new")
    assert "srtpParameters" not in dump
    (stats,) = await transport.get_stats()
    assert holds(stats, type="pipe-transport", transportId="mine", tuple=transport.tuple, bytesSent=0)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"listen_info": LISTEN_UDP, "listen_ip": "127.0.0.1"},
        {"listen_info": {**LISTEN_UDP, "portRange": {"min": 4000, "max": 3000}}},
        {"listen_info": {"protocol": "tcp", "ip": "127.0.0.1"}},
        {"listen_ip": "123"},
        {"listen_ip": ["127.0.0.1"]},
        {"listen_info": LISTEN_UDP, "app_data": "NOT-A-DICT"},
    ],
    ids=str,
)
async def test_wrong_arguments(router: Router, options: dict[str, Any]) -> None:
    """Wrong options are refused."""
    with pytest.raises(TypeError):
        await router.create_pipe_transport(**options)


async def test_consume(pipe: PipeTransport, video: Producer) -> None:
    """A pipe consumer sends all streams, without RTX, without what is for endpoints."""
    announced = record(pipe.observer, "newconsumer")
    consumer = await pipe.consume(producer_id=video.id, app_data={"foo": 1})
    assert announced == [("newconsumer", consumer)]
    assert (consumer.type, consumer.kind, consumer.paused, consumer.producer_paused) == ("pipe", "video", False, False)
    assert consumer.app_data == {"foo": 1}
    parameters = consumer.rtp_parameters
    assert [codec["mimeType"] for codec in parameters["codecs"]] == ["video/H264"]
    assert [(entry["type"], entry["parameter"]) for entry in parameters["codecs"][0]["rtcpFeedback"]] == [
        ("nack", "pli"),
        ("ccm", "fir"),
    ]
    assert len(parameters["encodings"]) == 4
    assert all("rtx" not in encoding for encoding in parameters["encodings"])
    assert "mid" not in parameters
    uris = [extension["uri"] for extension in parameters["headerExtensions"]]
    assert "urn:3gpp:video-orientation" in uris
    assert "urn:ietf:params:rtp-hdrext:sdes:mid" not in uris
    assert [extension["id"] for extension in parameters["headerExtensions"]] == [7, 8, 9, 11, 12]


async def test_consume_with_rtx(router: Router, video: Producer) -> None:
    """With RTX, lost packets can be asked for."""
    pipe = await router.create_pipe_transport(listen_ip="127.0.0.1", enable_rtx=True)
    assert (await pipe.dump())["rtx"] is True
    parameters = (await pipe.consume(producer_id=video.id, id="mine")).rtp_parameters
    assert [codec["mimeType"] for codec in parameters["codecs"]] == ["video/H264", "video/rtx"]
    assert {"type": "nack", "parameter": ""} in parameters["codecs"][0]["rtcpFeedback"]
    assert all("rtx" in encoding for encoding in parameters["encodings"])
    with pytest.raises(TypeError):
        await pipe.consume(producer_id=video.id, id="mine")


async def test_consume_with_wrong_arguments(pipe: PipeTransport, video: Producer) -> None:
    """Wrong arguments are refused, and unknown producers are not found."""
    with pytest.raises(NotFoundError):
        await pipe.consume(producer_id="12345678")
    with pytest.raises(TypeError):
        await pipe.consume(producer_id="")
    with pytest.raises(TypeError):
        await pipe.consume(producer_id=video.id, app_data="NOT-A-DICT")  # type: ignore[arg-type]


async def test_cnames(pipe: PipeTransport) -> None:
    """Each producer of a pipe keeps its own canonical name, or gets one of its own."""
    named = await pipe.produce(kind="audio", rtp_parameters=AUDIO)
    other = await pipe.produce(kind="video", rtp_parameters={**VIDEO, "rtcp": {"cname": "OTHER"}})
    assert named.rtp_parameters["rtcp"]["cname"] == "FOOBAR"
    assert other.rtp_parameters["rtcp"]["cname"] == "OTHER"
    made_up = set()
    for ssrc in (1, 2):
        producer = await pipe.produce(
            kind="audio", rtp_parameters={"codecs": AUDIO["codecs"], "encodings": [{"ssrc": ssrc}]}
        )
        made_up.add(producer.rtp_parameters["rtcp"]["cname"])
    assert len(made_up) == 2


async def test_connect(router: Router, pipe: PipeTransport) -> None:
    """Connecting settles the remote address; it can be done once."""
    other = await router.create_pipe_transport(listen_info=LISTEN_UDP)
    await pipe.connect(ip="127.0.0.1", port=other.tuple["localPort"])
    assert holds(pipe.tuple, remoteIp="127.0.0.1", remotePort=other.tuple["localPort"])
    with pytest.raises(MediasoupError):
        await pipe.connect(ip="127.0.0.1", port=other.tuple["localPort"])


async def test_srtp(router: Router, pipe: PipeTransport) -> None:
    """With SRTP, the other end's key is needed to connect; without, it is refused."""
    secret = await router.create_pipe_transport(listen_ip="127.0.0.1", enable_srtp=True)
    assert secret.srtp_parameters
    assert holds(secret.srtp_parameters, cryptoSuite="AEAD_AES_256_GCM")
    assert len(secret.srtp_parameters["keyBase64"]) == 60
    wrong: list[Any] = [
        None,
        1,
        {"keyBase64": GCM["keyBase64"]},
        {"cryptoSuite": "AEAD_AES_256_GCM"},
        {**GCM, "cryptoSuite": "FOO"},
        {**GCM, "cryptoSuite": 123},
        {**GCM, "keyBase64": []},
    ]
    for parameters in wrong:
        with pytest.raises(TypeError):
            await secret.connect(ip="127.0.0.2", port=9999, srtp_parameters=parameters)
    await secret.connect(ip="127.0.0.2", port=9999, srtp_parameters=GCM)
    unwanted: list[Any] = [GCM, "invalid"]
    for parameters in unwanted:
        with pytest.raises(TypeError):
            await pipe.connect(ip="127.0.0.2", port=9999, srtp_parameters=parameters)


async def test_sctp_state(router: Router) -> None:
    """What a worker tells of SCTP is kept and emitted."""
    pipe = await router.create_pipe_transport(listen_info=LISTEN_UDP, enable_sctp=True)
    events, observed = record(pipe, "sctpstatechange"), record(pipe.observer, "sctpstatechange")
    await hear(pipe, "TRANSPORT_SCTP_STATE_CHANGE", {"sctpState": "connected"})
    assert events == observed == [("sctpstatechange", "connected")]
    assert pipe.sctp_state == "connected"


async def test_close(router: Router, pipe: PipeTransport, video: Producer) -> None:
    """A closed transport is gone from its router, with its consumers."""
    consumer = await pipe.consume(producer_id=video.id)
    closings = record(pipe.observer, "close")
    pipe.close()
    assert (pipe.closed, consumer.closed, closings) == (True, True, [("close",)])
    for call in (pipe.dump, pipe.get_stats):
        with pytest.raises(NotFoundError):
            await call()
    with pytest.raises(NotFoundError):
        await pipe.connect(ip="127.0.0.1", port=1)
    with pytest.raises(NotFoundError):
        await pipe.consume(producer_id=video.id)


async def test_router_closed(router: Router, pipe: PipeTransport) -> None:
    """A transport whose router was closed says so."""
    events = record(pipe, "routerclose")
    router.close()
    assert events == [("routerclose",)]
    with pytest.raises(NotFoundError):
        await pipe.dump()


async def test_worker_closed(worker: Worker, pipe: PipeTransport) -> None:
    """A transport whose worker was closed says so."""
    events = record(pipe, "routerclose")
    worker.close()
    assert events == [("routerclose",)]
    with pytest.raises(WorkerClosedError):
        await pipe.dump()

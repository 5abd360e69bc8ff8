"""The PlainTransport class."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from tests.conformance.helpers import free_port, happens, hear, holds, record
from tests.conformance.samples import AUDIO, DEVICE, LISTEN_UDP

from tureen.mediasoup import PlainTransport, Router, Worker
from tureen.mediasoup.errors import MediasoupError, NotFoundError, WorkerClosedError
from tureen.mediasoup.types import SrtpParameters, TransportListenInfo

GCM: SrtpParameters = {
    "cryptoSuite": "AEAD_AES_256_GCM",
    "keyBase64": "YTdjcDBvY2JoMGY5YXNlNDc0eDJsdGgwaWRvNnJsamRrdG16aWVpZHphdHo=",
}
MULTICAST = "224.0.0.1"


def udp_socket() -> socket.socket:
    """Return a socket with a port of its own."""
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    endpoint.bind(("127.0.0.1", 0))
    endpoint.setblocking(False)
    return endpoint


@pytest.fixture
async def plain(router: Router) -> PlainTransport:
    """Give a PlainTransport."""
    return await router.create_plain_transport(listen_info=LISTEN_UDP)


@pytest.mark.not_for_rooms("addresses, and what is announced of them, are the agents'")
async def test_create(router: Router) -> None:
    """A new transport shows its address, and is announced."""
    announced = record(router.observer, "newtransport")
    transport = await router.create_plain_transport(
        listen_info={**LISTEN_UDP, "announcedAddress": "9.9.9.1", "portRange": {"min": 2000, "max": 3000}},
        enable_sctp=True,
        app_data={"foo": "bar"},
    )
    assert announced == [("newtransport", transport)]
    assert (transport.type, transport.closed, transport.app_data) == ("plain", False, {"foo": "bar"})
    assert holds(transport.tuple, localIp="9.9.9.1", localAddress="9.9.9.1", protocol="udp", remoteIp=None)
    assert 2000 <= transport.tuple["localPort"] <= 3000
    assert (transport.rtcp_tuple, transport.srtp_parameters) == (None, None)
    assert transport.sctp_parameters
    assert holds(transport.sctp_parameters, port=5000, isDataChannel=False, maxSendMessageSize=262_144)
    assert (transport.sctp_state, transport.sctp_negotiated_capabilities) == ("new", None)
    dump = await transport.dump()
    assert holds(
        dump,
        id=transport.id,
        tuple=transport.tuple,
        rtcpMux=True,
        comedia=False,
        sctpParameters=transport.sctp_parameters,
        sctpState="new",
        producerIds=[],
    )
    assert dump.keys().isdisjoint({"rtcpTuple", "srtpParameters"})


async def test_rtcp_on_its_own_port(router: Router) -> None:
    """RTCP can have an address of its own, given or not."""
    rtp, rtcp = free_port(), free_port()
    transport = await router.create_plain_transport(
        listen_info={**LISTEN_UDP, "port": rtp}, rtcp_listen_info={**LISTEN_UDP, "port": rtcp}
    )
    assert transport.tuple["localPort"] == rtp
    assert transport.rtcp_tuple
    assert holds(transport.rtcp_tuple, localIp="127.0.0.1", localAddress="127.0.0.1", localPort=rtcp, protocol="udp")
    assert holds(await transport.dump(), tuple=transport.tuple, rtcpTuple=transport.rtcp_tuple, rtcpMux=False)
    other = await router.create_plain_transport(listen_ip="127.0.0.1", rtcp_mux=False)
    assert other.rtcp_tuple
    assert other.rtcp_tuple["localPort"] != other.tuple["localPort"]
    assert (other.sctp_parameters, other.sctp_state) == (None, None)


@pytest.mark.not_for_rooms("addresses, and what is announced of them, are the agents'")
async def test_listen_ip(router: Router) -> None:
    """The former way to say where to listen works, too."""
    port = free_port()
    transport = await router.create_plain_transport(
        listen_ip={"ip": "127.0.0.1", "announcedIp": "9.9.9.1"}, port=port, id="mine"
    )
    assert holds(transport.tuple, localAddress="9.9.9.1", localPort=port)
    assert transport.id == "mine"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"listen_info": LISTEN_UDP, "listen_ip": "127.0.0.1"},
        {"listen_info": {**LISTEN_UDP, "portRange": {"min": 4000, "max": 3000}}},
        {"listen_info": {"protocol": "tcp", "ip": "127.0.0.1"}},
        {"listen_info": "127.0.0.1"},
        {"listen_ip": "123"},
        {"listen_ip": ["127.0.0.1"]},
        {"listen_info": LISTEN_UDP, "app_data": "NOT-A-DICT"},
        {"listen_info": LISTEN_UDP, "srtp_crypto_suite": "FOO"},
    ],
    ids=str,
)
async def test_wrong_arguments(router: Router, options: dict[str, Any]) -> None:
    """Wrong options are refused."""
    with pytest.raises(TypeError):
        await router.create_plain_transport(**options)


@pytest.mark.not_for_rooms("addresses, and what is announced of them, are the agents'")
async def test_address_that_cannot_be_bound(router: Router) -> None:
    """An address that is not ours is refused."""
    with pytest.raises(MediasoupError):
        await router.create_plain_transport(listen_ip="8.8.8.8")


@pytest.mark.parametrize("reuse", [True, False])
async def test_shared_port(router: Router, reuse: bool) -> None:
    """Two transports can share an address only if both want to."""
    info: TransportListenInfo = {
        "protocol": "udp",
        "ip": MULTICAST,
        "port": free_port(ip=MULTICAST),
        "flags": {"udpReusePort": reuse, "ipv6Only": True},
    }
    await router.create_plain_transport(listen_info=info)
    if reuse:
        await router.create_plain_transport(listen_info=info)
    else:
        with pytest.raises(MediasoupError):
            await router.create_plain_transport(listen_info=info)


async def test_buffer_sizes(router: Router) -> None:
    """The sizes of the socket's buffers can be chosen."""
    info: TransportListenInfo = {**LISTEN_UDP, "sendBufferSize": 200_000, "recvBufferSize": 200_000}
    await router.create_plain_transport(listen_info=info)


async def test_srtp(router: Router) -> None:
    """With SRTP, the endpoint's key is needed to connect, and settles the suite."""
    transport = await router.create_plain_transport(listen_ip="127.0.0.1", enable_srtp=True)
    key = transport.srtp_parameters
    assert key
    assert (key["cryptoSuite"], len(key["keyBase64"])) == ("AES_CM_128_HMAC_SHA1_80", 40)
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
            await transport.connect(ip="127.0.0.2", port=9999, srtp_parameters=parameters)
    await transport.connect(ip="127.0.0.2", port=9999, srtp_parameters=GCM)
    key = transport.srtp_parameters
    assert key
    assert (key["cryptoSuite"], len(key["keyBase64"])) == ("AEAD_AES_256_GCM", 60)
    assert (await transport.dump())["srtpParameters"] == transport.srtp_parameters


async def test_srtp_with_comedia(router: Router) -> None:
    """With comedia, a key is all that is told when connecting; the address comes with the first packet."""
    transport = await router.create_plain_transport(listen_info=LISTEN_UDP, enable_srtp=True, comedia=True)
    await transport.connect(srtp_parameters=GCM)
    assert transport.srtp_parameters
    assert transport.srtp_parameters["cryptoSuite"] == "AEAD_AES_256_GCM"
    assert "remoteIp" not in transport.tuple


async def test_stats(plain: PlainTransport) -> None:
    """A new transport has counted nothing."""
    (stats,) = await plain.get_stats()
    assert holds(
        stats,
        type="plain-rtp-transport",
        transportId=plain.id,
        rtcpMux=True,
        comedia=False,
        tuple=plain.tuple,
        bytesReceived=0,
        sendBitrate=0,
        rtpBytesSent=0,
    )
    assert "rtcpTuple" not in stats


async def test_connect(router: Router) -> None:
    """Connecting settles the remote addresses; it can be done once."""
    transport = await router.create_plain_transport(listen_ip="127.0.0.1", rtcp_mux=False)
    await transport.connect(ip="1.2.3.4", port=1234, rtcp_port=1235)
    assert holds(transport.tuple, remoteIp="1.2.3.4", remotePort=1234, protocol="udp")
    assert transport.rtcp_tuple
    assert holds(transport.rtcp_tuple, remoteIp="1.2.3.4", remotePort=1235, protocol="udp")
    with pytest.raises(MediasoupError):
        await transport.connect(ip="1.2.3.4", port=1234, rtcp_port=1235)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"ip": "::::1234"},
        {"ip": "127.0.0.1", "port": 1234},
        {"ip": "127.0.0.1", "rtcp_port": 1235},
        {"ip": "127.0.0.1", "port": "chicken", "rtcp_port": 1235},
        {"ip": "127.0.0.2", "port": 9998, "rtcp_port": 9999, "srtp_parameters": GCM},
    ],
    ids=str,
)
async def test_connect_with_wrong_arguments(router: Router, parameters: dict[str, Any]) -> None:
    """What is missing, wrong or not wanted is refused."""
    transport = await router.create_plain_transport(listen_ip="127.0.0.1", rtcp_mux=False)
    with pytest.raises(TypeError):
        await transport.connect(**parameters)


async def test_comedia(router: Router) -> None:
    """With comedia, the first packets of RTP and of RTCP tell where the endpoint is."""
    transport = await router.create_plain_transport(listen_info=LISTEN_UDP, rtcp_mux=False, comedia=True)
    names = ("tuple", "rtcptuple")
    events, observed = record(transport, *names), record(transport.observer, *names)
    await transport.produce(kind="audio", rtp_parameters=AUDIO)
    assert transport.rtcp_tuple
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp,
    ):
        rtp.bind(("127.0.0.1", 0))
        rtcp.bind(("127.0.0.1", 0))
        packet = b"\x80\x6f" + (1).to_bytes(2) + (2).to_bytes(4) + (11111111).to_bytes(4) + b"x" * 20
        report = b"\x80\xc9" + (1).to_bytes(2) + (11111111).to_bytes(4)
        rtp.sendto(packet, ("127.0.0.1", transport.tuple["localPort"]))
        rtcp.sendto(report, ("127.0.0.1", transport.rtcp_tuple["localPort"]))
        await happens(lambda: len(events) == 2)
        assert transport.tuple["remotePort"] == rtp.getsockname()[1]
        assert transport.rtcp_tuple["remotePort"] == rtcp.getsockname()[1]
    assert sorted(events, key=str) == sorted([("tuple", transport.tuple), ("rtcptuple", transport.rtcp_tuple)], key=str)
    assert observed == events


@pytest.mark.not_for_rooms("the source that a consumer tells of is what came through a pipe")
async def test_rtp_goes_through(router: Router) -> None:
    """A packet that comes in on one transport goes out on another, under the consumer's SSRC."""
    receiving = await router.create_plain_transport(listen_info=LISTEN_UDP, comedia=True)
    sending = await router.create_plain_transport(listen_info=LISTEN_UDP)
    producer = await receiving.produce(kind="audio", rtp_parameters=AUDIO)
    consumer = await sending.consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    with udp_socket() as endpoint:
        await sending.connect(ip="127.0.0.1", port=endpoint.getsockname()[1])
        packet = b"\x80\x6f" + (1).to_bytes(2) + (2).to_bytes(4) + (11111111).to_bytes(4) + b"hello"
        endpoint.sendto(packet, ("127.0.0.1", receiving.tuple["localPort"]))
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(5):
            while not (received := await loop.sock_recv(endpoint, 2000)).endswith(b"hello"):
                pass
    assert received[1] & 0x7F == 100
    assert int.from_bytes(received[8:12]) == consumer.rtp_parameters["encodings"][0]["ssrc"]
    (stats,) = await producer.get_stats()
    assert holds(stats, type="inbound-rtp", ssrc=11111111, packetCount=1, kind="audio", mimeType="audio/opus")
    assert "bitrateByLayer" in stats
    own, source = await consumer.get_stats()
    assert holds(own, type="outbound-rtp", packetCount=1)
    assert holds(source, type="inbound-rtp", ssrc=11111111)


async def test_sctp_state(router: Router) -> None:
    """What a worker tells of SCTP is kept and emitted."""
    transport = await router.create_plain_transport(listen_info=LISTEN_UDP, enable_sctp=True)
    events = record(transport, "sctpstatechange")
    await hear(transport, "TRANSPORT_SCTP_STATE_CHANGE", {"sctpState": "connecting"})
    assert (transport.sctp_state, events) == ("connecting", [("sctpstatechange", "connecting")])
    transport.close()
    assert transport.sctp_state == "closed"


async def test_close(router: Router, plain: PlainTransport) -> None:
    """A closed transport is gone from its router."""
    closings = record(plain.observer, "close")
    plain.close()
    assert (plain.closed, closings) == (True, [("close",)])
    for call in (plain.dump, plain.get_stats, plain.connect):
        with pytest.raises(NotFoundError):
            await call()
    assert (await router.dump())["transportIds"] == []


async def test_router_closed(router: Router, plain: PlainTransport) -> None:
    """A transport whose router was closed says so."""
    events, closings = record(plain, "routerclose"), record(plain.observer, "close")
    router.close()
    assert (events, closings) == ([("routerclose",)], [("close",)])
    with pytest.raises(NotFoundError):
        await plain.dump()


async def test_worker_closed(worker: Worker, plain: PlainTransport) -> None:
    """A transport whose worker was closed says so."""
    events = record(plain, "routerclose")
    worker.close()
    assert events == [("routerclose",)]
    with pytest.raises(WorkerClosedError):
        await plain.dump()

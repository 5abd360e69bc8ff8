"""The WebRtcTransport class."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest
from tests.conformance.helpers import free_port, hear, holds, record, start, two_free_ports
from tests.conformance.samples import AUDIO, DEVICE, DTLS, LISTEN_UDP

from tureen.mediasoup import Router, WebRtcTransport, Worker
from tureen.mediasoup.errors import MediasoupError, NotFoundError, WorkerClosedError
from tureen.mediasoup.types import DtlsParameters, TransportListenInfo


@pytest.mark.not_for_rooms("addresses, and what is announced of them, are the agents'")
async def test_create(router: Router) -> None:
    """A new transport has an ICE candidate for each address, in the order of preference, and says what it is."""
    announced = record(router.observer, "newtransport")
    addresses: list[tuple[str, str]] = [("127.0.0.1", "9.9.9.1"), ("0.0.0.0", "foo.bar.org"), ("127.0.0.1", "")]
    infos: list[TransportListenInfo] = []
    for ip, announced_address in addresses:
        for protocol in ("udp", "tcp"):
            info: TransportListenInfo = {"protocol": protocol, "ip": ip, "portRange": {"min": 2000, "max": 3000}}
            if announced_address:
                info["announcedAddress"] = announced_address
            infos.append(info)
    infos[0]["exposeInternalIp"] = True
    transport = await router.create_webrtc_transport(
        listen_infos=infos,
        enable_tcp=True,
        prefer_udp=True,
        enable_sctp=True,
        max_send_message_size=1_000_001,
        max_receive_message_size=1_000_002,
        sctp_send_buffer_size=2_000_001,
        sctp_per_stream_send_queue_limit=2_000_002,
        sctp_max_receiver_window_buffer_size=2_000_003,
        app_data={"foo": "bar"},
    )
    assert announced == [("newtransport", transport)]
    assert (transport.type, transport.closed, transport.app_data) == ("webrtc", False, {"foo": "bar"})
    assert transport.ice_role == "controlled"
    assert transport.ice_parameters["iceLite"] is True
    assert [(c["address"], c["protocol"], c.get("tcpType")) for c in transport.ice_candidates] == [
        ("9.9.9.1", "udp", None),
        ("127.0.0.1", "udp", None),
        ("9.9.9.1", "tcp", "passive"),
        ("foo.bar.org", "udp", None),
        ("foo.bar.org", "tcp", "passive"),
        ("127.0.0.1", "udp", None),
        ("127.0.0.1", "tcp", "passive"),
    ]
    priorities = [candidate["priority"] for candidate in transport.ice_candidates]
    assert priorities == sorted(set(priorities), reverse=True)
    assert all(candidate["ip"] == candidate["address"] for candidate in transport.ice_candidates)
    assert (transport.ice_state, transport.ice_selected_tuple) == ("new", None)
    assert {entry["algorithm"] for entry in transport.dtls_parameters["fingerprints"]} >= {"sha-256", "sha-512"}
    assert transport.dtls_parameters["role"] == "auto"
    assert (transport.dtls_state, transport.dtls_remote_cert) == ("new", None)
    assert transport.sctp_parameters == {
        "port": 5000,
        "maxSendMessageSize": 1_000_001,
        "maxReceiveMessageSize": 1_000_002,
        "sendBufferSize": 2_000_001,
        "perStreamSendQueueLimit": 2_000_002,
        "maxReceiverWindowBufferSize": 2_000_003,
        "isDataChannel": True,
        "OS": 65535,
        "MIS": 65535,
        "maxMessageSize": 1_000_002,
    }
    assert (transport.sctp_state, transport.sctp_negotiated_capabilities) == ("new", None)


@pytest.mark.not_for_rooms("each worker has a certificate of its own")
async def test_fingerprints(router: Router) -> None:
    """All transports of a worker have the fingerprints that their dumps show, each in a list of its own."""
    transports = [await router.create_webrtc_transport(listen_infos=[LISTEN_UDP]) for _ in range(3)]
    expected = (await transports[0].dump())["dtlsParameters"]["fingerprints"]
    assert len(expected) >= 2
    for transport in transports:
        assert transport.dtls_parameters["fingerprints"] == expected
        transport.dtls_parameters["fingerprints"].clear()


async def test_dump(router: Router) -> None:
    """The dump tells what the properties tell, and leaves out what there is not."""
    transport = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP], enable_sctp=True)
    dump = await transport.dump()
    assert holds(
        dump,
        id=transport.id,
        producerIds=[],
        consumerIds=[],
        dataProducerIds=[],
        dataConsumerIds=[],
        iceRole="controlled",
        iceParameters=transport.ice_parameters,
        iceCandidates=transport.ice_candidates,
        iceState="new",
        dtlsParameters=transport.dtls_parameters,
        dtlsState="new",
        sctpParameters=transport.sctp_parameters,
        sctpState="new",
        sctpNegotiatedCapabilities={"negotiatedMaxOutboundStreams": 0, "negotiatedMaxInboundStreams": 0},
        recvRtpHeaderExtensions={},
        rtpListener={"ssrcTable": [], "midTable": [], "ridTable": []},
        sctpListener={"streamIdTable": []},
        traceEventTypes=[],
    )
    assert "iceSelectedTuple" not in dump
    assert "direct" not in dump
    plain = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    assert plain.sctp_parameters is None
    assert plain.sctp_state is None
    assert "sctpParameters" not in await plain.dump()


@pytest.mark.parametrize(
    ("options", "protocols"),
    [
        ({}, ["udp"]),
        ({"enable_tcp": True}, ["udp", "tcp"]),
        ({"enable_tcp": True, "prefer_tcp": True}, ["tcp", "udp"]),
        ({"enable_tcp": True, "prefer_tcp": True, "prefer_udp": True}, ["udp", "tcp"]),
        ({"enable_tcp": True, "enable_udp": False}, ["tcp"]),
    ],
    ids=str,
)
async def test_listen_ips(router: Router, options: dict[str, Any], protocols: list[str]) -> None:
    """The former way to say where to listen works, too."""
    transport = await router.create_webrtc_transport(
        listen_ips=[{"ip": "127.0.0.1"}], initial_available_outgoing_bitrate=1_000_000, **options
    )
    assert [candidate["protocol"] for candidate in transport.ice_candidates] == protocols
    same = await router.create_webrtc_transport(listen_ips=["127.0.0.1"], **options)
    assert [candidate["protocol"] for candidate in same.ice_candidates] == protocols


@pytest.mark.not_for_rooms("addresses, and what is announced of them, are the agents'")
async def test_announced_ip(router: Router) -> None:
    """The former names of the announced address work, too."""
    port = free_port()
    old = await router.create_webrtc_transport(listen_ips=[{"ip": "127.0.0.1", "announcedIp": "9.9.9.1"}], port=port)
    assert [(c["address"], c["port"]) for c in old.ice_candidates] == [("9.9.9.1", port)]
    new = await router.create_webrtc_transport(listen_infos=[{**LISTEN_UDP, "announcedIp": "9.9.9.2"}])
    assert [candidate["address"] for candidate in new.ice_candidates] == ["9.9.9.2"]


async def test_fixed_port(router: Router) -> None:
    """A port can be chosen; flags that do not fit the protocol are ignored."""
    port = free_port(socket.SOCK_STREAM)
    transport = await router.create_webrtc_transport(
        listen_infos=[{"protocol": "tcp", "ip": "127.0.0.1", "port": port, "flags": {"udpReusePort": True}}],
        enable_tcp=True,
    )
    assert [candidate["port"] for candidate in transport.ice_candidates] == [port]


@pytest.mark.not_for_rooms("ports are the agents'")
async def test_port_range(router: Router) -> None:
    """Ports are taken from the given range until there are no more."""
    port = two_free_ports()
    info: TransportListenInfo = {**LISTEN_UDP, "portRange": {"min": port, "max": port + 1}}
    transports = [await router.create_webrtc_transport(listen_infos=[info]) for _ in range(2)]
    assert sorted(transport.ice_candidates[0]["port"] for transport in transports) == [port, port + 1]
    with pytest.raises(MediasoupError):
        await router.create_webrtc_transport(listen_infos=[info])
    transports[0].close()
    await router.create_webrtc_transport(listen_infos=[info])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"listen_infos": [LISTEN_UDP], "listen_ips": ["127.0.0.1"]},
        {"listen_infos": [{**LISTEN_UDP, "portRange": {"min": 4000, "max": 3000}}]},
        {"listen_infos": "127.0.0.1"},
        {"listen_ips": "127.0.0.1"},
        {"listen_ips": [123]},
        {"listen_ips": [{}]},
        {"listen_infos": [LISTEN_UDP], "app_data": "NOT-A-DICT"},
        {"listen_infos": [LISTEN_UDP], "ice_consent_timeout": 256},
        {"listen_infos": [LISTEN_UDP], "enable_sctp": "yes"},
        {"listen_infos": [LISTEN_UDP], "initial_available_outgoing_bitrate": "much"},
        {"listen_infos": [LISTEN_UDP], "unknown": True},
    ],
    ids=str,
)
async def test_wrong_arguments(router: Router, options: dict[str, Any]) -> None:
    """Wrong options are refused, and nothing is created."""
    with pytest.raises(TypeError):
        await router.create_webrtc_transport(**options)
    assert (await router.dump())["transportIds"] == []


@pytest.mark.not_for_rooms("addresses, and what is announced of them, are the agents'")
async def test_address_that_cannot_be_bound(router: Router) -> None:
    """An address that is not ours is refused."""
    with pytest.raises(MediasoupError):
        await router.create_webrtc_transport(listen_infos=[{"protocol": "udp", "ip": "8.8.8.8"}])


async def test_chosen_id(router: Router) -> None:
    """A transport may be given its id."""
    transport = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP], id="mine")
    assert (transport.id, (await transport.dump())["id"]) == ("mine", "mine")
    with pytest.raises(TypeError):
        await router.create_webrtc_transport(listen_infos=[LISTEN_UDP], id="mine")


async def test_stats(transport: WebRtcTransport) -> None:
    """A new transport has counted nothing, and leaves out what it does not know."""
    (stats,) = await transport.get_stats()
    assert holds(
        stats,
        type="webrtc-transport",
        transportId=transport.id,
        iceRole="controlled",
        iceState="new",
        dtlsState="new",
        bytesReceived=0,
        sendBitrate=0,
        rtxBytesSent=0,
        probationBytesSent=0,
    )
    assert stats["timestamp"] > 0
    assert stats.keys().isdisjoint({"sctpState", "iceSelectedTuple", "maxIncomingBitrate", "rtpPacketLossSent"})


async def test_connect(transport: WebRtcTransport) -> None:
    """Connecting settles the DTLS role; it can be done once."""
    await transport.connect(dtls_parameters=DTLS)
    assert transport.dtls_parameters["role"] == "server"
    with pytest.raises(MediasoupError):
        await transport.connect(dtls_parameters=DTLS)


@pytest.mark.parametrize(
    "parameters",
    [
        None,
        {},
        {"role": "client"},
        {**DTLS, "fingerprints": []},
        {**DTLS, "fingerprints": "sha-256"},
        {**DTLS, "fingerprints": [{**DTLS["fingerprints"][0], "algorithm": "sha-256000"}]},
        {**DTLS, "fingerprints": [{"algorithm": "sha-256"}]},
        {**DTLS, "role": "chicken"},
    ],
    ids=str,
)
async def test_connect_with_wrong_arguments(transport: WebRtcTransport, parameters: Any) -> None:
    """Wrong DTLS parameters are refused, and change nothing."""
    with pytest.raises(TypeError):
        await transport.connect(dtls_parameters=parameters)
    assert transport.dtls_parameters["role"] == "auto"
    await transport.connect(dtls_parameters=DTLS)


async def test_connect_takes_what_browsers_send(transport: WebRtcTransport) -> None:
    """Unknown fields are ignored, and the role may be missing."""
    fingerprint = {**DTLS["fingerprints"][0], "foo": "bar"}
    parameters: Any = {"foo": 1, "fingerprints": [fingerprint]}
    await transport.connect(dtls_parameters=parameters)
    assert transport.dtls_parameters["role"] in ("client", "server")


async def test_bitrates(transport: WebRtcTransport) -> None:
    """Limits can be set and taken away, as long as the lower one is not above the upper one."""
    await transport.set_max_incoming_bitrate(1_000_000)
    await transport.set_max_incoming_bitrate(0)
    await transport.set_max_outgoing_bitrate(2_000_000)
    with pytest.raises(TypeError):
        await transport.set_min_outgoing_bitrate(3_000_000)
    await transport.set_max_outgoing_bitrate(0)
    await transport.set_min_outgoing_bitrate(3_000_000)
    with pytest.raises(TypeError):
        await transport.set_max_outgoing_bitrate(2_000_000)
    await transport.set_min_outgoing_bitrate(0)
    with pytest.raises(TypeError):
        await transport.set_max_incoming_bitrate("much")  # type: ignore[arg-type]
    await transport.set_max_incoming_bitrate(500_000)
    (stats,) = await transport.get_stats()
    assert stats["maxIncomingBitrate"] == 500_000


async def test_restart_ice(transport: WebRtcTransport) -> None:
    """An ICE restart gives new credentials."""
    before = transport.ice_parameters
    parameters = await transport.restart_ice()
    assert transport.ice_parameters == parameters
    assert parameters["usernameFragment"] != before["usernameFragment"]
    assert parameters["password"] != before["password"]
    assert parameters["iceLite"] is True


async def test_restart_ice_at_once(router: Router) -> None:
    """Credentials that nobody has looked at yet can be replaced as well."""
    transport = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    parameters = await transport.restart_ice()
    assert transport.ice_parameters == parameters


async def test_enable_trace_event(transport: WebRtcTransport) -> None:
    """What is traced can be chosen; unknown types are ignored."""
    chosen: Any = ["probation", "FOO", "bwe", "BAR"]
    await transport.enable_trace_event(chosen)
    assert (await transport.dump())["traceEventTypes"] == ["probation", "bwe"]
    await transport.enable_trace_event()
    assert (await transport.dump())["traceEventTypes"] == []
    for wrong in (123, "probation", ["probation", 123.123]):
        with pytest.raises(TypeError):
            await transport.enable_trace_event(wrong)  # type: ignore[arg-type]


async def test_events(router: Router) -> None:
    """What a worker tells of ICE, DTLS and SCTP is kept, emitted and shown to observers."""
    transport = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP], enable_sctp=True)
    names = ("icestatechange", "iceselectedtuplechange", "dtlsstatechange", "sctpstatechange", "trace")
    events, observed = record(transport, *names), record(transport.observer, *names)
    addresses = {"localAddress": "1.1.1.1", "localPort": 1111, "remoteIp": "2.2.2.2", "remotePort": 2222}
    selected = {**addresses, "localIp": "1.1.1.1", "protocol": "udp"}
    await hear(transport, "WEBRTCTRANSPORT_ICE_STATE_CHANGE", {"iceState": "completed"})
    assert transport.ice_state == "completed"
    await hear(transport, "WEBRTCTRANSPORT_ICE_SELECTED_TUPLE_CHANGE", {"tuple": {**addresses, "protocol": "udp"}})
    assert transport.ice_selected_tuple == selected
    await hear(transport, "WEBRTCTRANSPORT_DTLS_STATE_CHANGE", {"dtlsState": "connecting"})
    assert (transport.dtls_state, transport.dtls_remote_cert) == ("connecting", None)
    await hear(transport, "WEBRTCTRANSPORT_DTLS_STATE_CHANGE", {"dtlsState": "connected", "remoteCert": "PEM"})
    assert (transport.dtls_state, transport.dtls_remote_cert) == ("connected", "PEM")
    await hear(transport, "TRANSPORT_SCTP_STATE_CHANGE", {"sctpState": "connected"})
    assert transport.sctp_state == "connected"
    capabilities = {"negotiatedMaxOutboundStreams": 1024, "negotiatedMaxInboundStreams": 512}
    await hear(transport, "TRANSPORT_SCTP_NEGOTIATED_CAPABILITIES", {"negotiatedCapabilities": capabilities})
    assert transport.sctp_negotiated_capabilities == capabilities
    assert events == [
        ("icestatechange", "completed"),
        ("iceselectedtuplechange", selected),
        ("dtlsstatechange", "connecting"),
        ("dtlsstatechange", "connected"),
        ("sctpstatechange", "connected"),
    ]
    assert observed == events
    transport.close()
    assert (transport.ice_state, transport.dtls_state, transport.sctp_state) == ("closed", "closed", "closed")
    assert transport.ice_selected_tuple is None


async def test_traces(transport: WebRtcTransport) -> None:
    """Traces are emitted with what they tell."""
    events = record(transport, "trace")
    bitrates = {
        key: index
        for index, key in enumerate(
            (
                "desiredBitrate",
                "effectiveDesiredBitrate",
                "minBitrate",
                "maxBitrate",
                "startBitrate",
                "maxPaddingBitrate",
                "availableBitrate",
            )
        )
    }
    bwe = {"type": "bwe", "timestamp": 1, "direction": "out", "infoType": "BweTraceInfo"}
    await hear(transport, "TRANSPORT_TRACE", {**bwe, "info": {**bitrates, "bweType": "transport-cc"}})
    await hear(transport, "TRANSPORT_TRACE", {"type": "probation", "timestamp": 2, "direction": "out"})
    assert [event for _, event in events] == [
        {"type": "bwe", "timestamp": 1, "direction": "out", "info": {**bitrates, "bweType": "transport-cc"}},
        {"type": "probation", "timestamp": 2, "direction": "out", "info": {}},
    ]


async def test_close(router: Router, transport: WebRtcTransport) -> None:
    """A closed transport is gone from its router, with all that it held, and takes nothing more."""
    events = record(transport, "routerclose", "listenserverclose")
    closings = record(transport.observer, "close")
    producer = await transport.produce(kind="audio", rtp_parameters=AUDIO)
    consumer = await transport.consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    ends = record(producer, "transportclose") + record(consumer, "transportclose")
    transport.close()
    transport.close()
    assert (events, closings, ends) == ([], [("close",)], [])
    assert producer.closed
    assert consumer.closed
    assert (transport.closed, transport.ice_state, transport.dtls_state) == (True, "closed", "closed")
    assert (transport.sctp_state, transport.ice_selected_tuple) == (None, None)
    calls: list[Callable[[], Any]] = [
        transport.dump,
        transport.get_stats,
        transport.restart_ice,
        transport.enable_trace_event,
        lambda: transport.connect(dtls_parameters=DTLS),
        lambda: transport.set_max_incoming_bitrate(200_000),
        lambda: transport.set_max_outgoing_bitrate(200_000),
        lambda: transport.set_min_outgoing_bitrate(100_000),
        lambda: transport.produce(kind="audio", rtp_parameters=AUDIO),
        lambda: transport.consume(producer_id=producer.id, rtp_capabilities=DEVICE),
        lambda: transport.produce_data(sctp_stream_parameters={"streamId": 1}),
    ]
    for call in calls:
        with pytest.raises(NotFoundError):
            await call()
    wrong: DtlsParameters = {}  # type: ignore[typeddict-item]
    with pytest.raises(TypeError):
        await transport.connect(dtls_parameters=wrong)
    dump = await router.dump()
    assert (dump["transportIds"], dump["mapProducerIdConsumerIds"]) == ([], [])


async def test_router_closed(router: Router) -> None:
    """A transport whose router was closed says so."""
    transport = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP], enable_sctp=True)
    events = record(transport, "routerclose")
    closings = record(transport.observer, "close")
    router.close()
    assert (events, closings) == ([("routerclose",)], [("close",)])
    assert (transport.ice_state, transport.dtls_state, transport.sctp_state) == ("closed", "closed", "closed")
    with pytest.raises(NotFoundError):
        await transport.dump()


async def test_worker_closed(worker: Worker, transport: WebRtcTransport) -> None:
    """A transport whose worker was closed says so."""
    events = record(transport, "routerclose")
    worker.close()
    assert events == [("routerclose",)]
    assert transport.closed
    with pytest.raises(WorkerClosedError):
        await transport.dump()
    with pytest.raises(WorkerClosedError):
        await transport.produce(kind="audio", rtp_parameters=AUDIO)


async def test_close_while_creating(router: Router, other_transport: WebRtcTransport) -> None:
    """What is being created when its transport closes fails, and is left nowhere."""
    transport = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP], enable_sctp=True)
    source = await other_transport.produce(kind="audio", rtp_parameters=AUDIO)
    direct = await router.create_direct_transport()
    messages = await direct.produce_data()
    announced = record(transport.observer, "newproducer", "newconsumer", "newdataproducer", "newdataconsumer")
    creations = await start(
        transport.produce(kind="audio", rtp_parameters=AUDIO, id="producer"),
        transport.consume(producer_id=source.id, rtp_capabilities=DEVICE),
        transport.produce_data(sctp_stream_parameters={"streamId": 1}, id="data-producer"),
        transport.consume_data(data_producer_id=messages.id),
    )
    transport.close()
    results = await asyncio.gather(*creations, return_exceptions=True)
    assert [isinstance(result, NotFoundError) for result in results] == [True] * 4
    assert announced == []
    dump = await router.dump()
    assert dump["mapProducerIdConsumerIds"] == [{"key": source.id, "values": []}]
    assert dump["mapDataProducerIdDataConsumerIds"] == [{"key": messages.id, "values": []}]
    with pytest.raises(NotFoundError):
        await other_transport.consume(producer_id="producer", rtp_capabilities=DEVICE)
    with pytest.raises(NotFoundError):
        await direct.consume_data(data_producer_id="data-producer")


async def test_unlooked_at_transport_closes(transport: WebRtcTransport) -> None:
    """What a transport was is known after its end, too, even if nobody had looked at it before."""
    transport.close()
    assert transport.ice_candidates[0]["protocol"] == "udp"
    assert transport.ice_parameters["iceLite"] is True


@pytest.mark.not_for_rooms("a room chooses the worker, and so the addresses, of each transport")
async def test_like_another(worker: Worker, router: Router) -> None:
    """A transport can be made like another one, also when that is closed; not on a WebRtcServer that is."""
    server = await worker.create_webrtc_server(listen_infos=[{**LISTEN_UDP, "port": free_port()}])
    first = await router.create_webrtc_transport(webrtc_server=server, enable_sctp=True)
    second = await router.create_webrtc_transport_like(first.options, app_data={"foo": "bar"})
    assert second.id != first.id
    assert second.app_data == {"foo": "bar"}
    assert second.sctp_parameters == first.sctp_parameters is not None
    assert [c["port"] for c in second.ice_candidates] == [c["port"] for c in first.ice_candidates]
    with pytest.raises((TypeError, MediasoupError)):
        await router.create_webrtc_transport_like(first.options, id=second.id)
    first.close()
    third = await router.create_webrtc_transport_like(first.options)
    server.close()
    assert second.closed
    assert third.closed
    with pytest.raises(NotFoundError):
        await router.create_webrtc_transport_like(first.options)

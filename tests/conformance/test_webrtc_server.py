"""The WebRtcServer class."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from tests.conformance.conftest import NewWorker
from tests.conformance.helpers import free_port, holds, record, start
from tests.conformance.samples import AUDIO, LISTEN_TCP, LISTEN_UDP, MEDIA_CODECS

from tureen.mediasoup import Router, WebRtcServer, Worker
from tureen.mediasoup.errors import MediasoupError, NotFoundError, WorkerClosedError


@pytest.fixture
async def server(worker: Worker) -> WebRtcServer:
    """Give a WebRtcServer with a UDP and a TCP port."""
    return await worker.create_webrtc_server(listen_infos=[LISTEN_UDP, LISTEN_TCP])


@pytest.mark.not_for_rooms("there is a WebRtcServer on each worker, on ports of its agent's")
async def test_create(worker: Worker) -> None:
    """A new WebRtcServer listens where it was told to, and is announced."""
    announced = record(worker.observer, "newwebrtcserver")
    udp, tcp = free_port(), free_port(socket.SOCK_STREAM)
    server = await worker.create_webrtc_server(
        listen_infos=[
            {"protocol": "udp", "ip": "127.0.0.1", "port": udp},
            {"protocol": "tcp", "ip": "127.0.0.1", "announcedAddress": "foo.bar.org", "port": tcp},
        ],
        app_data={"foo": 123},
    )
    assert announced == [("newwebrtcserver", server)]
    assert not server.closed
    assert server.app_data == {"foo": 123}
    assert await server.dump() == {
        "id": server.id,
        "udpSockets": [{"ip": "127.0.0.1", "port": udp}],
        "tcpServers": [{"ip": "127.0.0.1", "port": tcp}],
        "webRtcTransportIds": [],
        "localIceUsernameFragments": [],
    }
    dump = await worker.dump()
    assert dump["webRtcServerIds"] == [server.id]
    assert dump["channelMessageHandlers"]["channelRequestHandlers"] == [server.id]


@pytest.mark.not_for_rooms("there is a WebRtcServer on each worker, on ports of its agent's")
async def test_port_range(worker: Worker) -> None:
    """Ports can be taken from a range, and from the worker's own one."""
    port = free_port()
    server = await worker.create_webrtc_server(
        listen_infos=[{"protocol": "udp", "ip": "127.0.0.1", "portRange": {"min": port, "max": port}}, LISTEN_TCP]
    )
    dump = await server.dump()
    assert dump["udpSockets"] == [{"ip": "127.0.0.1", "port": port}]
    assert dump["tcpServers"][0]["port"] > 0


@pytest.mark.parametrize(
    "infos",
    [
        None,
        "NOT-A-LIST",
        ["NOT-A-DICT"],
        [],
        [{"ip": "127.0.0.1"}],
        [{"protocol": "udp"}],
        [{"protocol": "sctp", "ip": "127.0.0.1"}],
        [{"protocol": "udp", "ip": "127.0.0.1", "port": 65536}],
    ],
    ids=str,
)
async def test_wrong_arguments(worker: Worker, infos: Any) -> None:
    """Wrong listen infos are refused."""
    with pytest.raises(TypeError):
        await worker.create_webrtc_server(listen_infos=infos)


@pytest.mark.not_for_rooms("there is a WebRtcServer on each worker, on ports of its agent's")
async def test_addresses_that_cannot_be_bound(worker: Worker, new_worker: NewWorker) -> None:
    """An address that is not ours is refused, and so is one that is in use, here or in another worker."""
    port = free_port()
    info = {"protocol": "udp", "ip": "127.0.0.1", "port": port}
    for infos in ([info, {**info, "ip": "1.2.3.4"}], [info, {**info, "announcedAddress": "1.2.3.4"}]):
        with pytest.raises(MediasoupError):
            await worker.create_webrtc_server(listen_infos=infos)  # type: ignore[arg-type]
    await worker.create_webrtc_server(listen_infos=[info])  # type: ignore[list-item]
    other = await new_worker()
    with pytest.raises(MediasoupError):
        await other.create_webrtc_server(listen_infos=[info])  # type: ignore[list-item]


async def test_close(worker: Worker, server: WebRtcServer) -> None:
    """A closed WebRtcServer is gone from its worker."""
    closings = record(server.observer, "close")
    server.close()
    server.close()
    assert closings == [("close",)]
    assert server.closed
    with pytest.raises(NotFoundError):
        await server.dump()
    assert (await worker.dump())["webRtcServerIds"] == []


async def test_worker_closed(worker: Worker, server: WebRtcServer) -> None:
    """A WebRtcServer whose worker was closed says so."""
    events = record(server, "workerclose")
    closings = record(server.observer, "close")
    worker.close()
    assert events == [("workerclose",)]
    assert closings == [("close",)]
    with pytest.raises(WorkerClosedError):
        await server.dump()


@pytest.mark.not_for_rooms("there is a WebRtcServer on each worker, on ports of its agent's")
async def test_transport(worker: Worker, router: Router) -> None:
    """A transport listens on the server's ports, those of the protocols that it wants, until it is closed."""
    port = free_port(socket.SOCK_STREAM)
    server = await worker.create_webrtc_server(
        listen_infos=[
            LISTEN_UDP,
            {
                "protocol": "tcp",
                "ip": "127.0.0.1",
                "announcedAddress": "media1.foo.org",
                "exposeInternalIp": True,
                "port": port,
            },
        ]
    )
    seen = record(server.observer, "webrtctransporthandled", "webrtctransportunhandled")
    announced = record(router.observer, "newtransport")
    transport = await router.create_webrtc_transport(webrtc_server=server, enable_udp=False, app_data={"foo": "bar"})
    assert announced == [("newtransport", transport)]
    assert seen == [("webrtctransporthandled", transport)]
    outer, inner = transport.ice_candidates
    assert holds(outer, address="media1.foo.org", ip="media1.foo.org", port=port, protocol="tcp", tcpType="passive")
    assert holds(inner, address="127.0.0.1", ip="127.0.0.1", port=port, protocol="tcp", type="host")
    assert outer["priority"] > inner["priority"]
    dump = await server.dump()
    assert dump["webRtcTransportIds"] == [transport.id]
    assert [entry["webRtcTransportId"] for entry in dump["localIceUsernameFragments"]] == [transport.id]
    transport.close()
    assert seen[1:] == [("webrtctransportunhandled", transport)]
    dump = await server.dump()
    assert dump["webRtcTransportIds"] == []
    assert dump["localIceUsernameFragments"] == []


@pytest.mark.not_for_rooms("there is a WebRtcServer on each worker, on ports of its agent's")
async def test_ice_restart(router: Router, server: WebRtcServer) -> None:
    """After an ICE restart the server knows a transport by both of its names, until the new one is in use."""
    transport = await router.create_webrtc_transport(webrtc_server=server)
    assert [candidate["protocol"] for candidate in transport.ice_candidates] == ["udp", "tcp"]
    await transport.restart_ice()
    dump = await server.dump()
    assert [entry["webRtcTransportId"] for entry in dump["localIceUsernameFragments"]] == [transport.id] * 2


async def test_close_takes_transports_along(worker: Worker, router: Router, server: WebRtcServer) -> None:
    """Closing a WebRtcServer closes its transports, and what hangs on them, in the worker and in their routers."""
    transport = await router.create_webrtc_transport(webrtc_server=server)
    producer = await transport.produce(kind="audio", rtp_parameters=AUDIO)
    calls: list[str] = []
    producer.on("transportclose", lambda: calls.append("producer"))
    transport.on("listenserverclose", lambda: calls.append("listenserverclose"))
    transport.on("routerclose", lambda: calls.append("never"))
    transport.observer.on("close", lambda: calls.append("transport"))
    server.observer.on("webrtctransportunhandled", lambda _: calls.append("unhandled"))
    server.observer.on("close", lambda: calls.append("server"))
    server.close()
    assert calls == ["producer", "listenserverclose", "transport", "unhandled", "server"]
    assert (transport.closed, transport.ice_state, transport.dtls_state) == (True, "closed", "closed")
    assert not router.can_consume(producer_id=producer.id, rtp_capabilities=router.rtp_capabilities)
    dump = await worker.dump()
    assert dump["webRtcServerIds"] == []
    assert dump["channelMessageHandlers"] == {
        "channelRequestHandlers": [router.id],
        "channelNotificationHandlers": [],
    }
    assert (await router.dump())["transportIds"] == []


async def test_router_closed(worker: Worker, server: WebRtcServer) -> None:
    """A WebRtcServer forgets the transports of a router that was closed."""
    router = await worker.create_router(media_codecs=MEDIA_CODECS)
    transport = await router.create_webrtc_transport(webrtc_server=server)
    seen = record(server.observer, "webrtctransportunhandled")
    router.close()
    assert seen == [("webrtctransportunhandled", transport)]
    assert (await server.dump())["webRtcTransportIds"] == []


async def test_close_while_creating(router: Router, server: WebRtcServer) -> None:
    """A transport that is being created when its WebRtcServer closes fails, and is left nowhere."""
    announced = record(router.observer, "newtransport")
    (creating,) = await start(router.create_webrtc_transport(webrtc_server=server))
    server.close()
    with pytest.raises(NotFoundError):
        await creating
    assert announced == []
    assert (await router.dump())["transportIds"] == []
    with pytest.raises(NotFoundError):
        await router.create_webrtc_transport(webrtc_server=server)


async def test_wrong_server(router: Router, server: WebRtcServer) -> None:
    """What is no WebRtcServer is refused, and so is one of two ways to say where to listen."""
    with pytest.raises(TypeError):
        await router.create_webrtc_transport(webrtc_server=server.id)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        await router.create_webrtc_transport(webrtc_server=server, listen_infos=[LISTEN_UDP])


async def test_server_of_another_worker(new_worker: NewWorker, server: WebRtcServer) -> None:
    """A WebRtcServer serves its own worker's routers alone."""
    router = await (await new_worker()).create_router()
    with pytest.raises(MediasoupError):
        await router.create_webrtc_transport(webrtc_server=server)


@pytest.mark.not_for_rooms("placement hears a moment later that the place of a closed transport is free")
async def test_many_transports(router: Router, server: WebRtcServer) -> None:
    """Many transports share the ports of one server."""
    transports = await asyncio.gather(*(router.create_webrtc_transport(webrtc_server=server) for _ in range(100)))
    ports = {tuple(candidate["port"] for candidate in transport.ice_candidates) for transport in transports}
    assert len(ports) == 1
    assert len((await server.dump())["webRtcTransportIds"]) == 100

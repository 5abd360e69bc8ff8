"""Where transports of rooms listen, and the WebRtcServers that are one on each worker."""

from __future__ import annotations

import contextlib
import socket

import pytest
from tests.conformance.helpers import happens, record
from tests.conformance.samples import LISTEN_TCP, LISTEN_UDP, MEDIA_CODECS
from tests.integration.client.scaled import Scaled, gone_transport, happens_there, place_of, places, room_of
from tests.support.remote_cluster import RemoteCluster, spread
from tests.support.remote_node import RemoteNode

from tureen.client import LogicalWebRtcServer, Room, WebRtcTransport
from tureen.contract.errors import InvalidType
from tureen.mediasoup.errors import NotFoundError, UnsupportedError, WorkerClosedError


def free_port_of(node: RemoteNode) -> int:
    """Return a media port of a node that nobody uses right now."""
    low, high = node.ports
    for port in range(low, high + 1):
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("all ports of the node are in use")


async def test_an_address_is_a_label_or_a_family(scaled: Scaled) -> None:
    """A label picks an agent's address; an IP address, which is another host's, its first one of that family."""
    room = await room_of(scaled)
    labelled = await room.create_plain_transport(listen_info={"protocol": "udp", "ip": "a1"})
    assert labelled.tuple["localAddress"] == "127.0.0.2"
    theirs = await room.create_plain_transport(
        listen_info={"protocol": "udp", "ip": "203.0.113.5", "announcedAddress": "app.example"}
    )
    assert theirs.tuple["localAddress"] == "127.0.0.1"
    sixth = await room.create_plain_transport(listen_info={"protocol": "udp", "ip": "::"})
    assert sixth.tuple["localAddress"] == "::1"
    with pytest.raises(InvalidType, match="does not offer"):
        await room.create_plain_transport(listen_info={"protocol": "udp", "ip": "nowhere"})


async def test_a_fixed_port(scaled: Scaled, cluster: RemoteCluster) -> None:
    """A fixed port is taken on a node that the app has named, and refused where placement chooses."""
    port = free_port_of(cluster.node("node-2"))
    with pytest.raises(UnsupportedError, match="node_id"):
        await (await room_of(scaled)).create_plain_transport(listen_info={**LISTEN_UDP, "port": port})
    with pytest.raises(UnsupportedError, match="node_id"):
        await (await room_of(scaled, scale="node")).create_webrtc_transport(
            listen_infos=[{**LISTEN_UDP, "portRange": {"min": port, "max": port}}]
        )
    room = await room_of(scaled, scale="node", node_id="node-2")
    transport = await room.create_plain_transport(listen_info={**LISTEN_UDP, "port": port})
    assert transport.tuple["localPort"] == port


async def test_one_node_alone(scaled: Scaled) -> None:
    """With `scale="node"` everything is on the workers of one node, and more than those take is refused there."""
    room = await room_of(scaled, scale="node", node_id="node-1")
    for _ in range(2):
        await room.create_direct_transport()
    assert {node for node, _ in places(room)} == {"node-1"}
    assert len(places(room)) == 2


async def webrtc_transports(scaled: Scaled) -> tuple[Room, LogicalWebRtcServer, list[WebRtcTransport]]:
    """Return a room, a WebRtcServer and two transports of both, each on a worker of its own."""
    client = await scaled(room_policy=spread())
    worker = await client.create_worker()
    server = await worker.create_webrtc_server(listen_infos=[LISTEN_UDP, LISTEN_TCP])
    room = await worker.create_router(media_codecs=MEDIA_CODECS)
    made = [await room.create_webrtc_transport(webrtc_server=server) for _ in range(2)]
    return room, server, [transport for transport in made if isinstance(transport, WebRtcTransport)]


async def test_a_webrtc_server_is_one_on_each_worker(scaled: Scaled) -> None:
    """What listens on a WebRtcServer does so on that of its own worker, by UDP and TCP; the dump lists both."""
    room, server, transports = await webrtc_transports(scaled)
    ports = [{candidate["port"] for candidate in transport.ice_candidates} for transport in transports]
    assert all(len(transport.ice_candidates) >= 2 for transport in transports)
    assert len(places(room)) == 2
    dump = await server.dump()
    assert dump["id"] == server.id
    assert set(dump["webRtcTransportIds"]) == {transport.id for transport in transports}
    assert {entry["webRtcTransportId"] for entry in dump["localIceUsernameFragments"]} == {
        transport.id for transport in transports
    }
    workers = dump["workers"]
    assert [(part["nodeId"], part["workerId"]) for part in workers] == places(room)
    assert [{socket["port"] for socket in [*part["udpSockets"], *part["tcpServers"]]} for part in workers] == ports
    assert (await room._worker.dump())["webRtcServerIds"] == [server.id]


async def test_closing_a_webrtc_server(scaled: Scaled, cluster: RemoteCluster) -> None:
    """Closing it closes its transports, here and on their nodes; they emit `listenserverclose`."""
    room, server, transports = await webrtc_transports(scaled)
    events = [record(transport, "listenserverclose") for transport in transports]
    unhandled = record(server.observer, "webrtctransportunhandled")
    where = [(place_of(transport)["nodeId"], transport.id) for transport in transports]
    server.close()
    assert events == [[("listenserverclose",)]] * 2
    assert [transport for _, transport in unhandled] == transports
    assert all(transport.closed for transport in transports)
    for node_id, transport_id in where:
        await happens_there(cluster, node_id, gone_transport(transport_id))
    with pytest.raises(NotFoundError):
        await room.create_webrtc_transport(webrtc_server=server)
    with pytest.raises(NotFoundError):
        await server.dump()


async def test_a_webrtc_server_and_its_worker(scaled: Scaled) -> None:
    """A fixed port in a WebRtcServer is refused, its id is one in the worker, and it ends with the worker."""
    worker = await (await scaled()).create_worker()
    with pytest.raises(UnsupportedError, match="leave it out"):
        await worker.create_webrtc_server(listen_infos=[{**LISTEN_UDP, "port": 40_000}])
    servers = record(worker.observer, "newwebrtcserver")
    server = await worker.create_webrtc_server(listen_infos=[LISTEN_UDP], id="server")
    assert servers == [("newwebrtcserver", server)]
    with pytest.raises(TypeError, match="already exists"):
        await worker.create_webrtc_server(listen_infos=[LISTEN_UDP], id="server")
    ended = record(server, "workerclose")
    worker.close()
    await happens(lambda: server.closed)
    assert ended == [("workerclose",)]
    with pytest.raises(WorkerClosedError):
        await worker.create_webrtc_server(listen_infos=[LISTEN_UDP])

"""Real SCTP over a PlainTransport, with aiortc's implementation at the other end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiortc.rtcsctptransport import RTCSctpTransport
from tests.conformance.helpers import happens, holds, record

from tureen.mediasoup import DataConsumer, DataProducer, PlainTransport, Router

STREAM = 5
TEXT, BYTES = 51, 53
NAME = "foo & bar 😀😀😀"


class Wire(asyncio.DatagramProtocol):
    """Carry SCTP packets in UDP; stands where aiortc expects DTLS."""

    state = "connected"
    _role = "client"

    def __init__(self) -> None:
        self._receiver: Any = None
        self._transport: Any = None
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self._receiver is not None:
            task = asyncio.create_task(self._receiver._handle_data(data))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send_data(self, data: bytes) -> None:
        self._transport.sendto(data)

    def _register_data_receiver(self, receiver: Any) -> None:
        self._receiver = receiver

    def _unregister_data_receiver(self, receiver: Any) -> None:
        self._receiver = None


class Peer(RTCSctpTransport):
    """Collect what comes in, without data channels on top."""

    def __init__(self, wire: Any) -> None:
        super().__init__(wire)
        self.received: list[tuple[int, int, bytes]] = []

    async def _receive(self, stream_id: int, pp_id: int, data: bytes) -> None:
        self.received.append((stream_id, pp_id, data))


@pytest.fixture
async def transport(router: Router) -> PlainTransport:
    """Give a PlainTransport with SCTP."""
    return await router.create_plain_transport(listen_ip="127.0.0.1", enable_sctp=True)


@pytest.fixture
async def peer(transport: PlainTransport) -> AsyncIterator[Peer]:
    """Give the other end, connected."""
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    endpoint.bind(("127.0.0.1", 0))
    await transport.connect(ip="127.0.0.1", port=endpoint.getsockname()[1])
    endpoint.connect(("127.0.0.1", transport.tuple["localPort"]))
    udp, wire = await asyncio.get_running_loop().create_datagram_endpoint(Wire, sock=endpoint)
    peer = Peer(wire)
    # Something has to be there to send or to receive before the worker connects.
    await transport.produce_data(
        sctp_stream_parameters={"streamId": STREAM, "ordered": True}, label="sctp", protocol=NAME, id="source"
    )
    await transport.consume_data(data_producer_id="source", id="target")
    await peer.start(None, 5000)
    await happens(lambda: transport.sctp_state == "connected" and peer.state == "connected")
    yield peer
    await peer.stop()
    udp.close()


def ends(transport: PlainTransport) -> tuple[DataProducer, DataConsumer]:
    """Return what the peer sends to, and what sends it back."""
    return transport._data_producers["source"], transport._data_consumers["target"]


async def test_connected(transport: PlainTransport, peer: Peer) -> None:
    """Both ends know what they have agreed on."""
    agreed = transport.sctp_negotiated_capabilities
    assert agreed
    assert agreed["negotiatedMaxInboundStreams"] > 0
    assert holds(await transport.dump(), sctpState="connected", sctpNegotiatedCapabilities=agreed)


async def test_messages_come_back(transport: PlainTransport, peer: Peer) -> None:
    """All messages of an ordered stream come back in order, as what they were sent as."""
    producer, consumer = ends(transport)
    assert consumer.sctp_stream_parameters == {"streamId": 0, "ordered": True}
    assert consumer.protocol == NAME
    sent = [(TEXT if number < 100 else BYTES, str(number).encode()) for number in range(1, 201)]
    for ppid, data in sent:
        await peer._send(STREAM, ppid, data)
    await happens(lambda: len(peer.received) == len(sent))
    assert peer.received == [(0, ppid, data) for ppid, data in sent]
    size = sum(len(data) for _, data in sent)
    (received,) = await producer.get_stats()
    assert holds(received, label="sctp", protocol=NAME, messagesReceived=200, bytesReceived=size)
    (passed_on,) = await consumer.get_stats()
    assert holds(passed_on, label="sctp", protocol=NAME, messagesSent=200, bytesSent=size)
    async with asyncio.timeout(5):
        while await consumer.get_buffered_amount():
            await asyncio.sleep(0.01)


async def test_send(transport: PlainTransport, peer: Peer) -> None:
    """A data consumer can send messages of its own; empty ones have one byte that does not count."""
    _, consumer = ends(transport)
    for message in ("text", b"bytes", "", b""):
        assert await consumer.send(message) >= 0
    await happens(lambda: len(peer.received) == 4)
    assert peer.received == [(0, 51, b"text"), (0, 53, b"bytes"), (0, 56, b" "), (0, 57, b"\0")]
    with pytest.raises(TypeError):
        await consumer.send(5)  # type: ignore[arg-type]


async def test_buffered_amount_low(transport: PlainTransport, peer: Peer) -> None:
    """When what waits has been sent down to the threshold, an event says so."""
    _, consumer = ends(transport)
    events = record(consumer, "bufferedamountlow")
    await consumer.set_buffered_amount_low_threshold(1000)
    waiting = [await consumer.send(bytes(50_000)) for _ in range(10)]
    assert max(waiting) > 1000
    await happens(lambda: bool(events))
    assert events[0][1] <= 1000


async def test_state_follows(transport: PlainTransport, peer: Peer) -> None:
    """When the other end goes away, the transport says so."""
    events = record(transport, "sctpstatechange")
    await peer.stop()
    await happens(lambda: bool(events))
    assert events[-1] == ("sctpstatechange", transport.sctp_state)
    assert transport.sctp_state in ("closed", "failed")

"""A room looks like one router, wherever its transports are."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import cast

import pytest
from tests.conformance.helpers import happens, record
from tests.conformance.samples import AUDIO, DEVICE, LISTEN_UDP, MEDIA_CODECS
from tests.integration.client.scaled import Scaled, gone, happens_there, places, room_of
from tests.support.remote_cluster import RemoteCluster
from tests.support.rtp import audio_parameters, rtp_socket

from tureen.client import Room, connect
from tureen.contract.errors import NoCapacity
from tureen.mediasoup.errors import MediasoupError, NotFoundError
from tureen.mediasoup.types import RtpParameters

OPUS = cast("RtpParameters", audio_parameters())


async def test_transports_of_every_kind(scaled: Scaled, cluster: RemoteCluster) -> None:
    """All four kinds of transports are made, each on a worker of its own, and the room has them all."""
    room = await room_of(scaled)
    made = record(room.observer, "newtransport")
    transports = [
        await room.create_webrtc_transport(listen_infos=[LISTEN_UDP]),
        await room.create_plain_transport(listen_info=LISTEN_UDP),
        await room.create_pipe_transport(listen_info=LISTEN_UDP),
        await room.create_direct_transport(),
    ]
    assert [transport.type for transport in transports] == ["webrtc", "plain", "pipe", "direct"]
    assert made == [("newtransport", transport) for transport in transports]
    assert len({worker for _, worker in places(room)}) == 4
    assert {transport.id for transport in transports} <= set((await room.dump())["transportIds"])


async def test_media_to_other_workers_and_hosts(scaled: Scaled) -> None:
    """RTP that a plain transport takes on one worker reaches consumers on all the others, of both hosts."""
    room = await room_of(scaled)
    async with AsyncExitStack() as stack:
        sender = await stack.enter_async_context(rtp_socket())
        source = await room.create_plain_transport(listen_info=LISTEN_UDP, comedia=True)
        producer = await source.produce(kind="audio", rtp_parameters=OPUS)
        receivers = []
        for _ in range(3):
            receiver = await stack.enter_async_context(rtp_socket())
            transport = await room.create_plain_transport(listen_info=LISTEN_UDP)
            await transport.connect(ip="127.0.0.1", port=receiver.port)
            consumer = await transport.consume(producer_id=producer.id, rtp_capabilities=room.rtp_capabilities)
            receivers.append((receiver, consumer))
        assert len({worker for _, worker in places(room)}) == 4
        assert {node for node, _ in places(room)} == {"node-1", "node-2"}
        await sender.stream(source.tuple, 50)
        for receiver, consumer in receivers:
            await receiver.taken(40)
            encodings = consumer.rtp_parameters.get("encodings", [])
            assert set(receiver.sequence_numbers) == {encodings[0]["ssrc"]}


async def test_can_consume_whatever_is_in_the_room(scaled: Scaled) -> None:
    """`can_consume` is synchronous, and knows every producer that this client has made in the room."""
    room = await room_of(scaled)
    sources = [await room.create_direct_transport() for _ in range(2)]
    producers = [await source.produce(kind="audio", rtp_parameters=AUDIO) for source in sources]
    assert len(places(room)) == 2
    assert all(room.can_consume(producer_id=producer.id, rtp_capabilities=DEVICE) for producer in producers)
    producers[0].close()
    assert not room.can_consume(producer_id=producers[0].id, rtp_capabilities=DEVICE)
    assert not room.can_consume(producer_id="unknown", rtp_capabilities=DEVICE)


async def test_what_happens_to_a_producer(scaled: Scaled) -> None:
    """A producer's pauses and its end reach its consumers on other workers as they do on one."""
    room = await room_of(scaled)
    producer = await (await room.create_direct_transport()).produce(kind="audio", rtp_parameters=AUDIO)
    other = await room.create_direct_transport()
    consumer = await other.consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    assert len(places(room)) == 2
    events = record(consumer, "producerpause", "producerresume", "producerclose")
    await producer.pause()
    await happens(lambda: consumer.producer_paused)
    await producer.resume()
    await happens(lambda: not consumer.producer_paused)
    producer.close()
    await happens(lambda: consumer.closed)
    assert events == [("producerpause",), ("producerresume",), ("producerclose",)]


async def test_messages_to_other_hosts(scaled: Scaled) -> None:
    """Messages of a data producer reach data consumers on every other worker, in order."""
    room = await room_of(scaled)
    source = await (await room.create_direct_transport()).produce_data(label="chat")
    taken: list[list[bytes]] = []
    for _ in range(3):
        consumer = await (await room.create_direct_transport()).consume_data(data_producer_id=source.id)
        messages: list[bytes] = []
        consumer.on("message", lambda message, _ppid, messages=messages: messages.append(message))
        taken.append(messages)
    assert len(places(room)) == 4
    for number in range(5):
        source.send(f"message {number}")
    wanted = [f"message {number}".encode() for number in range(5)]
    await happens(lambda: taken == [wanted] * 3)


async def test_an_id_is_used_once_in_a_room(scaled: Scaled) -> None:
    """An id that something in the room has is refused wherever the next transport is."""
    room = await room_of(scaled)
    one, other = await room.create_direct_transport(id="one"), await room.create_direct_transport()
    await one.produce(kind="audio", rtp_parameters=AUDIO, id="producer")
    with pytest.raises(MediasoupError, match="already exists"):
        await other.produce(kind="audio", rtp_parameters=AUDIO, id="producer")
    with pytest.raises(TypeError, match="already exists"):
        await room.create_direct_transport(id="one")
    producing = [transport.produce(kind="audio", rtp_parameters=AUDIO, id="twice") for transport in (one, other)]
    results = await asyncio.gather(*producing, return_exceptions=True)
    assert [isinstance(result, TypeError) for result in results] == [False, True]


async def fill(room: Room) -> None:
    """Make transports until there is no place any more."""
    while True:
        await room.create_direct_transport()


async def test_a_wrong_id_takes_no_place(scaled: Scaled) -> None:
    """A malformed id is told as such before anybody is asked for a place: also where there is none."""
    room = await room_of(scaled, scale="node", node_id="node-1")
    with pytest.raises(NoCapacity):
        await fill(room)
    with pytest.raises(TypeError, match="an id is up to 128"):
        await room.create_direct_transport(id="with.dots")


async def test_an_id_of_what_was_closed_is_free_again(scaled: Scaled) -> None:
    """The id of something closed serves for something new on another worker of the same host."""
    room = await room_of(scaled, scale="node", node_id="node-1")
    (await room.create_direct_transport(id="one")).close()
    again = await room.create_direct_transport(id="one")
    assert (await again.dump())["id"] == "one"


async def test_closing_a_room(scaled: Scaled, cluster: RemoteCluster) -> None:
    """`close()` closes all that is in the room, here at once and on all its nodes; placement has it no more."""
    room = await room_of(scaled)
    transports = [await room.create_direct_transport() for _ in range(4)]
    routers = [(member.place["nodeId"], member.id) for member in room.members]
    closed = [record(transport, "routerclose") for transport in transports]
    observed = record(room.observer, "close")
    room.close()
    assert room.closed
    assert (closed, observed) == ([[("routerclose",)]] * 4, [("close",)])
    for node_id, router_id in routers:
        await happens_there(cluster, node_id, gone(router_id))
    with pytest.raises(NotFoundError, match=r"^Room .* is closed"):
        await room.create_direct_transport()
    with pytest.raises(NotFoundError, match=r"^(Room|DirectTransport) .* is closed"):
        await transports[0].produce(kind="audio", rtp_parameters=AUDIO)


async def test_leaving_closes_rooms(cluster: RemoteCluster) -> None:
    """What a client has made is closed on all nodes when its `connect()` ends."""
    async with connect(cluster.url, scale="cluster", tenant="leaving") as client:
        worker = await client.create_worker()
        room = await worker.create_router(media_codecs=MEDIA_CODECS)
        await room.create_direct_transport()
        ((node_id, _),) = places(room)
        (member,) = room.members
    assert worker.closed
    assert room.closed
    await happens_there(cluster, node_id, gone(member.id))

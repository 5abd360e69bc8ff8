"""What is asked of a room as a whole: dumps, codecs, pipes to other routers."""

from __future__ import annotations

import pytest
from tests.conformance.helpers import comes, happens, record
from tests.conformance.samples import AUDIO, DEVICE, LISTEN_UDP, MEDIA_CODECS, VIDEO
from tests.integration.client.scaled import Scaled, places, room_of
from tests.support.remote_cluster import RemoteCluster, spread

from tureen.client import Room, connect
from tureen.contract.errors import Conflict
from tureen.mediasoup.errors import MediasoupError, UnsupportedError
from tureen.mediasoup.types import RouterRtpCodecCapability

OPUS: list[RouterRtpCodecCapability] = MEDIA_CODECS[:1]


async def test_dump(scaled: Scaled) -> None:
    """The dump of a room lists what the app made, as if it were one router, and for each router what it pulled."""
    room = await room_of(scaled)
    here, there = await room.create_direct_transport(), await room.create_direct_transport()
    producer = await here.produce(kind="audio", rtp_parameters=AUDIO)
    consumers = [await at.consume(producer_id=producer.id, rtp_capabilities=DEVICE) for at in (here, there)]
    dump = await room.dump()
    assert dump["id"] == room.id
    assert set(dump["transportIds"]) == {here.id, there.id}
    (fed,) = dump["mapProducerIdConsumerIds"]
    assert (fed["key"], set(fed["values"])) == (producer.id, {consumer.id for consumer in consumers})
    assert {entry["key"]: entry["value"] for entry in dump["mapConsumerIdProducerId"]} == {
        consumer.id: producer.id for consumer in consumers
    }
    routers = dump["routers"]
    assert [(router["nodeId"], router["workerId"]) for router in routers] == places(room)
    assert [router["pulledProducerIds"] for router in routers] == [[], [producer.id]]
    assert all(len(router["pipeTransportIds"]) == 1 for router in routers)


async def test_codecs_are_judged_here(scaled: Scaled) -> None:
    """Codecs that mediasoup does not support are refused at once, and nothing changes."""
    client = await scaled()
    worker = await client.create_worker()
    with pytest.raises(UnsupportedError):
        await worker.create_router(media_codecs=[{"kind": "audio", "mimeType": "audio/chicken", "clockRate": 8000}])
    room = await worker.create_router(media_codecs=OPUS)
    before = room.rtp_capabilities
    with pytest.raises(UnsupportedError):
        room.update_media_codecs([{"kind": "audio", "mimeType": "audio/chicken", "clockRate": 8000}])
    assert room.rtp_capabilities == before
    assert (await worker.create_router()).rtp_capabilities["codecs"] == []


async def test_new_codecs(scaled: Scaled) -> None:
    """What is produced after `update_media_codecs()` may use the new codecs, on every worker and without a pause."""
    client = await scaled(room_policy=spread())
    room = await (await client.create_worker()).create_router(media_codecs=OPUS)
    transports = [await room.create_direct_transport() for _ in range(3)]
    with pytest.raises(MediasoupError):
        await transports[0].produce(kind="video", rtp_parameters=VIDEO)
    # The last one counts, in the order of the calls.
    room.update_media_codecs([])
    room.update_media_codecs(MEDIA_CODECS)
    transports.append(await room.create_direct_transport())
    for transport in transports:
        await transport.produce(kind="video", rtp_parameters=VIDEO)
    assert len(places(room)) == 4
    room.update_media_codecs(OPUS)
    for transport in transports:
        with pytest.raises(MediasoupError):
            await transport.produce(kind="video", rtp_parameters=VIDEO)


async def test_two_clients_and_one_room(scaled: Scaled) -> None:
    """Two clients of a tenant that make a room of the same id with the same codecs have the same room."""
    one, other = await scaled(tenant="together"), await scaled(tenant="together")
    here = await (await one.create_worker()).create_router(id="lobby", media_codecs=OPUS)
    worker = await other.create_worker()
    there = await worker.create_router(id="lobby", media_codecs=OPUS)
    producer = await (await here.create_direct_transport()).produce(kind="audio", rtp_parameters=AUDIO)
    transport = await there.create_direct_transport()
    consumer = await transport.consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    assert consumer.kind == "audio"
    assert not there.can_consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    with pytest.raises(Conflict):
        await (await other.create_worker()).create_router(id="lobby", media_codecs=MEDIA_CODECS)
    with pytest.raises(TypeError, match="already exists"):
        await worker.create_router(id="lobby", media_codecs=OPUS)


async def two_rooms(scaled: Scaled) -> tuple[Room, Room]:
    """Return two rooms of one logical worker, with a transport on a worker of its own in each."""
    client = await scaled(room_policy=spread(2))
    worker = await client.create_worker()
    rooms = [await worker.create_router(media_codecs=MEDIA_CODECS) for _ in range(2)]
    return rooms[0], rooms[1]


async def test_a_pipe_to_another_room(scaled: Scaled) -> None:
    """A producer is piped into another room, where it is a producer; pauses and the end reach it."""
    here, there = await two_rooms(scaled)
    producer = await (await here.create_direct_transport()).produce(kind="audio", rtp_parameters=AUDIO)
    transports = record(there.observer, "newtransport")
    result = await here.pipe_to_router(router=there, producer_id=producer.id, keep_id=False)
    piped = result["pipeProducer"]
    assert [transport.type for _, transport in transports] == ["pipe"]
    assert there.can_consume(producer_id=piped.id, rtp_capabilities=DEVICE)
    consumer = await (await there.create_direct_transport()).consume(producer_id=piped.id, rtp_capabilities=DEVICE)
    await producer.pause()
    await happens(lambda: piped.paused and consumer.producer_paused)
    producer.close()
    await happens(lambda: piped.closed and consumer.closed)


async def test_a_pipe_to_a_router_and_back(scaled: Scaled, cluster: RemoteCluster) -> None:
    """Pipes lead from a room to a router of a worker of the client's own, and from that into a room."""
    client = await scaled(tenant="piping")
    room = await (await client.create_worker()).create_router(media_codecs=MEDIA_CODECS)
    async with connect(cluster.url, tenant="piping", node_id="node-1") as own:
        router = await (await own.create_worker()).create_router(media_codecs=MEDIA_CODECS)
        producer = await (await room.create_direct_transport()).produce(kind="audio", rtp_parameters=AUDIO)
        out = (await room.pipe_to_router(router=router, producer_id=producer.id))["pipeProducer"]
        assert router.can_consume(producer_id=out.id, rtp_capabilities=DEVICE)
        other = await (await client.create_worker()).create_router(media_codecs=MEDIA_CODECS)
        back = (await router.pipe_to_router(router=other, producer_id=out.id, keep_id=False))["pipeProducer"]
        consumer = await (await other.create_direct_transport()).consume(producer_id=back.id, rtp_capabilities=DEVICE)
        producer.close()
        await happens(lambda: out.closed and back.closed and consumer.closed)


async def test_data_through_a_pipe(scaled: Scaled) -> None:
    """Messages go through a pipe to another room."""
    here, there = await two_rooms(scaled)
    source = await (await here.create_direct_transport()).produce_data()
    result = await here.pipe_to_router(router=there, data_producer_id=source.id, keep_id=False)
    target = await there.create_direct_transport()
    consumer = await target.consume_data(data_producer_id=result["pipeDataProducer"].id)
    messages = record(consumer, "message")

    async def sent() -> bool:
        # The pipe's association takes a moment.
        source.send("hello")
        return bool(messages)

    await comes(sent, True)
    assert messages[0][1] == b"hello"


async def test_an_id_that_is_kept(scaled: Scaled) -> None:
    """A producer keeps its id in a room of another node; where both may be on one worker that is refused."""
    client = await scaled(scale="node")
    workers = [await client.create_worker(node_id=f"node-{number}") for number in (1, 1, 2)]
    here, near, far = [await worker.create_router(media_codecs=MEDIA_CODECS) for worker in workers]
    producer = await (await here.create_direct_transport()).produce(kind="audio", rtp_parameters=AUDIO)
    with pytest.raises(UnsupportedError, match="keep_id=False"):
        await here.pipe_to_router(router=near, producer_id=producer.id)
    piped = (await here.pipe_to_router(router=far, producer_id=producer.id))["pipeProducer"]
    assert piped.id == producer.id
    consumer = await (await far.create_direct_transport()).consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    producer.close()
    await happens(lambda: piped.closed and consumer.closed)


async def test_a_pipe_to_itself(scaled: Scaled) -> None:
    """A room is no destination for itself, as with a router."""
    room = await room_of(scaled)
    producer = await (await room.create_direct_transport()).produce(kind="audio", rtp_parameters=AUDIO)
    with pytest.raises(TypeError, match="cannot use this Router as destination"):
        await room.pipe_to_router(router=room, producer_id=producer.id)


async def test_a_pipe_transport_of_the_apps_own(scaled: Scaled) -> None:
    """Two pipe transports of a room, on two workers, are connected by the app as between two routers."""
    room = await room_of(scaled)
    one, other = [await room.create_pipe_transport(listen_info=LISTEN_UDP) for _ in range(2)]
    for near, far in ((one, other), (other, one)):
        await near.connect(ip=far.tuple["localAddress"], port=far.tuple["localPort"])
    assert one.tuple["remotePort"] == other.tuple["localPort"]

"""How rooms, and logical workers, end: by the app, by others, with the workers that they use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.conformance.helpers import happens, record
from tests.conformance.samples import AUDIO, DEVICE, MEDIA_CODECS
from tests.integration.client.scaled import Scaled, kill_worker_of, places, room_in, room_of
from tests.support.remote_cluster import ROOMY, RemoteCluster, remote_cluster

from tureen.bus import Bus, BusSettings
from tureen.client import Room, connect, connection
from tureen.mediasoup.errors import NotFoundError, WorkerClosedError


@pytest.fixture
def cluster_of_its_own(tmp_path: Path) -> Iterator[RemoteCluster]:
    """Run a node of three workers for one test: where a worker dies another one is started."""
    with remote_cluster(tmp_path, nodes=1, workers=3) as cluster:
        yield cluster


@pytest.fixture
async def room(cluster_of_its_own: RemoteCluster) -> AsyncIterator[Room]:
    """Give a room on that node, of which each transport is on a worker of its own."""
    async with room_in(cluster_of_its_own) as room:
        yield room


async def test_one_of_the_workers_dies(room: Room, cluster_of_its_own: RemoteCluster) -> None:
    """Transports on a worker that dies emit `routerclose`, consumers elsewhere of what was there `producerclose`."""
    lost, kept = await room.create_direct_transport(), await room.create_direct_transport()
    producer = await lost.produce(kind="audio", rtp_parameters=AUDIO)
    consumer = await kept.consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    events = record(lost, "routerclose"), record(consumer, "producerclose"), record(room, "workerclose")
    await kill_worker_of(cluster_of_its_own, lost)
    await happens(lambda: lost.closed and producer.closed and consumer.closed)
    assert events == ([("routerclose",)], [("producerclose",)], [])
    assert not room.closed
    assert not kept.closed
    assert not room.can_consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    assert len(places(room)) == 1
    again = await (await room.create_direct_transport()).produce(kind="audio", rtp_parameters=AUDIO)
    assert not (await kept.consume(producer_id=again.id, rtp_capabilities=DEVICE)).closed


async def test_a_worker_dies_by_way_of_which_others_had_something(tmp_path: Path) -> None:
    """Consumers whose way to a producer is lost emit `producerclose`; the room says that it can be consumed again."""
    with remote_cluster(tmp_path, nodes=2, workers=2) as cluster:
        policy = {"maxTransportsPerWorker": 1}
        async with connect(cluster.url, scale="cluster", room_policy=policy) as client:
            room = await (await client.create_worker()).create_router(media_codecs=MEDIA_CODECS)
            between, behind, source = [await room.create_direct_transport() for _ in range(3)]
            nodes = [node for node, _ in places(room)]
            assert nodes[0] == nodes[1] != nodes[2]
            producer = await source.produce(kind="audio", rtp_parameters=AUDIO)
            data_producer = await source.produce_data()
            for transport in (between, behind):
                consumer = await transport.consume(producer_id=producer.id, rtp_capabilities=DEVICE)
                data_consumer = await transport.consume_data(data_producer_id=data_producer.id)
            events = record(consumer, "producerclose"), record(data_consumer, "dataproducerclose")
            told = record(room, "producerreachable", "dataproducerreachable", "workerclose")
            await kill_worker_of(cluster, between)
            await happens(lambda: len(told) == 2)
            assert events == ([("producerclose",)], [("dataproducerclose",)])
            assert dict(told) == {"producerreachable": producer, "dataproducerreachable": data_producer}
            again = await behind.consume(producer_id=producer.id, rtp_capabilities=DEVICE)
            data_again = await behind.consume_data(data_producer_id=data_producer.id)
            assert not again.closed
            assert not data_again.closed


async def test_a_producer_that_is_closed_is_not_reachable(scaled: Scaled) -> None:
    """Of a producer that is really closed, or whose worker died with it, the room says nothing."""
    room = await room_of(scaled)
    source, other = [await room.create_direct_transport() for _ in range(2)]
    producer = await source.produce(kind="audio", rtp_parameters=AUDIO)
    consumer = await other.consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    told = record(room, "producerreachable")
    producer.close()
    await happens(lambda: consumer.closed)
    await happens(lambda: len(room.session._tasks) == 1)
    assert told == []


async def test_the_last_of_the_workers_dies(room: Room, cluster_of_its_own: RemoteCluster) -> None:
    """When the last worker that a room uses dies it emits `workerclose` and is closed; the logical worker lives on."""
    transport = await room.create_direct_transport()
    events, ended = record(room, "workerclose"), record(transport, "routerclose")
    await kill_worker_of(cluster_of_its_own, transport)
    await happens(lambda: room.closed)
    assert (events, ended) == ([("workerclose",)], [("routerclose",)])
    worker = room._worker
    assert not worker.closed
    assert await worker.dump() == {
        "pid": 0,
        "webRtcServerIds": [],
        "routerIds": [],
        "channelMessageHandlers": {"channelRequestHandlers": [], "channelNotificationHandlers": []},
        "workers": [],
    }
    other = await worker.create_router(media_codecs=MEDIA_CODECS)
    assert not (await other.create_direct_transport()).closed


async def test_closed_by_somebody_else(scaled: Scaled, cluster: RemoteCluster) -> None:
    """A room that another client of the tenant has closed is closed here, with all that is in it."""
    room = await room_of(scaled, tenant="shared-room")
    transports = [await room.create_direct_transport() for _ in range(2)]
    ended = [record(transport, "routerclose") for transport in transports]
    closed = record(room.observer, "close")
    bus = await Bus.connect(BusSettings(servers=[cluster.url], tenant="shared-room"))
    try:
        await bus.command("placement", "room.close", {"roomId": room.id}, tenant="shared-room")
        await happens(lambda: room.closed)
    finally:
        await bus.close()
    assert (ended, closed) == ([[("routerclose",)]] * 2, [("close",)])


async def test_closed_by_somebody_else_while_nothing_is_in_it(scaled: Scaled, cluster: RemoteCluster) -> None:
    """That a room in which nothing is was closed by another client is noticed with the next transport."""
    room = await room_of(scaled, tenant="empty-room")
    bus = await Bus.connect(BusSettings(servers=[cluster.url], tenant="empty-room"))
    try:
        await bus.command("placement", "room.close", {"roomId": room.id}, tenant="empty-room")
    finally:
        await bus.close()
    with pytest.raises(NotFoundError):
        await room.create_direct_transport()
    assert room.closed


async def test_closing_a_logical_worker(scaled: Scaled) -> None:
    """`close()` closes the rooms, which emit `workerclose`, and the worker emits `subprocessclose`."""
    client = await scaled()
    worker = await client.create_worker()
    room = await worker.create_router(media_codecs=MEDIA_CODECS)
    transport = await room.create_direct_transport()
    events, ended = record(room, "workerclose"), record(transport, "routerclose")
    closed = record(worker, "subprocessclose")
    worker.close()
    await worker.wait_closed()
    await happens(lambda: closed == [("subprocessclose",)])
    assert (events, ended) == ([("workerclose",)], [("routerclose",)])
    assert worker.closed
    assert worker.subprocess_closed
    assert not worker.died
    with pytest.raises(WorkerClosedError):
        await room.create_direct_transport()
    with pytest.raises(WorkerClosedError):
        await worker.create_router()


async def test_nobody_waits_for_a_room_any_more(scaled: Scaled, cluster: RemoteCluster) -> None:
    """A room whose creation was cancelled does not stay."""
    client = await scaled(tenant="impatient")
    worker = await client.create_worker()
    creating = asyncio.create_task(worker.create_router())
    await asyncio.sleep(0)
    creating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await creating
    placement = cluster.placement.placement
    assert placement is not None
    session = client._session
    # What goes on beside is but the watch over workers.
    await happens(lambda: len(session._tasks) == 1 and not session._told)
    assert [room for room in placement.state.store.all() if room.tenant == "impatient"] == []


async def test_a_router_that_nobody_uses(tmp_path: Path) -> None:
    """Placement closes a router of a room that is empty; the room does without it, and gets another when needed."""
    with remote_cluster(tmp_path, nodes=1, workers=1, empty_router_after=0.2, janitor_interval=0.05) as cluster:
        async with connect(cluster.url, scale="cluster", room_policy=ROOMY) as client:
            room = await (await client.create_worker()).create_router(media_codecs=MEDIA_CODECS)
            closed = record(room.observer, "close")
            (await room.create_direct_transport()).close()
            await happens(lambda: places(room) == [])
            transport = await room.create_direct_transport()
            assert not transport.closed
            assert (room.closed, closed, len(places(room))) == (False, [], 1)


async def test_no_worker_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A logical worker dies when its last node is gone, and its rooms emit `workerclose`; a silent one may be back."""
    monkeypatch.setattr(connection, "LOOK_INTERVAL", 0.1)
    with remote_cluster(tmp_path, nodes=1, workers=1) as cluster:
        async with connect(cluster.url, scale="node", room_policy=ROOMY) as client:
            worker = await client.create_worker()
            room = await worker.create_router(media_codecs=MEDIA_CODECS)
            await room.create_direct_transport()
            died, lost = record(worker, "died"), record(room, "workerclose")
            node = cluster.nodes.pop()
            await asyncio.to_thread(node.stop)
            await happens(lambda: room.closed)
            assert lost == [("workerclose",)]
            again = await worker.create_router(media_codecs=MEDIA_CODECS)
            lost = record(again, "workerclose")
            assert not worker.died
            await cluster.placement.forget(node.id)
            await happens(lambda: worker.died)
            assert [name for name, _ in died] == ["died"]
            assert lost == [("workerclose",)]
            assert "no worker is left" in str(died[0][1])

"""RTP observers of rooms, over several workers, with real audio."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.helpers import comes, happens, record, start
from tests.conformance.samples import AUDIO, LISTEN_UDP, MEDIA_CODECS, VIDEO
from tests.integration.client.scaled import Scaled, room_in, room_of
from tests.integration.client.speaking import Speaker, in_turn, speaker, talk, until
from tests.support.remote_cluster import RemoteCluster, remote_cluster

from tureen.client import Room
from tureen.mediasoup.errors import MediasoupError, NotFoundError
from tureen.node_agent.agent import NodeAgent

INTERVAL = 500


@pytest.fixture
def mortals(tmp_path: Path) -> Iterator[RemoteCluster]:
    """Run a cluster whose workers may be killed."""
    with remote_cluster(tmp_path, nodes=2, workers=2) as cluster:
        yield cluster


@pytest.fixture
async def doomed(mortals: RemoteCluster) -> AsyncIterator[Room]:
    """Give a room of which each transport is on a worker of its own, which may be killed."""
    async with room_in(mortals) as room:
        yield room


def volumes(event: tuple[Any, ...]) -> list[tuple[Any, int]]:
    """Return who is how loud, as an event says."""
    return [(entry["producer"], entry["volume"]) for entry in event[1]] if event[0] == "volumes" else []


async def test_volumes_of_several_workers(scaled: Scaled) -> None:
    """The loudest of all workers are told, in order and no more than wanted; and silence, once, when all are."""
    room = await room_of(scaled)
    speakers = [await speaker(room) for _ in range(3)]
    assert len(room.members) == 3
    observer = await room.create_audio_level_observer(max_entries=2, interval=INTERVAL, threshold=-60)
    events, observed = record(observer, "volumes", "silence"), record(observer.observer, "volumes", "silence")
    for each in speakers:
        await observer.add_producer(producer_id=each.producer.id)
    low, high, middle = speakers
    low.volume, high.volume, middle.volume = -50, -10, -30
    async with talk(*speakers):
        await until(lambda: events and volumes(events[-1]) == [(high.producer, -10), (middle.producer, -30)])
        high.volume = None
        await until(lambda: volumes(events[-1]) == [(middle.producer, -30), (low.producer, -50)])
        low.volume = -100
        await until(lambda: volumes(events[-1]) == [(middle.producer, -30)])
        middle.volume = None
        await until(lambda: events[-1] == ("silence",))
    assert all(event != following for event, following in pairwise(events) if event == ("silence",))
    assert events == observed


async def test_where_the_real_ones_are(scaled: Scaled) -> None:
    """There is a real one where a producer lives that was added, and nowhere else; the room tells of one."""
    room = await room_of(scaled)
    first, second = await speaker(room), await speaker(room)
    made = record(room.observer, "newrtpobserver")
    observer = await room.create_audio_level_observer(id="levels")
    assert (made, observer.id, observer.type) == ([("newrtpobserver", observer)], "levels", "audiolevel")
    added = record(observer.observer, "addproducer", "removeproducer")
    await observer.add_producer(producer_id=second.producer.id)
    await observer.add_producer(producer_id=second.producer.id)
    reals = [len((await member.dump())["rtpObserverIds"]) for member in room.members]
    assert reals == [0, 1]
    dump = await room.dump()
    assert dump["rtpObserverIds"] == ["levels"]
    assert {"key": second.producer.id, "values": ["levels"]} in dump["mapProducerIdObserverIds"]
    await observer.remove_producer(producer_id=second.producer.id)
    await observer.remove_producer(producer_id=first.producer.id)
    assert not any("levels" in entry["values"] for entry in (await room.dump())["mapProducerIdObserverIds"])
    assert [(name, producer) for name, producer in added] == [
        ("addproducer", second.producer),
        ("removeproducer", second.producer),
        ("removeproducer", first.producer),
    ]
    observer.close()
    observer.close()
    assert (await room.dump())["rtpObserverIds"] == []
    assert [len((await member.dump())["rtpObserverIds"]) for member in room.members] == [0, 0]
    with pytest.raises(NotFoundError):
        await observer.add_producer(producer_id=first.producer.id)


async def real_observers(room: Room) -> int:
    """Return how many real ones there are on a room's workers."""
    return sum([len((await member.dump())["rtpObserverIds"]) for member in room.members])


async def test_added_at_the_same_time(scaled: Scaled) -> None:
    """Producers that are added side by side, and twice, are watched by as few real ones as others, and told once."""
    room = await room_of(scaled)
    speakers = [await speaker(room) for _ in range(3)]
    loud, dominant = await room.create_audio_level_observer(), await room.create_active_speaker_observer()
    for observer, reals in ((loud, 3), (dominant, 4)):
        added = record(observer.observer, "addproducer")
        ids = [each.producer.id for each in speakers] * 2
        await asyncio.gather(*(observer.add_producer(producer_id=producer_id) for producer_id in ids))
        assert await real_observers(room) == reals
        assert {producer.id for _, producer in added} == set(ids)
        assert len(added) == 3


async def test_nobody_waits_for_a_producer_to_be_added_any_more(scaled: Scaled) -> None:
    """A producer whose adding was cancelled is not watched, on its node either."""
    room = await (await (await scaled()).create_worker()).create_router(media_codecs=MEDIA_CODECS)
    transport = await room.create_direct_transport()
    known = await transport.produce(kind="audio", rtp_parameters=AUDIO)
    unwanted = await (await room.create_direct_transport()).produce(kind="audio", rtp_parameters=AUDIO)
    observer = await room.create_audio_level_observer()
    await observer.add_producer(producer_id=known.id)
    adding = asyncio.create_task(observer.add_producer(producer_id=unwanted.id))
    await asyncio.sleep(0)
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    await happens(lambda: len(room.session._tasks) == 1)
    watched = (await room.dump())["mapProducerIdObserverIds"]
    assert [entry["key"] for entry in watched if entry["values"]] == [known.id]


async def test_closed_while_producers_are_added(scaled: Scaled) -> None:
    """Who adds a producer to an observer that is closed meanwhile hears so, and nothing is left on the workers."""
    room = await room_of(scaled)
    speakers = [await speaker(room) for _ in range(2)]
    for make in (room.create_audio_level_observer, room.create_active_speaker_observer):
        observer = await make()
        adding = await start(*(observer.add_producer(producer_id=each.producer.id) for each in speakers))
        observer.close()
        results = await asyncio.gather(*adding, return_exceptions=True)
        assert all(isinstance(result, NotFoundError) for result in results)
        assert (await room.dump())["rtpObserverIds"] == []
        await comes(lambda: real_observers(room), 0)


async def test_paused(scaled: Scaled) -> None:
    """A paused observer says that all are silent and nothing more, also of workers that it comes to meanwhile."""
    room = await room_of(scaled)
    first, second = await speaker(room), await speaker(room)
    observer = await room.create_audio_level_observer(max_entries=9, interval=INTERVAL)
    events = record(observer, "volumes", "silence")
    changes = record(observer.observer, "pause", "resume")
    await observer.add_producer(producer_id=first.producer.id)
    first.volume = second.volume = -20
    async with talk(first, second):
        await until(lambda: events)
        await observer.pause()
        await observer.pause()
        assert observer.paused
        await until(lambda: events[-1] == ("silence",))
        heard = len(events)
        await observer.add_producer(producer_id=second.producer.id)
        await asyncio.sleep(INTERVAL / 1000 * 1.5)
        assert len(events) == heard
        await observer.resume()
        await until(lambda: len(volumes(events[-1])) == 2)
    assert changes == [("pause",), ("resume",)]


async def test_a_producer_that_is_closed(scaled: Scaled) -> None:
    """A producer that is closed or taken off is not told of any more, whatever others do."""
    room = await room_of(scaled)
    speakers = [await speaker(room) for _ in range(3)]
    observer = await room.create_audio_level_observer(max_entries=9, interval=INTERVAL)
    events = record(observer, "volumes", "silence")
    for each in speakers:
        await observer.add_producer(producer_id=each.producer.id)
        each.volume = -20
    one, two, three = speakers
    async with talk(*speakers):
        await until(lambda: events and len(volumes(events[-1])) == 3)
        heard = len(events)
        one.producer.close()
        await observer.remove_producer(producer_id=two.producer.id)
        await until(lambda: len(events) > heard + 2)
    assert {producer for event in events[heard:] for producer, _ in volumes(event)} == {three.producer}
    with pytest.raises(NotFoundError):
        await observer.add_producer(producer_id=one.producer.id)


async def test_a_worker_that_dies(doomed: Room, mortals: RemoteCluster) -> None:
    """When a worker is lost its volumes are gone; when all are, the observer is."""
    first, second = await speaker(doomed), await speaker(doomed)
    observer = await doomed.create_audio_level_observer(max_entries=9, interval=INTERVAL)
    events, ends = record(observer, "volumes", "silence"), record(observer, "routerclose")
    for each in (first, second):
        await observer.add_producer(producer_id=each.producer.id)
        each.volume = -20
    async with talk(first, second):
        await until(lambda: events and len(volumes(events[-1])) == 2)
        await kill(mortals, doomed, first)
        await until(lambda: first.producer.closed)
        await until(lambda: volumes(events[-1]) == [(second.producer, -20)])
        assert not ends
        await kill(mortals, doomed, second)
        await until(lambda: observer.closed)
    assert ends == [("routerclose",)]
    with pytest.raises(MediasoupError):
        await observer.pause()


async def test_who_speaks(scaled: Scaled) -> None:
    """The dominant speaker is told of, on whatever worker he is; a room's real observer is one."""
    room = await room_of(scaled)
    speakers = [await speaker(room) for _ in range(3)]
    observer = await room.create_active_speaker_observer(interval=200)
    events, observed = record(observer, "dominantspeaker"), record(observer.observer, "dominantspeaker")
    for each in speakers:
        await observer.add_producer(producer_id=each.producer.id)
    reals = [(await member.dump())["rtpObserverIds"] for member in room.members]
    assert sum(map(len, reals)) == 1
    await in_turn(events, *reversed(speakers))
    assert events == observed


async def test_the_observers_own_worker_dies(doomed: Room, mortals: RemoteCluster) -> None:
    """If the worker of the one real ActiveSpeakerObserver is lost another takes over, with the producers that live."""
    speakers = [await speaker(doomed) for _ in range(3)]
    observer = await doomed.create_active_speaker_observer(interval=200)
    events = record(observer, "dominantspeaker")
    for each in speakers:
        await observer.add_producer(producer_id=each.producer.id)
    gone, one, two = speakers
    await kill(mortals, doomed, gone)
    await until(lambda: gone.producer.closed)
    await in_turn(events, one, two, one)
    assert not observer.closed


async def test_what_is_refused(scaled: Scaled) -> None:
    """Wrong options, video and ids that are taken are refused as by mediasoup, before anything is made."""
    room = await room_of(scaled)
    transport = await room.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    video = await transport.produce(kind="video", rtp_parameters=VIDEO)
    observer = await room.create_active_speaker_observer(id="mine")
    with pytest.raises(TypeError):
        await observer.add_producer(producer_id=video.id)
    with pytest.raises(TypeError):
        await room.create_audio_level_observer(id="mine")
    with pytest.raises(TypeError):
        await room.create_active_speaker_observer(interval=65536)
    with pytest.raises(MediasoupError):
        await room.create_active_speaker_observer(id=transport.id)
    with pytest.raises(MediasoupError):
        await room.create_direct_transport(id="mine")
    assert (await room.dump())["rtpObserverIds"] == ["mine"]
    assert (await room.members[0].dump())["rtpObserverIds"] == []
    ends = record(observer, "routerclose")
    room.close()
    assert ends == [("routerclose",)]
    with pytest.raises(NotFoundError):
        await room.create_active_speaker_observer()


async def kill(cluster: RemoteCluster, room: Room, who: Speaker) -> None:
    """Kill the worker on which somebody is."""
    place = next(member.place for member in room.members if member is who.producer._transport._router)

    async def act(agent: NodeAgent) -> None:
        os.kill(agent.state.objects.workers.shared(place["workerId"], "system").worker.pid, signal.SIGKILL)

    await cluster.node(place["nodeId"]).do(act)

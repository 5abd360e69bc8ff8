"""An ActiveSpeakerObserver of a room hears producers over several hops."""

from __future__ import annotations

import os
import signal
from typing import Any

from tests.conformance.helpers import record
from tests.conformance.samples import DEVICE, MEDIA_CODECS
from tests.integration.client.cutting import cut
from tests.integration.client.speaking import Speaker, in_turn, speaker, until
from tests.integration.pulls.conftest import Cluster, Run
from tests.support.nats_server import NatsServer

from tureen.client import connect
from tureen.client.scaled.active_speaker_observer import ActiveSpeakerObserver
from tureen.client.scaled.member import Member


def member(who: Speaker) -> Member:
    """Return the router on which somebody is."""
    found = who.producer._transport._router
    assert isinstance(found, Member)
    return found


def hops(cluster: Cluster, who: Speaker) -> dict[str, str | None]:
    """Return which routers have somebody's producer, and from where."""
    return dict(cluster.placement.state.picture.holdings.holders(who.producer.id))


async def test_a_worker_on_the_way_dies(run_cluster: Run, nats_server: NatsServer) -> None:
    """What was pulled by way of a worker that is lost is pulled another way, and heard again."""
    cluster = await run_cluster(3, 1, agents={"max_pipe_fan_out": 1}, max_pipe_fan_out=1)
    async with connect(nats_server.url, scale="cluster", room_policy={"maxTransportsPerWorker": 1}) as client:
        room = await (await client.create_worker()).create_router(media_codecs=MEDIA_CODECS)
        far, between, near = [await speaker(room) for _ in range(3)]
        await between.producer._transport.consume(producer_id=far.producer.id, rtp_capabilities=DEVICE)
        observer = await room.create_active_speaker_observer(interval=200)
        events = record(observer, "dominantspeaker")
        for each in (near, far):
            await observer.add_producer(producer_id=each.producer.id)
        await until(lambda: hops(cluster, far).get(member(near).id) == member(between).id)
        place = member(between).place
        workers = cluster.nodes[place["nodeId"]].agent.state.objects.workers
        os.kill(workers.shared(place["workerId"], "system").worker.pid, signal.SIGKILL)
        await until(lambda: between.producer.closed)
        await until(lambda: hops(cluster, far).get(member(near).id) == member(far).id)
        await in_turn(events, far, near, far)


async def test_what_was_missed(run_cluster: Run, nats_server: NatsServer) -> None:
    """What was lost while the client had no connection is watched again once it has one."""
    cluster = await run_cluster(2, 1)
    async with connect(nats_server.url, scale="cluster", room_policy={"maxTransportsPerWorker": 1}) as client:
        room = await (await client.create_worker()).create_router(media_codecs=MEDIA_CODECS)
        near, far = [await speaker(room) for _ in range(2)]
        observer = await room.create_active_speaker_observer()
        for each in (near, far):
            await observer.add_producer(producer_id=each.producer.id)
        assert isinstance(observer, ActiveSpeakerObserver)
        node, (real_id,) = cluster.nodes[member(near).place["nodeId"]], observer.real_ids
        entry = node.agent.state.objects.rtp_observers.get(real_id, "default")
        await cut(client)
        await node.ask("rtpObserver.removeProducer", rtpObserverId=real_id, producerId=far.producer.id)
        assert entry.watching.keys() == {near.producer.id}
        await until(lambda: entry.watching.keys() == {near.producer.id, far.producer.id})


async def test_the_agent_says_what_is_heard_no_more(run_cluster: Run) -> None:
    """An observer's watchers hear when a producer is lost that was pulled for it, and not when its router is closed."""
    cluster = await run_cluster(2, 1)
    source, _, first = await cluster.source("node-1")
    _, _, second = await cluster.source("node-1", ssrc=2)
    node, router = await cluster.place("node-2")
    observer = (await node.ask("router.createActiveSpeakerObserver", routerId=router))["id"]
    for producer in (first, second):
        await node.ask("rtpObserver.addProducer", rtpObserverId=observer, producerId=producer)
    told: list[tuple[str, Any]] = []
    subject = f"tureen.v1.default.event.*.*.rtpObserver.{observer}.*"
    await cluster.bus.subscribe(
        subject, lambda subject, event: told.append((subject.split(".")[-1], event.get("data")))
    )
    await source.ask("producer.close", producerId=first)
    await until(lambda: told)
    await node.ask("router.close", routerId=router)
    await until(lambda: told[-1][0] == "close")
    assert told == [("removeproducer", {"producerId": first}), ("routerclose", None), ("close", None)]

"""What pulls promise beyond the packets themselves."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Events, Node, Run, open_room, room_record
from tests.integration.node_agent.test_data_pulls import direct_producer, pull_data
from tests.integration.node_agent.test_pipes import consume, pull, until
from tests.support.rtp import RtpSocket, rtp_socket, video_parameters, vp8_packet

from tureen.bus import Bus
from tureen.bus.parser import Delivery
from tureen.contract.errors import Conflict, NoCapacity, NotFound
from tureen.contract.subjects import DEFAULT_TENANT
from tureen.mediasoup import PipeTransport
from tureen.node_agent.pipes import incoming, puller, serving

DEPENDENCY_DESCRIPTOR = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"


def pipes_of(node: Node) -> list[PipeTransport]:
    """Return a node's ends of pipes."""
    ends = [entry.transport for entry in node.agent.state.objects.pipes.all()]
    return [end for end in ends if isinstance(end, PipeTransport)]


async def produce_video(
    node: Node, router_id: str, *ssrcs: int, **options: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make a VP8 producer, and return the transport and it."""
    sending = await node.sending_transport(router_id)
    produced = await node.ask(
        "transport.produce", transportId=sending["id"], kind="video", rtpParameters=video_parameters(*ssrcs), **options
    )
    return sending, produced


@asynccontextmanager
async def filming(sending: dict[str, Any], *ssrcs: int, missing: int = 0) -> AsyncIterator[RtpSocket]:
    """Send video, and key frames when they are asked for; of each ten packets so many are missing."""
    async with rtp_socket() as camera:
        due: set[int] = set(ssrcs)
        camera.on_request = due.add

        async def film() -> None:
            for sequence in range(1, 100_000):
                for ssrc in ssrcs:
                    if sequence % 10 >= missing:
                        camera.send_packet(sending["tuple"], vp8_packet(ssrc, sequence, key=ssrc in due))
                        due.discard(ssrc)
                await asyncio.sleep(0.01)

        task = asyncio.create_task(film())
        try:
            yield camera
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def listed(node: Node, of: Node) -> tuple[set[str], set[str]]:
    """Return the pulls that a node serves to, and takes from, another one."""
    page = await node.between("pipe.list", nodeId=of.id)
    return {entry["pullId"] for entry in page["served"]}, {entry["pullId"] for entry in page["pulled"]}


async def test_keys_are_in_pipe_serve_alone(run_node: Run, bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    """SRTP keys of pipes between hosts are in `pipe.serve` and its answer: in no event, log or dump."""
    caplog.set_level(logging.DEBUG)
    heard: list[Delivery] = []
    await bus.listen(">", heard.append)
    first, second = await run_node("node-1"), await run_node("node-2")
    await open_room(("r1", first, 0), ("r2", second, 0))
    producer = await first.produce((await first.sending_transport("r1"))["id"])
    await pull(second, producer["id"], "r2", first, "r1")
    ends = [*pipes_of(first), *pipes_of(second)]
    keys = [end.srtp_parameters["keyBase64"] for end in ends if end.srtp_parameters is not None]
    assert len(set(keys)) == 2
    for node in (first, second):
        for end in pipes_of(node):
            dump = (await node.ask("transport.dump", transportId=end.id))["dump"]
            assert "srtpParameters" not in dump
        await node.between("inventory.get")
    await bus.barrier()
    telling = [delivery for delivery in heard if any(key.encode() in delivery.body for key in keys)]
    assert len(telling) == 2
    asked = next(delivery for delivery in telling if delivery.reply)
    assert asked.subject == "tureen.v1.system.node.node-1.pipe.serve"
    assert {delivery.subject for delivery in telling} == {asked.subject, asked.reply}
    assert not any(key in caplog.text for key in keys)


@pytest.mark.parametrize("hosts", [1, 2])
async def test_what_pipes_carry(run_node: Run, hosts: int) -> None:
    """Every pipe consumer has RTX and the dependency descriptor, and no two streams of a pipe have one SSRC."""
    first = await run_node("node-1", workers=2)
    second = first if hosts == 1 else await run_node("node-2")
    await open_room(("r1", first, 0), ("r2", second, 1 if hosts == 1 else 0))
    producers = [(await produce_video(first, "r1", 1000 + number, 2000 + number))[1] for number in range(20)]
    await asyncio.gather(*(pull(second, producer["id"], "r2", first, "r1") for producer in producers))
    parameters = [serving.consumer.rtp_parameters for serving in first.agent.state.server._servings.values()]  # type: ignore[union-attr]
    used: Counter[int] = Counter()
    for found in parameters:
        assert [codec["mimeType"].lower() for codec in found["codecs"]] == ["video/vp8", "video/rtx"]
        assert {"type": "nack", "parameter": ""} in found["codecs"][0]["rtcpFeedback"]
        assert DEPENDENCY_DESCRIPTOR in [extension["uri"] for extension in found["headerExtensions"]]
        used.update(encoding["ssrc"] for encoding in found["encodings"])
        used.update(encoding["rtx"]["ssrc"] for encoding in found["encodings"])
    assert len(used) == 20 * 2 * 2
    assert max(used.values()) == 1
    assert len(pipes_of(first)) == (4 if hosts == 1 else 2) // 2
    assert all((end.srtp_parameters is not None) == (hosts == 2) for end in pipes_of(first))


async def test_key_frames_of_all_layers(run_node: Run) -> None:
    """A request two hops away reaches every layer at the source; a burst of viewers asks no more than once a second."""
    first, second = await run_node("node-1", workers=2), await run_node("node-2")
    record = await open_room(("r1", first, 0), ("r2", second, 0), ("r3", first, 1))
    layers = (101, 102, 103)
    sending, producer = await produce_video(first, "r1", *layers)
    async with filming(sending, *layers) as camera, rtp_socket() as viewer:
        await pull(second, producer["id"], "r2", first, "r1")
        await pull(first, producer["id"], "r3", second, "r2")
        watching = await consume(first, record, "r3", producer["id"], viewer.port)

        async def asked_for_all() -> bool:
            return set(camera.key_frames_asked) == set(layers)

        await until(asked_for_all)
        await viewer.taken(1)
        await asyncio.sleep(1.1)
        camera.key_frames_asked.clear()
        began = asyncio.get_running_loop().time()
        for _ in range(50):
            await first.ask("consumer.requestKeyFrame", consumerId=watching["id"])
        await until(asked_for_all)
        took = asyncio.get_running_loop().time() - began
        # One at once, one for those that came within its second, and one more for each second that this took.
        assert max(Counter(camera.key_frames_asked).values()) <= 2 + took


@pytest.mark.parametrize(("in_room", "options"), [(True, {"keyFrameRequestDelay": 0}), (True, {}), (False, {})])
async def test_an_apps_own_delay(run_node: Run, in_room: bool, options: dict[str, Any]) -> None:
    """In a room key frames are asked for once a second, unless the app says otherwise; outside of rooms at will."""
    node = await run_node(workers=1)
    await open_room(("r1", node, 0))
    router = "r1" if in_room else (await node.router())["id"]
    sending, producer = await produce_video(node, router, 7, **options)
    async with filming(sending, 7) as camera, rtp_socket() as viewer:
        transport = await node.receiving_transport(router, viewer.port)
        capabilities = (await node.ask("router.getRtpCapabilities", routerId=router))["rtpCapabilities"]
        watching = await node.ask(
            "transport.consume", transportId=transport["id"], producerId=producer["id"], rtpCapabilities=capabilities
        )
        await viewer.taken(1)
        began = asyncio.get_running_loop().time()
        for _ in range(12):
            await node.ask("consumer.requestKeyFrame", consumerId=watching["id"])
            await asyncio.sleep(0.05)
        if in_room and not options:
            took = asyncio.get_running_loop().time() - began
            assert len(camera.key_frames_asked) <= 2 + took
        else:
            assert len(camera.key_frames_asked) >= 6


async def test_scores_of_the_origin(run_node: Run, events: Events) -> None:
    """The score of each encoding where a producer lives shows in consumers two hops away, late ones included."""
    first, second = await run_node("node-1", workers=2), await run_node("node-2")
    record = await open_room(("r1", first, 0), ("r2", second, 0), ("r3", first, 1))
    sending, made = await produce_video(first, "r1", 7)
    producer = first.agent.state.objects.producers.get(made["id"], DEFAULT_TENANT).producer

    def tell(score: int) -> None:
        """Have the worker say what it would if so much were lost where the producer lives, and nothing on the way."""
        producer._on_notification("PRODUCER_SCORE", {"scores": [{"encodingIdx": 0, "ssrc": 7, "score": score}]})

    async with filming(sending, 7), rtp_socket() as viewer:

        async def filmed() -> bool:
            return [score["score"] for score in producer.score] == [10]

        await until(filmed)
        await pull(second, made["id"], "r2", first, "r1")
        tell(3)
        await pull(first, made["id"], "r3", second, "r2")
        watching = await consume(first, record, "r3", made["id"], viewer.port)
        await viewer.taken(1)

        async def shows(score: int) -> bool:
            told = [watching["score"]]
            for subject, payload in events.all:
                if (subject.object_id, subject.name) == (watching["id"], "score"):
                    told.append(payload["data"])
            return bool(told[-1]["producerScore"] == score)

        for score in (3, 6):
            tell(score)
            await until(lambda score=score: shows(score))  # type: ignore[misc]
        created = await consume(first, record, "r3", made["id"], viewer.port)
        assert created["score"]["producerScore"] == 6


async def test_a_full_fan_out_and_a_long_way(run_node: Run) -> None:
    """A router that sends a producer to enough others, or has it over enough hops, serves nobody else."""
    node = await run_node(workers=4, max_pipe_fan_out=1, max_pipe_depth=2)
    await open_room(*((f"r{number}", node, number - 1) for number in range(1, 5)))
    producer = await node.produce((await node.sending_transport("r1"))["id"])
    data = await direct_producer(node, "r1")
    for hop, id_ in ((pull, producer["id"]), (pull_data, data)):
        await hop(node, id_, "r2", node, "r1")
        with pytest.raises(NoCapacity) as refused:
            await hop(node, id_, "r3", node, "r1")
        assert refused.value.details["refuser"] == "r1"
        await hop(node, id_, "r3", node, "r2")
        with pytest.raises(NoCapacity):
            await hop(node, id_, "r4", node, "r3")
        with pytest.raises(Conflict):
            await node.between(
                "pipe.serve",
                pullId=f"back-{id_}",
                pipeId=f"back-{id_}",
                roomId="room",
                producerId=id_,
                routerId="r3",
                forRouterId="r1",
                forNodeId=node.id,
                endpoint={"ip": "127.0.0.1", "port": 9},
                data=id_ == data,
            )


async def test_a_refused_hop_leaves_nothing(run_node: Run) -> None:
    """What a refusal interrupts is undone: no watcher is counted, no pull and, after its linger, no pipe is left."""
    first, second = await run_node("node-1"), await run_node("node-2", max_pipe_fan_out=1)
    await open_room(("r1", first, 0), ("r2", second, 0))
    for data in (False, True):
        with pytest.raises(NotFound):
            await second.between(
                "pipe.pull",
                roomId="room",
                producerId="none",
                routerId="r2",
                fromRouterId="r1",
                fromNodeId=first.id,
                data=data,
            )
    assert await listed(first, second) == await listed(second, first) == (set(), set())
    routers = [router for node in (first, second) for router in node.agent.state.objects.routers.all()]
    assert not any(router.watchers or router.producers for router in routers)


async def test_pipes_go_after_their_pulls(run_node: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pulled producer goes after the linger, its pipe some time later; a new pull on it keeps the pipe."""
    monkeypatch.setattr(puller, "LINGER", 0.1)
    monkeypatch.setattr(incoming, "LINGER", 1.0)
    first, second = await run_node("node-1"), await run_node("node-2")
    await open_room(("r1", first, 0), ("r2", second, 0))
    producer = await first.produce((await first.sending_transport("r1"))["id"])
    for _ in range(2):
        await pull(second, producer["id"], "r2", first, "r1")
        (pipe,) = pipes_of(second)

        async def let_go() -> bool:
            return await listed(second, first) == (set(), set())

        await until(let_go)
        assert pipes_of(second) == [pipe]

    async def closed() -> bool:
        return not pipes_of(second)

    await until(closed)


async def test_a_router_that_is_passed_through_is_in_use(run_node: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A router without transports through which others pull is not closed as empty; when they are done it is."""
    monkeypatch.setattr(puller, "LINGER", 0.1)
    monkeypatch.setattr(incoming, "LINGER", 0.1)
    monkeypatch.setattr(serving, "LINGER", 0.2)
    node = await run_node(workers=3)
    await open_room(("r1", node, 0), ("r2", node, 1), ("r3", node, 2))
    producer = await node.produce((await node.sending_transport("r1"))["id"])
    await pull(node, producer["id"], "r2", node, "r1")
    await pull(node, producer["id"], "r3", node, "r2")
    with pytest.raises(Conflict):
        await node.ask("router.close", routerId="r2", ifEmpty=True)

    async def closed() -> bool:
        with suppress(Conflict):
            await node.ask("router.close", routerId="r2", ifEmpty=True)
            return True
        return False

    await until(closed)
    assert {router.id for router in node.agent.state.objects.routers.all()} == {"r1", "r3"}


async def test_a_worker_dies_and_both_ways_end(run_node: Run) -> None:
    """When a worker dies, its agent tells those who pulled from it and those it pulled from, each at once."""
    first, second, third = [await run_node(f"node-{number}") for number in (1, 2, 3)]
    await open_room(("r1", first, 0), ("r2", second, 0), ("r3", third, 0))
    producer = await first.produce((await first.sending_transport("r1"))["id"])
    data = await direct_producer(first, "r1")
    for hop, id_ in ((pull, producer["id"]), (pull_data, data)):
        await hop(second, id_, "r2", first, "r1")
        await hop(third, id_, "r3", second, "r2")
    # Somebody watches at the far end, so that no linger ends it.
    router = third.agent.state.objects.routers.get("r3", "system")
    router.watchers.update([producer["id"], data])
    os.kill(second.agent.state.objects.workers.get(second.worker_ids[0], "system").worker.pid, signal.SIGKILL)

    async def over() -> bool:
        served = (await listed(first, second))[0]
        pulled = (await listed(third, second))[1]
        return not served and not pulled and not router.producers

    await until(over)


async def test_the_record_drops_a_router(run_node: Run) -> None:
    """What was pulled from, or is served to, a router that the room's record does not list any more ends."""
    first, second, third = [await run_node(f"node-{number}") for number in (1, 2, 3)]
    places = [("r1", first, 0), ("r2", second, 0), ("r3", third, 0)]
    await open_room(*places)
    producer = await first.produce((await first.sending_transport("r1"))["id"])
    await pull(second, producer["id"], "r2", first, "r1")
    await pull(third, producer["id"], "r3", second, "r2")
    for node in (second, third):
        for router in node.agent.state.objects.routers.all():
            router.watchers.update([producer["id"]])
    # The second node is cut off: only the others hear that its router is gone.
    without = room_record(places[0], places[2], generation=2)
    await first.between("room.update", **without)
    await third.between("room.update", **without)
    assert (await listed(first, second))[0] == set()
    assert (await listed(third, second))[1] == set()
    assert pipes_of(third) == []
    assert not third.agent.state.objects.routers.get("r3", "system").producers


async def test_ends_are_compared_after_a_reconnect(run_node: Run) -> None:
    """Pulls that only one end has, because the other lost its news, end when either is back on the bus."""
    first, second = await run_node("node-1"), await run_node("node-2")
    await open_room(("r1", first, 0), ("r2", second, 0))
    producers = [
        (await first.produce((await first.sending_transport("r1"))["id"], rtpParameters=None))["id"] for _ in ()
    ]
    sending = [await first.sending_transport("r1") for _ in range(5)]
    producers = [(await first.produce(transport["id"]))["id"] for transport in sending]
    router = second.agent.state.objects.routers.get("r2", "system")
    for producer in producers:
        await pull(second, producer, "r2", first, "r1")
        router.watchers.update([producer])
    server, pulling = first.agent.state.server, second.agent.state.puller
    by_producer = {entry.producer_id: entry.pull_id for entry in pulling.entries(first.id)}
    lost = [by_producer[producer] for producer in producers]
    # One is forgotten by its source, one by its puller, as if messages about them had never arrived.
    del server._servings[lost[0]]
    del pulling._pulls[lost[1]]
    second.agent_bus._connection.client.abort()  # type: ignore[union-attr]

    async def agree() -> bool:
        with suppress(Exception):
            served, pulled = (await listed(first, second))[0], (await listed(second, first))[1]
            return served == pulled == set(lost[2:])
        return False

    await until(agree)
    assert producers[0] not in router.producers


async def test_a_source_that_started_anew(run_node: Run) -> None:
    """What was pulled from an earlier run of an agent ends when its new run is heard of."""
    first, second = await run_node("node-1"), await run_node("node-2")
    await open_room(("r1", first, 0), ("r2", second, 0))
    producer = (await first.produce((await first.sending_transport("r1"))["id"]))["id"]
    await pull(second, producer, "r2", first, "r1")
    router = second.agent.state.objects.routers.get("r2", "system")
    router.watchers.update([producer])
    await first.agent.close()
    await run_node("node-1")
    await second.agent._comparer.compare("node-1")
    assert not router.producers
    assert await listed(second, first) == (set(), set())


async def test_pulls_are_listed_in_pages(run_node: Run) -> None:
    """A list of pulls comes in pages, each of which says where the next begins."""
    first, second = await run_node("node-1"), await run_node("node-2")
    await open_room(("r1", first, 0), ("r2", second, 0))
    for _ in range(5):
        producer = await first.produce((await first.sending_transport("r1"))["id"])
        await pull(second, producer["id"], "r2", first, "r1")
    pages: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    while not pages or "next" in pages[-1]:
        pages.append(await first.between("pipe.list", nodeId=second.id, limit=2, **after))
        after = {"after": pages[-1].get("next")}
    assert [len(page["served"]) for page in pages] == [2, 2, 1]
    assert len({entry["pullId"] for page in pages for entry in page["served"]}) == 5
    await second.agent._comparer.compare("node-1")
    assert len((await listed(second, first))[1]) == 5

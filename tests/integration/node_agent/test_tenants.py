"""Two tenants that call everything the same, on one worker."""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Events, Node, Run, open_room, room_record
from tests.integration.node_agent.test_observers import speak
from tests.integration.node_agent.test_pipes import pull
from tests.support.hostile import CAPABILITIES
from tests.support.rtp import MEDIA_CODECS, audio_parameters

from tureen.bus import Bus
from tureen.contract import subjects
from tureen.contract.errors import Conflict, InvalidType, NotFound, TureenError

UDP = {"protocol": "udp", "ip": "default"}
AUDIO = {
    **audio_parameters(1111),
    "headerExtensions": [{"uri": "urn:ietf:params:rtp-hdrext:ssrc-audio-level", "id": 10}],
}

MAKE: list[tuple[str, dict[str, Any]]] = [
    ("worker.createRouter", {"id": "router", "mediaCodecs": MEDIA_CODECS}),
    ("router.createWebRtcTransport", {"id": "webrtc", "routerId": "router", "enableSctp": True}),
    ("router.createPlainTransport", {"id": "plain", "routerId": "router", "listenInfo": UDP}),
    ("router.createPipeTransport", {"id": "pipe", "routerId": "router", "listenInfo": UDP}),
    ("router.createDirectTransport", {"id": "direct", "routerId": "router"}),
    ("transport.produce", {"id": "audio", "transportId": "direct", "kind": "audio", "rtpParameters": AUDIO}),
    (
        "transport.consume",
        {"id": "heard", "transportId": "webrtc", "producerId": "audio", "rtpCapabilities": CAPABILITIES},
    ),
    ("transport.consume", {"id": "piped", "transportId": "pipe", "producerId": "audio"}),
    ("transport.produceData", {"id": "chat", "transportId": "direct"}),
    ("transport.consumeData", {"id": "read", "transportId": "direct", "dataProducerId": "chat"}),
    ("router.createAudioLevelObserver", {"id": "levels", "routerId": "router", "interval": 250, "threshold": -70}),
    ("router.createActiveSpeakerObserver", {"id": "speaker", "routerId": "router"}),
    ("rtpObserver.addProducer", {"rtpObserverId": "levels", "producerId": "audio"}),
    ("rtpObserver.addProducer", {"rtpObserverId": "speaker", "producerId": "audio"}),
]
LOOK: list[tuple[str, dict[str, Any]]] = [
    ("router.dump", {"routerId": "router"}),
    ("router.canConsume", {"routerId": "router", "producerId": "audio", "rtpCapabilities": CAPABILITIES}),
    *(("transport.dump", {"transportId": name}) for name in ("webrtc", "plain", "pipe", "direct")),
    *(("transport.getStats", {"transportId": name}) for name in ("webrtc", "plain", "pipe", "direct")),
    ("producer.dump", {"producerId": "audio"}),
    ("consumer.dump", {"consumerId": "heard"}),
    ("consumer.getStats", {"consumerId": "piped"}),
    ("dataProducer.dump", {"dataProducerId": "chat"}),
    ("dataConsumer.dump", {"dataConsumerId": "read"}),
]
CLOSE: list[tuple[str, dict[str, Any]]] = [
    ("consumer.close", {"consumerId": "heard"}),
    ("dataConsumer.close", {"dataConsumerId": "read"}),
    ("producer.close", {"producerId": "audio"}),
    ("rtpObserver.close", {"rtpObserverId": "levels"}),
    ("transport.close", {"transportId": "webrtc"}),
    ("router.close", {"routerId": "router"}),
]
IDS = frozenset(options["id"] for _, options in MAKE if "id" in options)


def shape(value: Any) -> Any:
    """Return an answer with the ids in it, and of all else its type; lists are sorted: a worker has its own order."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(map(shape, value), key=repr)
    return value if value in IDS or isinstance(value, bool | None) else type(value).__name__


async def ask_all(node: Node, tenant: str, commands: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """Send a tenant's commands one after the other; return the shapes of the answers."""
    answers = []
    for name, options in commands:
        extra = {"workerId": node.worker_ids[0]} if name == "worker.createRouter" else {}
        answer = await node.bus.command("node", name, {**options, **extra}, tenant=tenant, node_id=node.id)
        answers.append((name, shape(answer)))
    return answers


@pytest.fixture
async def heard(bus: Bus) -> dict[str, Events]:
    """Listen to the events of both tenants."""
    listening = {tenant: Events() for tenant in ("first", "second")}
    for tenant, events in listening.items():
        await bus.subscribe(subjects.events(tenant), events.take)
    return listening


async def test_the_same_ids_are_no_ones_affair(run_node: Run, heard: dict[str, Events]) -> None:
    """The second tenant gets the answers and events that the first got, and each closes its own alone."""
    node = await run_node()
    made = await ask_all(node, "first", MAKE)
    looked = await ask_all(node, "first", LOOK)
    assert await ask_all(node, "second", MAKE) == made
    assert await ask_all(node, "second", LOOK) == looked
    assert await ask_all(node, "first", LOOK) == looked
    for tenant in ("second", "first"):
        before = await ask_all(node, tenant, LOOK)
        await ask_all(node, tenant, CLOSE[:3])
        # The worker tells of it in its own time.
        await heard[tenant].first("piped", "producerclose")
        await ask_all(node, tenant, CLOSE[3:])
        await heard[tenant].first("router", "close")
        with pytest.raises(NotFound):
            await node.ask("router.dump", tenant, routerId="router")
        with pytest.raises(Conflict, match="closed a moment ago"):
            await ask_all(node, tenant, MAKE[:1])
        assert before == looked
        if tenant == "second":
            assert await ask_all(node, "first", LOOK) == looked
    told = {
        tenant: [(subject.object_id, subject.name, shape(payload.get("data"))) for subject, payload in events.all]
        for tenant, events in heard.items()
    }
    assert told["first"] == told["second"]
    assert {object_id for object_id, _, _ in told["second"]} == IDS
    assert not node.held()
    dump = (await node.between("worker.dump", workerId=node.worker_ids[0]))["dump"]
    assert dump["routerIds"] == []


async def test_media_goes_to_its_own(run_node: Run, heard: dict[str, Events]) -> None:
    """What one tenant sends is told to that tenant alone, by its own names."""
    node = await run_node()
    for tenant in heard:
        await ask_all(node, tenant, MAKE)
    await node.ask("dataProducer.send", "second", dataProducerId="chat", message=b"hello", ppid=53)
    await heard["second"].first("read", "message")
    await speak(node, "audio", 1111, 50, tenant="second")
    volumes = (await heard["second"].first("levels", "volumes"))["data"]
    assert [volume["producerId"] for volume in volumes] == ["audio"]
    assert (await heard["second"].first("speaker", "dominantspeaker"))["data"] == {"producerId": "audio"}
    stats = (await node.ask("producer.getStats", "second", producerId="audio"))["stats"]
    assert stats[0]["packetCount"] > 0
    assert (await node.ask("producer.getStats", "first", producerId="audio"))["stats"] == []
    assert not {"message", "volumes"} & {subject.name for subject, _ in heard["first"].all}


async def test_an_id_is_free_again_for_each(run_node: Run) -> None:
    """An owner may come back to an id whose first holder is gone, and a create asked for again makes one object."""
    node = await run_node()
    for tenant in ("first", "second"):
        await ask_all(node, tenant, MAKE[:2])
    again = await node.ask("router.createWebRtcTransport", "second", **MAKE[1][1])
    assert again == await node.ask("router.createWebRtcTransport", "second", **MAKE[1][1])
    other = await node.ask("router.createWebRtcTransport", "first", **MAKE[1][1])
    assert other["iceParameters"] != again["iceParameters"]
    with pytest.raises(Conflict, match="other options"):
        await node.ask("router.createWebRtcTransport", "second", **MAKE[1][1], enableUdp=False)
    await node.ask("router.close", "first", routerId="router")
    await node.ask("transport.close", "second", transportId="webrtc")
    for _ in range(2):
        made = await node.ask("router.createWebRtcTransport", "second", **MAKE[1][1], reuse=True)
        assert made["id"] == "webrtc"
        await node.ask("transport.close", "second", transportId="webrtc")


async def test_a_router_that_closes_meanwhile(run_node: Run) -> None:
    """An error names an object as its owner does, also where the worker knows it by another name."""
    node = await run_node()
    await ask_all(node, "first", MAKE[:1])
    await ask_all(node, "second", MAKE[:1])
    for tenant in ("second", "first"):
        making = asyncio.create_task(node.ask("router.createDirectTransport", tenant, routerId="router"))
        await asyncio.sleep(0)
        await node.ask("router.close", tenant, routerId="router")
        with pytest.raises(NotFound, match=r"^Router router is closed$"):
            await making


async def test_a_worker_like_the_nodes(run_node: Run) -> None:
    """A tenant that calls its own worker like one of the pool has its own; the pool's goes on serving the others."""
    node = await run_node()
    pool = node.worker_ids[0]
    own = await node.ask("mediasoup.createWorker", "second", id=pool)
    assert own["id"] == pool
    await ask_all(node, "first", MAKE[:2])
    await node.ask("worker.createRouter", "second", workerId=pool, id="own")
    dumped = (await node.ask("worker.dump", "second", workerId=pool))["dump"]
    assert dumped["routerIds"] == ["own"]
    await node.ask("worker.close", "second", workerId=pool)
    assert node.worker_ids == [pool]
    await node.ask("router.dump", "first", routerId="router")


async def test_a_room_is_on_the_nodes_workers_alone(run_node: Run) -> None:
    """A router of a room is not made on a tenant's worker that is called like one of the pool that has gone."""
    node = await run_node()
    pool = node.worker_ids[0]
    await node.ask("mediasoup.createWorker", "second", id=pool)
    record = room_record(("of-room", node, 0))
    await node.between("worker.close", workerId=pool)
    with pytest.raises(NotFound):
        await node.between("worker.createRouter", workerId=pool, id="of-room", record=record)
    assert (await node.ask("worker.dump", "second", workerId=pool))["dump"]["routerIds"] == []


async def test_routers_called_like_a_rooms(run_node: Run) -> None:
    """What rooms pull finds the rooms' routers, and who asks for a producer is told of these alone."""
    node = await run_node(workers=2)
    for router_id in ("a", "b"):
        await node.ask("worker.createRouter", "second", workerId=node.worker_ids[0], id=router_id)
    await node.ask("router.createDirectTransport", "second", routerId="b", id="own")
    await node.ask("transport.produceData", "second", transportId="own", id="chat")
    await open_room(("a", node, 0), ("b", node, 1))
    transport = await node.sending_transport("a")
    await node.produce(transport["id"], id="audio")
    await pull(node, "audio", "b", node, "a")
    found = (await node.between("pipe.find", producerId="audio"))["holders"]
    assert {(holder["routerId"], holder["roomId"]) for holder in found} == {("a", "room"), ("b", "room")}
    assert (await node.between("pipe.find", producerId="chat"))["holders"] == []


async def test_the_operator_and_ids_of_several(run_node: Run, heard: dict[str, Events]) -> None:
    """The operator is told where an id is not enough; what its lease owns goes with it, whosever it is."""
    node = await run_node()
    for tenant in heard:
        await ask_all(node, tenant, [MAKE[0]])
    for name, options in (
        ("router.dump", {"routerId": "router"}),
        ("router.close", {"routerId": "router"}),
        ("router.createDirectTransport", {"routerId": "router", "id": "direct"}),
    ):
        with pytest.raises(InvalidType, match="2 tenants have a Router router"):
            await node.between(name, **options)
    await node.between("lease.renew", ownerId="operator", ttlMs=60_000)
    for tenant, own in (("first", "one"), ("second", "two")):
        await node.ask("worker.createRouter", tenant, workerId=node.worker_ids[0], id=own)
        await node.between("router.createDirectTransport", routerId=own, id="direct", ownerId="operator")
    assert node.held()["transports"] == 2
    await node.between("lease.end", ownerId="operator")
    assert node.held() == {"routers": 4}


def _steps(seed: int, number: int) -> list[tuple[str, dict[str, Any]]]:
    """Return commands that make, look at and close things in any order, most of which find what they name."""
    rng = random.Random(seed)
    known = [*MAKE, *MAKE, *LOOK, *CLOSE, ("transport.close", {"transportId": "direct"})]
    steps: list[tuple[str, dict[str, Any]]] = list(MAKE)
    for _ in range(number):
        name, options = rng.choice(known)
        steps.append((name, {**options, "reuse": True} if "id" in options and rng.random() < 0.8 else options))
    return steps


async def _answer(node: Node, tenant: str, name: str, options: dict[str, Any]) -> Any:
    """Return the shape of an answer, or the error whole, after what the worker told before."""
    for _ in range(2):
        # It tells of what went with something else before it answers, and an answer is there a little sooner.
        await node.ask("worker.getResourceUsage", tenant, workerId=node.worker_ids[0])
    try:
        ((_, answer),) = await ask_all(node, tenant, [(name, options)])
    except TureenError as error:
        return error.type, error.message, error.details
    return answer


@pytest.mark.parametrize("seed", range(int(os.environ.get("TUREEN_TENANTS_SEEDS", "2"))))
async def test_whatever_others_do_meanwhile(run_node: Run, seed: int) -> None:
    """A tenant gets what it would get alone, while another makes and closes things of the same ids."""
    alone, shared = await run_node("alone"), await run_node("shared")
    steps, others = _steps(seed, 100), iter(_steps(seed + 1000, 400))
    expected = [await _answer(alone, "second", *step) for step in steps]
    under_way: list[asyncio.Task[Any]] = []
    answers = []
    for step in steps:
        under_way += [asyncio.create_task(_answer(shared, "first", *next(others))) for _ in range(3)]
        await asyncio.sleep(0)
        answers.append(await _answer(shared, "second", *step))
    await asyncio.gather(*under_way)
    different = [each for each in zip(steps, answers, expected, strict=True) if each[1] != each[2]]
    assert different == []
    for tenant in ("first", "second"):
        await _answer(shared, tenant, *CLOSE[-1])
    assert not shared.held()
    names = shared.agent.state.objects.workers.of_node(shared.worker_ids[0]).name_spaces
    assert [(len(each._objects), len(each.creating._ids)) for each in names.values()] == [(0, 0), (0, 0)]
    dump = (await shared.between("worker.dump", workerId=shared.worker_ids[0]))["dump"]
    assert dump["routerIds"] == []

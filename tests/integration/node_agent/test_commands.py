from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Run, open_room, room_record
from tests.support.rtp import MEDIA_CODECS, audio_parameters, rtp_socket

from tureen.contract.errors import (
    Conflict,
    InvalidType,
    NoCapacity,
    NotFound,
    Stale,
    Unauthorized,
    UnknownField,
    Unsupported,
)
from tureen.contract.subjects import DEFAULT_TENANT


async def test_rtp_goes_from_one_transport_to_another(run_node: Run) -> None:
    """A router, two transports, a producer and a consumer, all over the bus, carry every packet."""
    node = await run_node()
    router = await node.ask("worker.createRouter", workerId=node.worker_ids[0], mediaCodecs=MEDIA_CODECS)
    async with rtp_socket() as sender, rtp_socket() as receiver:
        sending = await node.sending_transport(router["id"])
        producer = await node.produce(sending["id"])
        receiving = await node.receiving_transport(router["id"], receiver.port)
        consumer = await node.ask(
            "transport.consume",
            transportId=receiving["id"],
            producerId=producer["id"],
            rtpCapabilities=router["rtpCapabilities"],
        )
        await sender.stream(sending["tuple"], 50)
        await receiver.taken(50)
        numbers = receiver.sequence_numbers[consumer["rtpParameters"]["encodings"][0]["ssrc"]]
        assert numbers == list(range(numbers[0], numbers[0] + 50))


async def test_a_create_may_be_asked_again(run_node: Run) -> None:
    """The same id and options make one transport; other options are a Conflict; a closed id stays closed."""
    node = await run_node()
    router = await node.ask("worker.createRouter", workerId=node.worker_ids[0], mediaCodecs=MEDIA_CODECS)
    make: dict[str, Any] = {"routerId": router["id"], "id": "transport"}
    first, second = await asyncio.gather(
        node.ask("router.createWebRtcTransport", **make), node.ask("router.createWebRtcTransport", **make)
    )
    assert first == second == await node.ask("router.createWebRtcTransport", **make)
    with pytest.raises(Conflict):
        await node.ask("router.createWebRtcTransport", **make, enableTcp=True)
    await node.ask("transport.close", transportId="transport")
    await node.ask("transport.close", transportId="transport")
    with pytest.raises(Conflict):
        await node.ask("router.createWebRtcTransport", **make)


async def test_a_command_waits_for_the_create_it_names(run_node: Run) -> None:
    """Commands sent one after another without waiting for answers find what those before them make."""
    node = await run_node()
    results = await asyncio.gather(
        node.ask("worker.createRouter", workerId=node.worker_ids[0], id="router", mediaCodecs=MEDIA_CODECS),
        node.ask(
            "router.createPlainTransport",
            routerId="router",
            id="transport",
            listenInfo={"protocol": "udp", "ip": "default"},
            comedia=True,
        ),
        node.ask(
            "transport.produce", transportId="transport", id="producer", kind="audio", rtpParameters=audio_parameters()
        ),
        node.ask("producer.pause", producerId="producer"),
        node.ask("producer.dump", producerId="producer"),
    )
    assert results[4]["dump"]["paused"] is True


async def test_closing_a_parent_leaves_nothing(run_node: Run) -> None:
    """Closing a router closes its transports, producers and consumers, and gives back what they had booked."""
    node = await run_node()
    router = await node.ask("worker.createRouter", workerId=node.worker_ids[0], mediaCodecs=MEDIA_CODECS)
    sending = await node.sending_transport(router["id"])
    producer = await node.produce(sending["id"])
    await node.ask(
        "transport.consume",
        transportId=sending["id"],
        producerId=producer["id"],
        rtpCapabilities=router["rtpCapabilities"],
    )
    await node.ask("router.close", routerId=router["id"])
    objects = node.agent.state.objects
    worker = next(iter(objects.workers.all()))
    counts = [len(table) for table in (objects.routers, objects.transports, objects.producers, objects.consumers)]
    assert counts == [0, 0, 0, 0]
    assert len(worker.bookings) == 0
    with pytest.raises(NotFound):
        await node.ask("producer.pause", producerId=producer["id"])


async def test_another_tenant_sees_nothing(run_node: Run) -> None:
    """To another tenant an object does not exist: looking, closing and consuming find nothing."""
    node = await run_node()
    router = await node.ask("worker.createRouter", workerId=node.worker_ids[0], mediaCodecs=MEDIA_CODECS)
    transport = await node.sending_transport(router["id"])
    with pytest.raises(NotFound):
        await node.ask("router.dump", "stranger", routerId=router["id"])
    with pytest.raises(NotFound):
        await node.ask("transport.getStats", "stranger", transportId=transport["id"])
    await node.ask("transport.close", "stranger", transportId=transport["id"])
    assert await node.ask("transport.dump", transportId=transport["id"])


@pytest.mark.parametrize(
    ("name", "payload", "error"),
    [
        ("worker.createRouter", {"workerId": "none"}, NotFound),
        ("worker.createRouter", {"workerId": 1}, InvalidType),
        ("worker.createRouter", {"workerId": "none", "colour": "red"}, UnknownField),
        ("worker.createRouter", {}, InvalidType),
        ("router.createWebRtcTransport", {"routerId": "none"}, NotFound),
        ("transport.connect", {"transportId": "none"}, NotFound),
        ("consumer.resume", {"consumerId": "a.b"}, InvalidType),
        ("pipe.find", {"producerId": "p"}, Unauthorized),
    ],
)
async def test_nonsense_gets_a_coded_answer(
    run_node: Run, name: str, payload: dict[str, Any], error: type[Exception]
) -> None:
    """What is missing, unknown, of the wrong type or not the caller's to send is refused by its name."""
    node = await run_node()
    with pytest.raises(error):
        await node.ask(name, **payload)


async def test_bad_media_options_are_mediasoups_errors(run_node: Run) -> None:
    """Codecs that mediasoup does not know, parameters that are none, and foreign addresses are refused."""
    node = await run_node()
    with pytest.raises(Unsupported):
        await node.ask(
            "worker.createRouter",
            workerId=node.worker_ids[0],
            mediaCodecs=[{"kind": "audio", "mimeType": "audio/chicken", "clockRate": 8000}],
        )
    router = await node.ask("worker.createRouter", workerId=node.worker_ids[0], mediaCodecs=MEDIA_CODECS)
    transport = await node.sending_transport(router["id"])
    with pytest.raises(InvalidType):
        await node.ask("transport.produce", transportId=transport["id"], kind="audio", rtpParameters={"codecs": "no"})
    with pytest.raises(Unauthorized):
        await node.ask(
            "router.createPlainTransport",
            routerId=router["id"],
            listenInfo={"protocol": "udp", "ip": "203.0.113.1"},
        )
    assert len(node.agent.state.objects.producers) == 0
    assert len(node.agent.state.objects.transports) == 1


async def test_only_placement_writes_records(run_node: Run) -> None:
    """A tenant cannot make up the record of a room, not even of its own: the agent keeps the one that it has."""
    node = await run_node()
    record = await open_room(("r1", node, 0))
    forged = room_record(("r1", node, 0), ("r2", node, 0), generation=2**53)
    with pytest.raises(Unauthorized):
        await node.ask("worker.createRouter", workerId=node.worker_ids[0], id="r2", record=forged)
    kept = node.agent.state.objects.rooms[DEFAULT_TENANT, "room"]
    assert kept.generation == record["generation"]
    assert node.held() == {"routers": 1}


async def test_an_older_record_is_stale(run_node: Run) -> None:
    """An agent that knows a newer record of a room refuses an older one, and closes what a newer one does not list."""
    node = await run_node(workers=2)
    await open_room(("r1", node, 0), ("r2", node, 1))
    with pytest.raises(Stale):
        await node.between("room.update", **room_record(("r1", node, 0), generation=0))
    await node.between("room.update", **room_record(("r1", node, 0), generation=2))
    with pytest.raises(NotFound):
        await node.ask("router.dump", routerId="r2")
    assert (await node.ask("router.dump", routerId="r1"))["dump"]["id"] == "r1"


async def test_a_rooms_codecs_come_with_whatever_record(run_node: Run) -> None:
    """Every router of a room has the codecs of its newest record, which may first come with another router's create."""
    node = await run_node(workers=2)
    places = (("r1", node, 0), ("r2", node, 1))
    await open_room(places[0])
    both = {**room_record(*places, generation=2), "mediaCodecs": MEDIA_CODECS[:1]}
    none = {**room_record(*places, generation=3), "mediaCodecs": []}

    async def codecs(router_id: str) -> list[str]:
        told = await node.ask("router.getRtpCapabilities", routerId=router_id)
        return [codec["mimeType"] for codec in told["rtpCapabilities"]["codecs"]]

    assert len(await codecs("r1")) > 1
    await node.between("worker.createRouter", workerId=node.worker_ids[1], id="r2", record=both)
    assert await codecs("r1") == await codecs("r2") == [MEDIA_CODECS[0]["mimeType"]]
    await node.between("router.close", routerId="r2")
    again = {**both, "generation": 3}
    none["generation"] = 4
    await asyncio.gather(
        node.between("worker.createRouter", workerId=node.worker_ids[1], id="r3", record=_listing(again, "r3")),
        node.between("room.update", **_listing(none, "r3")),
    )
    assert await codecs("r1") == await codecs("r3") == []


def _listing(record: dict[str, Any], router_id: str) -> dict[str, Any]:
    """Return a record whose second router has another id."""
    first, second = record["routers"]
    return {**record, "routers": [first, {**second, "routerId": router_id}]}


async def test_the_agent_is_the_arbiter(run_node: Run) -> None:
    """Beyond a room's share of a worker, or the worker's hard limit, a transport is refused and nothing is booked."""
    node = await run_node()
    await open_room(("r1", node, 0), maxTransportsPerWorker=1, hardLimit=50)
    await node.ask("router.createWebRtcTransport", routerId="r1")
    with pytest.raises(NoCapacity) as refused:
        await node.ask("router.createWebRtcTransport", routerId="r1")
    assert refused.value.details["maxTransportsPerWorker"] == 1
    grant = {"grantId": "g", "workerId": node.worker_ids[0], "roomId": "room", "cost": 60.0, "expiresAt": 2**45}
    with pytest.raises(NoCapacity):
        await node.ask("router.createWebRtcTransport", routerId="r1", grant=grant)
    for wrong in ({"roomId": "another"}, {"workerId": "another"}):
        with pytest.raises(Conflict):
            await node.ask("router.createWebRtcTransport", routerId="r1", grant={**grant, "cost": 0.0, **wrong})
    worker = next(iter(node.agent.state.objects.workers.all()))
    assert len(worker.bookings) == 1


async def test_a_grant_is_for_one_transport_and_a_while(run_node: Run) -> None:
    """Asked again with the same id the same transport answers; another one, or one that comes too late, is refused."""
    node = await run_node()
    await open_room(("r1", node, 0))
    clock = round(asyncio.get_running_loop().time() * 1000)
    grant = {"grantId": "g", "workerId": node.worker_ids[0], "roomId": "room", "expiresAt": clock + 60_000}
    # What was not made used nothing.
    port = {"protocol": "udp", "ip": "default", "port": node.agent.state.settings.max_port}
    taken = await node.ask("router.createPlainTransport", routerId="r1", listenInfo=port)
    with pytest.raises(Conflict, match="port"):
        await node.ask("router.createPlainTransport", routerId="r1", id="t0", listenInfo=port, grant=grant)
    await node.ask("transport.close", transportId=taken["id"])
    made = await node.ask("router.createWebRtcTransport", routerId="r1", id="t1", grant=grant)
    assert await node.ask("router.createWebRtcTransport", routerId="r1", id="t1", grant=grant) == made
    with pytest.raises(Conflict, match="used for another transport"):
        await node.ask("router.createWebRtcTransport", routerId="r1", id="t2", grant=grant)
    await node.ask("transport.close", transportId="t1")
    with pytest.raises(Conflict, match="used for another transport"):
        await node.ask("router.createWebRtcTransport", routerId="r1", id="t2", grant=grant)
    with pytest.raises(Stale, match="the grant expired"):
        await node.ask(
            "router.createWebRtcTransport", routerId="r1", id="t2", grant={**grant, "grantId": "h", "expiresAt": clock}
        )
    assert node.held() == {"routers": 1}

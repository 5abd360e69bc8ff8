"""Two tenants that call everything the same, in rooms over two nodes; and what one calls like the other's."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Events, Node, Run
from tests.integration.placement.conftest import Ask, StartReplica, until
from tests.support.hostile import CAPABILITIES
from tests.support.rtp import audio_parameters

from tureen.bus import Bus
from tureen.contract import subjects
from tureen.contract.errors import NotFound
from tureen.contract.rooms import RoomRouter
from tureen.node_agent.pipes import incoming, puller, serving
from tureen.placement.service import Placement

TENANTS = ("first", "second")


@pytest.fixture
async def heard(bus: Bus) -> dict[str, Events]:
    """Listen to the events of both tenants."""
    listening = {tenant: Events() for tenant in TENANTS}
    for tenant, events in listening.items():
        await bus.subscribe(subjects.events(tenant), events.take)
    return listening


async def _open(nodes: dict[str, Node], ask: Ask, tenant: str) -> list[dict[str, Any]]:
    """Open a room over both nodes, with a producer and a data producer in the one and who takes them in the other."""
    await ask("room.create", tenant, roomId="room", policy={"hardLimit": 100})
    places = [await ask("room.place", tenant, roomId="room", nodeId=name) for name in nodes]
    for place, transport_id in zip(places, ("send", "take"), strict=True):
        options = {"routerId": place["routerId"], "id": transport_id, "grant": place["grant"], "enableSctp": True}
        await nodes[place["nodeId"]].ask("router.createWebRtcTransport", tenant, **options)
    here, there = (nodes[place["nodeId"]] for place in places)
    await here.ask(
        "transport.produce",
        tenant,
        transportId="send",
        id="audio",
        kind="audio",
        rtpParameters=audio_parameters(1111),
    )
    await here.ask("router.createDirectTransport", tenant, routerId=places[0]["routerId"], id="direct")
    await here.ask("transport.produceData", tenant, transportId="direct", id="chat")
    await there.ask(
        "transport.consume", tenant, transportId="take", id="heard", producerId="audio", rtpCapabilities=CAPABILITIES
    )
    await there.ask("router.createDirectTransport", tenant, routerId=places[1]["routerId"], id="direct-2")
    await there.ask("transport.consumeData", tenant, transportId="direct-2", id="read", dataProducerId="chat")
    return places


def _left(node: Node) -> dict[str, Any]:
    """Return all that an agent still has of anybody's objects."""
    state = node.agent.state
    tables: dict[str, Any] = {
        **node.held(),
        "pulls": state.puller._pulls,
        "hops": state.puller._hops,
        "incoming": state.puller._pipes._pipes,
        "servings": state.server._servings,
        "outgoing": state.server._pipes._pipes,
        "ends": state.puller._direct._ends,
        "rooms": state.objects.rooms,
        "made": state.creates._made,
        "under way": state.creates._under_way,
    }
    for worker in state.objects.workers.all():
        tables |= {f"bookings of {worker.id}": len(worker.bookings), f"routers of {worker.id}": worker.routers}
        for tenant, names in worker.name_spaces.items():
            tables |= {f"objects of {tenant}": names._objects, f"creating of {tenant}": names.creating._ids}
    return {name: table for name, table in tables.items() if table}


async def test_rooms_of_two_tenants(
    run_node: Run,
    start_replica: StartReplica,
    ask: Ask,
    heard: dict[str, Events],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Streams and messages go to the tenant whose they are, events too, and when all has closed nothing is left."""
    for module in (incoming, puller, serving):
        monkeypatch.setattr(module, "LINGER", 0.05)
    nodes = {name: await run_node(name) for name in ("n1", "n2")}
    placement = await start_replica()
    await until(lambda: all(placement.state.picture.is_complete(name) for name in nodes))
    places = {tenant: await _open(nodes, ask, tenant) for tenant in TENANTS}
    assert len({place["routerId"] for each in places.values() for place in each}) == 4
    for number, tenant in enumerate(TENANTS):
        here = nodes[places[tenant][0]["nodeId"]]
        await here.ask("dataProducer.send", tenant, dataProducerId="chat", message=bytes([number]), ppid=53)
        assert (await heard[tenant].first("read", "message"))["data"]["message"] == bytes([number])
        await here.ask("producer.pause", tenant, producerId="audio")
        await heard[tenant].first("heard", "producerpause")
        assert [event.of("heard").count("producerpause") for event in heard.values()] == [1, number]
    await ask("room.close", "second", roomId="room")
    await heard["second"].first("heard", "transportclose")
    assert not {"close", "producerclose", "transportclose"} & set(heard["first"].of("heard"))
    there = nodes[places["first"][1]["nodeId"]]
    assert (await there.ask("consumer.dump", "first", consumerId="heard"))["dump"]["producerId"] == "audio"
    await ask("room.close", "first", roomId="room")
    await until(lambda: not any(_left(node) for node in nodes.values()))
    assert [event.of("read").count("message") for event in heard.values()] == [1, 1]


async def test_called_like_what_is_another_tenants(run_node: Run, start_replica: StartReplica, ask: Ask) -> None:
    """Own routers and workers that are called like a room's and the pool's change nothing for the room."""
    nodes = {name: await run_node(name) for name in ("n1", "n2")}
    placement = await start_replica()
    await until(lambda: all(placement.state.picture.is_complete(name) for name in nodes))
    places = await _open(nodes, ask, "first")
    await placement.state.updates.settled()
    before = placement.state.store.peek("first", "room")
    pools = {name: node.worker_ids[0] for name, node in nodes.items()}
    for node in nodes.values():
        for name, pool in pools.items():
            await node.ask("mediasoup.createWorker", "second", id=pool, reuse=True)
            for place in places:
                router_id = place["routerId"]
                await node.ask("worker.createRouter", "second", workerId=pool, id=router_id, reuse=True)
                await node.ask("router.createDirectTransport", "second", routerId=router_id, id="send", reuse=True)
                await node.ask("transport.produceData", "second", transportId="send", id="audio", reuse=True)
                await node.ask("router.close", "second", routerId=router_id)
                again = await node.ask("worker.createRouter", "second", workerId=pool, id=router_id, reuse=True)
                assert again["id"] == router_id
                if name == "n1":
                    await node.ask("router.close", "second", routerId=router_id)
            await node.ask("worker.close", "second", workerId=pool)
            # What is left in a worker of the second's goes with it.
            for place in places:
                await node.ask("router.close", "second", routerId=place["routerId"])
    for name in nodes:
        await nodes[name].between("inventory.get")
    await until(lambda: all(placement.state.picture.is_complete(name) for name in nodes))
    await _check(placement, nodes, ask, places)
    assert placement.state.store.peek("first", "room") == before


async def test_a_worker_dies_with_what_is_called_like_a_rooms(
    run_node: Run, start_replica: StartReplica, ask: Ask
) -> None:
    """A room loses its routers on a worker that dies, not those elsewhere that somebody's there was called like."""
    nodes = {name: await run_node(name) for name in ("n1", "n2")}
    placement = await start_replica()
    await until(lambda: all(placement.state.picture.is_complete(name) for name in nodes))
    places = await _open(nodes, ask, "first")
    dying = nodes["n2"]
    pool = dying.worker_ids[0]
    own = {"workerId": pool, "id": places[0]["routerId"]}
    await dying.ask("worker.createRouter", "second", **own)
    await dying.ask("mediasoup.createWorker", "second", id=pool)
    os.kill(dying.agent.state.objects.workers.of_node(pool).worker.pid, signal.SIGKILL)
    await until(lambda: [router.router_id for router in _routers(placement)] == [places[0]["routerId"]])
    await until(lambda: placement.state.picture.is_complete("n2"))
    held = placement.state.picture.holdings.router(places[0]["routerId"])
    assert held is not None
    assert held.node_id == "n1"
    await nodes["n1"].ask("producer.getStats", "first", producerId="audio")
    await dying.ask("worker.getResourceUsage", "second", workerId=pool)


def _routers(placement: Placement) -> list[RoomRouter]:
    record = placement.state.store.peek("first", "room")
    return record.routers if record is not None else []


async def _check(placement: Placement, nodes: dict[str, Node], ask: Ask, places: list[dict[str, Any]]) -> None:
    """Check that a room works as it did."""
    holdings = placement.state.picture.holdings
    routers = [place["routerId"] for place in places]
    assert set(holdings.holders("audio")) == set(routers)
    there = nodes[places[1]["nodeId"]]
    await there.ask("consumer.getStats", "first", consumerId="heard")
    with pytest.raises(NotFound):
        await there.ask("consumer.getStats", "second", consumerId="heard")
    answer = await ask("room.route", "first", roomId="room", routerId=routers[1], producerId="audio")
    assert [hop["routerId"] for hop in answer["path"]] == routers

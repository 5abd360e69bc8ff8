from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Events, Node, Run, open_room

from tureen.contract.errors import Conflict, InvalidType, NotFound, Unsupported


async def two_routers(node: Node) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Make a router on each of two workers, and a DirectTransport on the first."""
    routers = await node.router(0), await node.router(1)
    return *routers, await node.ask("router.createDirectTransport", routerId=routers[0]["id"])


async def test_a_producer_is_piped(run_node: Run, events: Events) -> None:
    """A producer can be consumed on the other router under its own id; asked again the answer is the same."""
    node = await run_node(workers=2)
    here, there, transport = await two_routers(node)
    producer = await node.produce(transport["id"])
    make = {"routerId": here["id"], "targetRouterId": there["id"], "producerId": producer["id"]}
    piped, again = await asyncio.gather(
        node.ask("router.pipeToRouter", **make), node.ask("router.pipeToRouter", **make)
    )
    assert piped == again == await node.ask("router.pipeToRouter", **make)
    assert piped["pipeProducer"]["id"] == producer["id"]
    assert node.held()["pipes"] == 2
    listening = await node.ask("router.createDirectTransport", routerId=there["id"])
    consumer = await node.ask(
        "transport.consume",
        transportId=listening["id"],
        producerId=producer["id"],
        rtpCapabilities=there["rtpCapabilities"],
    )
    await node.ask("producer.pause", producerId=producer["id"])
    await events.first(consumer["id"], "producerpause")
    await node.ask("producer.close", producerId=producer["id"])
    await events.first(consumer["id"], "producerclose")
    await events.first(piped["pipeConsumer"]["id"], "close")
    assert node.held() == {"routers": 2, "transports": 2, "pipes": 2}
    with pytest.raises(NotFound):
        await node.ask("router.pipeToRouter", **make)


async def test_a_piped_producer_with_an_id_of_its_own(run_node: Run) -> None:
    """Without `keepId` both routers may be of one worker, and what comes out is commanded like any producer."""
    node = await run_node()
    here, there = await node.router(), await node.router()
    transport = await node.ask("router.createDirectTransport", routerId=here["id"])
    producer = await node.produce(transport["id"])
    make = {"routerId": here["id"], "targetRouterId": there["id"], "producerId": producer["id"]}
    with pytest.raises(Conflict):
        await node.ask("router.pipeToRouter", **make)
    piped = await node.ask("router.pipeToRouter", **make, keepId=False)
    assert (await node.ask("producer.dump", producerId=piped["pipeProducer"]["id"]))["dump"]["type"]
    await node.ask("consumer.close", consumerId=piped["pipeConsumer"]["id"])
    with pytest.raises(NotFound):
        await node.ask("producer.dump", producerId=piped["pipeProducer"]["id"])
    assert await node.ask("router.pipeToRouter", **make, keepId=False)


async def test_data_is_piped(run_node: Run, events: Events) -> None:
    """Messages cross to the other router."""
    node = await run_node(workers=2)
    here, there, transport = await two_routers(node)
    producer = await node.ask("transport.produceData", transportId=transport["id"], label="chat")
    piped = await node.ask(
        "router.pipeToRouter",
        routerId=here["id"],
        targetRouterId=there["id"],
        dataProducerId=producer["id"],
        enableSrtp=True,
        listenInfo={"protocol": "udp", "ip": "default"},
    )
    assert piped["pipeDataProducer"]["id"] == producer["id"]
    listening = await node.ask("router.createDirectTransport", routerId=there["id"])
    consumer = await node.ask("transport.consumeData", transportId=listening["id"], dataProducerId=producer["id"])
    async with asyncio.timeout(10):
        # The association between both ends takes a moment; until then messages are dropped.
        while "message" not in events.of(consumer["id"]):
            await node.ask("dataProducer.send", dataProducerId=producer["id"], message="hello")
            await asyncio.sleep(0.02)
    await node.ask("router.close", routerId=there["id"])
    await events.first(piped["pipeDataConsumer"]["id"], "close")


async def test_what_cannot_be_piped(run_node: Run) -> None:
    """No producer or two, a router that is elsewhere, foreign or itself, and routers of one room are refused."""
    node = await run_node(workers=2)
    here, there, transport = await two_routers(node)
    producer_id = (await node.produce(transport["id"]))["id"]
    to: dict[str, Any] = {"routerId": here["id"], "targetRouterId": there["id"]}
    for options, error in (
        ({}, InvalidType),
        ({"producerId": producer_id, "dataProducerId": producer_id}, InvalidType),
        ({"producerId": "none"}, NotFound),
        ({"producerId": producer_id, "targetRouterId": "elsewhere"}, Unsupported),
        ({"producerId": producer_id, "targetRouterId": here["id"]}, InvalidType),
    ):
        with pytest.raises(error):
            await node.ask("router.pipeToRouter", **{**to, **options})
    foreign = await node.ask("worker.createRouter", "stranger", workerId=node.worker_ids[1])
    with pytest.raises(Unsupported):
        await node.ask("router.pipeToRouter", **{**to, "producerId": producer_id, "targetRouterId": foreign["id"]})
    await open_room(("r1", node, 0), ("r2", node, 1))
    with pytest.raises(Conflict):
        await node.ask("router.pipeToRouter", routerId="r1", targetRouterId="r2", producerId=producer_id)

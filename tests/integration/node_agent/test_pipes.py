from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Node, Run, open_room
from tests.support.rtp import rtp_socket

from tureen.contract.errors import Conflict, NotFound


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.05)


async def pull(node: Node, producer_id: str, to: str, source: Node, from_: str) -> dict[str, Any]:
    """Make one hop."""
    return await node.between(
        "pipe.pull",
        roomId="room",
        producerId=producer_id,
        routerId=to,
        fromRouterId=from_,
        fromNodeId=source.id,
    )


async def consume(node: Node, record: dict[str, Any], router_id: str, producer_id: str, port: int) -> dict[str, Any]:
    """Consume what a router holds."""
    receiving = await node.receiving_transport(router_id, port)
    return await node.ask(
        "transport.consume",
        transportId=receiving["id"],
        producerId=producer_id,
        rtpCapabilities=record["rtpCapabilities"],
    )


@pytest.mark.parametrize("hosts", [1, 2])
async def test_rtp_crosses_two_hops(run_node: Run, hosts: int) -> None:
    """A producer is pulled over two hops, inside a host or (with SRTP) between hosts, and every packet arrives."""
    first = await run_node("node-1", workers=3)
    second = first if hosts == 1 else await run_node("node-2", workers=1)
    record = await open_room(("r1", first, 0), ("r2", second, 0 if hosts == 2 else 1), ("r3", first, 2))
    sending = await first.sending_transport("r1")
    producer = await first.produce(sending["id"])
    await pull(second, producer["id"], "r2", first, "r1")
    reached = await pull(first, producer["id"], "r3", second, "r2")
    assert [hop["routerId"] for hop in reached["path"]] == ["r1", "r2", "r3"]
    async with rtp_socket() as sender, rtp_socket() as receiver:
        consumer = await consume(first, record, "r3", producer["id"], receiver.port)
        await sender.stream(sending["tuple"], 100)
        await receiver.taken(100)
        numbers = receiver.sequence_numbers[consumer["rtpParameters"]["encodings"][0]["ssrc"]]
        assert numbers == list(range(numbers[0], numbers[0] + 100))


async def test_one_hop_for_two_askers(run_node: Run) -> None:
    """Two who ask for the same producer at the same time cause one pull over one pipe."""
    node = await run_node(workers=2)
    await open_room(("r1", node, 0), ("r2", node, 1))
    producer = await node.produce((await node.sending_transport("r1"))["id"])
    paths = await asyncio.gather(*(pull(node, producer["id"], "r2", node, "r1") for _ in range(5)))
    assert all(path == paths[0] for path in paths)
    pulls = await node.between("pipe.list", nodeId=node.id)
    assert len(pulls["served"]) == len(pulls["pulled"]) == 1
    assert len(node.agent.state.objects.pipes) == 2


async def test_pause_and_close_follow_the_pipe(run_node: Run) -> None:
    """What happens to a producer where it lives happens to what was pulled from it, over two hops."""
    node = await run_node(workers=3)
    await open_room(("r1", node, 0), ("r2", node, 1), ("r3", node, 2))
    producer = await node.produce((await node.sending_transport("r1"))["id"], paused=True)
    await pull(node, producer["id"], "r2", node, "r1")
    await pull(node, producer["id"], "r3", node, "r2")
    async with rtp_socket() as receiver:
        record = node.agent.state.objects.rooms["default", "room"].to_wire()
        consumer = await consume(node, record, "r3", producer["id"], receiver.port)
        assert consumer["producerPaused"] is True

        async def producer_paused() -> bool:
            dump = await node.ask("consumer.dump", consumerId=consumer["id"])
            return bool(dump["dump"]["producerPaused"])

        async def resumed() -> bool:
            return not await producer_paused()

        async def gone() -> bool:
            return len(node.agent.state.objects.consumers) == 0

        await node.ask("producer.resume", producerId=producer["id"])
        await until(resumed)
        await node.ask("producer.pause", producerId=producer["id"])
        await until(producer_paused)
        await node.ask("producer.close", producerId=producer["id"])
        await until(gone)
    found = await node.between("pipe.find", producerId=producer["id"])
    assert found["holders"] == []


async def test_nobody_watches_and_it_goes(run_node: Run) -> None:
    """A pulled producer goes after the linger when nobody watches it, and the source stops sending it."""
    node = await run_node(workers=2)
    await open_room(("r1", node, 0), ("r2", node, 1))
    producer = await node.produce((await node.sending_transport("r1"))["id"])
    await pull(node, producer["id"], "r2", node, "r1")

    async def let_go() -> bool:
        pulls = await node.between("pipe.list", nodeId=node.id)
        return not pulls["served"] and not pulls["pulled"]

    await until(let_go)
    holders = (await node.between("pipe.find", producerId=producer["id"]))["holders"]
    assert [holder["routerId"] for holder in holders] == ["r1"]


async def test_no_circle_and_no_thin_air(run_node: Run) -> None:
    """A router on the way to the origin is refused as a puller, and so is one that asks for what is not held."""
    node = await run_node(workers=2)
    await open_room(("r1", node, 0), ("r2", node, 1))
    producer = await node.produce((await node.sending_transport("r1"))["id"])
    await pull(node, producer["id"], "r2", node, "r1")
    serve: dict[str, Any] = {
        "pullId": "pull",
        "pipeId": "pipe",
        "roomId": "room",
        "routerId": "r2",
        "forRouterId": "r1",
        "forNodeId": node.id,
        "endpoint": {"ip": "127.0.0.1", "port": 9},
    }
    with pytest.raises(Conflict):
        await node.between("pipe.serve", producerId=producer["id"], **serve)
    with pytest.raises(NotFound):
        await pull(node, "nobodys", "r2", node, "r1")
    assert len((await node.between("pipe.list", nodeId=node.id))["pulled"]) == 1


async def test_a_worker_dies_and_its_watchers_hear_it(run_node: Run) -> None:
    """When the source's worker dies, what was pulled from it closes, and another worker takes its place."""
    node = await run_node(workers=2)
    await open_room(("r1", node, 0), ("r2", node, 1))
    producer = await node.produce((await node.sending_transport("r1"))["id"])
    await pull(node, producer["id"], "r2", node, "r1")
    lost = node.agent.state.objects.workers.get(node.worker_ids[0], "system").worker
    lost_id = node.worker_ids[0]
    os.kill(lost.pid, signal.SIGKILL)

    async def recovered() -> bool:
        return len(node.worker_ids) == 2 and lost_id not in node.worker_ids

    await until(recovered)

    async def gone() -> bool:
        return not (await node.between("pipe.find", producerId=producer["id"]))["holders"]

    await until(gone)
    with pytest.raises(NotFound):
        await node.ask("router.dump", routerId="r1")
    assert (await node.ask("router.dump", routerId="r2"))["dump"]["id"] == "r2"

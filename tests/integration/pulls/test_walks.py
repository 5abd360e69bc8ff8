"""How consuming what lives elsewhere finds its way: over placement's routes, around refusals, within the deadline."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from tests.integration.node_agent.conftest import Node
from tests.integration.placement.conftest import until
from tests.integration.pulls.conftest import ROOM, Cluster, Run
from tests.support.rtp import rtp_socket

from tureen.contract.errors import NotFound, Timeout, Unavailable
from tureen.contract.pipes import PipeServed
from tureen.node_agent.pipes.puller import Puller


async def routers_on(cluster: Cluster, *node_ids: str) -> list[tuple[Node, str]]:
    """Have the room get a router on each of these nodes."""
    return [await cluster.place(node_id) for node_id in node_ids]


def pulls(cluster: Cluster) -> list[tuple[str, str]]:
    """Return the links of the room's trees, from router to router."""
    return sorted(
        (serving.command.router_id, serving.command.for_router_id)
        for node in cluster.nodes.values()
        for serving in node.agent.state.server._servings.values()
    )


async def test_two_askers_share_one_pull(run_cluster: Run) -> None:
    """Ten who consume the same producer on one router at the same time cause one pull; all hear it."""
    cluster = await run_cluster(2, 1)
    _, transport, producer = await cluster.source("node-1")
    ((node, router),) = await routers_on(cluster, "node-2")
    async with rtp_socket() as sender, rtp_socket() as receiver:
        await asyncio.gather(*(cluster.watch(node, router, producer, receiver.port) for _ in range(10)))
        assert len(pulls(cluster)) == 1
        await sender.stream(transport["tuple"], 20, ssrc=1)
        await receiver.taken(200)
    assert sorted(map(len, receiver.sequence_numbers.values())) == [20] * 10


async def test_around_a_full_router(run_cluster: Run) -> None:
    """Who is refused for fan-out that placement did not know of asks again, and takes it from another router."""
    cluster = await run_cluster(4, 1, agents={"max_pipe_fan_out": 1})
    source, _, producer = await cluster.source("node-1")
    routers = await routers_on(cluster, "node-2", "node-3", "node-4")
    for node, router in routers:
        assert (await cluster.watch(node, router, producer))["producerId"] == producer
    chain = [next(iter(source.agent.state.objects.routers.all())).id, *(router for _, router in routers)]
    links = pulls(cluster)
    assert len(links) == 3
    assert {to for _, to in links} == set(chain[1:])
    assert len({from_ for from_, _ in links}) == 3, "each sends it to one other"


async def test_no_room_in_any_tree(run_cluster: Run) -> None:
    """Where no tree may be that wide and deep there is an answer, in time, and nothing is left of the attempts."""
    cluster = await run_cluster(3, 1, agents={"max_pipe_fan_out": 1, "max_pipe_depth": 1})
    _, _, producer = await cluster.source("node-1")
    (first, one), (second, other) = await routers_on(cluster, "node-2", "node-3")
    await cluster.watch(first, one, producer)
    # An answer that is late is none: it would be Timeout.
    with pytest.raises(Unavailable):
        await cluster.watch(second, other, producer, timeout=5)
    assert len(pulls(cluster)) == 1
    assert not second.agent.state.objects.routers.get(other, "system").watchers


async def test_a_source_that_closes_half_way(run_cluster: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A producer that closes while it is pulled is not found, or gone a moment later, and nothing half-made remains."""
    cluster = await run_cluster(2, 1)
    source, _, producer = await cluster.source("node-1")
    ((node, router),) = await routers_on(cluster, "node-2")
    ask = Puller._ask_source

    async def slow(self: Puller, pull: object, timeout: float) -> PipeServed:
        served = await ask(self, pull, timeout)  # type: ignore[arg-type]
        await source.ask("producer.close", producerId=producer)
        return served

    monkeypatch.setattr(Puller, "_ask_source", slow)
    # Which of the two depends on whether the source's word of its end overtakes its answer's way through the worker.
    with contextlib.suppress(NotFound):
        await cluster.watch(node, router, producer)
    entry = node.agent.state.objects.routers.get(router, "system")
    await until(lambda: not (pulls(cluster) or entry.producers or entry.watchers or node.agent.state.puller._pulls))
    assert not list(node.agent.state.objects.consumers.all())


async def test_a_node_that_vanishes_on_the_way(run_cluster: Run) -> None:
    """When the agent in the middle of a path is gone, the way is asked for again without it."""
    cluster = await run_cluster(3, 1)
    _, _, producer = await cluster.source("node-1")
    (middle, between), (last, far) = await routers_on(cluster, "node-2", "node-3")
    await cluster.watch(middle, between, producer)
    known = cluster.placement.state.picture.holdings
    await until(lambda: between in known.holders(producer))
    # Its commands are not answered any more, and nobody has heard so.
    await middle.agent._service.drain()
    origin = next(iter(known.holders(producer).keys() - {between}))
    answer = await cluster.ask("room.route", roomId=ROOM, routerId=far, producerId=producer, exclude=[origin])
    assert [hop["routerId"] for hop in answer["path"]] == [origin, between, far]
    assert (await cluster.watch(last, far, producer))["producerId"] == producer
    assert (origin, far) in pulls(cluster)


async def test_a_producer_that_nobody_has(run_cluster: Run) -> None:
    """What lives nowhere is not found; while an agent of the room is silent it is unavailable instead."""
    cluster = await run_cluster(2, 1)
    (silent, _), (node, router) = await routers_on(cluster, "node-1", "node-2")
    with pytest.raises(NotFound):
        await cluster.watch(node, router, "nobodys")
    await silent.agent._service.drain()
    with pytest.raises(Unavailable):
        await cluster.watch(node, router, "nobodys")


async def test_an_observer_is_a_watcher(run_cluster: Run) -> None:
    """Active speakers are told from producers of other routers too, which stay pulled while an observer has them."""
    cluster = await run_cluster(2, 1)
    _, _, producer = await cluster.source("node-1")
    ((node, router),) = await routers_on(cluster, "node-2")
    entry = node.agent.state.objects.routers.get(router, "system")
    observer = (await node.ask("router.createActiveSpeakerObserver", routerId=router))["id"]
    levels = (await node.ask("router.createAudioLevelObserver", routerId=router))["id"]
    with pytest.raises(NotFound):
        await node.ask("rtpObserver.addProducer", rtpObserverId=levels, producerId=producer)
    add = {"rtpObserverId": observer, "producerId": producer}
    await asyncio.gather(*(node.ask("rtpObserver.addProducer", **add) for _ in range(2)))
    await node.ask("rtpObserver.addProducer", **add)
    assert entry.watchers == {producer: 1}
    await node.ask("rtpObserver.removeProducer", rtpObserverId=observer, producerId=producer)
    assert not entry.watchers
    await node.ask("rtpObserver.addProducer", rtpObserverId=observer, producerId=producer)
    await node.ask("rtpObserver.close", rtpObserverId=observer)
    assert not entry.watchers
    await until(lambda: not pulls(cluster), 15)
    with pytest.raises(NotFound):
        await node.ask("rtpObserver.addProducer", rtpObserverId=levels, producerId="nobodys")


async def test_no_way_but_through_a_silent_agent(run_cluster: Run) -> None:
    """Where every known way leads through an agent that does not answer, it is tried a few times, with pauses."""
    cluster = await run_cluster(4, 1, agents={"max_pipe_fan_out": 1}, max_pipe_fan_out=1)
    _, _, producer = await cluster.source("node-1")
    routers = await routers_on(cluster, "node-2", "node-3", "node-4")
    for node, router in routers[:2]:
        await cluster.watch(node, router, producer)
    (silent, _), _, (last, far) = routers
    await silent.agent._service.drain()
    asked: list[str] = []
    await cluster.bus.listen("tureen.v1.default.placement.room.route", lambda delivery: asked.append(delivery.subject))
    with pytest.raises((Unavailable, Timeout)):
        await cluster.watch(last, far, producer, timeout=2)
    await cluster.bus.barrier()
    assert 1 <= len(asked) <= 15
    assert not last.agent.state.objects.routers.get(far, "system").watchers

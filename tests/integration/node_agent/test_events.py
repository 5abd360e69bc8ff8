from __future__ import annotations

from typing import Any

from tests.integration.node_agent.conftest import Events, Run

from tureen.contract import subjects


async def test_every_close_is_told(run_node: Run, events: Events) -> None:
    """Closing a router tells of its end and that of all below it, numbered without a gap, in the agent's run."""
    node = await run_node()
    router = await node.router()
    transport = await node.sending_transport(router["id"])
    producer = await node.produce(transport["id"])
    consumer = await node.ask(
        "transport.consume",
        transportId=transport["id"],
        producerId=producer["id"],
        rtpCapabilities=router["rtpCapabilities"],
    )
    await node.ask("producer.pause", producerId=producer["id"])
    await node.ask("router.close", routerId=router["id"])
    await events.first(router["id"], "close")
    assert events.of(transport["id"]) == ["routerclose", "close"]
    assert events.of(producer["id"]) == ["pause", "transportclose", "close"]
    assert events.of(consumer["id"])[-2:] == ["transportclose", "close"]
    assert {subject.router_id for subject, _ in events.all} == {router["id"]}
    assert {payload["startId"] for _, payload in events.all} == {node.agent.state.start_id}
    assert [payload["seq"] for _, payload in events.all] == list(range(1, len(events.all) + 1))


async def test_events_are_the_owners(run_node: Run, events: Events) -> None:
    """Another tenant's events go out under that tenant, also when it was the operator who closed."""
    node = await run_node()
    heard: list[Any] = []
    await node.bus.subscribe(subjects.events("other"), lambda subject, _payload: heard.append(subject))
    theirs = await node.ask("worker.createRouter", "other", workerId=node.worker_ids[0])
    ours = await node.router()
    await node.between("router.close", routerId=theirs["id"])
    await node.ask("router.close", routerId=ours["id"])
    await events.first(ours["id"], "close")
    assert [subject.split(".")[5:] for subject in heard] == [[theirs["id"], "router", theirs["id"], "close"]]
    assert {subject.object_id for subject, _ in events.all} == {ours["id"]}

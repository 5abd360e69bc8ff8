"""Nodes that come, fall silent, restart, drain and lose workers."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.placement.agents import SimulatedAgent
from tests.integration.placement.conftest import Ask, StartAgent, StartReplica, knows, until

from tureen.bus import Bus
from tureen.contract import subjects
from tureen.contract.cluster import NodeEvent
from tureen.contract.errors import NoCapacity, NotFound, Unauthorized
from tureen.contract.ids import new_id


async def _events(bus: Bus, what: str) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []
    await bus.subscribe(subjects.system_event(what), lambda _, event: heard.append(event))
    return heard


async def test_list(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """The operator sees every node with its workers; a tenant may not look."""
    first, second, placement = await start_agent("b", 2), await start_agent("a", region="eu"), await start_replica()
    await knows(placement, first, second)
    nodes = (await ask("node.list", tenant="system"))["nodes"]
    assert [(node["nodeId"], node["state"], len(node["workers"])) for node in nodes] == [
        ("a", "alive", 1),
        ("b", "alive", 2),
    ]
    with pytest.raises(Unauthorized):
        await ask("node.list")


async def test_drain_and_undrain(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A drained node takes nothing new, whichever replica is asked, until it is undrained."""
    agent = await start_agent("a")
    replicas = [await start_replica(), await start_replica()]
    for placement in replicas:
        await knows(placement, agent)
    await ask("room.create", roomId="r")
    await ask("node.drain", tenant="system", nodeId="a")
    await ask("node.drain", tenant="system", nodeId="a")
    await until(lambda: all(placement.state.picture.cluster.nodes["a"].drained for placement in replicas))
    with pytest.raises(NoCapacity) as refused:
        await ask("room.place", roomId="r")
    assert refused.value.details["refusals"] == {"draining": 1}
    await ask("node.undrain", tenant="system", nodeId="a")
    await until(lambda: not any(placement.state.picture.cluster.nodes["a"].drained for placement in replicas))
    await ask("room.place", roomId="r")
    with pytest.raises(NotFound):
        await ask("node.drain", tenant="system", nodeId="nowhere")


async def test_a_drain_outlives_placement(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A node that the operator drains stays so when placement starts anew."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("node.drain", tenant="system", nodeId="a")
    again = await start_replica()
    await until(lambda: "a" in again.state.picture.cluster.nodes and again.state.picture.cluster.nodes["a"].drained)


async def test_joined_suspect_and_back(start_replica: StartReplica, start_agent: StartAgent, bus: Bus) -> None:
    """Joining, falling silent and coming back are events of the cluster."""
    joined, suspect = await _events(bus, "nodeJoined"), await _events(bus, "nodeSuspect")
    placement = await start_replica()
    agent = await start_agent("a")
    await until(lambda: joined)
    assert (joined[0]["nodeId"], joined[0]["startId"]) == ("a", agent.start_id)
    agent.silence()
    await until(lambda: suspect)
    assert placement.state.picture.cluster.nodes["a"].state == "suspect"
    agent.beat()
    await until(lambda: len(joined) == 2)
    assert joined[1]["reason"] == "returned"


async def test_a_restarted_agent(start_replica: StartReplica, start_agent: StartAgent, ask: Ask, bus: Bus) -> None:
    """A new run makes the old one gone: its routers leave the records, and rooms go on with its new workers."""
    gone = await _events(bus, "nodeGone")
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    first = await ask("room.place", roomId="r")
    _restart(agent)
    await until(lambda: gone)
    assert gone[0]["reason"] == "restarted"
    await until(lambda: placement.state.store.all()[0].routers == [])
    second = await ask("room.place", roomId="r")
    assert second["routerId"] != first["routerId"]
    assert second["workerId"] == "a-again"


async def test_a_worker_dies(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """The routers of a worker that died leave the records at once, and nothing more goes there."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    first = await ask("room.place", roomId="r")
    agent.kill_worker(first["workerId"])
    await until(lambda: placement.state.store.all()[0].routers == [])
    assert (await ask("room.place", roomId="r"))["workerId"] == f"{first['workerId']}-again"


async def test_a_node_says_goodbye(start_replica: StartReplica, start_agent: StartAgent, ask: Ask, bus: Bus) -> None:
    """A node that says that it leaves is gone; what an old run says does not concern a new one."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    await ask("room.place", roomId="r")
    bus.publish(subjects.system_event("nodeGone"), NodeEvent(node_id="a", start_id="older").to_wire())
    agent.silence()
    bus.publish(subjects.system_event("nodeGone"), NodeEvent(node_id="a", start_id=agent.start_id).to_wire())
    await until(lambda: "a" not in placement.state.picture.cluster.nodes)
    await until(lambda: placement.state.store.all()[0].routers == [])


async def test_nobody_speaks_for_another(start_replica: StartReplica, start_agent: StartAgent, bus: Bus) -> None:
    """A heartbeat or an inventory on another node's subject is dropped."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    forged = {"nodeId": "a", "startId": "forged", "seq": 1, "mediasoupVersion": "0", "host": {}, "workers": []}
    bus.publish(subjects.heartbeat("b"), forged)
    bus.publish(subjects.inventory("b"), {"nodeId": "a", "startId": "forged", "version": 1, "routers": []})
    bus.publish(subjects.heartbeat("a"), {"nonsense": True})
    await bus.barrier()
    agent.beat()
    await until(lambda: agent.node_id in placement.state.picture.cluster.nodes)
    assert placement.state.picture.cluster.nodes["a"].start_id == agent.start_id


async def test_missed_events_are_made_up_for(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A replica that missed an event asks for the inventory."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    router = (await ask("room.place", roomId="r"))["routerId"]
    agent.routers[router].producers["p"] = None
    agent.version += 1
    agent.produce(router, "q")
    holdings = placement.state.picture.holdings
    await until(lambda: holdings.holders("p") and holdings.holders("q"))
    assert agent.count("inventory.get") >= 1


async def test_worker_place(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A worker of the caller's own goes to a node with idle cores, not to those excluded or elsewhere."""
    first, second, placement = await start_agent("a"), await start_agent("b", region="us"), await start_replica()
    await knows(placement, first, second)
    assert (await ask("worker.place", exclude=["a"]))["nodeId"] == "b"
    assert (await ask("worker.place", region="us"))["nodeId"] == "b"
    with pytest.raises(NoCapacity):
        await ask("worker.place", exclude=["a"], region="")


def _restart(agent: SimulatedAgent) -> None:
    """Let an agent lose all it holds and announce a new run."""
    agent.start_id = new_id()
    agent.worker_ids = ["a-again"]
    agent.routers.clear()
    agent.rooms.clear()
    agent.version = 0
    agent.announce()


async def test_nodes_are_listed_in_pages(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """By id, as many as are asked for, each page from where the one before ended."""
    agents = [await start_agent(node_id) for node_id in "cab"]
    await knows(await start_replica(), *agents)
    first = await ask("node.list", tenant="system", limit=2)
    assert ([node["nodeId"] for node in first["nodes"]], first["next"]) == (["a", "b"], "b")
    last = await ask("node.list", tenant="system", limit=2, after=first["next"])
    assert ([node["nodeId"] for node in last["nodes"]], "next" in last) == (["c"], False)

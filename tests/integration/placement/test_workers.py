"""Which workers there are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.placement.conftest import Ask, StartAgent, StartReplica, knows, until

from tureen.contract.errors import InvalidType, UnknownField


def _ids(page: dict[str, Any]) -> list[str]:
    return [worker["workerId"] for worker in page["workers"]]


async def test_of_all_nodes_or_of_one(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A tenant sees the workers of every node, or of the one it names; a node that is unknown has none."""
    first, second, placement = await start_agent("b", 2), await start_agent("a"), await start_replica()
    await knows(placement, first, second)
    page = await ask("worker.list")
    assert page == {
        "workers": [
            {"nodeId": "a", "workerId": "a-w1", "draining": False},
            {"nodeId": "b", "workerId": "b-w1", "draining": False},
            {"nodeId": "b", "workerId": "b-w2", "draining": False},
        ],
        "silentNodes": 0,
    }
    assert _ids(await ask("worker.list", nodeId="b")) == ["b-w1", "b-w2"]
    assert await ask("worker.list", nodeId="nowhere") == {"workers": [], "silentNodes": 0}


async def test_in_pages(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A page holds whole nodes, one at least, and tells where the next one begins."""
    agents = [await start_agent("a", 3), await start_agent("b", 1), await start_agent("c", 1)]
    await knows(await start_replica(), *agents)
    first = await ask("worker.list", limit=2)
    assert (_ids(first), first["next"]) == (["a-w1", "a-w2", "a-w3"], "a")
    last = await ask("worker.list", limit=2, after=first["next"])
    assert (_ids(last), "next" in last) == (["b-w1", "c-w1"], False)
    assert _ids(await ask("worker.list", after="c")) == []


async def test_silent_and_draining_nodes(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """What drains is still there; of a silent node nothing is listed but that it is silent."""
    quiet, other, placement = await start_agent("quiet"), await start_agent("other"), await start_replica()
    await knows(placement, quiet, other)
    cluster = placement.state.picture.cluster
    await ask("node.drain", tenant="system", nodeId="other")
    quiet.silence()
    await until(lambda: cluster.nodes["other"].drained and cluster.nodes["quiet"].state == "suspect")
    page = await ask("worker.list")
    assert page["workers"] == [{"nodeId": "other", "workerId": "other-w1", "draining": True}]
    assert page["silentNodes"] == 1
    assert (await ask("worker.list", nodeId="other"))["silentNodes"] == 0
    quiet.beat()
    await until(lambda: cluster.nodes["quiet"].state == "alive")
    assert _ids(await ask("worker.list")) == ["other-w1", "quiet-w1"]


async def test_a_worker_that_died(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A worker that died is not listed any more, the one that took its place is."""
    agent, placement = await start_agent("a", 2), await start_replica()
    await knows(placement, agent)
    agent.kill_worker("a-w1")
    await until(lambda: placement.state.picture.cluster.worker("a-w1-again"))
    assert _ids(await ask("worker.list")) == ["a-w1-again", "a-w2"]


async def test_a_replica_that_has_just_started(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """A replica answers once it may have heard of every node: what it does not list would be taken for gone."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    placement.state.heard_since = placement.state.now() + 1.5
    asked = asyncio.ensure_future(ask("worker.list"))
    await ask("room.create", roomId="r")
    assert not asked.done()
    assert _ids(await asked) == ["a-w1"]


@pytest.mark.parametrize(
    ("payload", "error"),
    [({"limit": 0}, InvalidType), ({"after": "a.b"}, InvalidType), ({"region": "eu"}, UnknownField)],
)
async def test_nonsense(start_replica: StartReplica, ask: Ask, payload: dict[str, Any], error: type[Exception]) -> None:
    """What is out of range or unknown is refused by its name."""
    await start_replica()
    with pytest.raises(error):
        await ask("worker.list", **payload)

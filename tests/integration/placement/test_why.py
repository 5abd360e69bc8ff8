"""`room.why`: decisions of all replicas, by room and by transport."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Run
from tests.integration.placement.conftest import Ask, StartAgent, StartReplica, knows, until

from tureen.bus import Bus
from tureen.contract.errors import InvalidType, NoCapacity, NotFound, TureenError, Unauthorized, Unavailable
from tureen.placement.engine import Inputs, replay


async def test_every_replica_knows_why(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """What one replica decided the other explains; who decided it also tells what it was made from."""
    agent = await start_agent("a")
    replicas = [await start_replica(), await start_replica()]
    for placement in replicas:
        await knows(placement, agent)
    await ask("room.create", roomId="r")
    placed = await ask("room.place", roomId="r", direction="send", why=True)
    await until(lambda: all(len(placement.state.decisions) == 1 for placement in replicas))
    answers = [await ask("room.why", roomId="r", inputs=True) for _ in range(30)]
    told = [answer["decisions"][0] for answer in answers]
    for each in told:
        assert each["decision"]["why"] == placed["why"]
        assert each["decision"]["grantId"] == placed["grant"]["grantId"]
    inputs = [each["inputs"] for each in told if "inputs" in each]
    assert 0 < len(inputs) < 30
    again = replay(Inputs.from_wire(json.loads(json.dumps(inputs[0]))))
    assert again.place is not None
    assert again.place.worker_id == placed["workerId"]
    assert again.reason.digest == placed["why"]["inputsDigest"]


async def test_a_refusal_is_explained(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """That nothing was found is a decision as well, with the trace of the request that it answered."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    assert (await ask("room.why", roomId="r"))["decisions"] == []
    with pytest.raises(NoCapacity) as refused:
        await ask("room.place", roomId="r", exclude=agent.worker_ids)
    (told,) = (await ask("room.why", roomId="r"))["decisions"]
    assert "grantId" not in told["decision"]
    assert told["decision"]["why"]["refusals"] == {"excluded": 1}
    assert told["decision"]["traceId"] == refused.value.trace_id


async def test_a_closed_room_is_still_explained(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """What was decided for a room outlives it for a while."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    await ask("room.place", roomId="r")
    await ask("room.close", roomId="r")
    assert len((await ask("room.why", roomId="r"))["decisions"]) == 1


async def test_a_transport(start_replica: StartReplica, run_node: Run, ask: Ask) -> None:
    """A transport leads to the decision that it came from, wherever it is; what it has booked is told with it."""
    nodes, placement = [await run_node("n1"), await run_node("n2")], await start_replica()
    await until(lambda: all(placement.state.picture.is_complete(node.id) for node in nodes))
    await ask("room.create", roomId="r")
    placed = await ask("room.place", roomId="r", direction="recv")
    (node,) = [node for node in nodes if node.id == placed["nodeId"]]
    options: dict[str, Any] = {"routerId": placed["routerId"], "enableUdp": True}
    made = await node.ask("router.createWebRtcTransport", **options, grant=placed["grant"])
    answer = await ask("room.why", transportId=made["id"])
    (told,) = answer["decisions"]
    assert told["decision"]["grantId"] == placed["grant"]["grantId"] == answer["transport"]["grantId"]
    assert answer["transport"]["nodeId"] == node.id
    assert answer["transport"]["reserve"] == pytest.approx(placed["grant"]["reserve"])
    unasked = await node.ask("router.createWebRtcTransport", **options)
    answer = await ask("room.why", transportId=unasked["id"])
    assert answer["decisions"] == []
    assert "grantId" not in answer["transport"]
    assert len((await ask("room.why", tenant="system", transportId=made["id"]))["decisions"]) == 1
    with pytest.raises(NotFound):
        await ask("room.why", tenant="acme", transportId=made["id"])
    own = await node.ask("worker.createRouter", "acme", workerId=placed["workerId"])
    await node.ask(
        "router.createWebRtcTransport",
        "acme",
        routerId=own["id"],
        id=made["id"],
        grant=placed["grant"] | {"consumers": 1},
    )
    assert (await ask("room.why", tenant="acme", transportId=made["id"]))["decisions"] == []


@pytest.mark.parametrize(
    ("payload", "error"),
    [({"roomId": "nowhere"}, NotFound), ({"transportId": "nowhere"}, NotFound), ({}, InvalidType)],
)
async def test_what_is_not_there(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask, payload: dict[str, str], error: type[TureenError]
) -> None:
    """An unknown room or transport is not found; to name neither is wrong."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    with pytest.raises(error):
        await ask("room.why", **payload)


async def test_a_silent_node(start_replica: StartReplica, start_agent: StartAgent, ask: Ask) -> None:
    """While a node does not answer nobody can say that a transport is nowhere."""
    agent, placement = await start_agent("a"), await start_replica()
    await knows(placement, agent)
    agent.failing["transport.find"] = asyncio.Event()
    with pytest.raises(Unavailable, match="a did not answer"):
        await ask("room.why", transportId="nowhere", timeout=2.0)


async def test_other_tenants_rooms(start_replica: StartReplica, ask: Ask, bus: Bus) -> None:
    """A tenant may not ask for another; to the operator rooms are of tenant `default` unless another is named."""
    await start_replica()
    await ask("room.create", tenant="acme", roomId="r")
    body = {"roomId": "r", "tenant": "acme"}
    with pytest.raises(NotFound):
        await ask("room.why", tenant="system", roomId="r")
    await bus.command("placement", "room.why", body, tenant="system")
    with pytest.raises(Unauthorized):
        await bus.command("placement", "room.why", body, tenant="default")


async def test_the_log_holds_the_reason(
    start_replica: StartReplica, start_agent: StartAgent, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    """Placement's log tells the rule, the digest of the inputs and the refusals."""
    caplog.set_level("INFO")
    agent, placement = await start_agent("a", 2), await start_replica()
    await knows(placement, agent)
    await ask("room.create", roomId="r")
    placed = await ask("room.place", roomId="r", exclude=["a-w1"], why=True)
    (line,) = [record.message for record in caplog.records if record.message.startswith("room r:")]
    assert "a-w2 of a (first; " in line
    assert placed["why"]["inputsDigest"][:12] in line

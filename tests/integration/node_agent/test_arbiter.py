"""What a worker takes, with real workers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Node, Run, open_room
from tests.support.hostile import CAPABILITIES, VIDEO

from tureen.contract.errors import NoCapacity, TureenError
from tureen.contract.ids import new_id
from tureen.node_agent.bookings import SETTLING

SIMULCAST = {**VIDEO, "encodings": [{"ssrc": 22222222 + layer, "scalabilityMode": "L1T3"} for layer in range(3)]}


def _grant(node: Node, **fields: Any) -> dict[str, Any]:
    expires_at = round(node.agent.state.now() * 1000) + 10_000
    return {
        "grantId": new_id(),
        "workerId": node.worker_ids[0],
        "roomId": "room",
        "cost": 1.0,
        "expiresAt": expires_at,
        **fields,
    }


async def _transport(node: Node, **options: Any) -> str:
    made = await node.ask("router.createWebRtcTransport", routerId="r", enableUdp=True, **options)
    return str(made["id"])


async def _produce(node: Node) -> tuple[str, str]:
    """Make an audio and a simulcast producer, and return their ids."""
    transport = await node.sending_transport("r")
    audio = await node.produce(transport["id"])
    video = await node.ask("transport.produce", transportId=transport["id"], kind="video", rtpParameters=SIMULCAST)
    return str(audio["id"]), str(video["id"])


async def _consume(node: Node, transport_id: str, producer_id: str) -> dict[str, Any]:
    return await node.ask(
        "transport.consume", transportId=transport_id, producerId=producer_id, rtpCapabilities=CAPABILITIES
    )


async def test_a_share_counts_what_is_being_made(run_node: Run) -> None:
    """Of transports that are asked for at once, the room gets its share of the worker and not one more."""
    node = await run_node()
    await open_room(("r", node, 0), maxTransportsPerWorker=3)
    asked = [_transport(node, grant=_grant(node)) for _ in range(10)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    made = [answer for answer in answers if isinstance(answer, str)]
    assert len(made) == 3
    assert {type(answer) for answer in answers if not isinstance(answer, str)} == {NoCapacity}
    # Pipes are apart from that.
    await node.ask("router.createPipeTransport", routerId="r", listenInfo={"protocol": "udp", "ip": "default"})
    await node.ask("transport.close", transportId=made[0])
    assert await _transport(node, grant=_grant(node))


async def test_a_burst_of_consumers_is_counted_at_once(run_node: Run) -> None:
    """Consumers beyond what the grant foresaw count before any heartbeat shows them, and never above the hard limit."""
    node = await run_node()
    await open_room(("r", node, 0), hardLimit=80.0)
    audio, _ = await _produce(node)
    grant = _grant(node, cost=2.0, reserve=30.0, consumers=2, consumerCost=15.0)
    transport = await _transport(node, grant=grant)
    bookings = next(iter(node.agent.state.objects.workers.all())).bookings
    asked = [_consume(node, transport, audio) for _ in range(10)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, NoCapacity)]
    assert 4 <= len(answers) - len(refused) <= 7
    assert all(answer.details["load"] > 60 for answer in refused)
    assert bookings.reserved() == 0
    await node.ask("transport.close", transportId=transport)
    assert bookings.reserved() == 0
    assert bookings.unseen(node.agent.state.now() + SETTLING) == 0


async def test_a_consumer_that_is_not_made_takes_nothing(run_node: Run) -> None:
    """A consume that fails gives back what it had booked."""
    node = await run_node()
    await open_room(("r", node, 0))
    transport = await _transport(node, grant=_grant(node, reserve=30.0, consumerCost=15.0))
    bookings = next(iter(node.agent.state.objects.workers.all())).bookings
    for _ in range(3):
        with pytest.raises(TureenError):
            await _consume(node, transport, "nothing")
    assert bookings.reserved() == 30.0


@pytest.mark.parametrize(("limit", "layers"), [("degrade", {"spatialLayer": 0, "temporalLayer": 0}), ("deny", None)])
async def test_a_room_that_degrades(run_node: Run, limit: str, layers: dict[str, int] | None) -> None:
    """Above the watermark consumers of a room that degrades begin with the lowest layers, audio as always."""
    node = await run_node()
    await open_room(("r", node, 0), limit=limit, watermark=1.0)
    audio, video = await _produce(node)
    transport = await _transport(node, grant=_grant(node, cost=20.0))
    seen = await _consume(node, transport, video)
    heard = await _consume(node, transport, audio)
    assert seen["type"] == "simulcast"
    if layers is not None:
        assert seen["preferredLayers"] == layers
    else:
        assert seen["preferredLayers"] != {"spatialLayer": 0, "temporalLayer": 0}
    assert heard.get("preferredLayers") is None

"""Workers that have too much to do for too long."""

from __future__ import annotations

from typing import Any

from tests.integration.placement.conftest import Ask, StartAgent, StartReplica, knows, until

from tureen.bus import Bus
from tureen.contract import subjects

SOON: dict[str, Any] = {"rebalance_after": 0.0, "rebalance_pause": 60.0}


async def _events(bus: Bus, what: str) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []
    await bus.subscribe(subjects.system_event(what), lambda _, event: heard.append(event))
    return heard


async def test_moving_is_offered(start_replica: StartReplica, start_agent: StartAgent, ask: Ask, bus: Bus) -> None:
    """What an overloaded worker should give up is an event with the reason; new transports go elsewhere at once."""
    wanted = await _events(bus, "moveWanted")
    busy, idle, placement = await start_agent("a"), await start_agent("b"), await start_replica(**SOON)
    await knows(placement, busy, idle)
    await ask("room.create", roomId="r", policy={"firstNodeId": "a"})
    placed = await ask("room.place", roomId="r")
    router = busy.routers[placed["routerId"]]
    router.transports, router.consumers = 6, 60
    busy.cpu["a-w1"] = 97.0
    busy.beat()
    await until(lambda: wanted, 20)
    (event,) = wanted
    assert {name: event[name] for name in ("tenant", "roomId", "nodeId", "workerId", "routerId", "load")} == {
        "tenant": "default",
        "roomId": "r",
        "nodeId": "a",
        "workerId": "a-w1",
        "routerId": placed["routerId"],
        "load": 97.0,
    }
    assert 1 <= event["transports"] <= 6
    assert "above 90 % of a core" in event["reason"]
    assert (await ask("room.place", roomId="r"))["nodeId"] == "b"


async def test_growing_is_wanted(start_replica: StartReplica, start_agent: StartAgent, ask: Ask, bus: Bus) -> None:
    """Where no other worker takes anything nobody is moved: more nodes are wanted."""
    moves, scales = await _events(bus, "moveWanted"), await _events(bus, "scaleWanted")
    busy, placement = await start_agent("a", region="eu"), await start_replica(**SOON)
    await knows(placement, busy)
    await ask("room.create", roomId="r")
    placed = await ask("room.place", roomId="r")
    busy.routers[placed["routerId"]].transports = 2
    busy.cpu["a-w1"] = 97.0
    busy.beat()
    await until(lambda: scales, 20)
    assert (scales[0]["workerId"], scales[0]["region"], moves) == ("a-w1", "eu", [])

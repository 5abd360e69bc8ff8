from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.conftest import Connect
from tests.support.nats_server import NatsServer

from tureen.bus import Bus

pytestmark = pytest.mark.each_loop

EVENTS = "tureen.v1.system.event.*"


def subject(name: str) -> str:
    """Return the subject of an event."""
    return f"tureen.v1.system.event.{name}"


async def test_events_keep_their_order(bus: Bus, connect: Connect) -> None:
    """What one process publishes arrives in the order of its calls, across subjects."""
    heard: list[tuple[str, int]] = []
    listening = await connect()
    await listening.subscribe(EVENTS, lambda name, body: heard.append((name, body["n"])))
    sent = [(subject("ab"[number % 2]), number) for number in range(5000)]
    for name, number in sent:
        bus.publish(name, {"n": number})
    await bus.barrier()
    await listening.barrier()
    assert heard == sent


async def test_a_subscription_is_there_when_subscribe_returns(bus: Bus, connect: Connect) -> None:
    """What anybody publishes after subscribe() returned arrives, each time."""
    other = await connect()
    for number in range(300):
        heard: asyncio.Queue[Any] = asyncio.Queue()
        subscription = await bus.subscribe(subject(f"e{number}"), lambda _, body, heard=heard: heard.put_nowait(body))  # type: ignore[misc]
        other.publish(subject(f"e{number}"), {"n": number})
        async with asyncio.timeout(5):
            assert await heard.get() == {"n": number}
        await subscription.unsubscribe()


async def test_after_unsubscribe_nothing_is_heard(bus: Bus) -> None:
    """What was published before unsubscribe() is heard, what comes after is not."""
    heard: list[int] = []
    subscription = await bus.subscribe(EVENTS, lambda _, body: heard.append(body["n"]))
    for number in range(100):
        bus.publish(subject("a"), {"n": number})
    await subscription.unsubscribe()
    assert heard == list(range(100))
    bus.publish(subject("a"), {"n": 100})
    await bus.barrier()
    assert len(heard) == 100


async def test_one_of_a_queue_group_hears(bus: Bus, connect: Connect) -> None:
    """In a queue group each event is heard once."""
    heard: list[int] = []
    for _ in range(3):
        member = await connect()
        await member.subscribe(EVENTS, lambda _, body: heard.append(body["n"]), queue="group")
    for number in range(50):
        bus.publish(subject("a"), {"n": number})
    async with asyncio.timeout(5):
        while len(heard) < 50:
            await asyncio.sleep(0.01)
    await bus.barrier()
    assert sorted(heard) == list(range(50))


async def test_what_cannot_be_sent_is_dropped(bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    """Publishing never raises: what cannot be sent is counted and logged."""
    bus.publish(subject("a"), {"x": object()})
    bus.publish("a b", {})
    bus.publish(subject("a"), {"x": "y" * bus.max_payload})
    assert bus.dropped == {"Malformed": 1, "TypeError": 1, "TooLarge": 1}
    assert caplog.text.count("was dropped") == 3
    assert bus.connected


async def test_subscriptions_survive_the_server(nats_server: NatsServer, connect: Connect) -> None:
    """After a restart of the server events are heard again, and whoever wants to know is told."""
    bus = await connect()
    heard: list[dict[str, Any]] = []
    told: list[str] = []
    back = asyncio.Event()

    async def announce() -> None:
        await asyncio.sleep(0)
        told.append("back")
        bus.publish(subject("a"), {"n": 1})
        await bus.barrier()
        back.set()

    def broken() -> None:
        raise ValueError("a callback of the owner's")

    await bus.subscribe(EVENTS, lambda _, body: heard.append(body))
    bus.on_disconnect(lambda: told.append("lost"))
    bus.on_reconnect(broken)
    bus.on_reconnect(announce)
    forgotten = bus.on_reconnect(lambda: told.append("never"))
    forgotten()
    nats_server.kill()
    nats_server.start()
    async with asyncio.timeout(10):
        await back.wait()
    assert told == ["lost", "back"]
    assert heard == [{"n": 1}]

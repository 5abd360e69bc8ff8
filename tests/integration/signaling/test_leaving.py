"""However a browser goes, nothing of it is left behind."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.integration.signaling.conftest import Enter, RunningService, Serve
from tests.integration.signaling.scripted import ScriptedCluster, hang
from tests.integration.signaling.steps import CLASSIC, come_in, produce
from tests.support.browser_rtp import JOIN
from tests.support.nats_server import NatsServer
from tests.support.protoo_client import PATIENCE, ProtooClient, ProtooError, protoo_client

from tureen.contract.errors import NotFound, Timeout, TureenError, Unavailable


async def test_who_leaves_takes_everything_along(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """Transports are closed where they live, and the others are told."""
    url = await signaling()
    bob = await enter(url, "bob")
    await come_in(bob)
    async with protoo_client(url, "soup", "alice") as alice:
        alice_send, _ = await come_in(alice)
        await produce(alice, alice_send)
        (offer,) = await bob.asked("newConsumer")
        await bob.notification("consumerScore")
        mine = set(cluster.transports)
    await bob.notification("peerClosed", peerId="alice")
    await bob.notification("consumerClosed", consumerId=offer["id"])
    await cluster.until(lambda: len(cluster.transports) == 2)
    assert len(mine) == 4
    assert "soup" in cluster.rooms


async def test_an_empty_room_is_closed(cluster: ScriptedCluster, signaling: Serve) -> None:
    """The last one turns off the light, and a room that nobody joined is no exception."""
    url = await signaling()
    async with protoo_client(url, "soup", "alice") as alice:
        await alice.request("createWebRtcTransport", CLASSIC["send"])
        assert cluster.rooms == {"soup"}
    await cluster.until(lambda: not cluster.rooms and not cluster.transports)


async def test_a_room_outlives_a_short_absence(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """Who comes back within the grace finds the room as it was."""
    url = await signaling(empty_room_grace=30)
    async with protoo_client(url, "soup", "alice") as alice:
        await come_in(alice)
    await cluster.until(lambda: not cluster.transports)
    await come_in(await enter(url, "alice"))
    assert cluster.names("placement").count("room.create") == 1
    assert "room.close" not in cluster.names()


async def test_who_comes_while_the_room_is_closed_makes_it_again(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter
) -> None:
    """A room that is being closed is no room to come into: it is made anew."""
    closing, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        closing.set()
        await go_on.wait()

    cluster.twist("room.close", wait)
    url = await signaling()
    async with protoo_client(url, "soup", "alice") as alice:
        await come_in(alice)
    await closing.wait()
    bob = await enter(url, "bob")
    asking = asyncio.create_task(bob.request("getRouterRtpCapabilities"))
    go_on.set()
    await asking
    assert cluster.rooms == {"soup"}
    assert cluster.names("placement").count("room.create") == 2


async def test_leaving_while_a_transport_is_made_closes_it(cluster: ScriptedCluster, signaling: Serve) -> None:
    """A browser that disconnects half-way leaves no transport behind, even one that comes to be after it left."""
    making, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        making.set()
        await go_on.wait()

    cluster.twist("router.createWebRtcTransport", wait)
    url = await signaling()
    async with protoo_client(url, "soup", "alice") as alice:
        asking = asyncio.create_task(alice.request("createWebRtcTransport", CLASSIC["send"]))
        await making.wait()
    with pytest.raises(ConnectionError):
        await asking
    (closed,) = await cluster.until_asked("transport.close")
    go_on.set()
    assert closed["transportId"] == cluster.payloads("router.createWebRtcTransport")[0]["id"]


async def test_leaving_while_a_consumer_is_made_leaves_none(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter
) -> None:
    """What was being made for a browser that left is neither offered nor kept."""
    making, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        making.set()
        await go_on.wait()

    cluster.twist("transport.consume", wait)
    url = await signaling()
    alice = await enter(url, "alice")
    alice_send, _ = await come_in(alice)
    await produce(alice, alice_send)
    async with protoo_client(url, "soup", "bob") as bob:
        await come_in(bob)
        await making.wait()
    await alice.notification("peerClosed", peerId="bob")
    go_on.set()
    await cluster.until(lambda: len(cluster.transports) == 2)


async def test_a_producer_that_ends_while_it_is_offered_is_told_afterwards(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter
) -> None:
    """A browser hears of the end after it took the consumer, or it would keep it for ever."""
    url = await signaling()
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    go_on = asyncio.Event()

    async def slow() -> dict[str, object]:
        await go_on.wait()
        return {}

    bob.answer = lambda method, data: slow()
    await come_in(bob)
    alice_send, _ = await come_in(alice)
    producer_id = await produce(alice, alice_send)
    (offer,) = await bob.asked("newConsumer")
    await alice.request("closeProducer", {"producerId": producer_id})
    assert not bob.notifications or bob.notifications[-1][0] != "consumerClosed"
    go_on.set()
    assert await bob.notification("consumerClosed") == {"consumerId": offer["id"]}


async def test_a_second_connection_replaces_the_first(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """The old socket is closed for good with 4000, what it had is closed, and the others see it leave and come."""
    url = await signaling()
    bob, alice = await enter(url, "bob"), await enter(url, "alice")
    await bob.request("join", JOIN)
    old = await come_in(alice)
    again = await enter(url, "alice")
    assert (await alice.closed())[0] == 4000
    await bob.notification("newPeer", id="alice")
    await bob.notification("peerClosed", peerId="alice")
    await cluster.until(lambda: not cluster.transports)
    new = await come_in(again)
    await bob.notification("newPeer", id="alice")
    assert set(cluster.transports) == set(new)
    assert not set(old) & set(new)


async def test_who_does_not_join_is_sent_away(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """A socket that only holds a place is closed for good."""
    alice = await enter(await signaling(join_timeout=0.2), "alice")
    code, reason = await alice.closed()
    assert (code, reason) == (4000, "this client did not join in time")


async def test_who_answers_no_ping_is_gone(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """A browser whose host vanished is noticed by its silence."""
    url = await signaling(ping_interval=0.2)
    bob, alice = await enter(url, "bob"), await enter(url, "alice")
    await bob.request("join", JOIN)
    await alice.request("join", JOIN)
    # Reading nothing, it does not see the pings either.
    alice.socket.transport.pause_reading()
    await bob.notification("peerClosed", peerId="alice")
    alice.socket.transport.abort()


async def test_closing_is_repeated_until_it_is_answered(cluster: ScriptedCluster, signaling: Serve) -> None:
    """A node that does not answer is asked again, and again."""
    cluster.twist("transport.close", hang, Unavailable("no"), Timeout("no"))
    url = await signaling(attempt_timeout=0.2)
    async with protoo_client(url, "soup", "alice") as alice:
        await alice.request("createWebRtcTransport", CLASSIC["send"])
        # While the room has a peer, it is not closed either.
        async with protoo_client(url, "soup", "bob"):
            await alice.close()
            await cluster.until(lambda: not cluster.transports)
    assert len(cluster.payloads("transport.close")) >= 4


async def test_closing_ends_with_the_router(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """A node that is gone need not answer: the room's record drops its router, and with it everything on it."""
    url = await signaling(attempt_timeout=0.2)
    await enter(url, "bob")
    async with protoo_client(url, "soup", "alice") as alice:
        await alice.request("createWebRtcTransport", CLASSIC["send"])
        cluster.twist("transport.close", *[Unavailable("gone")] * 50)
    await cluster.until_asked("transport.close", 2)
    async with httpx.AsyncClient(base_url=url) as http, asyncio.timeout(PATIENCE):
        assert (await http.get("/health")).json()["closing"] == 1
        cluster.lose("n1")
        cluster.lose("n2")
        while (await http.get("/health")).json()["closing"]:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("symptom", [NotFound("transport not found"), Unavailable("nobody answers")])
async def test_who_asks_for_what_is_gone_is_sent_back_in(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter, symptom: TureenError
) -> None:
    """A browser whose node died asks for an ICE restart; it is disconnected with 1012 and placed elsewhere."""
    alice = await enter(await signaling(), "alice")
    send = await alice.request("createWebRtcTransport", CLASSIC["send"])
    cluster.lose(send["served"]["nodeId"])
    cluster.twist("transport.restartIce", symptom)
    with pytest.raises(ProtooError, match=symptom.type):
        await alice.request("restartIce", {"transportId": send["id"]})
    assert (await alice.closed())[0] == 1012


async def test_a_node_that_is_merely_silent_sends_nobody_away(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter
) -> None:
    """While the room counts on its router, the media may well flow."""
    alice = await enter(await signaling(), "alice")
    send = await alice.request("createWebRtcTransport", CLASSIC["send"])
    cluster.twist("transport.restartIce", Unavailable("nobody answers"))
    with pytest.raises(ProtooError, match="503 Unavailable"):
        await alice.request("restartIce", {"transportId": send["id"]})
    assert await alice.request("restartIce", {"transportId": send["id"]})


async def test_the_service_ends_in_order(cluster: ScriptedCluster, running: Callable[..., RunningService]) -> None:
    """Browsers are told to come back with 1012, and what they had is closed before the service ends."""
    service = running()
    url = await service.url()
    async with protoo_client(url, "soup", "alice") as alice:
        await come_in(alice)
        assert len(cluster.transports) == 2
        await service.stop()
        code, reason = await alice.closed()
    assert (code, reason) == (1012, "the server restarts: connect again")
    assert not cluster.transports
    assert not cluster.rooms


async def test_missed_events_are_made_up_for(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter, nats_server: NatsServer
) -> None:
    """After the bus was away every consumer is looked at, and what changed meanwhile is told."""
    url = await signaling()
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    await come_in(bob)
    alice_send, _ = await come_in(alice)
    await produce(alice, alice_send)
    (offer,) = await bob.asked("newConsumer")
    await bob.notification("consumerScore")
    cluster.dumps[offer["id"]] = {"producerPaused": True}
    nats_server.stop(signal.SIGKILL)
    with pytest.raises(ProtooError, match=r"503 Unavailable|504 Timeout"):
        await bob.request("pauseConsumer", {"consumerId": offer["id"]})
    nats_server.start()
    async with asyncio.timeout(PATIENCE):
        await bob.notification("consumerPaused", consumerId=offer["id"])


async def test_a_bus_that_is_away_is_no_reason_to_leave(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter, nats_server: NatsServer
) -> None:
    """Browsers stay connected while NATS is away; what they ask meanwhile is answered with a coded error at once."""
    url = await signaling()
    alice = await enter(url, "alice")
    await come_in(alice)
    nats_server.stop()
    with pytest.raises(ProtooError, match=r"503 Unavailable|504 Timeout"):
        await alice.request("createWebRtcTransport", CLASSIC["send"])
    assert await alice.request("changeDisplayName", {"displayName": "Ally"}) == {}
    nats_server.start()
    assert await _once_available(alice)


async def _once_available(client: ProtooClient) -> dict[str, Any]:
    """Ask for a transport until the bus is back."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                answer: dict[str, Any] = await client.request("createWebRtcTransport", CLASSIC["send"])
                return answer
            except ProtooError as error:
                if error.code != 503:
                    raise
                await asyncio.sleep(0.05)

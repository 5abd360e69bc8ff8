"""Signaling with the real parts: placement, node agents, mediasoup workers."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.integration.signaling.conftest import Enter, Serve
from tests.integration.signaling.real import SPREAD, RunCluster
from tests.integration.signaling.steps import CLASSIC, TYPESCRIPT, come_in, produce
from tests.support.browser_rtp import DTLS, JOIN, audio, video
from tests.support.protoo_client import ProtooClient, ProtooError, protoo_client

pytestmark = pytest.mark.timeout(120)


async def offer_of(client: ProtooClient, kind: str) -> dict[str, Any]:
    """Wait for the offer of a consumer of a kind."""
    count = 1
    while True:
        offers = await client.asked("newConsumer", count)
        found = next((offer for offer in offers if offer["kind"] == kind), None)
        if found is not None:
            return found
        count += 1


@pytest.mark.parametrize("dialect", [CLASSIC, TYPESCRIPT], ids=["classic", "typescript"])
@pytest.mark.parametrize(("nodes", "workers"), [(1, 2), (2, 1)], ids=["two-workers", "two-nodes"])
async def test_streams_cross_workers(
    run_cluster: RunCluster, signaling: Serve, enter: Enter, dialect: dict[str, Any], nodes: int, workers: int
) -> None:
    """Two peers on two workers are offered each other's audio and video, which cross a pipe."""
    cluster = await run_cluster(nodes, workers)
    url = await signaling(room_policy=SPREAD)
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    alice_send, alice_recv = await come_in(alice, dialect)
    bob_send, bob_recv = await come_in(bob, dialect)
    for client, transport_id in [(alice, alice_send), (alice, alice_recv), (bob, bob_send), (bob, bob_recv)]:
        await client.request("connectWebRtcTransport", {"transportId": transport_id, "dtlsParameters": DTLS})
    await produce(alice, alice_send)
    await alice.request("produce", {"transportId": alice_send, "kind": "video", "rtpParameters": video()})
    await produce(bob, bob_send)
    heard, seen = await offer_of(bob, "audio"), await offer_of(bob, "video")
    await offer_of(alice, "audio")
    for offer in (heard, seen):
        assert offer["transportId"] == bob_recv
        assert offer["type"] == "simple"
        assert offer["served"]["routerId"] != offer["source"]["routerId"]
        assert offer["rtpParameters"]["encodings"][0]["ssrc"]
        await bob.notification("consumerScore", consumerId=offer["id"])
        dump = (await cluster.node(offer["served"], "consumer.dump", consumerId=offer["id"]))["dump"]
        assert dump["paused"] is False
    await cluster.until(lambda: sum(worker.pipes for worker in cluster.workers) >= 2)


async def test_a_pause_crosses_workers(run_cluster: RunCluster, signaling: Serve, enter: Enter) -> None:
    """What a sender pauses, resumes and closes, a receiver on another worker is told."""
    await run_cluster(1, 2)
    url = await signaling(room_policy=SPREAD)
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    alice_send, _ = await come_in(alice)
    await come_in(bob)
    producer_id = await produce(alice, alice_send)
    offer = await offer_of(bob, "audio")
    consumer = {"consumerId": offer["id"]}
    await bob.notification("consumerScore", **consumer)
    await alice.request("pauseProducer", {"producerId": producer_id})
    await bob.notification("consumerPaused", **consumer)
    await alice.request("resumeProducer", {"producerId": producer_id})
    await bob.notification("consumerResumed", **consumer)
    await alice.request("closeProducer", {"producerId": producer_id})
    await bob.notification("consumerClosed", **consumer)


@pytest.mark.parametrize("last", ["pauseProducer", "resumeProducer"])
async def test_quick_changes_end_as_the_sender_left_them(
    run_cluster: RunCluster, signaling: Serve, enter: Enter, last: str
) -> None:
    """However fast a sender pauses and resumes, a receiver on another worker ends up in the last state."""
    await run_cluster(1, 2)
    url = await signaling(room_policy=SPREAD)
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    alice_send, _ = await come_in(alice)
    await come_in(bob)
    producer = {"producerId": await produce(alice, alice_send)}
    await bob.notification("consumerScore")
    for _ in range(10):
        await alice.notify("pauseProducer", producer)
        await alice.notify("resumeProducer", producer)
    await alice.request("pauseProducer", producer)
    await alice.request(last, producer)
    shown = "consumerPaused" if last == "pauseProducer" else "consumerResumed"

    def changes() -> list[str]:
        return [name for name, _ in bob.notifications if name in ("consumerPaused", "consumerResumed")]

    await bob.until(lambda: changes()[-1:] == [shown])
    # Nothing else follows: closing the producer comes after all that was under way.
    await alice.request("closeProducer", producer)
    await bob.notification("consumerClosed")
    assert changes()[-1] == shown


async def test_consumers_are_controlled(run_cluster: RunCluster, signaling: Serve, enter: Enter) -> None:
    """Pause, resume, priority, key frames, ICE restarts and statistics reach the worker."""
    cluster = await run_cluster(1, 1)
    url = await signaling()
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    alice_send, _ = await come_in(alice)
    await come_in(bob, TYPESCRIPT)
    await alice.request("produce", {"transportId": alice_send, "kind": "video", "rtpParameters": video()})
    offer = await offer_of(bob, "video")
    consumer = {"consumerId": offer["id"]}
    await bob.notification("consumerScore", **consumer)
    await bob.request("pauseConsumer", consumer)
    assert (await cluster.node(offer["served"], "consumer.dump", **consumer))["dump"]["paused"] is True
    await bob.notify("resumeConsumer", consumer)
    await bob.request("setConsumerPriority", {**consumer, "priority": 5})
    assert (await cluster.node(offer["served"], "consumer.dump", **consumer))["dump"]["paused"] is False
    await bob.request("requestConsumerKeyFrame", consumer)
    stats = await bob.request("getConsumerStats", consumer)
    assert {entry["type"] for entry in stats["stats"]} >= {"outbound-rtp"}
    assert isinstance(await alice.request("getTransportStats", {"transportId": alice_send}), list)
    restarted = await alice.request("restartIce", {"transportId": alice_send})
    assert restarted["iceParameters"]["iceLite"] is True


async def test_forced_tcp_has_no_udp(run_cluster: RunCluster, signaling: Serve, enter: Enter) -> None:
    """`forceTcp` leaves candidates over TCP only."""
    await run_cluster(1, 1)
    alice = await enter(await signaling(), "alice")
    free = await alice.request("createWebRtcTransport", {"forceTcp": False, **CLASSIC["send"]})
    assert {candidate["protocol"] for candidate in free["iceCandidates"]} == {"udp", "tcp"}
    forced = await alice.request("createWebRtcTransport", {"forceTcp": True, **CLASSIC["recv"]})
    assert {candidate["protocol"] for candidate in forced["iceCandidates"]} == {"tcp"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"kind": "audio", "rtpParameters": {}}, 400),
        ({"kind": "audio", "rtpParameters": {"codecs": [{"mimeType": "audio/opus"}]}}, 400),
        ({"kind": "video", "rtpParameters": audio()}, 400),
        (
            {
                "kind": "audio",
                "rtpParameters": {
                    "codecs": [{"mimeType": "audio/G729", "payloadType": 5, "clockRate": 8000}],
                    "encodings": [{"ssrc": 1}],
                },
            },
            501,
        ),
    ],
)
async def test_mediasoup_judges_rtp(
    run_cluster: RunCluster, signaling: Serve, enter: Enter, data: dict[str, Any], code: int
) -> None:
    """What mediasoup refuses the browser is refused, with its error; the next try is as good as the first."""
    await run_cluster(1, 1)
    alice = await enter(await signaling(), "alice")
    send, _ = await come_in(alice)
    with pytest.raises(ProtooError) as caught:
        await alice.request("produce", {"transportId": send, **data})
    assert caught.value.code == code, caught.value
    with pytest.raises(ProtooError) as caught:
        await alice.request("connectWebRtcTransport", {"transportId": send, "dtlsParameters": {"role": "chef"}})
    assert caught.value.code == 400, caught.value
    await produce(alice, send)


async def test_a_room_without_capacity_says_so(run_cluster: RunCluster, signaling: Serve, enter: Enter) -> None:
    """When every worker has its share, the answer is NoCapacity, and those inside are not disturbed."""
    await run_cluster(1, 1)
    url = await signaling(room_policy=SPREAD)
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    send, _ = await come_in(alice)
    with pytest.raises(ProtooError, match="503 NoCapacity: "):
        await bob.request("createWebRtcTransport", CLASSIC["send"])
    await produce(alice, send)


async def _nothing(client: ProtooClient) -> None:
    await client.notification("mediasoupVersion")


async def _asking(client: ProtooClient) -> None:
    await client.send({"request": True, "id": 1, "method": "createWebRtcTransport", "data": CLASSIC["send"]})
    await client.send({"request": True, "id": 2, "method": "createWebRtcTransport", "data": CLASSIC["recv"]})


async def _transports(client: ProtooClient) -> None:
    await client.request("createWebRtcTransport", CLASSIC["send"])
    await client.request("createWebRtcTransport", CLASSIC["recv"])


async def _joining(client: ProtooClient) -> None:
    await _transports(client)
    await client.send({"request": True, "id": 1, "method": "join", "data": JOIN})


async def _producing(client: ProtooClient) -> None:
    send, _ = await come_in(client)
    asked = {"transportId": send, "kind": "audio", "rtpParameters": audio()}
    await client.send({"request": True, "id": 1, "method": "produce", "data": asked})


async def _being_offered(client: ProtooClient) -> None:
    client.answer = lambda method, data: asyncio.get_running_loop().create_future()
    send, _ = await come_in(client)
    await produce(client, send)
    await client.asked("newConsumer")


@pytest.mark.parametrize("is_orderly", [True, False], ids=["closed", "cut"])
@pytest.mark.parametrize("step", [_nothing, _asking, _transports, _joining, _producing, _being_offered])
async def test_leaving_half_way_leaves_nothing(
    run_cluster: RunCluster,
    signaling: Serve,
    step: Callable[[ProtooClient], Awaitable[None]],
    is_orderly: bool,
) -> None:
    """Wherever on its way in a browser disconnects, its part of every worker is empty soon after."""
    cluster = await run_cluster(1, 2)
    url = await signaling(room_policy=SPREAD)
    async with protoo_client(url, "soup", "alice") as alice:
        send, _ = await come_in(alice)
        await produce(alice, send)
        async with protoo_client(url, "soup", "bob") as bob:
            await step(bob)
            if not is_orderly:
                bob.socket.transport.abort()
        await cluster.until(lambda: sum(worker.transports for worker in cluster.workers) == 2)
        await cluster.until(lambda: sum(worker.consumers for worker in cluster.workers) == 0)
        assert await alice.request("getTransportStats", {"transportId": send})
    await cluster.until_empty()


async def test_a_dead_worker_sends_its_peers_back_in(run_cluster: RunCluster, signaling: Serve, enter: Enter) -> None:
    """Who was on it is disconnected with 1012 and comes back on another worker; who was not stays."""
    cluster = await run_cluster(1, 2)
    url = await signaling(room_policy={"maxTransportsPerWorker": 4})
    bob = await enter(url, "bob")
    alice = await enter(url, "alice")
    first = await alice.request("createWebRtcTransport", CLASSIC["send"])
    await alice.request("createWebRtcTransport", CLASSIC["recv"])
    await alice.request("join", JOIN)
    await bob.request("join", JOIN)
    pid = next(worker.pid for worker in cluster.workers if worker.worker_id == first["served"]["workerId"])
    os.kill(pid, signal.SIGKILL)
    code, _ = await alice.closed()
    assert code == 1012
    await bob.notification("peerClosed", peerId="alice")
    again = await enter(url, "alice")
    send, _ = await come_in(again)
    await produce(again, send)
    await bob.notification("newPeer", id="alice")

"""What browsers ask and are told, against placement and node agents by script."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.signaling.conftest import Enter, Serve
from tests.integration.signaling.scripted import ScriptedCluster
from tests.integration.signaling.steps import CLASSIC, TYPESCRIPT, come_in, produce
from tests.support.browser_rtp import DTLS, JOIN
from tests.support.protoo_client import ProtooClient, ProtooError


@pytest.mark.parametrize("dialect", [CLASSIC, TYPESCRIPT], ids=["classic", "typescript"])
async def test_two_peers_watch_each_other(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter, dialect: dict[str, Any]
) -> None:
    """The whole way in, in each dialect: every answer and notification carries the names of both."""
    url = await signaling()
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    assert (await alice.notification("mediasoupVersion"))["version"] == "3.27.1"
    capabilities = await alice.request("getRouterRtpCapabilities")
    assert capabilities["codecs"] == capabilities["routerRtpCapabilities"]["codecs"]
    alice_send, _ = await come_in(alice, dialect)
    assert await alice.request("connectWebRtcTransport", {"transportId": alice_send, "dtlsParameters": DTLS}) == {}
    producer_id = await produce(alice, alice_send)

    bob_send, bob_recv = await come_in(bob, dialect)
    (offer,) = await bob.asked("newConsumer")
    assert offer["id"] == offer["consumerId"]
    assert (offer["producerId"], offer["peerId"], offer["transportId"]) == (producer_id, "alice", bob_recv)
    assert offer["appData"] == {"source": "audio", "peerId": "alice"}
    assert {"kind", "rtpParameters", "type", "producerPaused", "consumerScore", "served", "source"} <= offer.keys()
    await bob.notification("consumerScore", consumerId=offer["id"])

    told = await alice.notification("newPeer")
    assert (told["id"], told["peerId"], told["peer"]["peerId"]) == ("bob", "bob", "bob")
    await produce(bob, bob_send)
    (offer,) = await alice.asked("newConsumer")
    assert offer["peerId"] == "bob"


async def test_join_answers_who_is_there(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """A peer learns of those who joined before it, and of nobody else."""
    url = await signaling()
    alice, _watching, carol = [await enter(url, name) for name in ("alice", "bob", "carol")]
    assert await alice.request("join", {"displayName": "Alice", "device": {"flag": "x"}}) == {"peers": []}
    answer = await carol.request("join", {"displayName": "Carol"})
    flat = {"id": "alice", "peerId": "alice", "displayName": "Alice", "device": {"flag": "x"}}
    assert answer == {"peers": [flat]}


async def test_a_consumer_flows_only_once_it_is_taken(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """It is made paused, offered, and resumed after the browser's answer."""
    url = await signaling()
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    seen: list[str] = []

    def answer(method: str, _data: dict[str, Any]) -> dict[str, Any]:
        seen.extend(cluster.names())
        return {}

    bob.answer = answer
    await come_in(bob)
    alice_send, _ = await come_in(alice)
    await produce(alice, alice_send)
    (offer,) = await bob.asked("newConsumer")
    await bob.notification("consumerScore", consumerId=offer["id"])
    assert "consumer.resume" not in seen
    assert cluster.payloads("transport.consume")[0]["paused"] is True
    assert cluster.payloads("consumer.resume") == [{"consumerId": offer["id"]}]


async def test_a_consumer_that_is_not_wanted_is_closed(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter
) -> None:
    """A browser may refuse a consumer; it is closed, never flowed, and not offered again."""
    url = await signaling()
    alice, bob = await enter(url, "alice"), await enter(url, "bob")

    def refuse(method: str, _data: dict[str, Any]) -> dict[str, Any]:
        raise ProtooError(403, "I do not want to consume")

    bob.answer = refuse
    await come_in(bob)
    alice_send, _ = await come_in(alice)
    await produce(alice, alice_send)
    (offer,) = await bob.asked("newConsumer")
    assert await cluster.until_asked("consumer.close") == [{"consumerId": offer["id"]}]
    await bob.request("changeDisplayName", {"displayName": "Bobby"})
    assert "consumer.resume" not in cluster.names()
    assert len(bob.requests) == 1


@pytest.mark.parametrize("form", ["request", "notification"])
async def test_streams_are_controlled(cluster: ScriptedCluster, signaling: Serve, enter: Enter, form: str) -> None:
    """Pause, resume, layers, priority, key frames and close are taken as requests and as notifications."""
    url = await signaling()
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    await come_in(bob)
    alice_send, _ = await come_in(alice)
    producer_id = await produce(alice, alice_send)
    (offer,) = await bob.asked("newConsumer")
    await bob.notification("consumerScore")
    consumer = {"consumerId": offer["id"]}

    async def call(client: ProtooClient, method: str, data: dict[str, Any]) -> None:
        if form == "request":
            assert await client.request(method, data) == {}
        else:
            await client.notify(method, data)

    await call(bob, "pauseConsumer", consumer)
    await call(bob, "resumeConsumer", consumer)
    await call(bob, "setConsumerPreferredLayers", {**consumer, "spatialLayer": 1})
    await call(bob, "setConsumerPriority", {**consumer, "priority": 7})
    await call(bob, "requestConsumerKeyFrame", consumer)
    await call(alice, "pauseProducer", {"producerId": producer_id})
    await call(alice, "resumeProducer", {"producerId": producer_id})
    await call(alice, "closeProducer", {"producerId": producer_id})
    assert await bob.notification("consumerClosed") == consumer
    await alice.request("getTransportStats", {"transportId": alice_send})
    commands = [name for name in cluster.names() if name.startswith(("consumer.", "producer."))]
    assert sorted(commands) == sorted(
        [
            "consumer.resume",
            "consumer.pause",
            "consumer.resume",
            "consumer.setPreferredLayers",
            "consumer.setPriority",
            "consumer.requestKeyFrame",
            "producer.pause",
            "producer.resume",
            "producer.close",
        ]
    )
    assert cluster.payloads("consumer.setPreferredLayers") == [{**consumer, "spatialLayer": 1}]


async def test_statistics_come_in_the_dialect_of_the_peer(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter
) -> None:
    """The one answer that cannot be both: an array for classic clients, an object for the others."""
    url = await signaling()
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    alice_send, _ = await come_in(alice, CLASSIC)
    bob_send, _ = await come_in(bob, TYPESCRIPT)
    entries = [{"type": "webrtc-transport"}]
    assert await alice.request("getTransportStats", {"transportId": alice_send}) == entries
    assert await bob.request("getTransportStats", {"transportId": bob_send}) == {"stats": entries}


async def test_ice_is_restarted(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """The new ICE parameters are given bare and named."""
    alice = await enter(await signaling(), "alice")
    send, _ = await come_in(alice)
    answer = await alice.request("restartIce", {"transportId": send})
    assert answer["usernameFragment"] == answer["iceParameters"]["usernameFragment"] == "new"


async def test_events_of_agents_reach_browsers(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """Scores, layers, pauses and ends are told as they happen."""
    url = await signaling()
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    await come_in(bob)
    alice_send, _ = await come_in(alice)
    producer_id = await produce(alice, alice_send)
    (offer,) = await bob.asked("newConsumer")
    await bob.notification("consumerScore")
    consumer_id = offer["id"]
    score = {"score": 3, "producerScore": 4, "producerScores": [4]}
    cluster.publish("soup", "consumer", consumer_id, "score", score)
    assert await bob.notification("consumerScore") == {"consumerId": consumer_id, "score": score}
    cluster.publish("soup", "consumer", consumer_id, "layerschange", {"spatialLayer": 1, "temporalLayer": 0})
    assert (await bob.notification("consumerLayersChanged"))["layers"] == {"spatialLayer": 1, "temporalLayer": 0}
    cluster.publish("soup", "consumer", consumer_id, "producerpause")
    await bob.notification("consumerPaused", consumerId=consumer_id)
    cluster.publish("soup", "consumer", consumer_id, "producerresume")
    await bob.notification("consumerResumed", consumerId=consumer_id)
    cluster.publish("soup", "producer", producer_id, "score", [{"score": 5}])
    assert await alice.notification("producerScore") == {"producerId": producer_id, "score": [{"score": 5}]}
    # Its way broke, its producer is still there: it is closed and made anew.
    cluster.publish("soup", "consumer", consumer_id, "producerclose")
    await bob.notification("consumerClosed", consumerId=consumer_id)
    offers = await bob.asked("newConsumer", 2)
    assert offers[1]["producerId"] == producer_id
    assert offers[1]["id"] != consumer_id


async def test_a_lost_worker_sends_its_peers_back_in(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """A browser whose router is gone is disconnected with 1012, and comes back."""
    url = await signaling()
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    await come_in(bob)
    alice_send, _ = await come_in(alice)
    cluster.publish("soup", "transport", alice_send, "routerclose")
    code, reason = await alice.closed()
    assert (code, "connect again" in reason) == (1012, True)
    await bob.notification("peerClosed", peerId="alice")


async def test_data_channels_are_refused_in_a_clean_way(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter
) -> None:
    """What is not there yet is UnsupportedError, what is never there is refused."""
    alice = await enter(await signaling(), "alice")
    send, _ = await come_in(alice)
    asked = {
        "transportId": send,
        "sctpStreamParameters": {"streamId": 1},
        "label": "chat",
        "protocol": "",
        "appData": {},
    }
    with pytest.raises(ProtooError, match="501 UnsupportedError: "):
        await alice.request("produceData", asked)
    with pytest.raises(ProtooError, match="401 Unauthorized: "):
        await alice.request("applyNetworkThrottle", {"secret": "x"})
    assert await alice.request("getRtcStatsUrl") == {}


async def test_renaming_is_told(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """The others hear the new name and the old."""
    url = await signaling()
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    for client in (alice, bob):
        await client.request("join", JOIN)
    await alice.notify("changeDisplayName", {"displayName": "Ally"})
    told = await bob.notification("peerDisplayNameChanged")
    assert told == {"peerId": "alice", "displayName": "Ally", "oldDisplayName": "Somebody"}

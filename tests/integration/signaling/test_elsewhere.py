"""What signaling does when a node agent refuses, does not answer, or is gone."""

from __future__ import annotations

import pytest
from tests.integration.signaling.conftest import Enter, Serve
from tests.integration.signaling.scripted import ScriptedCluster, hang
from tests.integration.signaling.steps import CLASSIC, come_in, produce
from tests.support.protoo_client import ProtooError

from tureen.contract.errors import Conflict, Draining, NoCapacity, Stale, TureenError, Unavailable


@pytest.mark.parametrize("refusal", [NoCapacity("full"), Draining("leaving"), Unavailable("gone")])
async def test_a_refused_transport_goes_elsewhere(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter, refusal: TureenError
) -> None:
    """The worker that refused is excluded, and the next try has an id of its own and a new grant."""
    cluster.twist("router.createWebRtcTransport", refusal)
    alice = await enter(await signaling(), "alice")
    answer = await alice.request("createWebRtcTransport", CLASSIC["send"])
    first, second = cluster.payloads("router.createWebRtcTransport")
    assert cluster.payloads("room.place")[1]["exclude"] == [first["grant"]["workerId"]]
    assert first["id"] != second["id"]
    assert answer["id"] == second["id"]
    assert answer["served"]["workerId"] == second["grant"]["workerId"] != first["grant"]["workerId"]


async def test_when_all_refuse_it_says_so(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """When no worker is left the refusal is told."""
    cluster.twist("router.createWebRtcTransport", NoCapacity("full"), NoCapacity("full"))
    alice = await enter(await signaling(), "alice")
    with pytest.raises(ProtooError, match="503 NoCapacity: no worker has room"):
        await alice.request("createWebRtcTransport", CLASSIC["send"])
    assert len(cluster.payloads("router.createWebRtcTransport")) == 2


async def test_a_changed_picture_is_looked_at_again(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """A router that is not there any more is no reason to shun its worker."""
    cluster.twist("router.createWebRtcTransport", Stale("older generation"))
    alice = await enter(await signaling(), "alice")
    await alice.request("createWebRtcTransport", CLASSIC["send"])
    assert "exclude" not in cluster.payloads("room.place")[1] or not cluster.payloads("room.place")[1]["exclude"]


async def test_after_a_timeout_the_same_is_asked_again(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter
) -> None:
    """Unanswered, the same agent gets the same command with the same id."""
    cluster.twist("router.createWebRtcTransport", hang)
    alice = await enter(await signaling(attempt_timeout=0.2), "alice")
    answer = await alice.request("createWebRtcTransport", CLASSIC["send"])
    first, second = cluster.payloads("router.createWebRtcTransport")
    assert first == second
    assert answer["id"] == first["id"]
    assert len(cluster.payloads("room.place")) == 1


async def test_what_was_never_answered_is_closed(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """A transport that may or may not exist is closed where it may exist."""
    cluster.twist("router.createWebRtcTransport", *[hang] * 20)
    alice = await enter(await signaling(attempt_timeout=0.1, request_timeout=0.3), "alice")
    with pytest.raises(ProtooError, match="504 Timeout"):
        await alice.request("createWebRtcTransport", CLASSIC["send"])
    asked = cluster.payloads("router.createWebRtcTransport")[0]
    assert await cluster.until_asked("transport.close") == [{"transportId": asked["id"]}]


async def test_a_producer_that_may_exist_is_closed(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """The same for producers."""
    alice = await enter(await signaling(attempt_timeout=0.1, request_timeout=0.3), "alice")
    send, _ = await come_in(alice)
    cluster.twist("transport.produce", *[hang] * 20)
    with pytest.raises(ProtooError, match="504 Timeout"):
        await produce(alice, send)
    asked = cluster.payloads("transport.produce")[0]
    assert await cluster.until_asked("producer.close") == [{"producerId": asked["id"]}]


async def test_a_consume_is_tried_again(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """A way that is not there yet may be a moment later: the same consumer is asked for again."""
    cluster.twist("transport.consume", Unavailable("no way to the producer at the moment"))
    url = await signaling()
    alice, bob = await enter(url, "alice"), await enter(url, "bob")
    await come_in(bob)
    send, _ = await come_in(alice)
    await produce(alice, send)
    (offer,) = await bob.asked("newConsumer")
    first, second = cluster.payloads("transport.consume")
    assert first == second
    assert offer["id"] == first["id"]


async def test_a_room_made_otherwise_is_taken_as_it_is(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter
) -> None:
    """A room that somebody made with another policy is used under that."""
    cluster.rooms.add("soup")
    cluster.twist("room.create", Conflict("room soup has another policy"))
    alice = await enter(await signaling(), "alice")
    assert (await alice.request("getRouterRtpCapabilities"))["codecs"]


async def test_the_policy_of_new_rooms_is_a_setting(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """Watermark, limits and the first node come from the configuration."""
    policy = {"watermark": 30.0, "maxTransportsPerWorker": 1, "firstNodeId": "n2"}
    alice = await enter(await signaling(room_policy=policy), "alice")
    await alice.request("getRouterRtpCapabilities")
    sent = cluster.payloads("room.create")[0]["policy"]
    assert {name: sent[name] for name in policy} == policy

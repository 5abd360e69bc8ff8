"""What is wrong gets a coded answer or a close with a clear code, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import Any

import pytest
from tests.integration.signaling.conftest import Enter, Serve
from tests.integration.signaling.scripted import ScriptedCluster
from tests.integration.signaling.steps import CLASSIC, come_in, produce
from tests.support.browser_rtp import DTLS, JOIN, audio
from tests.support.protoo_client import ProtooClient, ProtooError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from tureen.contract.errors import NoCapacity

NONSENSE: list[str | bytes] = [
    "",
    "garbage",
    "[]",
    "null",
    "{}",
    b"\x00\xff",
    json.dumps({"request": True, "method": "join"}),
    json.dumps({"response": True, "id": 1, "ok": True}),
    "[" * 50_000,
]


async def refused(client: ProtooClient, method: str, data: dict[str, Any] | None = None) -> ProtooError:
    """Ask for something that must fail, and return the error."""
    with pytest.raises(ProtooError) as caught:
        await client.request(method, data)
    return caught.value


async def test_nonsense_is_ignored(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter, caplog: pytest.LogCaptureFixture
) -> None:
    """Frames that are no protoo message are logged; the connection lives, and others are not disturbed."""
    url = await signaling()
    alice, mallory = await enter(url, "alice"), await enter(url, "mallory")
    with caplog.at_level(logging.WARNING):
        for frame in NONSENSE:
            await mallory.socket.send(frame)
        await mallory.request("getRouterRtpCapabilities")
    await alice.request("getRouterRtpCapabilities")
    lines = [record.getMessage() for record in caplog.records if "mallory" in record.getMessage()]
    assert len([line for line in lines if "Malformed" in line]) == len(NONSENSE) - 1


async def test_persistent_nonsense_ends_the_connection(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter
) -> None:
    """Who sends nothing but nonsense is disconnected with 1008."""
    mallory = await enter(await signaling(), "mallory")
    for _ in range(150):
        await mallory.socket.send("garbage")
    code, reason = await mallory.closed()
    assert (code, reason) == (1008, "Malformed: not JSON")


async def test_a_huge_message_ends_the_connection(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """A message beyond the limit is never read to its end: 1009."""
    mallory = await enter(await signaling(max_message_bytes=10_000), "mallory")
    await mallory.socket.send("x" * 20_000)
    assert (await mallory.closed())[0] == 1009


async def test_a_flood_is_refused_and_ended(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """Beyond the rate every request is answered with RateLimited, and who goes on is disconnected with 1008."""
    url = await signaling(max_message_rate=1, max_message_burst=20)
    alice, mallory = await enter(url, "alice"), await enter(url, "mallory")
    answers = await asyncio.gather(*(mallory.request("getRtcStatsUrl") for _ in range(200)), return_exceptions=True)
    limited = [answer for answer in answers if isinstance(answer, ProtooError)]
    assert {(error.code, error.reason.split(":")[0]) for error in limited} == {(429, "RateLimited")}
    assert 1 <= answers.count({}) <= 25
    code, reason = await mallory.closed()
    assert (code, reason.split(":")[0]) == (1008, "RateLimited")
    assert await alice.request("getRtcStatsUrl") == {}


async def test_who_is_sent_away_gets_the_answers_that_are_due(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter
) -> None:
    """What a browser asked for before it misbehaved is answered before it is disconnected."""
    mallory = await enter(await signaling(), "mallory")
    await mallory.notification("mediasoupVersion")
    go_on = asyncio.Event()

    async def wait() -> None:
        await go_on.wait()

    cluster.twist("room.place", wait)
    asking = asyncio.create_task(mallory.request("createWebRtcTransport", CLASSIC["send"]))
    await cluster.until_asked("room.place", 1)
    for _ in range(150):
        await mallory.socket.send("garbage")
    go_on.set()
    assert (await asking)["id"] in cluster.transports
    assert (await mallory.closed())[0] == 1008


async def test_too_much_at_once_is_busy(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """A browser has a limit of requests under way; those beyond are answered at once."""
    alice = await enter(await signaling(max_requests_under_way=4), "alice")
    await alice.notification("mediasoupVersion")
    go_on = asyncio.Event()

    async def wait() -> None:
        await go_on.wait()

    cluster.twist("room.place", *[wait] * 4)
    asking = [asyncio.create_task(alice.request("createWebRtcTransport", CLASSIC["send"])) for _ in range(4)]
    await cluster.until_asked("room.place", 4)
    error = await refused(alice, "getRtcStatsUrl")
    go_on.set()
    assert (error.code, error.reason) == (429, "Busy: more than 4 requests under way")
    await asyncio.gather(*asking)


@pytest.mark.parametrize(
    ("method", "data", "expected"),
    [
        ("noSuchMethod", {}, "404 NotFoundError"),
        ("", {}, "400 Malformed"),
        ("createWebRtcTransport", {"forceTcp": "yes"}, "400 TypeError: forceTcp"),
        ("connectWebRtcTransport", {}, "400 TypeError: transportId"),
        ("connectWebRtcTransport", {"transportId": "nope", "dtlsParameters": DTLS}, "404 NotFoundError"),
        ("connectWebRtcTransport", {"transportId": "a.b>", "dtlsParameters": DTLS}, "400 TypeError: transportId"),
        ("join", {"displayName": 5}, "400 TypeError: displayName"),
        ("join", {"rtpCapabilities": "all"}, "400 TypeError: rtpCapabilities"),
        ("join", {"rtpCapabilities": {"codecs": [{"mimeType": 5}]}}, "400 TypeError: rtpCapabilities"),
        ("produce", {"transportId": "t", "kind": "audio", "rtpParameters": {}}, "409 Conflict"),
        ("pauseConsumer", {"consumerId": "c"}, "409 Conflict"),
        ("closeProducer", {"producerId": "p"}, "409 Conflict"),
    ],
)
async def test_a_wrong_request_gets_its_code(
    cluster: ScriptedCluster,
    signaling: Serve,
    enter: Enter,
    caplog: pytest.LogCaptureFixture,
    method: str,
    data: dict[str, Any],
    expected: str,
) -> None:
    """Unknown methods, wrong types, unknown ids and what comes before join: one code and one sentence each, logged."""
    alice = await enter(await signaling(), "alice")
    with caplog.at_level(logging.WARNING):
        error = await refused(alice, method, data)
    assert str(error).startswith(expected)
    assert error.reason.split(":")[0] in caplog.text
    assert await alice.request("getRtcStatsUrl") == {}


@pytest.mark.parametrize(
    ("method", "data", "expected"),
    [
        ("join", JOIN, "409 Conflict"),
        ("produce", {"transportId": "nope", "kind": "audio", "rtpParameters": audio()}, "404 NotFoundError"),
        ("produce", {"kind": "audio", "rtpParameters": audio()}, "400 TypeError: transportId"),
        ("produce", {"transportId": "SEND", "kind": "smell", "rtpParameters": audio()}, "400 TypeError: kind"),
        ("produce", {"transportId": "SEND", "kind": "audio", "rtpParameters": {}}, "400 TypeError"),
        ("closeProducer", {"producerId": "nope"}, "404 NotFoundError"),
        ("pauseConsumer", {"consumerId": "nope"}, "404 NotFoundError"),
        ("setConsumerPriority", {"consumerId": "nope", "priority": 300}, "400 TypeError: priority"),
        ("restartIce", {"transportId": "nope"}, "404 NotFoundError"),
    ],
)
async def test_a_wrong_request_of_a_member_gets_its_code(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter, method: str, data: dict[str, Any], expected: str
) -> None:
    """The same for what is allowed after join."""
    alice = await enter(await signaling(), "alice")
    send, _ = await come_in(alice)
    given = {name: send if value == "SEND" else value for name, value in data.items()}
    assert str(await refused(alice, method, given)).startswith(expected)


async def test_objects_of_others_cannot_be_reached(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """Knowing an id is not enough: what belongs to another peer does not exist."""
    url = await signaling()
    alice, mallory = await enter(url, "alice"), await enter(url, "mallory")
    await come_in(mallory)
    alice_send, _ = await come_in(alice)
    producer_id = await produce(alice, alice_send)
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("closeProducer", {"producerId": producer_id}),
        ("connectWebRtcTransport", {"transportId": alice_send, "dtlsParameters": DTLS}),
        ("produce", {"transportId": alice_send, "kind": "audio", "rtpParameters": audio()}),
    ]
    for method, data in attempts:
        assert (await refused(mallory, method, data)).code == 404


async def test_limits_of_a_peer_hold(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """Transports and producers are not to be had in any number."""
    alice = await enter(await signaling(max_transports_per_peer=2, max_producers_per_peer=1), "alice")
    send, _ = await come_in(alice)
    assert (await refused(alice, "createWebRtcTransport", CLASSIC["send"])).code == 429
    await produce(alice, send)
    asked = {"transportId": send, "kind": "audio", "rtpParameters": audio()}
    assert (await refused(alice, "produce", asked)).code == 429
    assert len(cluster.transports) == 2


async def test_a_full_room_says_so(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """Who finds the room full is told so by an answer, since a refused upgrade looks like a dead server."""
    url = await signaling(max_peers_per_room=1, join_timeout=0.5)
    await (await enter(url, "alice")).request("join", JOIN)
    bob = await enter(url, "bob")
    error = await refused(bob, "getRouterRtpCapabilities")
    assert (error.code, error.reason) == (503, "NoCapacity: room soup is full")
    assert (await bob.closed())[0] == 4000
    # The one who is in may still be replaced by itself.
    again = await enter(url, "alice")
    assert await again.request("join", JOIN) == {"peers": []}


async def test_too_many_rooms_are_told(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """Rooms are opened by anybody, so there is a limit."""
    url = await signaling(max_rooms=1)
    await enter(url, "alice", "first")
    bob = await enter(url, "bob", "second")
    assert (await refused(bob, "join", JOIN)).code == 429


async def test_no_capacity_is_told(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """A room without capacity is a coded error; nothing was made, and the peer may ask again."""
    alice = await enter(await signaling(), "alice")
    cluster.twist("room.place", NoCapacity("no worker has room for another transport"))
    error = await refused(alice, "createWebRtcTransport", CLASSIC["send"])
    assert (error.code, error.reason) == (503, "NoCapacity: no worker has room for another transport")
    assert cluster.transports == {}
    await alice.request("createWebRtcTransport", CLASSIC["send"])


async def test_an_absent_placement_is_told(signaling: Serve, enter: Enter) -> None:
    """Nobody there is `Unavailable` at once, without a word of subjects."""
    alice = await enter(await signaling(), "alice")
    error = await refused(alice, "getRouterRtpCapabilities")
    assert (error.code, error.reason) == (503, "Unavailable: placement does not answer")


async def test_our_own_fault_leaks_nothing(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter, caplog: pytest.LogCaptureFixture
) -> None:
    """What breaks inside is a plain sentence with the trace id, under which the log tells more."""
    alice = await enter(await signaling(), "alice")
    await alice.notification("mediasoupVersion")
    cluster.twist("room.place", RuntimeError("secret"))
    error = await refused(alice, "createWebRtcTransport", CLASSIC["send"])
    assert error.code == 500
    assert re.fullmatch(r"Internal: .* \(trace [0-9a-f]{32}\)", error.reason)
    assert "secret" not in error.reason


@pytest.mark.parametrize(
    ("path", "subprotocol", "origin", "status"),
    [
        ("/", "protoo", None, 400),
        ("/?roomId=soup", "protoo", None, 400),
        ("/?roomId=soup&peerId=", "protoo", None, 400),
        ("/?roomId=so.up&peerId=alice", "protoo", None, 400),
        ("/?roomId=%3E&peerId=alice", "protoo", None, 400),
        ("/?roomId=soup&peerId=" + "x" * 129, "protoo", None, 400),
        ("/?roomId=soup&peerId=alice", None, None, 403),
        ("/?roomId=soup&peerId=alice", "soap", None, 403),
        ("/?roomId=soup&peerId=alice", "protoo", "https://evil.example", 403),
        ("/elsewhere?roomId=soup&peerId=alice", "protoo", None, 403),
    ],
)
async def test_an_upgrade_that_is_wrong_is_refused(
    signaling: Serve, path: str, subprotocol: str | None, origin: str | None, status: int
) -> None:
    """Bad ids, a missing subprotocol and foreign origins are refused before the upgrade, with a reason."""
    url = (await signaling()).replace("http", "ws", 1)
    with pytest.raises(InvalidStatus) as caught:
        await connect(
            url + path,
            subprotocols=[Subprotocol(subprotocol)] if subprotocol else None,
            origin=Origin(origin) if origin else None,
        )
    assert caught.value.response.status_code == status


async def test_pages_of_this_machine_may_connect(signaling: Serve) -> None:
    """Locally every loopback origin is accepted, whatever its port."""
    url = (await signaling()).replace("http", "ws", 1)
    for origin in ("http://localhost:5173", "http://127.0.0.1:1"):
        async with connect(
            f"{url}/?roomId=soup&peerId=alice", subprotocols=[Subprotocol("protoo")], origin=Origin(origin)
        ) as socket:
            assert socket.subprotocol == "protoo"

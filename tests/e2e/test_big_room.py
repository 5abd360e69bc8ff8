"""One room over three nodes with two workers each, and all that is promised of it, counted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgpack
import pytest
from playwright.async_api import Page
from tests.support.browser import chromium, eventually, page_at, received, screenshot
from tests.support.local_cluster import LocalCluster, local_cluster
from tests.support.rtp import RtpSocket, audio_parameters, rtp_socket

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ROOM = "big"
CONSUMERS = int(os.environ.get("TUREEN_BIG_ROOM", "26"))
"""Plain consumers; `TUREEN_BIG_ROOM=60` is the whole of it."""
PRODUCERS, WORKERS, PACKETS = 4, 6, 200
PER_WORKER = -(-(CONSUMERS + PRODUCERS + 4) // WORKERS)
"""Transports that a worker takes of the room, those of two browsers included: all six are needed."""
FAN_OUT = "2"
NARROW = {"TUREEN_NODE_AGENT_MAX_PIPE_FAN_OUT": FAN_OUT, "TUREEN_PLACEMENT_MAX_PIPE_FAN_OUT": FAN_OUT}
"""Trees so narrow that six routers need two hops and more."""

Link = tuple[str, str, str]
"""A producer, the router that sends it, the router that gets it."""


@dataclass(slots=True)
class Room:
    """The room, and who is in it.

    Attributes:
        places: The routers, each with its node, in the order in which they were first used.
        producers: Their transports' tuples, by producer.
        consumers: Sockets, each with its producer and SSRC.
        transports: The last plain transport of each router, with its node.
    """

    cluster: LocalCluster
    capabilities: dict[str, Any]
    places: dict[str, str] = field(default_factory=dict)
    producers: dict[str, dict[str, Any]] = field(default_factory=dict)
    consumers: list[tuple[RtpSocket, str, int]] = field(default_factory=list)
    transports: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def place(self) -> tuple[str, str, dict[str, Any]]:
        """Have a transport placed: return its node, its router and its grant."""
        placed = await self.cluster.placement("room.place", roomId=ROOM)
        self.places.setdefault(placed["routerId"], placed["nodeId"])
        return placed["nodeId"], placed["routerId"], placed["grant"]

    async def transport(self, **options: Any) -> tuple[str, dict[str, Any]]:
        """Make a plain transport where placement says; return its node and it."""
        node, router, grant = await self.place()
        listen_info = {"protocol": "udp", "ip": "default"}
        made = await self.cluster.node(
            node, "router.createPlainTransport", routerId=router, grant=grant, listenInfo=listen_info, **options
        )
        self.transports[router] = (node, made["id"])
        return node, made

    async def produce(self, ssrc: int) -> None:
        """Add a producer."""
        node, transport = await self.transport(comedia=True)
        made = await self.cluster.node(
            node,
            "transport.produce",
            transportId=transport["id"],
            kind="audio",
            rtpParameters=audio_parameters(ssrc),
        )
        self.producers[made["id"]] = transport["tuple"]

    async def consume(self, producer_id: str, socket: RtpSocket) -> None:
        """Add a consumer."""
        node, transport = await self.transport()
        address = {"ip": "127.0.0.1", "port": socket.port}
        await self.cluster.node(node, "transport.connect", transportId=transport["id"], **address)
        made = await self.cluster.node(
            node,
            "transport.consume",
            transportId=transport["id"],
            producerId=producer_id,
            rtpCapabilities=self.capabilities,
        )
        self.consumers.append((socket, producer_id, made["rtpParameters"]["encodings"][0]["ssrc"]))


@asynccontextmanager
async def big_room(artefacts: Path) -> AsyncIterator[tuple[Room, Page, Page]]:
    """Fill a room: a browser first, producers, consumers one after the other, and another browser last."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        cluster = await enter(
            local_cluster("--nodes", "3", "--workers", "2", log=artefacts / "cluster.log", environment=NARROW)
        )
        policy = {"maxTransportsPerWorker": PER_WORKER}
        made = await cluster.placement("room.create", roomId=ROOM, policy=policy)
        browser = await enter(chromium())
        first = await enter(page_at(browser, f"{cluster.url}/?room={ROOM}", artefacts / "first"))
        await first.wait_for_function("window.tureen !== undefined")
        await settled(cluster, transports=2)
        room = Room(cluster, made["rtpCapabilities"])
        for number in range(PRODUCERS):
            await room.produce(1000 + number)
        for number in range(CONSUMERS):
            await room.consume(list(room.producers)[number % PRODUCERS], await enter(rtp_socket()))
        last = await enter(page_at(browser, f"{cluster.url}/?room={ROOM}", artefacts / "last"))
        yield room, first, last


async def settled(cluster: LocalCluster, transports: int) -> None:
    """Wait until the room has so many transports."""
    async with asyncio.timeout(30):
        while True:
            routers = (await cluster.placement("room.get", roomId=ROOM))["routers"]
            dumps = [await cluster.node(at["nodeId"], "router.dump", routerId=at["routerId"]) for at in routers]
            if sum(len(dump["dump"]["transportIds"]) for dump in dumps) >= transports:
                return
            await asyncio.sleep(0.2)


async def assert_all_packets_arrive(room: Room) -> None:
    """Send to every producer, and find every packet at every one of its consumers, in order."""
    async with rtp_socket() as sender:
        await asyncio.gather(
            *(
                sender.stream(address, PACKETS, ssrc=1000 + number, interval=0.01)
                for number, address in enumerate(room.producers.values())
            )
        )
        for socket, _, ssrc in room.consumers:
            await socket.taken(PACKETS, timeout=30)
            numbers = socket.sequence_numbers[ssrc]
            assert [(number - numbers[0]) % 2**16 for number in numbers] == list(range(PACKETS))


async def links_of_dumps(room: Room) -> set[Link]:
    """Find by which pipes producers really travel: the two ends of a pipe name each other's ports."""
    ends: dict[tuple[int, int], tuple[str, set[str]]] = {}
    for router_id, node_id in room.places.items():
        router = (await room.cluster.node(node_id, "router.dump", routerId=router_id))["dump"]
        for transport_id in router["transportIds"]:
            dump = (await room.cluster.node(node_id, "transport.dump", transportId=transport_id))["dump"]
            # An end of a pipe is the only transport here that listens alone, knows its other end, and has no ICE.
            if "iceParameters" not in dump and "remotePort" in dump.get("tuple", {}):
                pair = (dump["tuple"]["localPort"], dump["tuple"]["remotePort"])
                ends[pair] = (router_id, {*dump["producerIds"]})
    return {
        (producer_id, ends[remote, local][0], router_id)
        for (local, remote), (router_id, producer_ids) in ends.items()
        if (remote, local) in ends
        for producer_id in producer_ids
    }


async def links_of_plan(room: Room) -> set[Link]:
    """Ask placement by which path each router that watches a producer has it."""
    links: set[Link] = set()
    for producer_id in room.producers:
        for router_id in room.places:
            answer = await room.cluster.placement("room.route", roomId=ROOM, routerId=router_id, producerId=producer_id)
            path = [hop["routerId"] for hop in answer["path"]]
            links |= {(producer_id, source, to) for source, to in pairwise(path)}
    return links


async def assert_routes_are_the_plan(room: Room) -> int:
    """Compare what the dumps show with what placement planned; return how many hops the longest path has."""
    real = {link for link in await links_of_dumps(room) if link[0] in room.producers}
    planned = await links_of_plan(room)
    upstream = {(producer_id, to): source for producer_id, source, to in real}
    assert len(upstream) == len(real), "one upstream for each router and producer"
    # Who does not hold a producer is answered a way that it might take: of that nothing is there.
    assert real == {link for link in planned if (link[0], link[2]) in upstream}
    assert {producer_id for producer_id, _, _ in real} == room.producers.keys()

    def depth(producer_id: str, router_id: str) -> int:
        source = upstream.get((producer_id, router_id))
        return 0 if source is None else 1 + depth(producer_id, source)

    return max(depth(producer_id, to) for producer_id, _, to in real)


async def assert_data_crosses_two_hops(room: Room) -> None:
    """Send messages into the first router, and hear them two hops away."""
    cluster, routers = room.cluster, list(room.places)
    for node, transport_id in room.transports.values():
        # Each worker has as many transports of the room as it may.
        await cluster.node(node, "transport.close", transportId=transport_id)
    here = routers[0]
    sending = await cluster.node(room.places[here], "router.createDirectTransport", routerId=here)
    made = await cluster.node(room.places[here], "transport.produceData", transportId=sending["id"], label="news")
    heard: dict[str, list[bytes]] = {}
    longest = 0
    for router_id in routers[1:]:
        node = room.places[router_id]
        transport = await cluster.node(node, "router.createDirectTransport", routerId=router_id)
        consumer = await cluster.node(
            node, "transport.consumeData", transportId=transport["id"], dataProducerId=made["id"]
        )
        heard[consumer["id"]] = []
        answer = await cluster.placement("room.route", roomId=ROOM, routerId=router_id, producerId=made["id"])
        longest = max(longest, len(answer["path"]) - 1)
    assert longest >= 2

    async def note(message: Any) -> None:
        consumer_id = message.subject.split(".")[-2]
        if consumer_id in heard:
            heard[consumer_id].append(msgpack.unpackb(message.data)["data"]["message"])

    await cluster.client.subscribe("tureen.v1.default.event.*.*.dataConsumer.*.message", cb=note)
    await cluster.client.flush()
    sent = [f"message {number}".encode() for number in range(20)]
    for message in sent:
        await cluster.node(room.places[here], "dataProducer.send", dataProducerId=made["id"], message=message)
    async with asyncio.timeout(15):
        while any(len(messages) < len(sent) for messages in heard.values()):
            await asyncio.sleep(0.05)
    assert all(messages == sent for messages in heard.values())


async def assert_sees_from_afar(first: Page, last: Page) -> None:
    """See that the last page, on another worker than the first, decodes the first one's video."""

    def decodes(streams: list[dict[str, Any]]) -> bool:
        return any(stream["kind"] == "video" and (stream.get("framesDecoded") or 0) > 10 for stream in streams)

    for page in (last, first):
        streams = await eventually(lambda page=page: received(page), decodes, page, seconds=60)  # type: ignore[misc]
        video = next(stream for stream in streams if stream["kind"] == "video")
        assert video["served"]["workerId"] != video["source"]["workerId"]
        assert video["served"]["nodeId"] != video["source"]["nodeId"]


async def test_a_big_room(artefacts: Path) -> None:
    """Every packet reaches every consumer, by the planned pipes; a browser sees from the farthest worker; data too."""
    async with big_room(artefacts) as (room, first, last):
        assert len(room.places) == WORKERS
        assert len(set(room.places.values())) == 3
        await assert_sees_from_afar(first, last)
        await assert_all_packets_arrive(room)
        assert await assert_routes_are_the_plan(room) >= 2
        await assert_data_crosses_two_hops(room)
        await screenshot(last, artefacts / "last")

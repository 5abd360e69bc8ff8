"""Two node agents on hosts of their own, which share no address and no memory."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from tests.integration.pulls.hosts import NODE_IDS, host_cluster, rtp_on
from tests.support.network_namespaces import Host, why_not
from tests.support.rtp import audio_parameters

from tureen.bus import Bus, BusSettings
from tureen.bus.parser import Delivery
from tureen.contract.errors import Unauthorized

pytestmark = [pytest.mark.timeout(120), pytest.mark.skipif(bool(why_not()), reason=why_not() or "not skipped")]

ROOM = "room"
PLAIN = b"this is what was said " * 3
"""The payload of the packets, which nobody may read between the hosts."""


class Hosts:
    """Placement here, an agent on each host, and a room with a router on each."""

    def __init__(self, bus: Bus, heard: list[Delivery]) -> None:
        self.bus = bus
        self.heard = heard
        self.routers: dict[str, str] = {}

    async def ask(self, name: str, node_id: str | None = None, **payload: Any) -> dict[str, Any]:
        """Send placement, or a node's agent, a command."""
        service = "placement" if node_id is None else "node"
        return await self.bus.command(service, name, payload, tenant="default", node_id=node_id, timeout=10)

    async def plain(self, node_id: str, **options: Any) -> dict[str, Any]:
        """Make a plain transport on a node's router."""
        listen_info = {"protocol": "udp", "ip": "media"}
        made = {"routerId": self.routers[node_id], "listenInfo": listen_info, **options}
        return await self.ask("router.createPlainTransport", node_id, **made)


@pytest.fixture
async def run(hosts: tuple[Host, Host], tmp_path: Path) -> AsyncIterator[Hosts]:
    """Run everything."""
    async with host_cluster(hosts, tmp_path) as url:
        bus = await Bus.connect(BusSettings(servers=[url], name="test"))
        try:
            heard: list[Delivery] = []
            await bus.listen(">", heard.append)
            cluster = Hosts(bus, heard)
            await cluster.ask("room.create", roomId=ROOM)
            for node_id in NODE_IDS:
                placed = await cluster.ask("room.place", roomId=ROOM, nodeId=node_id)
                cluster.routers[node_id] = placed["routerId"]
            yield cluster
        finally:
            await bus.close()


def packets(tap: socket.socket) -> Iterator[bytes]:
    """Yield what a tap has heard so far."""
    while True:
        try:
            yield tap.recv(65536)
        except BlockingIOError:
            return


async def media_crosses_encrypted(run: Hosts, hosts: tuple[Host, Host]) -> None:
    """Send RTP to one host, find every packet at the other, and none that could be read on the link between them."""
    here, there = hosts
    sending = await run.plain("a", comedia=True)
    made = await run.ask(
        "transport.produce", "a", transportId=sending["id"], kind="audio", rtpParameters=audio_parameters(7)
    )
    receiving = await run.plain("b")
    capabilities = (await run.ask("room.get", roomId=ROOM))["rtpCapabilities"]
    async with rtp_on(here) as sender, rtp_on(there) as receiver:
        await run.ask("transport.connect", "b", transportId=receiving["id"], ip=there.address, port=receiver.port)
        consumer = await run.ask(
            "transport.consume",
            "b",
            transportId=receiving["id"],
            producerId=made["id"],
            rtpCapabilities=capabilities,
        )
        with there.tap() as tap:
            for sequence in range(1, 101):
                sender.send(sending["tuple"], sequence, 7, PLAIN)
                await asyncio.sleep(0.002)
            await receiver.taken(100)
            crossed = [packet for packet in packets(tap) if packet[26:30] == socket.inet_aton(here.address)]
    (numbers,) = receiver.sequence_numbers.values()
    assert numbers == list(range(numbers[0], numbers[0] + 100))
    assert consumer["producerId"] == made["id"]
    media = [packet for packet in crossed if len(packet) > 14 + 20 + 8 + 12 + len(PLAIN)]
    assert len(media) >= 100, "the packets went over the link"
    assert not any(PLAIN[:22] in packet for packet in crossed), "none could be read there"


async def no_address_is_handed_on(run: Hosts, hosts: tuple[Host, Host]) -> None:
    """See that transports name their own host's address, and that only the ends of a pipe are told the other's."""
    addresses = dict(zip("ab", (host.address for host in hosts), strict=True))
    for node_id, other in (("a", "b"), ("b", "a")):
        web = await run.ask("router.createWebRtcTransport", node_id, routerId=run.routers[node_id])
        candidates = {candidate["address"] for candidate in web["iceCandidates"]}
        assert candidates == {addresses[node_id]}
        assert (await run.plain(node_id))["tuple"]["localAddress"] == addresses[node_id]
        for name in ("router.createPlainTransport", "router.createPipeTransport"):
            with pytest.raises(Unauthorized):
                await run.ask(
                    name,
                    node_id,
                    routerId=run.routers[node_id],
                    listenInfo={"protocol": "udp", "ip": addresses[other]},
                )
        dump = await run.ask("router.dump", node_id, routerId=run.routers[node_id])
        assert addresses[other] not in json.dumps(dump)
    sending = await run.plain("a", comedia=True)
    made = await run.ask(
        "transport.produce", "a", transportId=sending["id"], kind="audio", rtpParameters=audio_parameters(7)
    )
    run.heard.clear()
    receiving = await run.plain("b")
    capabilities = (await run.ask("room.get", roomId=ROOM))["rtpCapabilities"]
    await run.ask(
        "transport.consume", "b", transportId=receiving["id"], producerId=made["id"], rtpCapabilities=capabilities
    )
    await run.bus.barrier()
    serving = {delivery.reply: delivery.subject for delivery in run.heard if delivery.subject.endswith(".pipe.serve")}
    assert list(serving.values()) == ["tureen.v1.system.node.a.pipe.serve"]
    telling_a = [delivery for delivery in run.heard if addresses["a"].encode() in delivery.body]
    assert {delivery.subject for delivery in telling_a} == set(serving), "only b's agent is told where a is"
    told_b = [delivery for delivery in run.heard if addresses["b"].encode() in delivery.body]
    asked = {delivery.subject for delivery in told_b if ".node." in delivery.subject}
    assert asked == {"tureen.v1.system.node.a.pipe.serve"}, "only a's agent is told where b is"


async def messages_cross_over_the_bus_alone(run: Hosts, hosts: tuple[Host, Host]) -> None:
    """Send messages to one host, hear them on the other, and find nothing of them on the link between them."""
    transports = {
        node_id: await run.ask("router.createDirectTransport", node_id, routerId=run.routers[node_id])
        for node_id in "ab"
    }
    made = await run.ask("transport.produceData", "a", transportId=transports["a"]["id"], label="chat")
    consumer = await run.ask("transport.consumeData", "b", transportId=transports["b"]["id"], dataProducerId=made["id"])
    arrived: asyncio.Queue[Any] = asyncio.Queue()
    subject = f"tureen.v1.default.event.{ROOM}.*.dataConsumer.{consumer['id']}.message"
    await run.bus.subscribe(subject, lambda _, payload: arrived.put_nowait(payload["data"]))
    with hosts[1].tap() as tap:
        for number in range(20):
            await run.ask("dataProducer.send", "a", dataProducerId=made["id"], message=f"{PLAIN!r} {number}")
        async with asyncio.timeout(15):
            messages = [cast("dict[str, Any]", await arrived.get())["message"] for _ in range(20)]
        on_link = [packet for packet in packets(tap) if packet[26:30] == socket.inet_aton(hosts[0].address)]
    assert messages == [f"{PLAIN!r} {number}".encode() for number in range(20)]
    assert not any(PLAIN[:22] in packet for packet in on_link)


async def test_two_hosts(run: Hosts, hosts: tuple[Host, Host]) -> None:
    """Hosts keep their addresses apart; media crosses between them encrypted, and messages over the bus alone."""
    await no_address_is_handed_on(run, hosts)
    await media_crosses_encrypted(run, hosts)
    await messages_cross_over_the_bus_alone(run, hosts)

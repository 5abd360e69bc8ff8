from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Events, Node, Run, open_room
from tests.integration.node_agent.test_pipes import until

from tureen.contract.errors import NotFound
from tureen.contract.subjects import DEFAULT_TENANT
from tureen.mediasoup import PipeTransport

Messages = list[tuple[bytes, int]]
MIXED: list[dict[str, Any]] = [
    {"message": "text"},
    {"message": b"\x00\xff"},
    {"message": ""},
    {"message": b""},
    {"message": b"odd", "ppid": 1234},
    {"message": "large" * 10_000},
]
"""Text, bytes, empty ones of both, a payload protocol identifier of the app's own, and one of many packets."""
HEARD: Messages = [(b"text", 51), (b"\x00\xff", 53), (b" ", 56), (b"\x00", 57), (b"odd", 1234), (b"large" * 10_000, 51)]


async def pull_data(node: Node, producer_id: str, to: str, source: Node, from_: str) -> dict[str, Any]:
    """Make one hop for a data producer."""
    return await node.between(
        "pipe.pull",
        roomId="room",
        producerId=producer_id,
        routerId=to,
        fromRouterId=from_,
        fromNodeId=source.id,
        data=True,
    )


async def listen(node: Node, router_id: str, producer_id: str, **options: Any) -> dict[str, Any]:
    """Hear a data producer that a router holds, on a DirectTransport."""
    transport = await node.ask("router.createDirectTransport", routerId=router_id)
    return await node.ask("transport.consumeData", transportId=transport["id"], dataProducerId=producer_id, **options)


def heard(events: Events, consumer: Mapping[str, Any]) -> Messages:
    """Return the messages that came out of a data consumer."""
    return [
        (payload["data"]["message"], payload["data"]["ppid"])
        for subject, payload in events.all
        if (subject.object_id, subject.name) == (consumer["id"], "message")
    ]


async def until_heard(events: Events, consumer: Mapping[str, Any], expected: Messages) -> None:
    """Wait until so many messages came, and check that they are the expected ones."""

    async def enough() -> bool:
        return len(heard(events, consumer)) >= len(expected)

    await until(enough)
    assert heard(events, consumer) == expected


async def direct_producer(node: Node, router_id: str, **options: Any) -> str:
    """Make an app's data producer on a DirectTransport, and return its id."""
    transport = await node.ask("router.createDirectTransport", routerId=router_id)
    made = await node.ask(
        "transport.produceData", transportId=transport["id"], label="chat", protocol="text", **options
    )
    return str(made["id"])


async def sctp_producer(node: Node, router_id: str, **stream: Any) -> tuple[str, str]:
    """Make a data producer that an SCTP endpoint feeds, and the app's data producer that feeds that; return both ids.

    The endpoint is a router outside of the room, linked by a pipe.
    """
    outside = (await node.router())["id"]
    app = await direct_producer(node, outside)
    listen_info = {"protocol": "udp", "ip": "default"}
    ends = [
        await node.ask("router.createPipeTransport", routerId=router, listenInfo=listen_info, enableSctp=True)
        for router in (outside, router_id)
    ]
    for end, other in (ends, ends[::-1]):
        address = {"ip": other["tuple"]["localAddress"], "port": other["tuple"]["localPort"]}
        await node.ask("transport.connect", transportId=end["id"], **address)
    out = await node.ask("transport.consumeData", transportId=ends[0]["id"], dataProducerId=app, **stream)
    made = await node.ask(
        "transport.produceData",
        transportId=ends[1]["id"],
        sctpStreamParameters=out["sctpStreamParameters"],
        label="chat",
        protocol="text",
    )

    async def associated() -> bool:
        transports = [node.agent.state.objects.transports.get(end["id"], DEFAULT_TENANT).transport for end in ends]
        return all(isinstance(end, PipeTransport) and end.sctp_state == "connected" for end in transports)

    await until(associated)
    return made["id"], app


@pytest.mark.parametrize(
    ("hosts", "of", "private_link"),
    [
        pytest.param(1, "app", False, id="an app's, on one host"),
        pytest.param(2, "app", False, id="an app's, on two hosts"),
        pytest.param(1, "endpoint", False, id="an endpoint's, on one host"),
        pytest.param(2, "endpoint", False, id="an endpoint's, on two hosts"),
        pytest.param(2, "endpoint", True, id="an endpoint's, over a private link"),
    ],
)
async def test_messages_cross_two_hops(run_node: Run, events: Events, hosts: int, of: str, private_link: bool) -> None:
    """Messages of every sort arrive two hops away, in order and each once, whoever sends them and by whichever way."""
    first = await run_node("node-1", workers=3, private_link=private_link)
    second = first if hosts == 1 else await run_node("node-2", workers=1, private_link=private_link)
    await open_room(("r1", first, 0), ("r2", second, 0 if hosts == 2 else 1), ("r3", first, 2))
    if of == "app":
        producer = app = await direct_producer(first, "r1")
    else:
        producer, app = await sctp_producer(first, "r1")
    await pull_data(second, producer, "r2", first, "r1")
    reached = await pull_data(first, producer, "r3", second, "r2")
    assert [hop["routerId"] for hop in reached["path"]] == ["r1", "r2", "r3"]
    consumer = await listen(first, "r3", producer)
    assert (consumer["label"], consumer["protocol"]) == ("chat", "text")
    for message in MIXED:
        await first.ask("dataProducer.send", dataProducerId=app, **message)
    await until_heard(events, consumer, HEARD)
    over_sctp = of == "endpoint" and (hosts == 1 or private_link)
    ends = [entry.transport for entry in second.agent.state.objects.pipes.all()]
    assert any(isinstance(end, PipeTransport) and end.sctp_state == "connected" for end in ends) is over_sctp


@pytest.mark.parametrize("hosts", [1, 2])
async def test_subchannels_reach_the_far_end(run_node: Run, events: Events, hosts: int) -> None:
    """Subchannels, required and ignored ones choose who hears a message two hops away as they do on its own router."""
    first = await run_node("node-1", workers=3)
    second = first if hosts == 1 else await run_node("node-2", workers=1)
    await open_room(("r1", first, 0), ("r2", second, 0 if hosts == 2 else 1), ("r3", first, 2))
    producer = await direct_producer(first, "r1")
    await pull_data(second, producer, "r2", first, "r1")
    await pull_data(first, producer, "r3", second, "r2")
    near = await listen(first, "r1", producer, subchannels=[1, 2])
    far = await listen(first, "r3", producer, subchannels=[1, 2])
    other = await listen(first, "r3", producer, subchannels=[3])
    for message, options in (
        ("to all", {}),
        ("to 1", {"subchannels": [1]}),
        ("to 3", {"subchannels": [3]}),
        ("needs 2", {"requiredSubchannel": 2}),
        ("not 1", {"ignoredSubchannel": 1}),
        ("end", {}),
    ):
        await first.ask("dataProducer.send", dataProducerId=producer, message=message, **options)
    expected = [(text, 51) for text in (b"to all", b"to 1", b"needs 2", b"end")]
    await until_heard(events, far, expected)
    await until_heard(events, near, expected)
    await until_heard(events, other, [(text, 51) for text in (b"to all", b"to 3", b"not 1", b"end")])


@pytest.mark.parametrize("of", ["app", "endpoint"])
@pytest.mark.parametrize("hosts", [1, 2])
async def test_pause_resume_and_close_of_data(run_node: Run, events: Events, hosts: int, of: str) -> None:
    """What happens to a data producer where it lives happens two hops away; when it is closed nothing is left."""
    first = await run_node("node-1", workers=3)
    second = first if hosts == 1 else await run_node("node-2", workers=1)
    await open_room(("r1", first, 0), ("r2", second, 0 if hosts == 2 else 1), ("r3", first, 2))
    producer = await direct_producer(first, "r1") if of == "app" else (await sctp_producer(first, "r1"))[0]
    await first.ask("dataProducer.pause", dataProducerId=producer)
    await pull_data(second, producer, "r2", first, "r1")
    await pull_data(first, producer, "r3", second, "r2")
    consumer = await listen(first, "r3", producer)
    assert consumer["dataProducerPaused"] is True
    await first.ask("dataProducer.resume", dataProducerId=producer)
    await events.first(consumer["id"], "dataproducerresume")
    await first.ask("dataProducer.pause", dataProducerId=producer)
    await events.first(consumer["id"], "dataproducerpause")
    await first.ask("dataProducer.close", dataProducerId=producer)
    await events.first(consumer["id"], "dataproducerclose")
    assert (await first.between("pipe.find", producerId=producer))["holders"] == []

    async def nothing_left() -> bool:
        lists = [
            await node.between("pipe.list", nodeId=other) for node in (first, second) for other in (first.id, second.id)
        ]
        return not any(page["served"] or page["pulled"] for page in lists)

    await until(nothing_left)


async def test_reliability_reaches_the_far_end(run_node: Run) -> None:
    """A data consumer across hosts is as reliable as the data producer where it lives, unless it asks otherwise."""
    first, second = await run_node("node-1"), await run_node("node-2")
    await open_room(("r1", first, 0), ("r2", second, 0))
    producer, _ = await sctp_producer(first, "r1", maxRetransmits=3)
    await pull_data(second, producer, "r2", first, "r1")
    listen_info = {"protocol": "udp", "ip": "default"}
    transport = await second.ask(
        "router.createPlainTransport", routerId="r2", listenInfo=listen_info, comedia=True, enableSctp=True
    )
    make = {"transportId": transport["id"], "dataProducerId": producer}
    stream = (await second.ask("transport.consumeData", **make))["sctpStreamParameters"]
    assert (stream["ordered"], stream["maxRetransmits"]) == (False, 3)
    stream = (await second.ask("transport.consumeData", **make, ordered=True))["sctpStreamParameters"]
    assert stream["ordered"] is True
    assert "maxRetransmits" not in stream


async def test_a_kind_is_not_taken_for_another(run_node: Run) -> None:
    """A data producer is not pulled as media, nor media as data."""
    node = await run_node(workers=2)
    await open_room(("r1", node, 0), ("r2", node, 1))
    data = await direct_producer(node, "r1")
    audio = (await node.produce((await node.sending_transport("r1"))["id"]))["id"]
    with pytest.raises(NotFound):
        await pull_data(node, audio, "r2", node, "r1")
    with pytest.raises(NotFound):
        await node.between(
            "pipe.pull", roomId="room", producerId=data, routerId="r2", fromRouterId="r1", fromNodeId=node.id
        )
    assert (await node.between("pipe.list", nodeId=node.id))["pulled"] == []


async def test_messages_wait_for_a_lost_bus(run_node: Run, events: Events) -> None:
    """What is sent while the puller cannot be reached arrives when it is back, in order and each once."""
    first, second = await run_node("node-1"), await run_node("node-2")
    await open_room(("r1", first, 0), ("r2", second, 0))
    producer = await direct_producer(first, "r1")
    await pull_data(second, producer, "r2", first, "r1")
    consumer = await listen(second, "r2", producer)
    restored = asyncio.Event()
    second.agent_bus.on_reconnect(restored.set)
    client = second.agent_bus._connection.client
    assert client is not None
    client.abort()
    for number in range(20):
        await first.ask("dataProducer.send", dataProducerId=producer, message=str(number))
    await asyncio.wait_for(restored.wait(), 15)
    await until_heard(events, consumer, [(str(number).encode(), 51) for number in range(20)])

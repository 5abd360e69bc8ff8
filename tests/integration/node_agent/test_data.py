from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Events, Node, Run

from tureen.contract.errors import Conflict, InvalidType, NotFound

UDP = {"protocol": "udp", "ip": "default"}


async def direct_data(node: Node, **options: Any) -> tuple[str, str, str]:
    """Make a DirectTransport with a data producer and a data consumer, and return the ids of all three."""
    router = await node.router()
    transport = await node.ask("router.createDirectTransport", routerId=router["id"])
    producer = await node.ask("transport.produceData", transportId=transport["id"], label="chat", protocol="text")
    consumer = await node.ask(
        "transport.consumeData", transportId=transport["id"], dataProducerId=producer["id"], **options
    )
    assert (producer["type"], consumer["type"], consumer["label"]) == ("direct", "direct", "chat")
    return transport["id"], producer["id"], consumer["id"]


async def test_messages_over_the_bus(run_node: Run, events: Events) -> None:
    """Text and bytes sent to a data producer come out of its data consumer as bytes, with what they are."""
    node = await run_node()
    _, producer, consumer = await direct_data(node)
    for message in ("text", b"\x00\xff", "", b""):
        await node.ask("dataProducer.send", dataProducerId=producer, message=message)
    await node.ask("dataProducer.send", dataProducerId=producer, message=b"last", ppid=51)
    await events.until(lambda: events.of(consumer).count("message") == 5)
    stats = (await node.ask("dataConsumer.getStats", dataConsumerId=consumer))["stats"]
    assert stats[0]["messagesSent"] == 5
    heard = [payload["data"] for subject, payload in events.all if subject.name == "message"]
    assert heard[0] == {"message": b"text", "ppid": 51}
    assert heard[1] == {"message": b"\x00\xff", "ppid": 53}
    assert [message["ppid"] for message in heard] == [51, 53, 56, 57, 51]


async def test_messages_in_json(run_node: Run, events: Events) -> None:
    """In JSON a message is base64, text as well."""
    node = await run_node()
    _, producer, consumer = await direct_data(node)
    message = base64.b64encode(b"text").decode()
    assert await node.ask_json("dataProducer.send", dataProducerId=producer, message=message, ppid=51) == {}
    assert (await events.first(consumer, "message"))["data"] == {"message": b"text", "ppid": 51}
    refused = await node.ask_json("dataProducer.send", dataProducerId=producer, message="no base64!")
    assert refused["type"] == "TypeError"


async def test_subchannels(run_node: Run, events: Events) -> None:
    """A data consumer hears the subchannels that it listens to."""
    node = await run_node()
    _, producer, consumer = await direct_data(node, subchannels=[1, 2])
    ask: dict[str, Any] = {"dataConsumerId": consumer}
    assert sorted((await node.ask("dataConsumer.addSubchannel", **ask, subchannel=3))["subchannels"]) == [1, 2, 3]
    assert sorted((await node.ask("dataConsumer.removeSubchannel", **ask, subchannel=1))["subchannels"]) == [2, 3]
    assert sorted((await node.ask("dataConsumer.setSubchannels", **ask, subchannels=[7]))["subchannels"]) == [7]
    await node.ask("dataProducer.send", dataProducerId=producer, message="not for it", subchannels=[2])
    await node.ask("dataProducer.send", dataProducerId=producer, message="nor this", requiredSubchannel=2)
    await node.ask("dataProducer.send", dataProducerId=producer, message="for it", subchannels=[7])
    assert (await events.first(consumer, "message"))["data"]["message"] == b"for it"


async def test_pausing_data(run_node: Run, events: Events) -> None:
    """A paused data producer or data consumer passes nothing on; those who share them hear of it."""
    node = await run_node()
    _, producer, consumer = await direct_data(node)
    await node.ask("dataProducer.pause", dataProducerId=producer)
    await events.first(producer, "pause")
    await events.first(consumer, "dataproducerpause")
    assert (await node.ask("dataProducer.dump", dataProducerId=producer))["dump"]["paused"] is True
    await node.ask("dataProducer.resume", dataProducerId=producer)
    await events.first(consumer, "dataproducerresume")
    await node.ask("dataConsumer.pause", dataConsumerId=consumer)
    await events.first(consumer, "pause")
    assert (await node.ask("dataConsumer.dump", dataConsumerId=consumer))["dump"]["paused"] is True
    await node.ask("dataConsumer.resume", dataConsumerId=consumer)
    assert (await node.ask("dataProducer.getStats", dataProducerId=producer))["stats"][0]["type"] == "data-producer"


async def test_closing_data(run_node: Run, events: Events) -> None:
    """Closing a data producer closes its data consumers, whose owner hears of it."""
    node = await run_node()
    _, producer, consumer = await direct_data(node)
    await node.ask("dataProducer.close", dataProducerId=producer)
    await events.first(consumer, "dataproducerclose")
    await events.first(consumer, "close")
    assert events.of(producer) == ["close"]
    await node.ask("dataConsumer.close", dataConsumerId=consumer)
    assert node.held() == {"routers": 1, "transports": 1}
    with pytest.raises(NotFound):
        await node.ask("dataProducer.send", dataProducerId=producer, message="late")


async def test_data_over_sctp(run_node: Run) -> None:
    """A transport with SCTP has streams, thresholds and a buffer; without parameters there is no data producer."""
    node = await run_node()
    router = await node.router()
    transport = await node.ask(
        "router.createPlainTransport", routerId=router["id"], listenInfo=UDP, comedia=True, enableSctp=True
    )
    with pytest.raises(InvalidType):
        await node.ask("transport.produceData", transportId=transport["id"])
    producer = await node.ask(
        "transport.produceData",
        transportId=transport["id"],
        sctpStreamParameters={"streamId": 5, "ordered": False, "maxRetransmits": 1},
    )
    assert producer["sctpStreamParameters"] == {"streamId": 5, "ordered": False, "maxRetransmits": 1}
    consumer = await node.ask(
        "transport.consumeData", transportId=transport["id"], dataProducerId=producer["id"], maxRetransmits=3
    )
    assert consumer["sctpStreamParameters"]["maxRetransmits"] == 3
    ask = {"dataConsumerId": consumer["id"]}
    assert (await node.ask("dataConsumer.getBufferedAmount", **ask))["bufferedAmount"] == 0
    await node.ask("dataConsumer.setBufferedAmountLowThreshold", **ask, threshold=10)
    with pytest.raises(InvalidType):
        await node.ask("dataProducer.send", dataProducerId=producer["id"], message="from nowhere")
    plain = await node.sending_transport(router["id"])
    with pytest.raises((Conflict, InvalidType)):
        await node.ask("transport.consumeData", transportId=plain["id"], dataProducerId=producer["id"])


async def test_a_direct_data_consumer_has_no_buffer(run_node: Run) -> None:
    """What only SCTP has is refused by name on a DirectTransport."""
    node = await run_node()
    _, _, consumer = await direct_data(node)
    for name, options in (
        ("dataConsumer.getBufferedAmount", {}),
        ("dataConsumer.send", {"message": "x"}),
        ("dataConsumer.setBufferedAmountLowThreshold", {"threshold": 1}),
    ):
        with pytest.raises(InvalidType):
            await node.ask(name, dataConsumerId=consumer, **options)

"""The DirectTransport class, and what goes through it."""

from __future__ import annotations

import asyncio

import pytest
from tests.conformance.helpers import happens, holds, record
from tests.conformance.samples import AUDIO, DEVICE, VIDEO

from tureen.mediasoup import DirectTransport, Router, Worker
from tureen.mediasoup.errors import NotFoundError, UnsupportedError, WorkerClosedError


@pytest.fixture
async def direct(router: Router) -> DirectTransport:
    """Give a DirectTransport."""
    return await router.create_direct_transport()


async def test_create(router: Router) -> None:
    """A new transport is empty, and is announced."""
    announced = record(router.observer, "newtransport")
    transport = await router.create_direct_transport(
        max_send_message_size=1024, max_receive_message_size=2048, app_data={"foo": "bar"}
    )
    assert announced == [("newtransport", transport)]
    assert (transport.type, transport.closed, transport.app_data) == ("direct", False, {"foo": "bar"})
    dump = await transport.dump()
    assert holds(
        dump,
        id=transport.id,
        producerIds=[],
        consumerIds=[],
        dataProducerIds=[],
        dataConsumerIds=[],
        maxSendMessageSize=1024,
        maxReceiveMessageSize=2048,
    )
    assert "direct" not in dump
    with pytest.raises(TypeError):
        await router.create_direct_transport(app_data="NOT-A-DICT")  # type: ignore[arg-type]


async def test_stats(direct: DirectTransport) -> None:
    """A new transport has counted nothing."""
    (stats,) = await direct.get_stats()
    assert holds(stats, type="direct-transport", transportId=direct.id, bytesReceived=0, rtpBytesSent=0)


async def test_what_makes_no_sense(direct: DirectTransport) -> None:
    """There is nothing to connect, and there are no bit rates to limit."""
    await direct.connect()
    for call in (direct.set_max_incoming_bitrate, direct.set_max_outgoing_bitrate, direct.set_min_outgoing_bitrate):
        with pytest.raises(UnsupportedError):
            await call(100_000)


async def test_messages(direct: DirectTransport) -> None:
    """Messages arrive in order, as what they were sent as, but for those that are sent or received while paused."""
    producer = await direct.produce_data(label="foo", protocol="bar")
    consumer = await direct.consume_data(data_producer_id=producer.id)
    received = record(consumer, "message")
    expected = []
    for number in range(200):
        if number in (10, 40):
            await (producer if number == 10 else consumer).pause()
        elif number in (20, 60):
            await (producer if number == 20 else consumer).resume()
        text = str(number)
        producer.send(text if number < 100 else text.encode())
        if not producer.paused and not consumer.paused:
            expected.append(("message", text.encode(), 51 if number < 100 else 53))
    await happens(lambda: len(received) >= len(expected))
    assert received == expected
    assert len(expected) == 170
    (sent,) = await producer.get_stats()
    assert holds(sent, type="data-producer", label="foo", protocol="bar", messagesReceived=200)
    assert sent["bytesReceived"] == sum(len(str(number)) for number in range(200))
    (got,) = await consumer.get_stats()
    assert holds(got, type="data-consumer", messagesSent=170, bytesSent=sum(len(data) for _, data, _ in expected))


async def test_kinds_of_messages(direct: DirectTransport) -> None:
    """Text, bytes, empty ones and such with a chosen identifier arrive with the right identifier."""
    producer = await direct.produce_data()
    consumer = await direct.consume_data(data_producer_id=producer.id)
    received = record(consumer, "message")
    producer.send("grüß")
    producer.send(bytearray(b"bytes"))
    producer.send(memoryview(b"view"))
    producer.send("")
    producer.send(b"")
    producer.send("odd", ppid=1234)
    await happens(lambda: len(received) == 6)
    assert received == [
        ("message", "grüß".encode(), 51),
        ("message", b"bytes", 53),
        ("message", b"view", 53),
        ("message", b" ", 56),
        ("message", b"\0", 57),
        ("message", b"odd", 1234),
    ]
    for wrong in (123, None, ["text"]):
        with pytest.raises(TypeError):
            producer.send(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        producer.send("text", subchannels=[-1])


async def test_subchannels(direct: DirectTransport) -> None:
    """A message goes to those who listen to one of its subchannels and to the required one, but not to the ignored."""
    producer = await direct.produce_data()
    one = await direct.consume_data(data_producer_id=producer.id, subchannels=[1, 11, 666])
    two = await direct.consume_data(data_producer_id=producer.id, subchannels=[2, 22, 666])
    received = [record(one, "message"), record(two, "message")]
    producer.send("both")
    producer.send("both", subchannels=[1, 2])
    producer.send("both", subchannels=[11, 22, 33], required_subchannel=666)
    producer.send("none", subchannels=[3], required_subchannel=666)
    producer.send("none", subchannels=[666], required_subchannel=3)
    producer.send("one", subchannels=[1])
    producer.send("one", subchannels=[11], required_subchannel=1)
    producer.send("one", subchannels=[666], required_subchannel=11)
    producer.send("two", subchannels=[666], required_subchannel=2)
    producer.send("one", ignored_subchannel=22)
    setting = asyncio.create_task(two.set_subchannels([*two.subchannels, 1]))
    await asyncio.sleep(0)
    producer.send("both", subchannels=[1], required_subchannel=666)
    producer.send("end")
    await happens(lambda: all(messages and messages[-1][1] == b"end" for messages in received))
    await setting
    texts = [[data.decode() for _, data, _ in messages] for messages in received]
    assert texts == [
        ["both", "both", "both", "one", "one", "one", "one", "both", "end"],
        ["both", "both", "both", "two", "both", "end"],
    ]


async def test_rtp(direct: DirectTransport) -> None:
    """RTP goes in and out as bytes."""
    producer = await direct.produce(kind="audio", rtp_parameters=AUDIO)
    consumer = await direct.consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    packets = record(consumer, "rtp")
    for sequence in range(3):
        producer.send(
            b"\x80\x6f" + sequence.to_bytes(2) + (960 * sequence).to_bytes(4) + (11111111).to_bytes(4) + b"hello"
        )
    await happens(lambda: len(packets) == 3)
    for _, packet in packets:
        assert isinstance(packet, bytes)
        assert packet.endswith(b"hello")
        assert int.from_bytes(packet[8:12]) == consumer.rtp_parameters["encodings"][0]["ssrc"]
    with pytest.raises(TypeError):
        producer.send("text")  # type: ignore[arg-type]


async def test_rtcp(direct: DirectTransport) -> None:
    """RTCP goes in and out as bytes: a request for a key frame goes in for the consumer, and out for the producer."""
    producer = await direct.produce(kind="video", rtp_parameters=VIDEO)
    consumer = await direct.consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    rtcp, observed = record(direct, "rtcp"), record(direct.observer, "rtcp")
    producer.send(b"\x80\x70" + (1).to_bytes(2) + (1).to_bytes(4) + (22222222).to_bytes(4) + b"hello")
    ssrc = consumer.rtp_parameters["encodings"][0]["ssrc"]
    picture_loss = b"\x81\xce" + (2).to_bytes(2) + (1).to_bytes(4)
    direct.send_rtcp(picture_loss + ssrc.to_bytes(4))
    await happens(lambda: bool(rtcp))
    _, packet = rtcp[0]
    assert isinstance(packet, bytes)
    assert (packet[:2], packet[8:12]) == (b"\x81\xce", (22222222).to_bytes(4))
    assert observed == rtcp
    with pytest.raises(TypeError):
        direct.send_rtcp("text")  # type: ignore[arg-type]


async def test_close(router: Router, direct: DirectTransport) -> None:
    """A closed transport is gone from its router; what is sent to it is dropped."""
    producer = await direct.produce_data()
    closings = record(direct.observer, "close")
    direct.close()
    assert (direct.closed, producer.closed, closings) == (True, True, [("close",)])
    producer.send("nobody hears this")
    direct.send_rtcp(b"nor this")
    for call in (direct.dump, direct.get_stats):
        with pytest.raises(NotFoundError):
            await call()
    assert (await router.dump())["transportIds"] == []


async def test_router_closed(router: Router, direct: DirectTransport) -> None:
    """A transport whose router was closed says so."""
    events, closings = record(direct, "routerclose"), record(direct.observer, "close")
    router.close()
    assert (events, closings) == ([("routerclose",)], [("close",)])
    with pytest.raises(NotFoundError):
        await direct.get_stats()


async def test_worker_closed(worker: Worker, direct: DirectTransport) -> None:
    """A transport whose worker was closed says so."""
    producer = await direct.produce_data()
    events = record(direct, "routerclose")
    worker.close()
    assert events == [("routerclose",)]
    with pytest.raises(WorkerClosedError):
        await direct.get_stats()
    with pytest.raises(WorkerClosedError):
        producer.send("nobody hears this")

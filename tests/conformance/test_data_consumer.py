"""The DataConsumer class."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.conformance.helpers import happens, hear, holds, record
from tests.conformance.samples import LISTEN_UDP

from tureen.mediasoup import DataConsumer, DataProducer, DirectTransport, Router, WebRtcTransport, Worker
from tureen.mediasoup.errors import MediasoupError, NotFoundError, WorkerClosedError
from tureen.mediasoup.extras import enhanced_once


@pytest.fixture
async def transport(router: Router) -> WebRtcTransport:
    """Give a WebRtcTransport with SCTP."""
    return await router.create_webrtc_transport(listen_infos=[LISTEN_UDP], enable_sctp=True)


@pytest.fixture
async def other_transport(router: Router) -> WebRtcTransport:
    """Give another one."""
    return await router.create_webrtc_transport(listen_infos=[LISTEN_UDP], enable_sctp=True)


@pytest.fixture
async def direct(router: Router) -> DirectTransport:
    """Give a DirectTransport."""
    return await router.create_direct_transport()


@pytest.fixture
async def source(transport: WebRtcTransport) -> DataProducer:
    """Give a data producer whose messages live for 5 seconds."""
    return await transport.produce_data(
        sctp_stream_parameters={"streamId": 12345, "ordered": False, "maxPacketLifeTime": 5000},
        label="foo",
        protocol="bar",
    )


@pytest.fixture
async def direct_source(direct: DirectTransport) -> DataProducer:
    """Give a data producer of this process."""
    return await direct.produce_data()


@pytest.fixture
async def data_consumer(other_transport: WebRtcTransport, source: DataProducer) -> DataConsumer:
    """Give a data consumer."""
    return await other_transport.consume_data(data_producer_id=source.id)


async def test_create(router: Router, other_transport: WebRtcTransport, source: DataProducer) -> None:
    """A new data consumer is as its data producer but for what was asked, and is announced."""
    announced = record(other_transport.observer, "newdataconsumer")
    data_consumer = await other_transport.consume_data(
        data_producer_id=source.id, max_packet_life_time=4000, subchannels=[0, 1, 1, 2, 65535, 100], app_data={"a": 1}
    )
    assert announced == [("newdataconsumer", data_consumer)]
    assert (data_consumer.data_producer_id, data_consumer.type) == (source.id, "sctp")
    assert (data_consumer.closed, data_consumer.paused, data_consumer.data_producer_paused) == (False, False, False)
    assert data_consumer.sctp_stream_parameters == {"streamId": 0, "ordered": False, "maxPacketLifeTime": 4000}
    assert (data_consumer.label, data_consumer.protocol, data_consumer.app_data) == ("foo", "bar", {"a": 1})
    assert sorted(data_consumer.subchannels) == [0, 1, 2, 100, 65535]
    dump = await router.dump()
    assert dump["mapDataProducerIdDataConsumerIds"] == [{"key": source.id, "values": [data_consumer.id]}]
    assert dump["mapDataConsumerIdDataProducerId"] == [{"key": data_consumer.id, "value": source.id}]
    assert holds(await other_transport.dump(), dataProducerIds=[], dataConsumerIds=[data_consumer.id])


async def test_dump(data_consumer: DataConsumer) -> None:
    """The dump tells what the properties tell, and how much waits."""
    assert await data_consumer.dump() == {
        "id": data_consumer.id,
        "dataProducerId": data_consumer.data_producer_id,
        "type": "sctp",
        "sctpStreamParameters": data_consumer.sctp_stream_parameters,
        "label": "foo",
        "protocol": "bar",
        "bufferedAmount": 0,
        "bufferedAmountLowThreshold": 1024,
        "paused": False,
        "dataProducerPaused": False,
        "subchannels": [],
    }


@pytest.mark.parametrize(
    ("options", "stream"),
    [
        ({}, {"ordered": False, "maxPacketLifeTime": 5000}),
        ({"ordered": True}, {"ordered": True}),
        ({"ordered": True, "max_retransmits": 2}, {"ordered": True}),
        ({"ordered": False}, {"ordered": False, "maxPacketLifeTime": 5000}),
        ({"max_packet_life_time": 1}, {"ordered": False, "maxPacketLifeTime": 1}),
    ],
    ids=str,
)
async def test_streams(
    other_transport: WebRtcTransport, source: DataProducer, options: dict[str, Any], stream: dict[str, Any]
) -> None:
    """How reliable a stream is can be chosen."""
    data_consumer = await other_transport.consume_data(data_producer_id=source.id, **options)
    assert data_consumer.sctp_stream_parameters == {"streamId": 0, **stream}


@pytest.mark.parametrize(
    ("options", "stream"),
    [
        ({}, {"ordered": True}),
        ({"ordered": False, "max_retransmits": 2}, {"ordered": False, "maxRetransmits": 2}),
        ({"max_retransmits": 2}, {"ordered": False, "maxRetransmits": 2}),
    ],
    ids=str,
)
async def test_streams_for_direct_sources(
    other_transport: WebRtcTransport, direct_source: DataProducer, options: dict[str, Any], stream: dict[str, Any]
) -> None:
    """A stream for a data producer that has none is reliable if nothing else was asked for."""
    data_consumer = await other_transport.consume_data(data_producer_id=direct_source.id, **options)
    assert data_consumer.sctp_stream_parameters == {"streamId": 0, **stream}
    assert (data_consumer.type, data_consumer.label, data_consumer.protocol) == ("sctp", "", "")


async def test_direct(direct: DirectTransport, source: DataProducer) -> None:
    """On a DirectTransport there is no stream, and nothing to send on it."""
    data_consumer = await direct.consume_data(data_producer_id=source.id, paused=True, ordered=True)
    assert (data_consumer.type, data_consumer.sctp_stream_parameters, data_consumer.paused) == ("direct", None, True)
    assert (data_consumer.label, data_consumer.protocol) == ("foo", "bar")
    dump = await data_consumer.dump()
    assert holds(dump, type="direct", paused=True, subchannels=[])
    assert "sctpStreamParameters" not in dump
    (stats,) = await data_consumer.get_stats()
    assert holds(stats, type="data-consumer", messagesSent=0)
    with pytest.raises(TypeError):
        await data_consumer.send("foo")


async def test_stream_numbers(other_transport: WebRtcTransport, source: DataProducer) -> None:
    """Each data consumer of a transport has a stream of its own, which is free again after its end."""

    async def consume() -> DataConsumer:
        return await other_transport.consume_data(data_producer_id=source.id)

    def number(data_consumer: DataConsumer) -> int:
        assert data_consumer.sctp_stream_parameters
        return data_consumer.sctp_stream_parameters["streamId"]

    first, second = await asyncio.gather(consume(), consume())
    assert (number(first), number(second)) == (0, 1)
    first.close()
    capabilities = {"negotiatedMaxOutboundStreams": 2, "negotiatedMaxInboundStreams": 2}
    await hear(other_transport, "TRANSPORT_SCTP_NEGOTIATED_CAPABILITIES", {"negotiatedCapabilities": capabilities})
    assert number(await consume()) == 0
    assert number(await consume()) == 2


async def test_refused_creation_frees_its_stream(router: Router, source: DataProducer) -> None:
    """A stream that was not used in the end is free."""
    without = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    for _ in range(2):
        with pytest.raises((MediasoupError, TypeError)):
            await without.consume_data(data_producer_id=source.id)
    assert without._outgoing_streams()._taken == set()


@pytest.mark.parametrize(
    "options",
    [
        {"data_producer_id": ""},
        {"data_producer_id": 5},
        {"app_data": "NOT-A-DICT"},
        {"subchannels": [65536]},
        {"max_retransmits": "2"},
    ],
    ids=str,
)
async def test_wrong_arguments(other_transport: WebRtcTransport, source: DataProducer, options: dict[str, Any]) -> None:
    """Wrong options are refused."""
    with pytest.raises(TypeError):
        await other_transport.consume_data(**{"data_producer_id": source.id, **options})


async def test_unknown_source(other_transport: WebRtcTransport, source: DataProducer) -> None:
    """An unknown data producer is not found, and an id can be used once."""
    with pytest.raises(NotFoundError):
        await other_transport.consume_data(data_producer_id="12345678")
    await other_transport.consume_data(data_producer_id=source.id, id="mine")
    with pytest.raises(TypeError):
        await other_transport.consume_data(data_producer_id=source.id, id="mine")


async def test_stats(data_consumer: DataConsumer) -> None:
    """A new data consumer has counted nothing."""
    (stats,) = await data_consumer.get_stats()
    assert holds(
        stats, type="data-consumer", label="foo", protocol="bar", messagesSent=0, bytesSent=0, bufferedAmount=0
    )


async def test_subchannels(data_consumer: DataConsumer) -> None:
    """Subchannels can be set, added and removed."""
    await data_consumer.set_subchannels([999, 999, 998])
    assert sorted(data_consumer.subchannels) == [998, 999]
    await data_consumer.set_subchannels([])
    assert data_consumer.subchannels == []
    changes: list[tuple[Any, int, list[int]]] = [
        (data_consumer.add_subchannel, 5, [5]),
        (data_consumer.add_subchannel, 10, [5, 10]),
        (data_consumer.add_subchannel, 5, [5, 10]),
        (data_consumer.remove_subchannel, 666, [5, 10]),
        (data_consumer.remove_subchannel, 5, [10]),
    ]
    for change, subchannel, left in changes:
        await change(subchannel)
        assert sorted(data_consumer.subchannels) == left
    for wrong in (-1, 65536, None, "5"):
        with pytest.raises(TypeError):
            await data_consumer.add_subchannel(wrong)  # type: ignore[arg-type]


async def test_buffered_amount(data_consumer: DataConsumer) -> None:
    """What waits to be sent can be asked for, and so can the threshold of the event for it be set."""
    assert await data_consumer.get_buffered_amount() == 0
    await data_consumer.set_buffered_amount_low_threshold(2048)
    assert (await data_consumer.dump())["bufferedAmountLowThreshold"] == 2048
    with pytest.raises(TypeError):
        await data_consumer.set_buffered_amount_low_threshold(None)  # type: ignore[arg-type]


async def test_events(data_consumer: DataConsumer) -> None:
    """What a worker tells of messages and of buffers is emitted."""
    events = record(data_consumer, "message", "sctpsendbufferfull", "bufferedamountlow")
    await hear(data_consumer, "DATACONSUMER_MESSAGE", {"ppid": 51, "data": b"hello"})
    await hear(data_consumer, "DATACONSUMER_SCTP_SENDBUFFER_FULL")
    await hear(data_consumer, "DATACONSUMER_BUFFERED_AMOUNT_LOW", {"bufferedAmount": 7})
    assert events == [("message", b"hello", 51), ("sctpsendbufferfull",), ("bufferedamountlow", 7)]


async def test_pause_and_resume(data_consumer: DataConsumer) -> None:
    """A data consumer can be paused and resumed; observers hear of each change."""
    events = record(data_consumer.observer, "pause", "resume")
    await data_consumer.pause()
    assert data_consumer.paused
    assert (await data_consumer.dump())["paused"] is True
    await data_consumer.resume()
    assert not data_consumer.paused
    calls = [data_consumer.pause, data_consumer.resume, data_consumer.pause, data_consumer.pause, data_consumer.resume]
    await asyncio.gather(*(call() for call in calls))
    assert events == [("pause",), ("resume",)] * 3


async def test_source_pauses(data_consumer: DataConsumer, source: DataProducer) -> None:
    """A data consumer says when its data producer pauses and resumes."""
    events = record(data_consumer, "dataproducerpause", "dataproducerresume")
    observed = record(data_consumer.observer, "pause", "resume")
    await asyncio.gather(enhanced_once(data_consumer, "dataproducerpause"), source.pause())
    assert (data_consumer.paused, data_consumer.data_producer_paused) == (False, True)
    await asyncio.gather(enhanced_once(data_consumer, "dataproducerresume"), source.resume())
    assert (data_consumer.paused, data_consumer.data_producer_paused) == (False, False)
    assert events == [("dataproducerpause",), ("dataproducerresume",)]
    assert observed == [("pause",), ("resume",)]


async def test_close(router: Router, other_transport: WebRtcTransport, data_consumer: DataConsumer) -> None:
    """A closed data consumer is gone from its transport."""
    closings = record(data_consumer.observer, "close")
    data_consumer.close()
    data_consumer.close()
    assert (data_consumer.closed, closings) == (True, [("close",)])
    calls = (data_consumer.dump, data_consumer.get_stats, data_consumer.pause, data_consumer.get_buffered_amount)
    for call in calls:
        with pytest.raises(NotFoundError):
            await call()
    assert (await router.dump())["mapDataConsumerIdDataProducerId"] == []
    assert (await other_transport.dump())["dataConsumerIds"] == []


async def test_source_closed(data_consumer: DataConsumer, source: DataProducer) -> None:
    """A data consumer whose data producer was closed says so."""
    events, closings = record(data_consumer, "dataproducerclose"), record(data_consumer.observer, "close")
    source.close()
    await happens(lambda: data_consumer.closed)
    assert (events, closings) == ([("dataproducerclose",)], [("close",)])
    with pytest.raises(NotFoundError):
        await data_consumer.dump()


async def test_transport_closed(router: Router, other_transport: WebRtcTransport, data_consumer: DataConsumer) -> None:
    """A data consumer whose transport was closed says so."""
    events, closings = record(data_consumer, "transportclose"), record(data_consumer.observer, "close")
    other_transport.close()
    assert (events, closings) == ([("transportclose",)], [("close",)])
    with pytest.raises(NotFoundError):
        await data_consumer.dump()
    assert (await router.dump())["mapDataConsumerIdDataProducerId"] == []


async def test_worker_closed(worker: Worker, data_consumer: DataConsumer) -> None:
    """A data consumer whose worker was closed says so."""
    events = record(data_consumer, "transportclose")
    worker.close()
    assert events == [("transportclose",)]
    with pytest.raises(WorkerClosedError):
        await data_consumer.dump()

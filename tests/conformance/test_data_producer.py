"""The DataProducer class."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.conformance.helpers import holds, record
from tests.conformance.samples import LISTEN_UDP

from tureen.mediasoup import DataProducer, Router, WebRtcTransport, Worker
from tureen.mediasoup.errors import MediasoupError, NotFoundError, WorkerClosedError
from tureen.mediasoup.types import SctpStreamParameters


@pytest.fixture
async def transport(router: Router) -> WebRtcTransport:
    """Give a WebRtcTransport with SCTP."""
    return await router.create_webrtc_transport(listen_infos=[LISTEN_UDP], enable_sctp=True)


@pytest.fixture
async def data_producer(transport: WebRtcTransport) -> DataProducer:
    """Give a data producer."""
    return await transport.produce_data(sctp_stream_parameters={"streamId": 666}, label="foo", protocol="bar")


async def test_reliable(router: Router, transport: WebRtcTransport) -> None:
    """A stream without limits is ordered; the data producer is announced."""
    announced = record(transport.observer, "newdataproducer")
    data_producer = await transport.produce_data(
        sctp_stream_parameters={"streamId": 666}, label="foo", protocol="bar", app_data={"foo": 1}
    )
    assert announced == [("newdataproducer", data_producer)]
    assert (data_producer.type, data_producer.closed, data_producer.paused) == ("sctp", False, False)
    assert data_producer.sctp_stream_parameters == {"streamId": 666, "ordered": True}
    assert (data_producer.label, data_producer.protocol, data_producer.app_data) == ("foo", "bar", {"foo": 1})
    dump = await router.dump()
    assert dump["mapDataProducerIdDataConsumerIds"] == [{"key": data_producer.id, "values": []}]
    assert holds(await transport.dump(), dataProducerIds=[data_producer.id], dataConsumerIds=[])


async def test_limited(transport: WebRtcTransport) -> None:
    """A stream with a limit is not ordered; a data producer may start paused."""
    data_producer = await transport.produce_data(
        sctp_stream_parameters={"streamId": 777, "maxRetransmits": 3}, paused=True, id="mine"
    )
    assert data_producer.id == "mine"
    assert data_producer.sctp_stream_parameters == {"streamId": 777, "ordered": False, "maxRetransmits": 3}
    assert (data_producer.label, data_producer.protocol, data_producer.paused) == ("", "", True)
    assert await data_producer.dump() == {
        "id": "mine",
        "type": "sctp",
        "sctpStreamParameters": {"streamId": 777, "ordered": False, "maxRetransmits": 3},
        "label": "",
        "protocol": "",
        "paused": True,
    }


async def test_direct(router: Router) -> None:
    """On a DirectTransport there is no stream."""
    transport = await router.create_direct_transport()
    data_producer = await transport.produce_data(sctp_stream_parameters={"streamId": 1})
    assert (data_producer.type, data_producer.sctp_stream_parameters) == ("direct", None)
    assert "sctpStreamParameters" not in await data_producer.dump()


async def test_what_browsers_send(transport: WebRtcTransport) -> None:
    """Unknown fields of the stream are ignored."""
    stream: Any = {"ordered": True, "streamId": 1, "label": "foo", "maxRetransmits": None}
    data_producer = await transport.produce_data(sctp_stream_parameters=stream)
    assert data_producer.sctp_stream_parameters == {"streamId": 1, "ordered": True}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sctp_stream_parameters": {"foo": "foo"}},
        {"sctp_stream_parameters": {"streamId": 999, "ordered": True, "maxPacketLifeTime": 4000}},
        {"sctp_stream_parameters": {"streamId": 65536}},
        {"sctp_stream_parameters": {"streamId": 1}, "label": 5},
        {"sctp_stream_parameters": {"streamId": 1}, "app_data": "NOT-A-DICT"},
    ],
    ids=str,
)
async def test_wrong_arguments(transport: WebRtcTransport, options: dict[str, Any]) -> None:
    """Wrong options are refused."""
    with pytest.raises(TypeError):
        await transport.produce_data(**options)
    assert (await transport.dump())["dataProducerIds"] == []


async def test_taken(router: Router, transport: WebRtcTransport, data_producer: DataProducer) -> None:
    """A stream and an id can be used once per transport, and SCTP has to be there."""
    stream: SctpStreamParameters = {"streamId": 666}
    with pytest.raises(MediasoupError):
        await transport.produce_data(sctp_stream_parameters=stream)
    with pytest.raises(TypeError, match="already exists"):
        await transport.produce_data(sctp_stream_parameters={"streamId": 1}, id=data_producer.id)
    without = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    with pytest.raises((MediasoupError, TypeError)):
        await without.produce_data(sctp_stream_parameters=stream)


async def test_stats(data_producer: DataProducer) -> None:
    """A new data producer has counted nothing."""
    (stats,) = await data_producer.get_stats()
    timestamp = stats.pop("timestamp")  # type: ignore[misc]
    assert timestamp > 0
    assert stats == {
        "type": "data-producer",
        "label": "foo",
        "protocol": "bar",
        "messagesReceived": 0,
        "bytesReceived": 0,
    }


async def test_pause_and_resume(data_producer: DataProducer) -> None:
    """A data producer can be paused and resumed; observers hear of each change."""
    events = record(data_producer.observer, "pause", "resume")
    await data_producer.pause()
    assert data_producer.paused
    assert (await data_producer.dump())["paused"] is True
    await data_producer.resume()
    assert not data_producer.paused
    assert (await data_producer.dump())["paused"] is False
    calls = [data_producer.pause, data_producer.resume, data_producer.pause, data_producer.pause, data_producer.resume]
    await asyncio.gather(*(call() for call in calls))
    assert events == [("pause",), ("resume",)] * 3


async def test_close(router: Router, transport: WebRtcTransport, data_producer: DataProducer) -> None:
    """A closed data producer is gone from its transport and its router."""
    closings = record(data_producer.observer, "close")
    data_producer.close()
    data_producer.close()
    assert (data_producer.closed, closings) == (True, [("close",)])
    for call in (data_producer.dump, data_producer.get_stats, data_producer.pause, data_producer.resume):
        with pytest.raises(NotFoundError):
            await call()
    data_producer.send("nobody hears this")
    assert (await router.dump())["mapDataProducerIdDataConsumerIds"] == []
    assert (await transport.dump())["dataProducerIds"] == []
    with pytest.raises(NotFoundError):
        await transport.consume_data(data_producer_id=data_producer.id)


async def test_transport_closed(transport: WebRtcTransport, data_producer: DataProducer) -> None:
    """A data producer whose transport was closed says so."""
    events, closings = record(data_producer, "transportclose"), record(data_producer.observer, "close")
    transport.close()
    assert (events, closings) == ([("transportclose",)], [("close",)])
    with pytest.raises(NotFoundError):
        await data_producer.dump()


async def test_worker_closed(worker: Worker, data_producer: DataProducer) -> None:
    """A data producer whose worker was closed says so."""
    events = record(data_producer, "transportclose")
    worker.close()
    assert events == [("transportclose",)]
    with pytest.raises(WorkerClosedError):
        await data_producer.dump()

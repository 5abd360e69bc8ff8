"""Several clients and one object."""

from __future__ import annotations

import pytest
from tests.conformance.helpers import comes, happens, record
from tests.conformance.samples import AUDIO, DEVICE, MEDIA_CODECS
from tests.integration.client.conftest import Client
from tests.support.remote_node import RemoteNode

from tureen.client import Mediasoup, Router
from tureen.contract import subjects
from tureen.mediasoup.errors import MediasoupError, NotFoundError


async def shared(one: Mediasoup, other: Mediasoup, node: RemoteNode) -> tuple[Router, Router]:
    """Return one router, as two clients have it."""
    worker = await one.create_worker()
    router = await worker.create_router(media_codecs=MEDIA_CODECS)
    return router, await other.attach_router(router.id, node_id=node.id)


async def test_attached(client: Client, node: RemoteNode) -> None:
    """A second client gets at a router by its id, with what it supports, and once."""
    other = await client()
    here, there = await shared(await client(), other, node)
    assert there.rtp_capabilities == here.rtp_capabilities
    assert await other.attach_router(here.id, node_id=node.id) is there
    assert (await there.dump())["id"] == here.id


async def test_a_router_closed_by_another(client: Client, node: RemoteNode) -> None:
    """What the maker closes is closed for who looks on, and the other way round."""
    here, there = await shared(await client(), await client(), node)
    closings = record(there.observer, "close")
    here.close()
    await happens(lambda: there.closed)
    assert closings == [("close",)]
    here, there = await shared(await client(), await client(), node)
    there.close()
    await happens(lambda: here.closed)
    with pytest.raises(NotFoundError):
        await here.dump()


async def test_a_worker_closed_by_another(client: Client, node: RemoteNode) -> None:
    """Who looks on sees a worker's end, and that of its routers."""
    here, there = await shared(await client(), await client(), node)
    events, transport = record(there, "workerclose"), await there.create_direct_transport()
    ended = record(transport, "routerclose")
    here._worker.close()
    await happens(lambda: there.closed and there._worker.closed)
    assert (events, ended) == ([("workerclose",)], [("routerclose",)])


async def test_media_of_another(client: Client, node: RemoteNode) -> None:
    """A client consumes what another produces, and hears of its pauses and its end."""
    here, there = await shared(await client(), await client(), node)
    producer = await (await here.create_direct_transport()).produce(kind="audio", rtp_parameters=AUDIO)
    consumer = await (await there.create_direct_transport()).consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    events = record(consumer, "producerpause", "producerresume", "producerclose")
    await producer.pause()
    await happens(lambda: consumer.producer_paused)
    await consumer.pause()
    await producer.resume()
    await happens(lambda: not consumer.producer_paused)
    assert consumer.paused
    producer.close()
    await happens(lambda: consumer.closed)
    assert [name for name, *_ in events] == ["producerpause", "producerresume", "producerclose"]


async def test_workers_of_the_pool(client: Client, node: RemoteNode) -> None:
    """A tenant makes routers on a worker of the node's, sees its usage, and cannot close it."""

    async def pool(agent: object) -> str:
        return str(agent.facts()["workers"][0])  # type: ignore[attr-defined]

    one = await client()
    worker = await one.attach_worker(await node.do(pool), node_id=node.id)
    router = await worker.create_router(media_codecs=MEDIA_CODECS)
    assert (await worker.get_resource_usage())["ru_maxrss"] > 0
    with pytest.raises(MediasoupError, match="operator"):
        await worker.dump()
    router.close()


async def test_another_tenant(client: Client, node: RemoteNode) -> None:
    """To another tenant an object does not exist, and it hears nothing of it."""
    one, stranger = await client(tenant="red"), await client(tenant="blue")
    worker = await one.create_worker()
    router = await worker.create_router()
    for attempt in (
        stranger.attach_router(router.id, node_id=node.id),
        stranger.attach_worker(worker.id, node_id=node.id),
    ):
        with pytest.raises(NotFoundError) as refused:
            await attempt
        assert "red" not in str(refused.value)
    heard: list[str] = []
    await stranger._session.bus.subscribe(subjects.events("blue"), lambda subject, _: heard.append(subject))
    router.close()
    await router._worker.dump()
    await stranger._session.bus.barrier()
    assert heard == []


async def test_leaving(client: Client, node: RemoteNode) -> None:
    """What a client has made goes when it leaves; what it has only looked at stays."""
    maker, guest = await client(), await client()
    here, there = await shared(maker, guest, node)
    await there.create_direct_transport()
    await guest.close()
    assert not here.closed

    async def transports() -> list[str]:
        return [*(await here.dump())["transportIds"]]

    await comes(transports, [])
    looking = await client()
    again = await looking.attach_router(here.id, node_id=node.id)
    await maker.close()
    await happens(lambda: again.closed)

"""What becomes of a client whose network fails, or whose answers and events get lost."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest
from tests.conformance.helpers import happens, record
from tests.conformance.samples import AUDIO, DEVICE, MEDIA_CODECS
from tests.integration.client.conftest import Client
from tests.integration.client.cutting import cut
from tests.support.remote_node import RemoteNode

from tureen.bus import BusSettings
from tureen.client import connect, connection
from tureen.contract import subjects
from tureen.contract.errors import Timeout, Unavailable
from tureen.mediasoup.errors import MediasoupError


async def test_no_connection(client: Client) -> None:
    """Without a connection everything fails at once, as a MediasoupError; nothing is closed, and later all goes on."""
    one = await client()
    router = await (await one.create_worker()).create_router(media_codecs=MEDIA_CODECS)
    await cut(one)
    with pytest.raises(Unavailable) as refused:
        await router.dump()
    assert isinstance(refused.value, MediasoupError)
    await happens(lambda: one.connected)
    assert not router.closed
    await router.create_direct_transport()


async def test_nobody_there(client: Client) -> None:
    """A node that does not exist is unavailable at once."""
    one = await client(node_id="nowhere")
    with pytest.raises(Unavailable):
        await one.create_worker()


async def test_catching_up(client: Client, node: RemoteNode) -> None:
    """After a loss of its connection a client emits what happened meanwhile: closes, and pauses."""
    one, other = await client(), await client()
    router = await (await one.create_worker()).create_router(media_codecs=MEDIA_CODECS)
    there = await other.attach_router(router.id, node_id=node.id)
    kept, lost = await router.create_direct_transport(), await router.create_direct_transport()
    paused = await kept.produce(kind="audio", rtp_parameters=AUDIO)
    closed = await lost.produce(kind="audio", rtp_parameters=AUDIO)
    theirs = await there.create_direct_transport()
    watching = await theirs.consume(producer_id=paused.id, rtp_capabilities=DEVICE)
    bereft = await theirs.consume(producer_id=closed.id, rtp_capabilities=DEVICE)
    pauses, ends = record(watching, "producerpause"), record(bereft, "producerclose")
    await cut(other)
    await paused.pause()
    closed.close()
    await router.dump()
    assert not watching.producer_paused
    await happens(lambda: other.connected and bereft.closed and watching.producer_paused)
    assert (pauses, ends) == ([("producerpause",)], [("producerclose",)])


async def test_a_worker_that_went_meanwhile(client: Client) -> None:
    """A worker that is gone when the connection is back has died, and its routers with it."""
    one = await client()
    worker = await one.create_worker()
    router = await worker.create_router()
    died = record(worker, "died")
    await cut(one)
    os.kill(worker.pid, signal.SIGKILL)
    await happens(lambda: worker.died and router.closed and worker.subprocess_closed)
    assert len(died) == 1


async def test_nobody_tells_of_the_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose end nobody told is found to be gone by a look."""
    monkeypatch.setattr(connection, "LOOK_INTERVAL", 0.1)
    one = await client()
    worker = await one.create_worker()
    worker._process.channel._hearings[worker.id].end()
    os.kill(worker.pid, signal.SIGKILL)
    await happens(lambda: worker.died)


async def test_a_lost_event(client: Client, node: RemoteNode) -> None:
    """A gap in the sequence of a router's events is noticed with the next one, and what was missed is emitted."""
    one, other = await client(), await client()
    router = await (await one.create_worker()).create_router(media_codecs=MEDIA_CODECS)
    there = await other.attach_router(router.id, node_id=node.id)
    transport = await there.create_direct_transport()
    hearing, bus = there._link._hearings[there.id], other._session.bus
    hearing._subscription.abandon()
    await bus.barrier()
    # The event of this transport's end is lost.
    router._link.request("ROUTER_CLOSE_TRANSPORT", router.id, {"transportId": transport.id}, awaited=False)
    await router.dump()
    hearing._subscription = bus.hear(subjects.router_events("default", router.id), hearing._arrived)
    await bus.barrier()
    assert not transport.closed
    (await router.create_direct_transport()).close()
    await happens(lambda: transport.closed)


async def test_asked_again(client: Client, node: RemoteNode) -> None:
    """A create whose answer does not come is asked again with the same id, and makes one object."""
    one = await client()
    worker = await one.create_worker()
    router = await worker.create_router()
    bus = one._session.bus
    request = bus.request
    lost: list[str] = []

    async def forgetful(subject: str, payload: Any, **options: Any) -> dict[str, Any]:
        answer = await request(subject, payload, **options)
        if not lost:
            lost.append(payload["id"])
            raise Timeout("the answer was lost")
        return answer

    bus.request = forgetful  # type: ignore[method-assign]
    transport = await router.create_direct_transport()
    assert lost == [transport.id]
    assert (await router.dump())["transportIds"] == [transport.id]


async def test_a_close_that_waits(client: Client) -> None:
    """What is closed while there is no connection is closed there when it is back."""
    one = await client()
    router = await (await one.create_worker()).create_router()
    transport = await router.create_direct_transport()
    await cut(one)
    transport.close()
    await happens(lambda: one.connected)
    async with asyncio.timeout(10):
        while (await router.dump())["transportIds"]:
            await asyncio.sleep(0.05)


async def test_a_lease(client: Client, node: RemoteNode) -> None:
    """What a client with a lease has made goes when it is killed; without one it stays."""

    async def workers(agent: Any) -> set[str]:
        return {entry.id for entry in agent.state.objects.workers.all()}

    owner = await client(lease=1)
    worker = await owner.create_worker()
    # It hears nothing more, and says nothing more.
    await owner._session.bus._connection.close()
    async with asyncio.timeout(10):
        while worker.id in await node.do(workers):
            await asyncio.sleep(0.05)


async def test_no_server() -> None:
    """A server that cannot be reached is said to be so, as a MediasoupError."""
    with pytest.raises(MediasoupError, match="no NATS server answers"):
        async with connect("nats://127.0.0.1:1", settings=BusSettings(connect_patience=0)):
            pass

"""The Worker class."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.conftest import Mediasoup, NewWorker
from tests.conformance.samples import LISTEN_UDP, MEDIA_CODECS

from tureen.mediasoup import Router, Worker
from tureen.mediasoup.errors import WorkerClosedError
from tureen.mediasoup.extras import enhanced_once
from tureen.mediasoup.types import WorkerResourceUsage

Call = Callable[[], Any]

pytestmark = pytest.mark.each_loop


@pytest.mark.not_for_rooms("it is no process")
async def test_create(mediasoup: Mediasoup, new_worker: NewWorker) -> None:
    """A new worker runs, has a process of its own, and is announced."""
    announced: list[Worker] = []
    mediasoup.observer.once("newworker", announced.append)
    worker = await new_worker()
    assert announced == [worker]
    assert Path(f"/proc/{worker.pid}").exists()
    assert (worker.closed, worker.died, worker.subprocess_closed) == (False, False, False)
    assert worker.app_data == {}


async def test_update_settings(worker: Worker) -> None:
    """What a worker logs can be changed, to what there is."""
    await worker.update_settings(log_level="debug", log_tags=["ice"])
    await worker.update_settings()
    with pytest.raises(TypeError):
        await worker.update_settings(log_level="chicken")  # type: ignore[arg-type]


@pytest.mark.not_for_rooms("a logical worker lists its workers as well")
async def test_dump(worker: Worker) -> None:
    """A new worker is empty."""
    assert await worker.dump() == {
        "pid": worker.pid,
        "webRtcServerIds": [],
        "routerIds": [],
        "channelMessageHandlers": {"channelRequestHandlers": [], "channelNotificationHandlers": []},
    }


@pytest.mark.not_for_rooms("it is no process")
async def test_resource_usage(worker: Worker) -> None:
    """A worker tells what it has used, under mediasoup's names."""
    usage = await worker.get_resource_usage()
    assert usage["ru_maxrss"] > 0
    assert set(usage) == set(WorkerResourceUsage.__annotations__)


async def test_close(worker: Worker) -> None:
    """Closing a worker ends its process, and whatever it is asked after that fails."""
    calls: list[str] = []
    worker.observer.on("close", lambda: calls.append("close"))
    worker.on("subprocessclose", lambda: calls.append("subprocessclose"))
    worker.on("died", lambda _: calls.append("died"))
    worker.close()
    worker.close()
    assert worker.closed
    assert not worker.subprocess_closed
    await enhanced_once(worker, "subprocessclose")
    assert worker.subprocess_closed
    assert not worker.died
    assert calls == ["close", "subprocessclose"]
    requests: list[Call] = [
        worker.dump,
        worker.get_resource_usage,
        worker.update_settings,
        worker.create_router,
        lambda: worker.create_webrtc_server(listen_infos=[LISTEN_UDP]),
    ]
    for request in requests:
        with pytest.raises(WorkerClosedError):
            await request()


async def test_close_takes_children_along(worker: Worker) -> None:
    """Closing a worker closes its routers in the order of their creation, then its WebRtcServers."""
    server = await worker.create_webrtc_server(listen_infos=[LISTEN_UDP])
    first, second = await worker.create_router(), await worker.create_router()
    calls: list[str] = []
    first.on("workerclose", lambda: calls.append("first"))
    second.on("workerclose", lambda: calls.append("second"))
    server.on("workerclose", lambda: calls.append("server"))
    worker.observer.on("close", lambda: calls.append("worker"))
    worker.close()
    assert calls == ["first", "second", "server", "worker"]
    assert first.closed
    assert second.closed
    assert server.closed


@pytest.mark.not_for_rooms("it is no process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
async def test_death(worker: Worker, number: signal.Signals) -> None:
    """A worker that dies says so, closes all that it holds, and only then its observers hear of its end."""
    router = await worker.create_router(media_codecs=MEDIA_CODECS)
    calls: list[str] = []
    worker.on("died", lambda error: calls.append(f"died {type(error).__name__} {worker.closed} {router.closed}"))
    worker.on("subprocessclose", lambda: calls.append("subprocessclose"))
    worker.observer.on("close", lambda: calls.append("close"))
    router.on("workerclose", lambda: calls.append("workerclose"))
    os.kill(worker.pid, number)
    await enhanced_once(worker, "subprocessclose")
    await asyncio.sleep(0)
    assert calls == ["workerclose", "died MediasoupError True True", "subprocessclose", "close"]
    assert worker.died
    assert worker.subprocess_closed
    with pytest.raises(WorkerClosedError):
        await router.dump()


@pytest.mark.not_for_rooms("it is no process")
async def test_death_fails_what_is_pending(worker: Worker) -> None:
    """Whatever a worker was asked fails at once when it dies."""
    router = await worker.create_router()
    os.kill(worker.pid, signal.SIGSTOP)
    pending = [
        asyncio.ensure_future(worker.dump()),
        asyncio.ensure_future(router.create_direct_transport()),
        asyncio.ensure_future(worker.create_router()),
    ]
    await asyncio.sleep(0)
    os.kill(worker.pid, signal.SIGKILL)
    async with asyncio.timeout(1):
        results = await asyncio.gather(*pending, return_exceptions=True)
    assert [isinstance(result, WorkerClosedError) for result in results] == [True] * 3


@pytest.mark.not_for_rooms("it is no process")
async def test_other_signals_are_ignored(worker: Worker) -> None:
    """A worker survives signals that are none of its business."""
    for number in (signal.SIGPIPE, signal.SIGHUP, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2):
        os.kill(worker.pid, number)
    await worker.dump()
    assert not worker.died


async def test_close_while_creating(worker: Worker) -> None:
    """What is being created when its worker closes fails, and is announced to nobody."""
    announced: list[Router] = []
    worker.observer.on("newrouter", announced.append)
    creating = asyncio.ensure_future(worker.create_router())
    await asyncio.sleep(0)
    worker.close()
    with pytest.raises(WorkerClosedError):
        await creating
    assert announced == []


async def test_two_hundred_routers(worker: Worker) -> None:
    """A worker holds as many routers as one likes."""
    routers = await asyncio.gather(*(worker.create_router(media_codecs=MEDIA_CODECS) for _ in range(200)))
    dump = await worker.dump()
    assert sorted(dump["routerIds"]) == sorted(router.id for router in routers)
    for router in routers[::2]:
        router.close()
    dump = await worker.dump()
    assert sorted(dump["routerIds"]) == sorted(router.id for router in routers[1::2])

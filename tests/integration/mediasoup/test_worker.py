"""The Worker class."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from tests.integration.mediasoup.conftest import NewWorker, end
from tests.integration.mediasoup.samples import LISTEN_UDP, MEDIA_CODECS
from tests.support.certificates import certificates

from tureen import mediasoup
from tureen.mediasoup import Router, Worker
from tureen.mediasoup.errors import MediasoupError, WorkerClosedError
from tureen.mediasoup.extras import enhanced_once

Call = Callable[[], Any]

pytestmark = pytest.mark.each_loop


async def test_create(new_worker: NewWorker) -> None:
    """A new worker runs, has a process of its own, and is announced."""
    announced: list[Worker] = []
    mediasoup.observer.once("newworker", announced.append)
    worker = await new_worker()
    assert announced == [worker]
    assert Path(f"/proc/{worker.pid}").exists()
    assert (worker.closed, worker.died, worker.subprocess_closed) == (False, False, False)
    assert worker.app_data == {}


async def test_settings() -> None:
    """All settings are taken."""
    worker = await mediasoup.create_worker(
        log_level="debug",
        log_tags=["info"],
        rtc_min_port=0,
        rtc_max_port=9999,
        libwebrtc_field_trials="WebRTC-Bwe-AlrLimitedBackoff/Disabled/",
        app_data={"foo": 456},
    )
    assert worker.app_data == {"foo": 456}
    await end(worker)


async def test_own_certificate(tmp_path: Path) -> None:
    """A worker may be given its certificate for DTLS."""
    files = certificates(tmp_path)
    worker = await mediasoup.create_worker(dtls_certificate_file=files.certificate, dtls_private_key_file=files.key)
    router = await worker.create_router()
    transport = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    digest = x509.load_pem_x509_certificate(files.certificate.read_bytes()).fingerprint(hashes.SHA256())
    assert {"algorithm": "sha-256", "value": digest.hex(":").upper()} in transport.dtls_parameters["fingerprints"]
    await end(worker)


@pytest.mark.parametrize(
    "settings",
    [
        {"log_level": "chicken"},
        {"rtc_min_port": 1000, "rtc_max_port": 999},
        {"rtc_min_port": 1000, "rtc_max_port": 65536},
        {"dtls_certificate_file": "/notfound/cert.pem"},
        {"dtls_private_key_file": "/notfound/priv.pem"},
        {"app_data": "NOT-A-DICT"},
    ],
    ids=lambda settings: next(iter(settings)),
)
async def test_wrong_settings(settings: dict[str, Any]) -> None:
    """Wrong settings are refused, and leave no process behind."""
    with pytest.raises(TypeError):
        await mediasoup.create_worker(**settings)


async def test_wrong_binary() -> None:
    """A binary that is not there is refused."""
    with pytest.raises(MediasoupError):
        await mediasoup.create_worker(worker_bin="/tmp/foo/mediasoup-worker")


async def test_given_binary() -> None:
    """A binary may be given."""
    worker = await mediasoup.create_worker(worker_bin=mediasoup.worker_bin)
    await end(worker)


async def test_update_settings(worker: Worker) -> None:
    """What a worker logs can be changed, to what there is."""
    await worker.update_settings(log_level="debug", log_tags=["ice"])
    await worker.update_settings()
    with pytest.raises(TypeError):
        await worker.update_settings(log_level="chicken")  # type: ignore[arg-type]


async def test_dump(worker: Worker) -> None:
    """A new worker is empty."""
    assert await worker.dump() == {
        "pid": worker.pid,
        "webRtcServerIds": [],
        "routerIds": [],
        "channelMessageHandlers": {"channelRequestHandlers": [], "channelNotificationHandlers": []},
    }


async def test_resource_usage(worker: Worker) -> None:
    """A worker tells what it has used, under mediasoup's names."""
    usage = await worker.get_resource_usage()
    assert usage["ru_maxrss"] > 0
    assert set(usage) == set(mediasoup.types.WorkerResourceUsage.__annotations__)


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
    assert [type(result) for result in results] == [WorkerClosedError] * 3


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


@pytest.mark.parametrize(
    "wrong",
    [
        {"log_level": "a\0b"},
        {"log_level": "\ud800"},
        {"log_tags": "info"},
        {"log_tags": ["\0"]},
        {"rtc_min_port": 10**5000},
        {"dtls_certificate_file": "\0"},
        {"libwebrtc_field_trials": "\0"},
        {"request_timeout": 0},
        {"request_timeout": -1},
        {"request_timeout": float("nan")},
        {"request_timeout": "5"},
        {"request_timeout": None},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
async def test_settings_that_no_worker_can_be_given(wrong: dict[str, Any]) -> None:
    """What no command line can hold, and what is no time limit, is refused before a process is started."""
    with pytest.raises(TypeError):
        await mediasoup.create_worker(**wrong)


async def test_a_command_line_that_is_too_long() -> None:
    """A process that the kernel does not start is a worker that cannot be started."""
    with pytest.raises(MediasoupError, match="cannot be started"):
        await mediasoup.create_worker(libwebrtc_field_trials="x" * 3_000_000)

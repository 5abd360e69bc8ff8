"""What the package offers before there is a worker."""

from __future__ import annotations

import logging
import os
import signal
from typing import Any

import pytest
from tests.integration.mediasoup.conftest import NewWorker, end
from tests.integration.mediasoup.helpers import record

from tureen import mediasoup
from tureen.bundle import WorkerBundle
from tureen.mediasoup.errors import MediasoupError


def test_version(worker_bundle: WorkerBundle) -> None:
    """The version is the worker's."""
    assert mediasoup.version == worker_bundle.version


def test_worker_bin(worker_bundle: WorkerBundle) -> None:
    """The binary is the bundle's."""
    assert mediasoup.worker_bin == worker_bundle.worker


def test_exports() -> None:
    """All that is promised is there, and nothing else pretends to be."""
    for name in mediasoup.__all__:
        assert getattr(mediasoup, name) is not None
    with pytest.raises(AttributeError):
        mediasoup.worker_binary  # noqa: B018


async def test_observer(new_worker: NewWorker) -> None:
    """Every new worker is announced."""
    events = record(mediasoup.observer, "newworker")
    workers = [await new_worker(), await new_worker()]
    mediasoup.observer.remove_all_listeners()
    assert events == [("newworker", worker) for worker in workers]


async def test_refused_worker_is_not_announced() -> None:
    """A worker that did not start is announced to nobody."""
    events = record(mediasoup.observer, "newworker")
    with pytest.raises(TypeError):
        await mediasoup.create_worker(log_level="chicken")  # type: ignore[arg-type]
    mediasoup.observer.remove_all_listeners()
    assert events == []


async def test_log_event_listeners() -> None:
    """Functions can be given the log lines, by level, until others are given instead."""
    lines: list[tuple[Any, ...]] = []
    logger = logging.getLogger("tureen.mediasoup")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        mediasoup.set_log_event_listeners(
            ondebug=lambda namespace, log: lines.append(("debug", namespace, log)),
            onwarn=lambda namespace, log: lines.append(("warn", namespace, log)),
            onerror=lambda namespace, log, error: lines.append(("error", namespace, log, error)),
        )
        worker = await mediasoup.create_worker(log_level="error")
        router = await worker.create_router()
        with pytest.raises(MediasoupError):
            await router.create_plain_transport(listen_ip="8.8.8.8")
        await end(worker)
        assert {line[0] for line in lines} == {"debug", "warn", "error"}
        assert all(line[1].startswith("tureen.mediasoup") for line in lines)
        problem = ValueError("oh")
        logger.error("failed", exc_info=problem)
        assert lines[-1] == ("error", "tureen.mediasoup", "failed", problem)
        lines.clear()
        mediasoup.set_log_event_listeners()
        logger.error("nobody hears this")
        assert lines == []
    finally:
        mediasoup.set_log_event_listeners()
        logger.setLevel(level)


async def test_requests_have_a_time_limit() -> None:
    """A request that a worker does not answer fails in the time that was given when it was made."""
    worker = await mediasoup.create_worker(request_timeout=0.2)
    router = await worker.create_router()
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        await router.dump()
    with pytest.raises(TimeoutError):
        await router.create_direct_transport(id="late")
    os.kill(worker.pid, signal.SIGCONT)
    # What was created too late was closed again.
    assert (await router.dump())["transportIds"] == []
    await end(worker)

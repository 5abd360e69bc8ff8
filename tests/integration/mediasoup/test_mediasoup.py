"""What the package offers before there is a worker."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from tests.conformance.conftest import end

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

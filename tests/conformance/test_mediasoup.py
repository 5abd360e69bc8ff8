"""What there is before there is a worker."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conformance.conftest import Mediasoup, NewWorker, end
from tests.conformance.helpers import record

from tureen.bundle import WorkerBundle
from tureen.mediasoup import Worker


async def test_version(mediasoup: Mediasoup, worker_bundle: WorkerBundle) -> None:
    """The version is the worker's."""
    assert mediasoup.version == worker_bundle.version


async def test_capabilities(mediasoup: Mediasoup) -> None:
    """What mediasoup supports is told without a worker; each call returns a new structure."""
    capabilities = mediasoup.get_supported_rtp_capabilities()
    assert capabilities["codecs"][0]["mimeType"] == "audio/opus"
    capabilities["codecs"].clear()
    assert mediasoup.get_supported_rtp_capabilities()["codecs"]


async def test_observer(mediasoup: Mediasoup, new_worker: NewWorker) -> None:
    """Every new worker is announced."""
    events = record(mediasoup.observer, "newworker")
    workers = [await new_worker(), await new_worker()]
    assert events == [("newworker", worker) for worker in workers]


async def test_refused_worker_is_not_announced(mediasoup: Mediasoup) -> None:
    """A worker that did not start is announced to nobody."""
    events = record(mediasoup.observer, "newworker")
    with pytest.raises(TypeError):
        await mediasoup.create_worker(log_level="chicken")
    assert events == []


async def test_settings(mediasoup: Mediasoup) -> None:
    """Settings are taken."""
    worker: Worker = await mediasoup.create_worker(
        log_level="debug", log_tags=["info"], rtc_min_port=2000, rtc_max_port=9999, app_data={"foo": 456}
    )
    assert worker.app_data == {"foo": 456}
    await end(worker)


@pytest.mark.parametrize(
    "settings",
    [
        {"log_level": "chicken"},
        {"log_tags": "info"},
        {"log_tags": ["\0"]},
        {"rtc_min_port": 2000, "rtc_max_port": 1999},
        {"rtc_min_port": 2000, "rtc_max_port": 65536},
        {"rtc_min_port": 10**5000},
        {"app_data": "NOT-A-DICT"},
    ],
    ids=lambda settings: next(iter(settings)),
)
async def test_wrong_settings(mediasoup: Mediasoup, settings: dict[str, Any]) -> None:
    """Wrong settings are refused, and leave no process behind."""
    with pytest.raises(TypeError):
        await mediasoup.create_worker(**settings)

"""Workers, routers and transports for the tests of mediasoup's objects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.integration.mediasoup.samples import LISTEN_UDP, MEDIA_CODECS

from tureen import mediasoup
from tureen.mediasoup import Router, WebRtcTransport, Worker
from tureen.mediasoup.extras import enhanced_once

NewWorker = Callable[[], Awaitable[Worker]]


async def end(worker: Worker) -> None:
    """Close a worker, and wait for its process to end."""
    worker.close()
    if not worker.subprocess_closed:
        await enhanced_once(worker, "subprocessclose")


@pytest.fixture
async def new_worker() -> AsyncIterator[NewWorker]:
    """Give what starts workers, which are ended after the test."""
    workers: list[Worker] = []

    async def start() -> Worker:
        workers.append(await mediasoup.create_worker())
        return workers[-1]

    yield start
    for worker in workers:
        await end(worker)


@pytest.fixture
async def worker(new_worker: NewWorker) -> Worker:
    """Give a worker."""
    return await new_worker()


@pytest.fixture
async def router(worker: Worker) -> Router:
    """Give a router with Opus, VP8 and H264."""
    return await worker.create_router(media_codecs=MEDIA_CODECS)


@pytest.fixture
async def transport(router: Router) -> WebRtcTransport:
    """Give a WebRtcTransport that was not connected."""
    return await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])


@pytest.fixture
async def other_transport(router: Router) -> WebRtcTransport:
    """Give a second WebRtcTransport of the same router."""
    return await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])

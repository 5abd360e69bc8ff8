"""Mediasoup in this process: what is about its worker processes and channels, and cannot be the same on a node."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.conformance.conftest import end
from tests.conformance.samples import LISTEN_UDP, MEDIA_CODECS

from tureen import mediasoup
from tureen.mediasoup import Router, WebRtcTransport


@pytest.fixture
async def router() -> AsyncIterator[Router]:
    """Give a router with Opus, VP8 and H264."""
    worker = await mediasoup.create_worker()
    yield await worker.create_router(media_codecs=MEDIA_CODECS)
    await end(worker)


@pytest.fixture
async def transport(router: Router) -> WebRtcTransport:
    """Give a WebRtcTransport that was not connected."""
    return await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])


@pytest.fixture
async def other_transport(router: Router) -> WebRtcTransport:
    """Give a second WebRtcTransport of the same router."""
    return await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])

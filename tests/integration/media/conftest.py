"""A router for the tests of real media."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tureen import mediasoup
from tureen.mediasoup import Router
from tureen.mediasoup.types import RouterRtpCodecCapability

CODECS: list[RouterRtpCodecCapability] = [
    {"kind": "audio", "mimeType": "audio/opus", "clockRate": 48000, "channels": 2},
    {"kind": "video", "mimeType": "video/VP8", "clockRate": 90000},
]


@pytest.fixture
async def router() -> AsyncIterator[Router]:
    """Give the router of a worker of its own, with Opus and VP8."""
    worker = await mediasoup.create_worker(log_level="warn")
    yield await worker.create_router(media_codecs=CODECS)
    assert not worker.died
    worker.close()
    await worker.wait_closed()

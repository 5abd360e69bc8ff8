from __future__ import annotations

import pytest

from tureen.bundle import WorkerBundle
from tureen.mediasoup.codec import Codec


@pytest.fixture(scope="session")
def codec(worker_bundle: WorkerBundle) -> Codec:
    """Give the codec of the worker's own schema."""
    return Codec.load(worker_bundle.schemas)

"""The same tests for both implementations of one interface: mediasoup in this process, and on a node, over NATS."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Protocol

import pytest
from tests.conformance import helpers
from tests.conformance.samples import LISTEN_UDP, MEDIA_CODECS
from tests.support.remote_node import RemoteNode, remote_node

import tureen.mediasoup
from tureen.client import connect
from tureen.mediasoup import Router, WebRtcTransport, Worker
from tureen.mediasoup.extras import EnhancedEventEmitter, enhanced_once
from tureen.mediasoup.types import RouterRtpCapabilities

_tenants = itertools.count(1)

NewWorker = Callable[[], Awaitable[Worker]]


class Mediasoup(Protocol):
    """What both have: the module `tureen.mediasoup`, and what `tureen.client.connect()` gives."""

    @property
    def observer(self) -> EnhancedEventEmitter:
        """Tells of new workers."""

    @property
    def version(self) -> str:
        """The version of mediasoup."""

    @property
    def create_worker(self) -> Callable[..., Awaitable[Worker]]:
        """Start a worker."""

    @property
    def get_supported_rtp_capabilities(self) -> Callable[[], RouterRtpCapabilities]:
        """Tell what mediasoup supports."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the remote form on one event loop alone: what differs between loops is how a worker's sockets are read."""
    twice = [item for item in items if "remote" in item.name and "uvloop" in item.name]
    if twice:
        config.hook.pytest_deselected(items=twice)
        items[:] = [item for item in items if item not in twice]


@pytest.fixture(scope="session", autouse=True)
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteNode]:
    """Run a node, once for all tests."""
    with remote_node(tmp_path_factory.mktemp("conformance")) as node:
        helpers.nodes.append(node)
        yield node
        helpers.nodes.remove(node)


@pytest.fixture(params=["local", "remote"])
async def mediasoup(request: pytest.FixtureRequest) -> AsyncIterator[Mediasoup]:
    """Give mediasoup, in this process and on a node."""
    if request.param == "local":
        yield tureen.mediasoup
        tureen.mediasoup.observer.remove_all_listeners()
        return
    node: RemoteNode = request.getfixturevalue("node")
    # The node remembers for a while which ids a tenant has used.
    tenant = f"tenant-{next(_tenants)}"
    async with connect(node.url, tenant=tenant, node_id=node.id) as client:
        yield client


async def end(worker: Worker) -> None:
    """Close a worker, and wait for its process to end."""
    worker.close()
    if not worker.subprocess_closed:
        await enhanced_once(worker, "subprocessclose")


@pytest.fixture
async def new_worker(mediasoup: Mediasoup) -> AsyncIterator[NewWorker]:
    """Give what starts workers, which are ended after the test."""
    workers: list[Worker] = []

    async def start(**settings: Any) -> Worker:
        workers.append(await mediasoup.create_worker(**settings))
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

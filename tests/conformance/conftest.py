"""The same tests for all forms of one interface: mediasoup in this process, on a node over NATS, and as rooms.

The third form is a worker that is all workers of a node, whose routers are rooms: each of their transports is on a
worker of its own, so that nearly everything that is consumed is brought from another one.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Protocol

import pytest
from tests.conformance import helpers
from tests.conformance.samples import LISTEN_UDP, MEDIA_CODECS
from tests.support.remote_cluster import RemoteCluster, remote_cluster, spread
from tests.support.remote_node import RemoteNode, remote_node

import tureen.mediasoup
from tureen.client import ScaledMediasoup, connect
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


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers of this folder."""
    config.addinivalue_line("markers", "not_for_rooms(reason): does not hold where a router is many, and why")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a form need not, or cannot, hold.

    What differs between event loops is how a worker's sockets are read, so that the forms over NATS run on one alone.
    """
    left_out = [item for item in items if _is_left_out(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _is_left_out(item: pytest.Item) -> bool:
    form = _form_of(item)
    if form == "rooms" and item.get_closest_marker("not_for_rooms"):
        return True
    return form in ("remote", "rooms") and "uvloop" in item.name


def _form_of(item: pytest.Item) -> str | None:
    """Return the form that a test is to hold for; None where it is about no form."""
    call = getattr(item, "callspec", None)
    form: str | None = None if call is None else call.params.get("mediasoup")
    return form


@pytest.fixture(scope="session", autouse=True)
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteNode]:
    """Run a node, once for all tests."""
    with remote_node(tmp_path_factory.mktemp("conformance")) as node:
        helpers.nodes.append(node)
        yield node
        helpers.nodes.remove(node)


@pytest.fixture(scope="session", autouse=True)
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteCluster]:
    """Run placement and two nodes of several workers each, once for all tests that are about rooms."""
    with remote_cluster(tmp_path_factory.mktemp("rooms"), nodes=2, workers=5, ports=(1024, 65535)) as cluster:
        helpers.nodes.extend(cluster.nodes)
        yield cluster
        for node in cluster.nodes:
            helpers.nodes.remove(node)


@pytest.fixture(params=["local", "remote", "rooms"])
async def mediasoup(request: pytest.FixtureRequest) -> AsyncIterator[Mediasoup]:
    """Give mediasoup, in this process, on a node, and as rooms of which each transport is on a worker of its own."""
    if request.param == "local":
        yield tureen.mediasoup
        tureen.mediasoup.observer.remove_all_listeners()
        return
    # Nodes remember for a while which ids a tenant has used.
    tenant = f"tenant-{next(_tenants)}"
    if request.param == "rooms":
        cluster: RemoteCluster = request.getfixturevalue("cluster")
        async with connect(cluster.url, tenant=tenant, scale="node", room_policy=spread()) as client:
            yield client
        return
    node: RemoteNode = request.getfixturevalue("node")
    async with connect(node.url, tenant=tenant, node_id=node.id) as client:
        yield client


async def end(worker: Worker) -> None:
    """Close a worker, and wait for its process to end."""
    worker.close()
    if not worker.subprocess_closed:
        await enhanced_once(worker, "subprocessclose")


@pytest.fixture
async def new_worker(mediasoup: Mediasoup, cluster: RemoteCluster) -> AsyncIterator[NewWorker]:
    """Give what starts workers, which are ended after the test; those that are all of a node's, on different nodes."""
    workers: list[Worker] = []

    async def start(**settings: Any) -> Worker:
        if isinstance(mediasoup, ScaledMediasoup):
            settings["node_id"] = cluster.nodes[len(workers) % len(cluster.nodes)].id
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

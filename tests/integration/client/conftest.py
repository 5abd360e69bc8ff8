"""A node for the tests of the client itself, and clients of it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.conformance import helpers
from tests.integration.client.everything import Everything
from tests.integration.client.scaled import Scaled
from tests.support.remote_cluster import ROOMY, RemoteCluster, remote_cluster
from tests.support.remote_node import RemoteNode, remote_node

from tureen.client import Mediasoup, ScaledMediasoup, connect

_tenants = itertools.count(1)

Client = Callable[..., Awaitable[Mediasoup]]


@pytest.fixture(scope="session", autouse=True)
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteNode]:
    """Run a node, once for all tests."""
    with remote_node(tmp_path_factory.mktemp("client"), "clients") as node:
        helpers.nodes.append(node)
        yield node
        helpers.nodes.remove(node)


@pytest.fixture
async def client(node: RemoteNode) -> AsyncIterator[Client]:
    """Give what connects clients, which leave after the test."""
    async with AsyncExitStack() as stack:

        async def start(**options: Any) -> Mediasoup:
            return await stack.enter_async_context(connect(node.url, **{"node_id": node.id, **options}))

        yield start


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteCluster]:
    """Run two nodes of two workers each, and placement, once for all tests that want them."""
    with remote_cluster(tmp_path_factory.mktemp("cluster"), nodes=2, workers=2) as cluster:
        yield cluster


@pytest.fixture
async def scaled(cluster: RemoteCluster) -> AsyncIterator[Scaled]:
    """Give what connects clients to the cluster, each as a tenant of its own, which leave after the test."""
    async with AsyncExitStack() as stack:

        async def start(**options: Any) -> ScaledMediasoup:
            given = {"scale": "cluster", "room_policy": ROOMY, "tenant": f"tenant-{next(_tenants)}", **options}
            return await stack.enter_async_context(connect(cluster.url, **given))

        yield start


@pytest.fixture
async def made(client: Client) -> Everything:
    """Give one object of each class, of a first client's."""
    return await Everything.made_by(await client())

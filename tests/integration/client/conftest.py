"""A node for the tests of the client itself, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.support.remote_node import RemoteNode, remote_node

from tureen.client import Mediasoup, connect

Client = Callable[..., Awaitable[Mediasoup]]


@pytest.fixture(scope="session", autouse=True)
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteNode]:
    """Run a node, once for all tests."""
    with remote_node(tmp_path_factory.mktemp("client")) as node:
        yield node


@pytest.fixture
async def client(node: RemoteNode) -> AsyncIterator[Client]:
    """Give what connects clients, which leave after the test."""
    async with AsyncExitStack() as stack:

        async def start(**options: Any) -> Mediasoup:
            return await stack.enter_async_context(connect(node.url, **{"node_id": node.id, **options}))

        yield start

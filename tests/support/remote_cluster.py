"""A real nats-server, placement and node agents for many tests, each service in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.support.nats_server import NatsServer
from tests.support.remote_node import Beside, RemoteNode

from tureen.bus import Bus, BusSettings
from tureen.placement.service import Placement
from tureen.placement.settings import PlacementSettings

_PORTS_A_NODE = 400
_FIRST_PORT = 23_000
_ADDRESSES = ("127.0.0.1", "127.0.0.2", "::1")


ROOMY: dict[str, Any] = {"watermark": 100, "hardLimit": 100, "limit": "spill"}
"""The policy of a room that is taken however busy the machine is."""


def spread(transports: int = 1) -> dict[str, Any]:
    """Return that policy for a room that has so many transports on each worker."""
    return {**ROOMY, "maxTransportsPerWorker": transports}


class RemotePlacement(Beside):
    """A replica of placement that runs beside the tests."""

    def __init__(self, url: str, **settings: Any) -> None:
        super().__init__("placement")
        self._url = url
        self._settings = settings
        self._bus: Bus | None = None
        self.placement: Placement | None = None

    async def _start(self) -> None:
        own = {"listen": 0.1, **self._settings}
        settings = PlacementSettings(nats=BusSettings(servers=[self._url], name="placement"), **own)
        self._bus = await Bus.connect(settings.nats)
        self.placement = Placement(settings, self._bus)
        await self.placement.start()

    async def _stop(self) -> None:
        if self.placement is not None:
            await self.placement.close()
        if self._bus is not None:
            await self._bus.close()

    async def knows(self, *node_ids: str) -> None:
        """Wait until it has heard of nodes, and knows what they hold."""
        assert self.placement is not None
        picture = self.placement.state.picture
        async with asyncio.timeout(20):
            while not all(picture.is_complete(node_id) for node_id in node_ids):
                await asyncio.sleep(0.01)

    async def forget(self, node_id: str) -> None:
        """Have it take a node for gone, as it does when it has proof of that."""

        async def forget() -> None:
            assert self.placement is not None
            self.placement.state.picture.forget_node(node_id)

        await self.elsewhere(forget())


class RemoteCluster:
    """Placement and nodes that run beside the tests.

    Attributes:
        url: Where its NATS is.
        placement: Its one replica of placement.
        nodes: Its nodes.
    """

    def __init__(self, url: str, placement: RemotePlacement, nodes: list[RemoteNode]) -> None:
        self.url = url
        self.placement = placement
        self.nodes = nodes

    def node(self, node_id: str) -> RemoteNode:
        """Return the node of that id."""
        return next(node for node in self.nodes if node.id == node_id)


@contextmanager
def remote_cluster(
    folder: Path, *, nodes: int, workers: int, ports: tuple[int, int] | None = None, **placement_settings: Any
) -> Iterator[RemoteCluster]:
    """Run a nats-server, placement and so many nodes with so many workers each.

    Args:
        folder: Where the server keeps its files.
        nodes: How many nodes.
        workers: How many workers on each.
        ports: The media ports of each node. Default: some for each that no other has.
        placement_settings: Settings of placement's.
    """
    with ExitStack() as stack:
        server = NatsServer(folder)
        server.start()
        stack.callback(server.stop)
        placement = RemotePlacement(server.url, **placement_settings)
        placement.start()
        stack.callback(placement.stop)
        running: list[RemoteNode] = []
        for number in range(nodes):
            first = _FIRST_PORT + number * _PORTS_A_NODE
            own = ports or (first, first + _PORTS_A_NODE - 1)
            node = RemoteNode(server.url, f"node-{number + 1}", workers=workers, ports=own, addresses=_ADDRESSES)
            node.start()
            stack.callback(_stop, running, node)
            running.append(node)
        placement.run(placement.knows(*(node.id for node in running)))
        yield RemoteCluster(server.url, placement, running)


def _stop(running: list[RemoteNode], node: RemoteNode) -> None:
    """End a node, unless a test has ended it."""
    if node in running:
        node.stop()

"""A real nats-server and a real node agent for many tests: the agent has a thread and an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.support.nats_server import NatsServer

from tureen.bus import Bus, BusSettings
from tureen.mediasoup.entity import Entity
from tureen.node_agent.agent import NodeAgent
from tureen.node_agent.settings import Address, NodeAgentSettings

T = TypeVar("T")

# It offers whatever the tests of mediasoup listen on.
ADDRESSES = ("127.0.0.1", "127.0.0.2", "0.0.0.0", "224.0.0.1", "::1", "::")


class Beside:
    """A service that runs beside the tests, in a thread and an event loop of its own."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._thread.start()
        self.run(self._start())

    def stop(self) -> None:
        """End it and its thread."""
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Have something done in its event loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def elsewhere(self, work: Coroutine[Any, Any, T]) -> T:
        """Have something done in its event loop, and await it in the test's."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _start(self) -> None:
        raise NotImplementedError

    async def _stop(self) -> None:
        raise NotImplementedError


class RemoteNode(Beside):
    """A node that runs beside the tests.

    Attributes:
        id: The node's id.
        url: Where its NATS is.
        ports: Its media ports, the lowest and the highest.
    """

    def __init__(
        self,
        url: str,
        node_id: str = "conformance",
        *,
        workers: int = 1,
        ports: tuple[int, int] = (1024, 65535),
        addresses: Sequence[str] = ADDRESSES,
    ) -> None:
        super().__init__(node_id)
        self.id = node_id
        self.url = url
        self._workers = workers
        self.ports = ports
        self._addresses = addresses
        self._bus: Bus | None = None
        self._agent: NodeAgent | None = None

    async def do(self, act: Callable[[NodeAgent], Coroutine[Any, Any, T]]) -> T:
        """Have something done in the agent's event loop, and wait until what it published is with the server."""

        async def work() -> T:
            assert self._agent is not None
            assert self._bus is not None
            result = await act(self._agent)
            await self._bus.barrier()
            return result

        return await self.elsewhere(work())

    async def _start(self) -> None:
        settings = NodeAgentSettings(
            nats=BusSettings(servers=[self.url], name=self.id),
            node_id=self.id,
            workers=self._workers,
            addresses=[Address(label=f"a{index}", ip=ip) for index, ip in enumerate(self._addresses)],
            min_port=self.ports[0],
            max_port=self.ports[1],
            hard_limit=100,
        )
        self._bus = await Bus.connect(settings.nats)
        self._agent = NodeAgent(settings, self._bus)
        await self._agent.start()

    async def _stop(self) -> None:
        if self._agent is not None:
            await self._agent.close()
        if self._bus is not None:
            await self._bus.close()


def entity_of(agent: NodeAgent, object_id: str) -> Entity:
    """Return an agent's own object of that id."""
    objects = agent.state.objects
    tables: tuple[tuple[Any, str], ...] = (
        (objects.transports, "transport"),
        (objects.producers, "producer"),
        (objects.consumers, "consumer"),
        (objects.data_producers, "data_producer"),
        (objects.data_consumers, "data_consumer"),
        (objects.rtp_observers, "rtp_observer"),
        (objects.routers, "router"),
    )
    for table, attribute in tables:
        for entry in table.all():
            if entry.id == object_id:
                entity: Entity = getattr(entry, attribute)
                return entity
    raise KeyError(object_id)


@contextmanager
def remote_node(folder: Path, node_id: str = "conformance") -> Iterator[RemoteNode]:
    """Run a nats-server and a node agent."""
    server = NatsServer(folder, jetstream=False)
    server.start()
    try:
        node = RemoteNode(server.url, node_id)
        node.start()
        try:
            yield node
        finally:
            node.stop()
    finally:
        server.stop()

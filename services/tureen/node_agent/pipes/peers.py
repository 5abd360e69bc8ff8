"""How an agent asks another agent; its own routers it asks without the bus."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tureen.bus import Bus
from tureen.contract.errors import NotFound, StateError, Timeout, TureenError, Unavailable
from tureen.contract.model import Command, Reply
from tureen.contract.subjects import SYSTEM

log = logging.getLogger(__name__)

REPEAT_EVERY = 1.0
"""Seconds between two tries of what must reach the other agent."""
GIVE_UP_AFTER = 60.0
"""Seconds after which a node that nobody answers for is left alone; its return announces a new run anyway."""

LocalHandler = Callable[[Any], Awaitable[Reply | None]]


class Peers:
    """The other agents, and this one."""

    def __init__(self, bus: Bus, node_id: str) -> None:
        self._bus = bus
        self._node_id = node_id
        self._local: dict[str, LocalHandler] = {}
        self._repeating: set[asyncio.Task[None]] = set()

    def serve_locally(self, handlers: Mapping[str, LocalHandler]) -> None:
        """Answer these commands to this very node without the bus."""
        self._local.update(handlers)

    async def ask(self, node_id: str, name: str, command: Command, reply: type[Reply], timeout: float) -> Reply:
        """Ask an agent.

        Raises:
            TureenError: As the agent answered, or `Unavailable` and `Timeout` where it did not.
        """
        if node_id == self._node_id:
            return await self._ask_here(name, command, timeout) or reply()
        body = await self._bus.command("node", name, command.to_wire(), tenant=SYSTEM, node_id=node_id, timeout=timeout)
        return reply.model_validate(body)

    async def _ask_here(self, name: str, command: Command, timeout: float) -> Reply | None:
        try:
            async with asyncio.timeout(timeout):
                return await self._local[name](command)
        except TimeoutError:
            raise Timeout(f"{name} took longer than the caller waits") from None

    def tell(self, node_id: str, name: str, command: Command, *, obsolete: Callable[[], bool] = lambda: False) -> None:
        """Tell an agent something until it answers, is gone, or `obsolete` says that it no longer matters."""
        task = asyncio.create_task(self._repeat(node_id, name, command, obsolete), name=f"tell {node_id} {name}")
        self._repeating.add(task)
        task.add_done_callback(self._repeating.discard)

    async def close(self) -> None:
        """Stop repeating."""
        for task in self._repeating:
            task.cancel()
        await asyncio.gather(*self._repeating, return_exceptions=True)

    async def _repeat(self, node_id: str, name: str, command: Command, obsolete: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        silent_since = loop.time()
        while not obsolete() and loop.time() - silent_since < GIVE_UP_AFTER:
            try:
                await self.ask(node_id, name, command, Reply, REPEAT_EVERY)
            except NotFound:
                return
            except Unavailable:
                if not self._bus.connected:
                    # While the bus is away nobody is gone: the clock stands still.
                    silent_since = loop.time()
            except StateError as error:
                log.debug("%s to %s is repeated: %s", name, node_id, error)
            except TureenError as error:
                log.warning("%s to %s was refused: %s", name, node_id, error)
                return
            else:
                return
            await asyncio.sleep(REPEAT_EVERY)

"""Asking nodes what they hold."""

from __future__ import annotations

import asyncio
import logging

from tureen.contract.errors import TureenError
from tureen.contract.subjects import SYSTEM
from tureen.placement.state import PlacementState

log = logging.getLogger(__name__)

JITTER = 0.2
"""Seconds within which replicas that missed the same thing ask, so that the first one's answer serves all."""
PATIENCE = 2.0
"""Seconds before the same node is asked again."""


class Inventories:
    """At most one question to each node at a time."""

    def __init__(self, state: PlacementState) -> None:
        self._state = state
        self._asking: dict[str, asyncio.Task[None]] = {}

    def ask(self, node_id: str) -> None:
        """Ask a node for its inventory in a moment, unless one comes before."""
        if node_id not in self._asking:
            task = asyncio.create_task(self._ask(node_id), name=f"inventory of {node_id}")
            self._asking[node_id] = task
            task.add_done_callback(lambda _: self._asking.pop(node_id))

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, node_id: str) -> None:
        state = self._state
        await asyncio.sleep(state.rng.uniform(0, JITTER))
        if state.picture.is_complete(node_id):
            return
        try:
            await state.bus.command("node", "inventory.get", {}, tenant=SYSTEM, node_id=node_id, timeout=PATIENCE)
        except TureenError as error:
            log.info("node %s did not tell what it holds: %s", node_id, error)
        await asyncio.sleep(PATIENCE)

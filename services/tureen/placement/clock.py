"""Who has fallen silent: the receiver's clock, less any time that it stood still itself."""

from __future__ import annotations

import asyncio
import logging

from tureen.placement.state import PlacementState

log = logging.getLogger(__name__)

STALL = 0.5
"""Seconds by which a look at the clock may be late before our own loop counts as having stood still."""


class Clock:
    """Looks at the nodes' silence a few times a second."""

    def __init__(self, state: PlacementState) -> None:
        self._state = state
        self._last = state.now()

    async def run(self) -> None:
        """Look until cancelled."""
        self._last = self._state.now()
        while True:
            await asyncio.sleep(self._state.settings.tick)
            self.look()

    def look(self) -> None:
        """Mark the nodes that have been silent for too long, and say so."""
        state = self._state
        now = state.now()
        elapsed, self._last = now - self._last, now
        if not state.bus.connected:
            state.picture.cluster.stood_still(elapsed)
        elif elapsed > state.settings.tick + STALL:
            state.picture.cluster.stood_still(elapsed - state.settings.tick)
        for node in state.picture.cluster.check(now):
            log.warning("node %s is suspect: no heartbeat for %.1f s", node.id, now - node.heard_at)
            state.announce_node("nodeSuspect", node, "silent")
        state.plans.expire(now)

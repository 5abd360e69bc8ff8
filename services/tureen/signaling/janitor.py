"""Closes what nobody needs any more, and does not let go before that is certain."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from tureen.bus import Bus
from tureen.contract.errors import CallerError, NotFound, TureenError
from tureen.signaling.effects import Close

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 5.0


class Janitor:
    """Repeats `close` until the agent answers, or until the router it was on is in its room's record no more.

    An agent whose router is not in the record closes it with everything on it, so the record's word is enough, and a
    host that is only cut off gets its commands once it is back.
    """

    def __init__(self, bus: Bus, tenant: str, attempt_timeout: float) -> None:
        self._bus = bus
        self._tenant = tenant
        self._timeout = attempt_timeout
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> int:
        """How many things are still to be closed."""
        return len(self._tasks)

    def close(self, effect: Close) -> None:
        """Close something in the background."""
        self.start(self._close(effect))

    def start(self, chore: Coroutine[Any, Any, None]) -> None:
        """Run a chore that must be done before the service ends."""
        task = asyncio.create_task(chore, name="janitor")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, timeout: float) -> None:
        """Wait for what is under way, at most `timeout` seconds, then stop trying."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout)
        left = set(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if left:
            log.warning("%d objects could not be closed in time", len(left))

    async def _close(self, effect: Close) -> None:
        pause = _FIRST_PAUSE
        while not await self._is_closed(effect):
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _is_closed(self, effect: Close) -> bool:
        payload = {f"{effect.kind}Id": effect.id}
        try:
            await self._bus.command(
                "node",
                f"{effect.kind}.close",
                payload,
                tenant=self._tenant,
                node_id=effect.node_id,
                timeout=self._timeout,
            )
        except NotFound:
            return True
        except CallerError:
            log.exception("%s %s cannot be closed", effect.kind, effect.id)
            return True
        except TureenError as error:
            log.warning("%s %s on node %s is not closed yet: %s", effect.kind, effect.id, effect.node_id, error)
            return await self._is_dropped(effect)
        return True

    async def _is_dropped(self, effect: Close) -> bool:
        """Tell whether the room has given up the router, which closes what was on it."""
        try:
            room = await self._bus.command(
                "placement", "room.get", {"roomId": effect.room_id}, tenant=self._tenant, timeout=self._timeout
            )
        except NotFound:
            return True
        except TureenError:
            return False
        return all(router["routerId"] != effect.router_id for router in room["routers"])

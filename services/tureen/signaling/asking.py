"""Commands to placement and to node agents, each within a deadline, asked again where that is safe."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tureen.bus import Bus
from tureen.contract.errors import Timeout, Unavailable
from tureen.signaling.settings import SignalingSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the loop's clock."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the moment that many seconds from now."""
        return cls(asyncio.get_running_loop().time() + seconds)

    def left(self) -> float:
        """Return the seconds left, 0 if it has passed."""
        return max(0.0, self.at - asyncio.get_running_loop().time())


class Asker:
    """Asks on behalf of one tenant."""

    def __init__(self, bus: Bus, settings: SignalingSettings) -> None:
        self._bus = bus
        self._settings = settings

    async def ask(
        self,
        service: str,
        name: str,
        data: Mapping[str, Any],
        deadline: Deadline,
        node_id: str | None = None,
        *,
        on_timeout: Callable[[], None] | None = None,
    ) -> dict[str, Any]:
        """Send a command; after a timeout the same one again, as every command used here allows."""
        payload = {key: value for key, value in data.items() if value is not None}
        while True:
            timeout = max(0.001, min(self._settings.attempt_timeout, deadline.left()))
            try:
                return await self._bus.command(
                    service, name, payload, tenant=self._settings.tenant, node_id=node_id, timeout=timeout
                )
            except Timeout:
                if on_timeout is not None:
                    on_timeout()
                if deadline.left() == 0:
                    raise
                log.warning("%s was not answered within %g s, asking again", name, timeout)
            except Unavailable as error:
                if "subject" not in error.details:
                    raise
                # Subjects are none of a browser's business.
                raise Unavailable(f"{f'node {node_id}' if node_id else service} does not answer") from None

"""Sending a request again while nobody answers, within its one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Again:
    """Has a request sent again after half of its time, after half of what is left then, and so on.

    So a message that was lost leaves time for another, and what is merely slow has all the time there is: whichever
    answer comes first is taken.

    Args:
        send: Sends it; gets the seconds that are left.
        timeout: The seconds that the request has, from now on.
        times: How often it may be sent again.

    Attributes:
        sent: Whether it was sent again.
    """

    __slots__ = ("_loop", "_send", "_timer", "sent")

    def __init__(self, send: Callable[[float], None], timeout: float, times: int) -> None:
        self.sent = False
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._wait(timeout / 2, times)

    def end(self) -> None:
        """Send it no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self, left: float, times: int) -> None:
        self._timer = self._loop.call_later(left, self._now, left, times) if times > 0 else None

    def _now(self, left: float, times: int) -> None:
        self.sent = True
        self._send(left)
        self._wait(left / 2, times - 1)

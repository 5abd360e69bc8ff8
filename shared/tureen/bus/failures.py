"""Log lines about what callers did wrong, few enough that no caller can flood the log."""

from __future__ import annotations

import logging
from collections.abc import Callable

from tureen.contract.errors import TureenError

log = logging.getLogger(__name__)

LINES_PER_SECOND = 50


class FailureLog:
    """Logs failures, up to a number of lines a second; then how many there were beyond.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._second = 0
        self._lines = 0

    def failed(self, subject: str, error: TureenError, trace_id: str) -> None:
        """Log that a command was answered with an error."""
        if self._may_log():
            log.info(
                "%s failed: %d %s: %s", subject, error.code, error.type, error.message, extra={"trace_id": trace_id}
            )

    def dropped(self, subject: str, reason: object) -> None:
        """Log that a message was not answered at all."""
        if self._may_log():
            log.warning("a message on %s was dropped: %s", subject, reason)

    def _may_log(self) -> bool:
        second = int(self._clock())
        if second != self._second:
            if self._lines > LINES_PER_SECOND:
                log.warning("%d more failures were not logged", self._lines - LINES_PER_SECOND)
            self._second, self._lines = second, 0
        self._lines += 1
        return self._lines <= LINES_PER_SECOND

"""Hand log lines to functions, for apps that do not use Python's logging."""

from __future__ import annotations

import logging
from collections.abc import Callable

LogListener = Callable[[str, str], object]
"""Gets the logger's name and the line."""
ErrorLogListener = Callable[[str, str, BaseException | None], object]
"""Gets the logger's name, the line and, where there is one, the error."""

_logger = logging.getLogger("tureen.mediasoup")
_handler: _Listeners | None = None


class _Listeners(logging.Handler):
    """Call listeners by level."""

    def __init__(
        self, ondebug: LogListener | None, onwarn: LogListener | None, onerror: ErrorLogListener | None
    ) -> None:
        super().__init__()
        self._ondebug = ondebug
        self._onwarn = onwarn
        self._onerror = onerror

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno >= logging.ERROR:
            if self._onerror is not None:
                self._onerror(record.name, text, record.exc_info[1] if record.exc_info else None)
        elif record.levelno >= logging.WARNING:
            if self._onwarn is not None:
                self._onwarn(record.name, text)
        elif self._ondebug is not None:
            self._ondebug(record.name, text)


def set_log_event_listeners(
    *,
    ondebug: LogListener | None = None,
    onwarn: LogListener | None = None,
    onerror: ErrorLogListener | None = None,
) -> None:
    """Have functions called with what mediasoup logs; each call replaces those of the one before.

    The lines are those of the logger ``tureen.mediasoup`` and of the loggers below it, and go wherever Python's logging
    takes them, too. Which levels there are is that logger's own: ``logging.getLogger("tureen.mediasoup").setLevel(…)``.

    Args:
        ondebug: Called with debug and information lines.
        onwarn: Called with warnings.
        onerror: Called with errors.
    """
    global _handler  # noqa: PLW0603 (Python's loggers are global as well)
    if _handler is not None:
        _logger.removeHandler(_handler)
        _handler = None
    if ondebug is not None or onwarn is not None or onerror is not None:
        _handler = _Listeners(ondebug, onwarn, onerror)
        _logger.addHandler(_handler)

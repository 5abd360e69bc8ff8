"""From messages to a listener of events."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from pydantic import ValidationError

from tureen.bus import headers, payload
from tureen.bus.parser import Delivery
from tureen.contract.errors import Malformed
from tureen.telemetry import TRACEPARENT, TraceContext, use_trace

log = logging.getLogger(__name__)

PayloadListener = Callable[[str, dict[str, Any]], Awaitable[None] | None]

_LONGEST_QUEUE = 65536
"""Events that wait for a listener which awaits; beyond that they are dropped and counted."""


class EventListener:
    """Decodes messages and calls a listener with them, one at a time and in order, whether it awaits or not."""

    def __init__(
        self,
        subject: str,
        listener: PayloadListener,
        dropped: Counter[str],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self._subject = subject
        self._listener = listener
        self._dropped = dropped
        self._spawn = spawn
        self._waiting: deque[Delivery] = deque()
        self._busy = False

    def __call__(self, delivery: Delivery) -> None:
        """Take a message."""
        if not self._busy:
            under_way = self._deliver(delivery)
            if under_way is not None:
                self._busy = True
                self._spawn(self._catch_up(under_way))
        elif len(self._waiting) < _LONGEST_QUEUE:
            self._waiting.append(delivery)
        else:
            self._dropped["slow_listener"] += 1

    async def _catch_up(self, under_way: Awaitable[None] | None) -> None:
        """Await the listener, then call it with what arrived meanwhile."""
        try:
            while True:
                if under_way is not None:
                    await under_way
                if not self._waiting:
                    return
                under_way = self._deliver(self._waiting.popleft())
        finally:
            self._busy = False

    def _deliver(self, delivery: Delivery) -> Awaitable[None] | None:
        """Call the listener; return what it wants awaited."""
        parsed = headers.parse(delivery.headers)
        decode = payload.decode_json if headers.is_json(parsed) else payload.decode
        try:
            body = decode(delivery.body)
        except Malformed as error:
            self._dropped["malformed_event"] += 1
            log.warning("a message on %s was dropped: %s", delivery.subject, error.message)
            return None
        trace = TraceContext.parse(parsed.get(TRACEPARENT))
        with use_trace(trace):
            try:
                result = self._listener(delivery.subject, body)
            except Exception as error:
                self._failed(delivery.subject, error)
                return None
        return None if result is None else self._finish(delivery.subject, result, trace)

    async def _finish(self, subject: str, result: Awaitable[None], trace: TraceContext | None) -> None:
        """Await what a listener returned."""
        with use_trace(trace):
            try:
                await result
            except Exception as error:
                self._failed(subject, error)

    def _failed(self, subject: str, error: Exception) -> None:
        """Note that a listener raised: a model that does not fit is the sender's fault, all else is ours."""
        if isinstance(error, ValidationError):
            self._dropped["malformed_event"] += 1
            first = error.errors(include_url=False, include_input=False)[0]
            path = ".".join(str(part) for part in first["loc"])
            log.warning("a message on %s was dropped: %s: %s", subject, path, first["msg"])
        else:
            log.error("a listener of %s failed", self._subject, exc_info=error)

"""W3C trace context (https://www.w3.org/TR/trace-context/), as it travels in NATS headers."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

TRACEPARENT = "traceparent"
"""The header's name: written in lower case, read in any."""

# Version 00 ends after the flags; a later version may go on after another dash, and ff is no version.
_HEADER = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII).fullmatch
_SAMPLED = 0x01
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16

# Ids must be unlike each other, not secret.
_random = random.Random()  # noqa: S311
_AT_ONCE = 256


class TraceContext(NamedTuple):
    """A place in a trace.

    Attributes:
        trace_id: 32 hexadecimal digits, the same for everything that one request caused.
        span_id: 16 hexadecimal digits, this step of it.
        sampled: Whether the trace is recorded.
    """

    trace_id: str
    span_id: str
    sampled: bool = False

    @classmethod
    def new(cls, *, sampled: bool = False) -> TraceContext:
        """Return the first step of a new trace."""
        if not _fresh:
            _fresh.extend(_new_traces())
        trace = _fresh.pop()
        return trace._replace(sampled=True) if sampled else trace

    @classmethod
    def parse(cls, header: str | None) -> TraceContext | None:
        """Return what a `traceparent` header says, or None where it is absent or invalid."""
        match = _HEADER(header.strip()) if header else None
        if match is None:
            return None
        version, trace_id, span_id, flags, rest = match.groups()
        if (rest and version == "00") or trace_id == _NO_TRACE or span_id == _NO_SPAN:
            return None
        return cls(trace_id, span_id, int(flags, 16) & _SAMPLED == _SAMPLED)

    @property
    def traceparent(self) -> str:
        """The header's value."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def child(self) -> TraceContext:
        """Return the next step of this trace."""
        # As TraceContext(…), without a call in Python.
        return tuple.__new__(TraceContext, (self.trace_id, TraceContext.new().span_id, self.sampled))


_fresh: list[TraceContext] = []
"""Traces to come: made many at once, they cost a good deal less, and every command without one of its own takes one."""


def _new_traces() -> list[TraceContext]:
    digits = _random.randbytes(24 * _AT_ONCE).hex()
    traces = [TraceContext(digits[at : at + 32], digits[at + 32 : at + 48]) for at in range(0, len(digits), 48)]
    return [trace for trace in traces if trace.trace_id != _NO_TRACE and trace.span_id != _NO_SPAN]


_current: ContextVar[TraceContext | None] = ContextVar("tureen_trace", default=None)


current_trace = _current.get
"""Returns the trace that the running task works for, or None."""

enter_trace = _current.set
"""Makes a trace the current one for the rest of the running task."""


@contextmanager
def use_trace(trace: TraceContext | None) -> Iterator[None]:
    """Make a trace the current one, for this task and those that it starts; None is no trace."""
    token = _current.set(trace)
    try:
        yield
    finally:
        _current.reset(token)

"""W3C trace context (https://www.w3.org/TR/trace-context/), as it travels in NATS headers."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

TRACEPARENT = "traceparent"
"""The header's name: written in lower case, read in any."""

# Version 00 ends after the flags; a later version may go on after another dash, and ff is no version.
_HEADER = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_SAMPLED = 0x01

# Ids must be unlike each other, not secret.
_random = random.Random()  # noqa: S311


def _new_id(bits: int) -> str:
    # All zeros is invalid by the standard.
    return f"{_random.getrandbits(bits) or 1:0{bits // 4}x}"


@dataclass(frozen=True, slots=True)
class TraceContext:
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
        return cls(_new_id(128), _new_id(64), sampled)

    @classmethod
    def parse(cls, header: str | None) -> TraceContext | None:
        """Return what a `traceparent` header says, or None where it is absent or invalid."""
        match = _HEADER.fullmatch(header.strip()) if header else None
        if match is None:
            return None
        version, trace_id, span_id, flags, rest = match.groups()
        if (version == "00" and rest) or trace_id == "0" * 32 or span_id == "0" * 16:
            return None
        return cls(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))

    @property
    def traceparent(self) -> str:
        """The header's value."""
        return f"00-{self.trace_id}-{self.span_id}-{_SAMPLED if self.sampled else 0:02x}"

    def child(self) -> TraceContext:
        """Return the next step of this trace."""
        return TraceContext(self.trace_id, _new_id(64), self.sampled)


_current: ContextVar[TraceContext | None] = ContextVar("tureen_trace", default=None)


def current_trace() -> TraceContext | None:
    """Return the trace that the running task works for."""
    return _current.get()


@contextmanager
def use_trace(trace: TraceContext | None) -> Iterator[None]:
    """Make a trace the current one, for this task and those that it starts; None is no trace."""
    token = _current.set(trace)
    try:
        yield
    finally:
        _current.reset(token)

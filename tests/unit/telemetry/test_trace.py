from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.telemetry import TraceContext, current_trace, use_trace

EXAMPLE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_standards_example() -> None:
    """The header of the standard's own example is read and written."""
    trace = TraceContext.parse(EXAMPLE)
    assert trace == TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=True)
    assert trace is not None
    assert trace.traceparent == EXAMPLE


def test_a_later_version_is_read() -> None:
    """Of a later version the known part is read, as the standard wants."""
    assert TraceContext.parse(f"cc{EXAMPLE[2:]}-what-comes") == TraceContext.parse(EXAMPLE)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        EXAMPLE.upper(),
        f"ff{EXAMPLE[2:]}",
        f"{EXAMPLE}-more",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
        EXAMPLE[:-1],
        EXAMPLE.replace("4", "٤"),
    ],
)
def test_invalid_headers(header: str | None) -> None:
    """What the standard calls invalid is no trace."""
    assert TraceContext.parse(header) is None


@given(st.text(max_size=80))
def test_any_text(header: str) -> None:
    """Whatever a header holds, reading it does not fail."""
    TraceContext.parse(header)


def test_a_new_trace_and_its_steps() -> None:
    """A child belongs to its parent's trace and is a step of its own."""
    trace = TraceContext.new(sampled=True)
    child = trace.child()
    assert TraceContext.parse(trace.traceparent) == trace
    assert (child.trace_id, child.sampled) == (trace.trace_id, True)
    assert child.span_id != trace.span_id
    assert TraceContext.new().trace_id != trace.trace_id


async def test_the_current_trace() -> None:
    """A trace holds for a task and those that it starts, and for nothing beside."""
    outer, inner = TraceContext.new(), TraceContext.new()

    async def seen() -> TraceContext | None:
        return current_trace()

    with use_trace(outer):
        task = asyncio.create_task(seen())
        with use_trace(inner):
            assert await asyncio.create_task(seen()) == inner
        assert current_trace() == outer
        with use_trace(None):
            assert current_trace() is None
    assert await task == outer
    assert current_trace() is None

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from tureen.bus import headers, payload
from tureen.bus.events import EventListener, PayloadListener
from tureen.bus.parser import Delivery
from tureen.contract.cluster import NodeEvent
from tureen.telemetry import TRACEPARENT, TraceContext, current_trace

SUBJECT = "tureen.v1.system.event.x"


def event(number: int, trace: TraceContext | None = None) -> Delivery:
    """Return an event with a number in it."""
    block = headers.encode({TRACEPARENT: trace.traceparent}) if trace else b""
    return Delivery(SUBJECT, "", block, payload.encode({"n": number}))


class Hearing:
    """A listener under test, with the tasks it starts."""

    def __init__(self, listener: PayloadListener) -> None:
        self.dropped: Counter[str] = Counter()
        self.tasks: list[asyncio.Task[None]] = []
        self.take = EventListener(SUBJECT, listener, self.dropped, self._spawn)

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        self.tasks.append(asyncio.create_task(work))
        return self.tasks[-1]


def test_a_plain_function_is_called_at_once() -> None:
    """A listener that does not wait is called within the read."""
    heard: list[tuple[str, dict[str, Any]]] = []
    Hearing(lambda subject, body: heard.append((subject, body))).take(event(1))
    assert heard == [(SUBJECT, {"n": 1})]


def test_what_is_malformed_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    """A malformed event is counted and logged; the next one is heard."""
    heard: list[dict[str, Any]] = []
    hearing = Hearing(lambda _, body: heard.append(body))
    hearing.take(Delivery(SUBJECT, "", b"", b"\xc1"))
    hearing.take(Delivery(SUBJECT, "", headers.encode({headers.CONTENT_TYPE: headers.JSON}), b'{"n":2}'))
    assert heard == [{"n": 2}]
    assert hearing.dropped == {"malformed_event": 1}
    assert "dropped" in caplog.text


def test_what_does_not_fit_its_model_is_the_senders_fault(caplog: pytest.LogCaptureFixture) -> None:
    """An event with wrong fields is counted and named in one line that quotes nothing of it; the next one is heard."""
    heard: list[NodeEvent] = []
    hearing = Hearing(lambda _, body: heard.append(NodeEvent.model_validate(body)))
    hearing.take(Delivery(SUBJECT, "", b"", payload.encode({"nodeId": "secret", "startId": 7})))
    hearing.take(Delivery(SUBJECT, "", b"", payload.encode({"nodeId": "n", "startId": "s"})))
    assert heard == [NodeEvent(node_id="n", start_id="s")]
    assert hearing.dropped == {"malformed_event": 1}
    assert [record.exc_info for record in caplog.records] == [None]
    assert "startId" in caplog.text
    assert "secret" not in caplog.text


def test_a_listener_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """A listener's error is logged, and it goes on hearing."""
    heard: list[int] = []

    def listener(_: str, body: dict[str, Any]) -> None:
        heard.append(body["n"])
        raise ValueError("broken")

    hearing = Hearing(listener)
    hearing.take(event(1))
    hearing.take(event(2))
    assert heard == [1, 2]
    assert "broken" in caplog.text


async def test_a_coroutine_hears_one_at_a_time_and_in_order() -> None:
    """A listener that awaits is never called while it still works on an earlier event."""
    heard: list[int] = []
    working = 0

    async def listener(_: str, body: dict[str, Any]) -> None:
        nonlocal working
        assert working == 0
        working += 1
        await asyncio.sleep(0)
        heard.append(body["n"])
        working -= 1
        if body["n"] == 3:
            raise ValueError("broken")

    hearing = Hearing(listener)
    for number in range(10):
        hearing.take(event(number))
    await asyncio.gather(*hearing.tasks)
    hearing.take(event(10))
    await asyncio.gather(*hearing.tasks)
    assert heard == list(range(11))


async def test_events_that_nobody_keeps_up_with(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A listener that is too slow loses events, counted, instead of memory."""
    monkeypatch.setattr("tureen.bus.events._LONGEST_QUEUE", 2)
    go_on = asyncio.Event()

    async def listener(_: str, body: dict[str, Any]) -> None:
        await go_on.wait()

    hearing = Hearing(listener)
    for number in range(5):
        hearing.take(event(number))
    assert hearing.dropped == {"slow_listener": 2}
    go_on.set()
    await asyncio.gather(*hearing.tasks)


async def test_the_trace_of_an_event() -> None:
    """A listener works under the trace that the event carries, whether it awaits or not."""
    trace = TraceContext.new()
    seen: list[TraceContext | None] = []

    async def listener(_: str, body: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        seen.append(current_trace())

    hearing = Hearing(listener)
    hearing.take(event(1, trace))
    hearing.take(event(2))
    await asyncio.gather(*hearing.tasks)
    Hearing(lambda *_: seen.append(current_trace())).take(event(3, trace))
    assert seen == [trace, None, trace]

"""How commands in JSON are sent, and what becomes of strange answers."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tureen.bus import Bus, headers
from tureen.bus.parser import Delivery
from tureen.cli.wire import asking
from tureen.contract import errors
from tureen.telemetry import TraceContext

SUBJECT = "tureen.v1.default.node.n.router.dump"


async def answering(bus: Bus, body: bytes, answer_headers: Mapping[str, str]) -> list[Delivery]:
    """Answer every command with the same; return the commands."""
    asked: list[Delivery] = []

    def answer(delivery: Delivery) -> None:
        asked.append(delivery)
        bus.send(delivery.reply, body, headers.encode(answer_headers))

    await bus.listen(SUBJECT, answer)
    return asked


async def test_what_is_sent(bus: Bus) -> None:
    """The payload is JSON and said to be so, with the time that is left and the trace."""
    asked = await answering(bus, b'{"a": 1}', {})
    trace = TraceContext.new()
    assert await asking.ask(bus, SUBJECT, {"routerId": "r"}, timeout=2.5, trace=trace) == {"a": 1}
    sent = headers.parse(asked[0].headers)
    assert json.loads(asked[0].body) == {"routerId": "r"}
    assert sent["content-type"] == "application/json"
    assert sent["tureen-timeout-ms"] == "2500"
    assert trace.trace_id in sent["traceparent"]


@pytest.mark.parametrize("body", [b"\xff", b"[]", b"{", b"[" * 100_000])
async def test_malformed_answers(bus: Bus, body: bytes) -> None:
    """An answer that is no object in JSON is the other side's fault, and it may have been done."""
    await answering(bus, body, {})
    trace = TraceContext.new()
    with pytest.raises(errors.Internal, match="answered something malformed") as raised:
        await asking.ask(bus, SUBJECT, {}, timeout=5, trace=trace)
    assert raised.value.trace_id == trace.trace_id


async def test_unknown_errors(bus: Bus) -> None:
    """An error of a kind that is not known here is told with its own words and trace."""
    body = json.dumps({"code": 418, "type": "Teapot", "message": "short and stout", "traceId": "t"}).encode()
    await answering(bus, body, {headers.ERROR_CODE: "418"})
    with pytest.raises(errors.Internal, match="short and stout") as raised:
        await asking.ask(bus, SUBJECT, {}, timeout=5, trace=TraceContext.new())
    assert raised.value.trace_id == "t"

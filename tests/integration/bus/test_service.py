from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import pytest
from tests.integration.bus.conftest import Serve, echo
from tests.integration.conftest import Connect
from tests.support.echo import EchoSay, say

from tureen.bus import Bus, Call, ServiceLimits, headers, payload
from tureen.contract.cluster import LEVEL
from tureen.contract.errors import (
    Busy,
    Internal,
    InvalidType,
    Malformed,
    NotFound,
    Timeout,
    TooLarge,
    TureenError,
    Unauthorized,
    UnknownField,
    Unsupported,
    from_body,
)
from tureen.mediasoup.errors import UnsupportedError
from tureen.telemetry import TraceContext, current_trace

pytestmark = pytest.mark.each_loop


class Gate:
    """A handler that waits until the test lets it go on."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.calls: list[Call] = []
        self.numbers: list[int] = []

    async def __call__(self, call: Call, command: EchoSay) -> dict[str, int]:
        self.calls.append(call)
        self.numbers.append(command.number)
        await self.open.wait()
        return {"number": command.number}


async def ask(bus: Bus, subject: str, body: bytes, sent: Mapping[str, str] | None = None) -> tuple[dict[str, str], Any]:
    """Send bytes as they are; return the answer's headers and body."""
    delivery = await bus.exchange(subject, body, sent or {}, timeout=5)
    parsed = headers.parse(delivery.headers)
    return parsed, (payload.decode_json if headers.is_json(parsed) else payload.decode)(delivery.body)


async def started(gate: Gate, count: int) -> None:
    """Wait until so many calls have started."""
    async with asyncio.timeout(5):
        while len(gate.calls) < count:
            await asyncio.sleep(0.001)


async def test_handlers_start_in_order_and_run_side_by_side(bus: Bus, connect: Connect, serve: Serve) -> None:
    """2,000 commands start in the order in which they were sent, none waiting for another's answer."""
    gate = Gate()
    await serve(bus, {"echo.say": gate})
    asker = await connect()
    asked = [asyncio.create_task(asker.request(say(), {"number": number}, timeout=60)) for number in range(2000)]
    await started(gate, 2000)
    assert gate.numbers == list(range(2000))
    gate.open.set()
    assert [answer["number"] for answer in await asyncio.gather(*asked)] == list(range(2000))


async def test_a_call(bus: Bus, serve: Serve) -> None:
    """A handler knows who asks whom, for what, in which trace and until when."""
    calls: list[tuple[Call, TraceContext | None, float]] = []

    async def look(call: Call, command: EchoSay) -> None:
        calls.append((call, current_trace(), call.remaining()))

    await serve(bus, {"echo.say": look})
    trace = TraceContext.new()
    sent = {"TraceParent": trace.traceparent, "tureen-timeout-ms": "3000"}
    parsed, body = await ask(bus, say(), b"", sent)
    assert body == {}
    assert parsed == {"tureen-level": str(LEVEL)}
    call, current, remaining = calls[0]
    assert (call.tenant, call.node_id, call.command.name) == ("system", "n1", "echo.say")
    assert call.trace.trace_id == trace.trace_id
    assert call.trace.span_id != trace.span_id
    assert current == call.trace
    assert 2 < remaining <= 3


async def test_too_much(bus: Bus, connect: Connect, serve: Serve) -> None:
    """What exceeds a tenant's share is Busy at once, others get in, and room comes back with the answers."""
    gate = Gate()
    limits = ServiceLimits(under_way=4, under_way_per_tenant=3, system_reserve=1)
    service = await serve(bus, {"echo.say": gate}, limits=limits)
    acme, other = await connect(tenant="acme"), await connect(tenant="other")
    asked = [asyncio.create_task(acme.request(say("acme"), {}, timeout=30)) for _ in range(3)]
    await started(gate, 3)
    before = time.monotonic()
    with pytest.raises(Busy, match="of acme"):
        await acme.request(say("acme"), {}, timeout=30)
    assert time.monotonic() - before < 1
    asked.append(asyncio.create_task(other.request(say("other"), {}, timeout=30)))
    await started(gate, 4)
    with pytest.raises(Busy, match="all that this service"):
        await other.request(say("other"), {}, timeout=30)
    asked.append(asyncio.create_task(bus.request(say(), {}, timeout=30)))
    await started(gate, 5)
    assert service.under_way == 5
    assert service.stats.refused == {"Busy": 2}
    gate.open.set()
    await asyncio.gather(*asked)
    assert service.under_way == 0
    await acme.request(say("acme"), {})


async def test_what_is_late_is_not_started(bus: Bus, serve: Serve) -> None:
    """A command whose caller has given up is answered with Timeout and not carried out."""
    gate = Gate()
    gate.open.set()
    await serve(bus, {"echo.say": gate})
    for late in ("0", "-1"):
        _, body = await ask(bus, say(), b"", {headers.TIMEOUT_MS: late})
        assert body["type"] == "Timeout"
    assert not gate.calls


async def test_what_waited_too_long_is_not_started(bus: Bus, serve: Serve) -> None:
    """The time counts from arrival: a command that comes to its turn too late is not carried out."""
    ran: list[int] = []

    async def block(call: Call, command: EchoSay) -> None:
        ran.append(command.number)
        # The loop stands still, as it would under too much load.
        time.sleep(0.1)  # noqa: ASYNC251

    await serve(bus, {"echo.say": block})
    sent = [
        bus.exchange(say(), payload.encode({"number": number}), {headers.TIMEOUT_MS: "50"}, timeout=5)
        for number in (0, 1)
    ]
    answers = [payload.decode(delivery.body) for delivery in await asyncio.gather(*sent)]
    assert answers[0] == {}
    assert answers[1]["type"] == "Timeout"
    assert ran == [0]


@pytest.mark.parametrize(
    ("name", "body", "error", "said"),
    [
        ("echo.say", b"\xc1", Malformed, "not msgpack"),
        ("echo.say", b"\x93\x01\x02\x03", Malformed, "not a map"),
        ("echo.say", payload.encode({"texts": ""}), UnknownField, "unknown field texts"),
        ("echo.say", payload.encode({"text": 1}), InvalidType, "text"),
        ("echo.say", payload.encode({"data": "YQ=="}), InvalidType, "data"),
        ("echo.shout", b"", NotFound, "did you mean echo.say"),
        ("router.close", b"", NotFound, "there are: echo.rule, echo.say, echo.wait"),
        ("echo.wait", b"", Unsupported, "not served here"),
        ("echo.say.twice", b"", Malformed, "not a command's subject"),
        ("echo.rule", b"", Unauthorized, "operator's own services"),
    ],
)
async def test_wrong_commands(
    connect: Connect, serve: Serve, name: str, body: bytes, error: type[TureenError], said: str
) -> None:
    """A wrong command gets a coded error that says what is wrong, in headers and body, under its trace."""
    await serve(await connect())
    acme = await connect(tenant="acme")
    trace = TraceContext.new()
    parsed, answer = await ask(acme, say("acme", name), body, {"traceparent": trace.traceparent})
    raised = from_body(answer)
    assert type(raised) is error
    assert said in raised.message
    assert raised.trace_id == trace.trace_id
    assert parsed["nats-service-error-code"] == str(error.code) == str(answer["code"])
    assert parsed["nats-service-error"] == raised.message


async def test_json(bus: Bus, serve: Serve) -> None:
    """Who asks in JSON is answered in JSON, bytes being base64; errors too."""
    await serve(bus)
    sent = {"Content-Type": "application/json"}
    parsed, body = await ask(bus, say(), b'{"text": "hi", "data": "AP8="}', sent)
    assert body == {"text": "hi", "number": 0, "data": "AP8="}
    assert parsed["content-type"] == "application/json"
    for wrong, error in ((b"{", Malformed), (b'{"x":1}', UnknownField), (b'{"number":"1"}', InvalidType)):
        _, body = await ask(bus, say(), wrong, sent)
        assert type(from_body(body)) is error
    _, body = await ask(bus, say(), b"", sent)
    assert body["text"] == ""


async def test_replies_go_to_inboxes_only(bus: Bus, connect: Connect, serve: Serve) -> None:
    """A request whose reply subject is no inbox of its tenant is neither carried out nor answered, but counted."""
    gate = Gate()
    gate.open.set()
    service = await serve(bus, {"echo.say": gate})
    heard: list[str] = []
    watching = await connect()
    for pattern in ("tureen.v1.acme.event.>", "tureen.v1.other.inbox.>", "tureen.v1.system.heartbeat.*", "$JS.API.>"):
        await watching.listen(pattern, lambda delivery: heard.append(delivery.subject))
    acme = await connect(tenant="acme")
    client = acme._connection.client
    assert client is not None
    forged = ["tureen.v1.acme.event.r.r.router.x.close", "tureen.v1.other.inbox.me.1", "tureen.v1.system.heartbeat.n1"]
    for reply in (*forged, "$JS.API.STREAM.DELETE.KV_tureen-rooms", "_INBOX.x", ""):
        client.send(say("acme"), reply, b"", payload.encode({"number": 1}))
    await acme.request(say("acme"), {"number": 2})
    await bus.barrier()
    await watching.barrier()
    assert gate.numbers == [2]
    assert heard == []
    assert service.stats.dropped == {"foreign_reply_subject": 5, "no_reply_subject": 1}


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (KeyError("/etc/passwd"), Internal),
        (ZeroDivisionError("/etc/passwd"), Internal),
        (TypeError("/etc/passwd"), Internal),
        (UnsupportedError("no such codec"), Unsupported),
        (asyncio.CancelledError(), Internal),
    ],
)
async def test_a_handler_that_fails(
    bus: Bus, serve: Serve, caplog: pytest.LogCaptureFixture, raised: BaseException, error: type[TureenError]
) -> None:
    """Whatever a handler raises is answered; what is ours is in the log under the trace id and nowhere else."""

    async def fail(call: Call, command: EchoSay) -> None:
        raise raised

    service = await serve(bus, {"echo.say": fail})
    with caplog.at_level(logging.INFO), pytest.raises(error) as answered:
        await bus.request(say(), {})
    assert "passwd" not in str(answered.value)
    assert answered.value.trace_id
    if error is Internal:
        assert type(raised).__name__ in caplog.text
    assert service.stats.endpoints["echo.say"].errors == 1
    assert service.under_way == 0


async def test_an_answer_that_is_too_large(bus: Bus, serve: Serve) -> None:
    """An answer beyond the server's limit is TooLarge with the limit, and the connection stays."""

    async def much(call: Call, command: EchoSay) -> dict[str, str]:
        return {"text": "x" * command.number}

    await serve(bus, {"echo.say": much})
    with pytest.raises(TooLarge) as raised:
        await bus.request(say(), {"number": bus.max_payload})
    assert raised.value.details["limit"] == bus.max_payload
    await bus.request(say(), {"number": bus.max_payload - 100})
    assert bus.connected


async def test_an_answer_without_a_connection(nats_server: Any, connect: Connect, serve: Serve) -> None:
    """An answer that cannot be sent is counted; the service goes on when the connection is back."""
    bus = await connect()
    gate = Gate()
    service = await serve(bus, {"echo.say": gate})
    asked = asyncio.create_task((await connect()).request(say(), {}))
    await started(gate, 1)
    nats_server.kill()
    with pytest.raises(Timeout):
        await asked
    while bus.connected:
        await asyncio.sleep(0.001)
    gate.open.set()
    async with asyncio.timeout(5):
        while not service.stats.dropped["answer_lost"]:
            await asyncio.sleep(0.001)
    nats_server.start()
    while not bus.connected:
        await asyncio.sleep(0.01)
    assert await bus.request(say(), {"number": 7}) == {"number": 7}


async def test_discovery(bus: Bus, connect: Connect, serve: Serve) -> None:
    """The service answers PING, INFO and STATS by name, by id and in general, to operators."""
    service = await serve(bus, metadata={"nodeId": "n1"})
    with pytest.raises(NotFound):
        await bus.request(say(name="echo.x"), {})
    await bus.request(say(), {})
    with pytest.raises(UnknownField):
        await bus.request(say(), {"x": 1})
    for inbox in ({}, {"tenant": "default"}):
        asker = await connect(**inbox)
        for suffix in ("", ".echo", f".echo.{service.identity.id}"):
            ping, info, stats = [
                json.loads((await asker.exchange(f"$SRV.{verb}{suffix}", b"", {}, timeout=5)).body)
                for verb in ("PING", "INFO", "STATS")
            ]
            assert ping["type"] == "io.nats.micro.v1.ping_response"
            assert ping["metadata"] == {"level": str(LEVEL), "nodeId": "n1"}
            assert info["endpoints"][0]["subject"] == "tureen.v1.*.node.n1.echo.say"
            endpoint = stats["endpoints"][0]
            assert (endpoint["num_requests"], endpoint["num_errors"], endpoint["last_error"]) == (
                2,
                1,
                "400 UnknownField",
            )
            assert endpoint["processing_time"] > 0
    tenant = await connect(tenant="acme")
    with pytest.raises(Timeout):
        await tenant.exchange("$SRV.PING.echo", b"", {}, timeout=0.1)


async def test_a_handler_without_a_command(bus: Bus) -> None:
    """A handler that no command leads to is a mistake, told before anything starts."""
    with pytest.raises(ValueError, match=r"no such commands: echo\.x"):
        await serve_nothing(bus)


async def serve_nothing(bus: Bus) -> None:
    """Make a service with a handler too many."""
    from tests.support.echo import COMMANDS, SUBJECT

    from tureen.bus import Service

    Service(bus, name="echo", version="1.0.0", commands=COMMANDS, handlers={"echo.x": echo}, subject=SUBJECT)

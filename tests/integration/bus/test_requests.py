from __future__ import annotations

import asyncio
import time

import pytest
from tests.integration.bus.conftest import Serve
from tests.integration.conftest import Connect
from tests.support.echo import SUBJECT, EchoSay, say
from tests.support.nats_server import NatsServer

from tureen.bus import Bus, Call, headers, payload
from tureen.bus.parser import Delivery
from tureen.contract.errors import (
    Conflict,
    Internal,
    InvalidType,
    Malformed,
    Timeout,
    TooLarge,
    Unauthorized,
    Unavailable,
)
from tureen.telemetry import TraceContext, use_trace

pytestmark = pytest.mark.each_loop

USERS = """
authorization { users: [
  { user: sys, password: sys }
  { user: app, password: app, permissions: {
      publish: ["tureen.v1.acme.node.>", "tureen.v1.acme.event.>"]
      subscribe: ["tureen.v1.acme.inbox.app.>", "tureen.v1.acme.event.>"] } }
] }
"""


async def test_an_answer(bus: Bus, connect: Connect, serve: Serve) -> None:
    """A command is answered by the service on another connection, bytes included."""
    await serve(bus)
    asker = await connect()
    body = await asker.command("node", "echo.say", {"text": "é", "data": b"\x00\xff"}, tenant="system", node_id="n1")
    assert body == {"text": "é", "number": 0, "data": b"\x00\xff"}


async def test_an_error_is_raised_as_it_was(bus: Bus, serve: Serve) -> None:
    """What a handler raises is raised at the caller's, with details and trace id."""

    async def refuse(call: Call, command: EchoSay) -> None:
        raise Conflict("taken", details={"id": "x"})

    await serve(bus, {"echo.say": refuse})
    trace = TraceContext.new()
    with use_trace(trace), pytest.raises(Conflict, match="taken") as raised:
        await bus.request(say(), {})
    assert raised.value.details == {"id": "x"}
    assert raised.value.trace_id == trace.trace_id


async def test_nobody_there(bus: Bus) -> None:
    """A request that nobody answers fails at once, not after its timeout."""
    started = time.monotonic()
    with pytest.raises(Unavailable, match=r"nobody answers on tureen\.v1\.system\.node\.n1"):
        await bus.request(say(), {}, timeout=30)
    assert time.monotonic() - started < 5


async def test_a_denied_publish(nats_server: NatsServer, connect: Connect) -> None:
    """A request that the server denies fails at once as Unauthorized; a denied event is counted."""
    nats_server.reload(USERS)
    app = await connect(tenant="acme", user="app", password="app")
    started = time.monotonic()
    with pytest.raises(Unauthorized, match="denies this user to publish to"):
        await app.command("placement", "room.get", {"roomId": "r"}, tenant="acme", timeout=30)
    assert time.monotonic() - started < 5
    app.publish("tureen.v1.system.event.nodeGone", {})
    while not app.dropped["denied_publish"]:
        await app.barrier()
    with pytest.raises(Unavailable):
        await app.request(say("acme"), {}, timeout=30)


async def test_a_denied_subscription(nats_server: NatsServer, connect: Connect) -> None:
    """A denied subscription is Unauthorized, and leaves nothing behind."""
    nats_server.reload(USERS)
    app = await connect(tenant="acme", user="app", password="app")
    with pytest.raises(Unauthorized, match="denies this user to subscribe"):
        await app.subscribe("tureen.v1.acme.node.n1.>", lambda *_: None)
    await app.subscribe("tureen.v1.acme.event.>", lambda *_: None)


async def test_a_denied_inbox(nats_server: NatsServer, connect: Connect) -> None:
    """Connecting with another's inbox fails with a sentence that says what to check."""
    nats_server.reload(USERS)
    with pytest.raises(Unauthorized, match=r"the inbox tureen\.v1\.acme\.inbox\.other\.>: check tenant"):
        await connect(tenant="acme", user="app", password="app", inbox_user="other")


async def test_no_answer_in_time(bus: Bus) -> None:
    """Without an answer in time there is a Timeout that says how long that was."""
    await bus.listen(SUBJECT, lambda _: None)
    with pytest.raises(Timeout, match=r"within 0\.05 s"):
        await bus.request(say(), {}, timeout=0.05)
    for timeout in (0, -1):
        with pytest.raises(Timeout, match="no time was left"):
            await bus.request(say(), {}, timeout=timeout)


async def test_tries(bus: Bus) -> None:
    """While nobody answers a request is sent again, at half of its time and of what is left, with the time it has."""
    sent: list[str] = []

    def answer_the_last(delivery: Delivery) -> None:
        sent.append(headers.parse(delivery.headers)[headers.TIMEOUT_MS.lower()])
        if len(sent) == 3:
            bus.send(delivery.reply, payload.encode({"number": 3}))

    await bus.listen(SUBJECT, answer_the_last)
    assert await bus.request(say(), {}, timeout=2, tries=5) == {"number": 3}
    await bus.barrier()
    assert sent == ["2000", "1000", "500"]


async def test_a_slow_answer(bus: Bus) -> None:
    """What is answered late is answered once: the answer to the first message counts after the second one, too."""
    asked: list[Delivery] = []

    def answer_the_first(delivery: Delivery) -> None:
        asked.append(delivery)
        if len(asked) == 2:
            bus.send(asked[0].reply, payload.encode({"number": 1}))

    await bus.listen(SUBJECT, answer_the_first)
    assert await bus.request(say(), {}, timeout=1, tries=3) == {"number": 1}
    assert asked[0].reply == asked[1].reply


async def test_gone_after_the_first_try(bus: Bus) -> None:
    """Where somebody heard a request, and nobody is there when it is sent again, it may have been done."""
    subscription = await bus.listen(SUBJECT, lambda _: subscription.abandon())
    with pytest.raises(Timeout, match="any more"):
        await bus.request(say(), {}, timeout=1, tries=2)


async def test_a_late_answer_reaches_nobody(bus: Bus, connect: Connect, serve: Serve) -> None:
    """An answer that comes after the timeout is not taken for the next request's."""
    go_on = asyncio.Event()

    async def wait(call: Call, command: EchoSay) -> dict[str, str]:
        if command.text == "slow":
            await go_on.wait()
        return {"text": command.text}

    await serve(bus, {"echo.say": wait})
    asker = await connect()
    with pytest.raises(Timeout):
        await asker.request(say(), {"text": "slow"}, timeout=0.05)
    go_on.set()
    assert await asker.request(say(), {"text": "fast"}) == {"text": "fast"}


async def test_a_request_given_up_leaves_nothing(bus: Bus) -> None:
    """A cancelled request is forgotten."""
    await bus.listen(SUBJECT, lambda _: None)
    task = asyncio.create_task(bus.request(say(), {}))
    while not len(bus._pending):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not len(bus._pending)


async def test_size_counts_headers_and_body(bus: Bus) -> None:
    """The server's limit holds for headers and body together: one byte more is TooLarge, and the connection stays."""
    heard: list[Delivery] = []
    await bus.listen("a.b", heard.append)
    block = headers.encode({"a": "b"})
    room = bus.max_payload - len(block)
    assert bus.send("a.b", b"x" * room, block)
    assert not bus.send("a.b", b"x" * (room + 1), block)
    assert bus.dropped["TooLarge"] == 1
    await bus.barrier()
    assert [len(delivery.body) for delivery in heard] == [room]
    with pytest.raises(TooLarge) as raised:
        await bus.request(say(), {"text": "x" * bus.max_payload})
    assert raised.value.details["limit"] == bus.max_payload
    assert bus.connected


async def test_what_cannot_be_sent(bus: Bus) -> None:
    """A payload or subject that cannot travel is refused before anything is sent."""
    with pytest.raises(Malformed):
        await bus.request(say(), {"a": object()})
    for subject in ("", "a b", "a\r\nPUB b 0"):
        with pytest.raises(InvalidType):
            await bus.request(subject, {})


async def test_an_answer_that_is_malformed(bus: Bus) -> None:
    """An answer that nobody can read is Internal, not an exception of the decoder's."""

    def answer(delivery: Delivery) -> None:
        bus.send(delivery.reply, b"\xc1")

    await bus.listen(SUBJECT, answer)
    with pytest.raises(Internal, match="malformed"):
        await bus.request(say(), {})


async def test_trace_and_time_travel_along(bus: Bus) -> None:
    """A request carries the next step of the current trace and the time that is left."""
    asked: list[Delivery] = []
    await bus.listen(SUBJECT, asked.append)
    trace = TraceContext.new(sampled=True)
    with use_trace(trace), pytest.raises(Timeout):
        await bus.request(say(), {}, timeout=0.1)
    parsed = headers.parse(asked[0].headers)
    assert b"traceparent: 00-" in asked[0].headers
    sent = TraceContext.parse(parsed["traceparent"])
    assert sent is not None
    assert (sent.trace_id, sent.sampled) == (trace.trace_id, True)
    assert sent.span_id != trace.span_id
    assert parsed["tureen-timeout-ms"] == "100"


async def test_without_a_connection(nats_server: NatsServer, connect: Connect, serve: Serve) -> None:
    """While there is no connection a request is Unavailable at once, and nothing is sent later."""
    bus, asker = await connect(), await connect()
    heard: list[int] = []

    async def hear(call: Call, command: EchoSay) -> None:
        heard.append(command.number)

    await serve(bus, {"echo.say": hear})
    lost, back = asyncio.Event(), asyncio.Event()
    asker.on_disconnect(lost.set)
    asker.on_reconnect(back.set)
    nats_server.kill()
    await lost.wait()
    started = time.monotonic()
    with pytest.raises(Unavailable, match="no connection"):
        await asker.request(say(), {"number": 1}, timeout=30)
    assert time.monotonic() - started < 1
    asker.publish("tureen.v1.system.event.x", {})
    assert asker.dropped["Unavailable"] == 1
    nats_server.start()
    await back.wait()
    while not bus.connected:
        await asyncio.sleep(0.01)
    await bus.barrier()
    await asker.request(say(), {"number": 2})
    assert heard == [2]


async def test_a_connection_lost_after_sending(nats_server: NatsServer, connect: Connect) -> None:
    """A request whose connection is lost before the answer is a Timeout, at once: it may have been heard."""
    bus = await connect()
    asked = asyncio.Event()
    await bus.listen(SUBJECT, lambda _: asked.set())
    request = asyncio.create_task(bus.request(say(), {}, timeout=60))
    await asked.wait()
    nats_server.kill()
    started = time.monotonic()
    with pytest.raises(Timeout, match="lost before the answer"):
        await request
    assert time.monotonic() - started < 5


async def test_many_at_once(bus: Bus, connect: Connect, serve: Serve) -> None:
    """Every one of many concurrent requests gets its own answer."""
    await serve(bus)
    asker = await connect()
    answers = await asyncio.gather(*(asker.request(say(), {"number": number}) for number in range(2000)))
    assert [answer["number"] for answer in answers] == list(range(2000))

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter

import msgpack
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.integration.bus.conftest import Serve
from tests.integration.conftest import Connect
from tests.support.echo import say

from tureen.bus import headers, payload
from tureen.bus.parser import Delivery
from tureen.contract.errors import BY_TYPE

pytestmark = pytest.mark.each_loop

VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(),
        st.text(max_size=9),
        st.binary(max_size=9),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["text", "number", "data", "x", "text ", "Text", ""])
MAPS = st.dictionaries(NAMES, VALUES, max_size=4).map(payload.encode)
BODIES = st.one_of(st.binary(max_size=60), VALUES.map(lambda value: bytes(msgpack.packb(value))), MAPS)
BLOCKS = st.dictionaries(
    st.sampled_from(["traceparent", "Tureen-Timeout-Ms", "Content-Type", "Status", "Nats-Service-Error-Code"]),
    st.sampled_from(["application/json", "503", "100", "9" * 30, "-1", "", "\x00", "é"]) | st.text(max_size=20),
    max_size=3,
).map(headers.encode)
METHODS = st.sampled_from(["echo.say", "echo.wait", "echo.rule", "echo.x", "x.y", "echo", "echo.say.x", "*.>", "é.ü"])


Request = tuple[str, bytes, bytes]


def hostile_requests(count: int) -> list[Request]:
    """Return requests as hypothesis makes them; the tests themselves need their event loop."""
    made: list[Request] = []

    @given(st.tuples(METHODS, BLOCKS, BODIES))
    @settings(max_examples=count, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    def make(request: Request) -> None:
        made.append(request)

    make()
    return made


async def test_whatever_is_sent_is_answered(connect: Connect, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Every hostile request gets a result or a coded error; the service stays, and nothing of ours failed."""
    # Made first: it takes longer than a connection may be silent.
    requests, answered = hostile_requests(500), Counter[str]()
    service = await serve(await connect())
    acme = await connect(tenant="acme")
    inbox = acme.new_inbox()
    prefix = inbox.removesuffix("m")
    expected = {f"{prefix}{number}" for number in range(len(requests))}
    heard: list[str] = []

    def take(delivery: Delivery) -> None:
        heard.append(delivery.subject)
        parsed = headers.parse(delivery.headers)
        body = (payload.decode_json if headers.is_json(parsed) else payload.decode)(delivery.body)
        answered[body.get("type", "result")] += 1
        if "type" in body:
            assert body["code"] == BY_TYPE[body["type"]].code == int(parsed["nats-service-error-code"])

    await acme.listen(f"{prefix}*", take)
    client = acme._connection.client
    assert client is not None
    with caplog.at_level(logging.ERROR):
        for number, (method, block, body) in enumerate(requests):
            client.send(f"tureen.v1.acme.node.n1.{method}", f"{prefix}{number}", block, body)
        async with asyncio.timeout(20):
            while len(heard) < len(requests):
                await asyncio.sleep(0.01)
    assert set(heard) == expected
    assert not caplog.records
    assert answered["Internal"] == 0
    assert len(answered) > 5, answered
    assert service.under_way == 0
    assert (await acme.request(say("acme"), {"number": 7}))["number"] == 7


async def test_a_flood_of_large_nonsense(connect: Connect, serve: Serve) -> None:
    """Large bodies of every kind are refused or answered, and another tenant is served meanwhile."""
    await serve(await connect())
    acme, other = await connect(tenant="acme"), await connect(tenant="other")
    rng = random.Random(3)
    unknown = payload.encode({"x": b"y" * 900_000})
    bodies = [b"\x91" * 900_000, b"\xdc\xff\xff" * 300_000, rng.randbytes(900_000), unknown]
    flood = [acme.exchange(say("acme"), body, {}, timeout=30) for body in bodies * 5]
    flooding = asyncio.gather(*flood)
    for number in range(20):
        assert (await other.request(say("other"), {"number": number}, timeout=10))["number"] == number
    for delivery in await flooding:
        assert headers.ERROR_CODE.lower() in headers.parse(delivery.headers)


async def test_hostile_answers_and_events(connect: Connect) -> None:
    """What another part sends in answers, events and late replies breaks no caller."""
    requests = hostile_requests(200)
    bus, other = await connect(), await connect()
    heard: list[str] = []
    await bus.subscribe("tureen.v1.*.event.>", lambda name, _: heard.append(name))
    for _, block, body in requests:
        other.send("tureen.v1.system.event.x", body, block)
        other.send(f"{bus._inbox}.{random.randrange(9)}", body, block)
    other.publish("tureen.v1.system.event.last", {})
    async with asyncio.timeout(10):
        while "tureen.v1.system.event.last" not in heard:
            await asyncio.sleep(0.01)
    assert bus.connected

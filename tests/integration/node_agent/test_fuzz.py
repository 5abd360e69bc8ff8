"""Thousands of hostile commands: each gets a result or a coded error, and nothing is left that was not told of.

The ordinary run sends about 1,500. TUREEN_FUZZ_COMMANDS=20000 sends that many, other ones each time.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import msgpack
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.integration.node_agent.conftest import Node, Run
from tests.integration.node_agent.scene import Scene
from tests.support.hostile import Sent, commands, weighted

from tureen.contract.errors import BY_TYPE, Timeout, Unavailable
from tureen.contract.registry import ANY_COMMAND, Audience, commands_of
from tureen.contract.subjects import DEFAULT_TENANT, SYSTEM, node_command
from tureen.mediasoup import Worker
from tureen.node_agent import arbiter

NODE = commands_of("node")
SERVED = weighted(NODE.values())
LONG = "TUREEN_FUZZ_COMMANDS" in os.environ
COMMANDS = int(os.environ.get("TUREEN_FUZZ_COMMANDS", "1500"))
PER_EXAMPLE = 30
LARGEST = 1_000_000
"""Bytes; the server takes a little more, headers included."""

_LEAKS = (b"Traceback", b'File "', b".py", os.path.dirname(__file__).encode())


class Fuzzed:
    """A node under fire."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.scene = Scene(node)
        self.answers: Counter[str] = Counter()
        self.reported: set[str] = set()
        self.trouble: list[Any] = []
        self._watched: set[Worker] = set()

    async def set_up(self) -> None:
        """Make what commands name, and watch the workers."""
        await self._reached()
        await self.scene.set_up()
        for entry in self.node.agent.state.objects.workers.all():
            if entry.worker not in self._watched:
                self._watched.add(entry.worker)
                entry.worker.once("died", self.trouble.append)

    async def _reached(self) -> None:
        """Wait until the agent answers: while hypothesis thinks no loop runs, and connections may be given up."""
        async with asyncio.timeout(30):
            while True:
                try:
                    await self.node.ask("mediasoup.getSupportedRtpCapabilities")
                except (Unavailable, Timeout):
                    await asyncio.sleep(0.1)
                else:
                    return

    async def send(self, sent: Sent) -> None:
        """Send a command and judge its answer."""
        payload = self.scene.fill_in(sent.payload)
        tenant = SYSTEM if sent.audience is Audience.SYSTEM else DEFAULT_TENANT
        body, as_json = _packed(payload, as_json=sent.json)
        headers = {"Content-Type": "application/json"} if as_json else {}
        subject = node_command(tenant, self.node.id, *sent.name.split("."))
        if len(body) > LARGEST:
            # It would not even be sent, which the tests of the bus are about.
            return
        delivery = await self.node.bus.exchange(subject, body, headers, timeout=20.0)
        answer = json.loads(delivery.body) if as_json else msgpack.unpackb(delivery.body)
        assert not any(leak in delivery.body for leak in _LEAKS), (sent, answer)
        if b"Nats-Service-Error" in delivery.headers:
            assert answer["type"] in BY_TYPE, (sent, answer)
            assert answer["type"] not in ("Internal", "Timeout"), (sent, answer)
            assert answer["code"] == BY_TYPE[answer["type"]].code
            assert BY_TYPE[answer["type"]] in (*ANY_COMMAND, *NODE[sent.name].errors), (sent, answer)
            self.answers[answer["type"]] += 1
        else:
            self.answers["ok"] += 1
            self.reported |= _ids(answer)

    async def check(self) -> None:
        """Check that the workers live, and that the agent holds nothing that it did not report."""
        known = self.reported | set(self.scene.ids.values())
        for noun, table in self.scene.tables.items():
            strangers = {entry.id for entry in table.all() if not (entry.tenant == SYSTEM and noun != "router")} - known
            assert not strangers, (noun, strangers)
        assert await self.scene.unreported() == []
        assert not self.trouble, self.trouble


def _packed(payload: dict[str, Any], *, as_json: bool) -> tuple[bytes, bool]:
    """Return a body, and whether it is JSON: what msgpack cannot carry is."""
    if not as_json:
        try:
            return msgpack.packb(payload), False
        except (OverflowError, UnicodeEncodeError, ValueError):
            pass
    return json.dumps(payload, default=_base64).encode(), True


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _ids(answer: Any) -> set[str]:
    """Return every id in an answer."""
    if isinstance(answer, list):
        return set().union(*map(_ids, answer))
    if not isinstance(answer, dict):
        return set()
    return {answer["id"]} | _ids([*answer.values()]) if isinstance(answer.get("id"), str) else _ids([*answer.values()])


@pytest.fixture
async def fuzzed(run_node: Run, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fuzzed]:
    """Run a node of one worker, which a tenant may have two more of, and which books nothing for what has no grant."""
    monkeypatch.setattr(arbiter, "UNGRANTED_COST", 0.0)
    under_fire = Fuzzed(await run_node(max_tenant_workers=2, hard_limit=100))
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: under_fire.trouble.append(context))
    yield under_fire
    loop.set_exception_handler(None)


@pytest.mark.timeout(1800 if LONG else 120)
@settings(
    max_examples=COMMANDS // PER_EXAMPLE,
    deadline=None,
    database=None,
    derandomize=not LONG,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(commands(SERVED), min_size=PER_EXAMPLE, max_size=PER_EXAMPLE))
async def test_hostile_commands(fuzzed: Fuzzed, sent: list[Sent]) -> None:
    """Whatever is sent, in whatever order, is answered; the workers live; nothing unreported is held."""
    await fuzzed.set_up()
    await asyncio.gather(*map(fuzzed.send, sent))
    await fuzzed.check()

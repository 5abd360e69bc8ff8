"""The examples of the reference, sent to real services.

TUREEN_RECORD_EXAMPLES=1 writes what they answer into docs/wire/examples.json instead of comparing it.
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from typing import Any

import msgpack
import pytest
from tests.integration.contract.conftest import NODE_ID
from tests.support.examples import Bindings, differences

from reference import examples
from reference.examples import Body, Example
from tureen.bus import Bus, payload
from tureen.bus.headers import CONTENT_TYPE, ERROR_CODE, JSON, parse
from tureen.bus.parser import Delivery
from tureen.contract import registry, subjects, told

RECORD = "TUREEN_RECORD_EXAMPLES" in os.environ


def test_every_command_has_an_example() -> None:
    """There is an example with a result for each command of the registry."""
    shown = {example.key for example in examples.load() if example.error is None}
    assert [key for key in examples.COMMANDS if key not in shown] == []
    assert len(examples.COMMANDS) == len(list(registry.all_commands()))


class Heard:
    """What is told while the examples are sent."""

    def __init__(self) -> None:
        self._all: list[Delivery] = []
        self._arrived = asyncio.Event()

    def take(self, delivery: Delivery) -> None:
        """Note a message."""
        self._all.append(delivery)
        self._arrived.set()

    async def until(self, name: str) -> None:
        """Wait until something of this name was told."""
        while name not in self.names():
            self._arrived.clear()
            await self._arrived.wait()

    def check(self) -> None:
        """Check that all of it is as the contract says, without a field that it does not know."""
        assert {"heartbeat", "inventory", "roomChanged", "granted", "routerOpened", "pipeOpened"} <= self.names()
        assert {"close", "pause", "resume", "transportclose", "message", "addproducer"} <= self.names()
        for delivery in self._all:
            body = msgpack.unpackb(delivery.body)
            message = _told(delivery.subject).message.model_validate(body, by_alias=True, by_name=False)
            assert message.model_dump(by_alias=True, exclude_unset=True) == body, delivery.subject

    def names(self) -> set[str]:
        """Return what was heard, by name."""
        return {_told(delivery.subject).name for delivery in self._all}


def _told(subject: str) -> told.Told:
    """Return what the contract says of a subject."""
    tokens = subject.split(".")
    if len(tokens) == 9:
        parsed = subjects.parse_event(subject)
        return told.EVENTS_OF_OBJECTS[parsed.object, parsed.name]
    name = tokens[4] if tokens[3] == "event" else tokens[3]
    return next(each for each in (*told.SYSTEM_EVENTS, *told.REPORTS) if each.name == name)


@pytest.mark.timeout(300)
async def test_the_examples(cluster: Bus) -> None:
    """Each is answered as the reference shows, sent in msgpack and, where asking again is safe, in JSON as well."""
    heard = Heard()
    for subject in (subjects.ALL_EVENTS, subjects.HEARTBEATS, subjects.INVENTORIES):
        await cluster.listen(subject, heard.take)
    bindings = Bindings()
    answered, changed = [], []
    for example in examples.load():
        answered.append(await _answered(cluster, bindings, example))
        changed += differences(example.answer, answered[-1].answer, example.key)
    if RECORD:
        examples.FILE.write_text(examples.dump(answered))
    else:
        assert changed == []
    await heard.until("heartbeat")
    heard.check()


async def _answered(bus: Bus, bindings: Bindings, example: Example) -> Example:
    """Send an example and return it with what was answered; what only differs from run to run stays as it was."""
    request = bindings.current(example.request)
    answer, failed = await _ask(bus, example, request, as_json=False)
    shown = bindings.merge(example.error if failed else example.reply, answer)
    if example.command.retry:
        again, failed_again = await _ask(bus, example, request, as_json=True)
        assert differences(shown, bindings.merge(shown, again), f"{example.key}, asked again in JSON") == []
        assert failed_again is failed
    return replace(example, reply=None if failed else shown, error=shown if failed else None)


async def _ask(bus: Bus, example: Example, request: Body, *, as_json: bool) -> tuple[Body, bool]:
    """Return the body of an answer in its JSON form, and whether it is an error."""
    command = example.command
    if command.service == "node":
        subject = subjects.node_command(example.tenant, NODE_ID, command.object, command.method)
    else:
        subject = subjects.service_command(example.tenant, command.service, command.object, command.method)
    body = json.dumps(request).encode() if as_json else examples.packed(command, request)
    delivery = await bus.exchange(subject, body, {CONTENT_TYPE: JSON} if as_json else {}, timeout=30.0)
    answer: Any = json.loads(delivery.body if as_json else payload.encode_json(msgpack.unpackb(delivery.body)))
    return answer, ERROR_CODE.lower() in parse(delivery.headers)

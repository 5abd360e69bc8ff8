"""The examples of the reference, sent to real services.

TUREEN_RECORD_EXAMPLES=1 writes what they answer into docs/wire/examples.json instead of comparing it.
"""

from __future__ import annotations

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
from tureen.contract import registry, subjects

RECORD = "TUREEN_RECORD_EXAMPLES" in os.environ


def test_every_command_has_an_example() -> None:
    """There is an example with a result for each command of the registry."""
    shown = {example.key for example in examples.load() if example.error is None}
    assert [key for key in examples.COMMANDS if key not in shown] == []
    assert len(examples.COMMANDS) == len(list(registry.all_commands()))


@pytest.mark.timeout(300)
async def test_the_examples(cluster: Bus) -> None:
    """Each is answered as the reference shows, sent in msgpack and, where asking again is safe, in JSON as well."""
    bindings = Bindings()
    answered, changed = [], []
    for example in examples.load():
        answered.append(await _answered(cluster, bindings, example))
        changed += differences(example.answer, answered[-1].answer, example.key)
    if RECORD:
        examples.FILE.write_text(examples.dump(answered))
    else:
        assert changed == []


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

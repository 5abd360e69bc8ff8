"""What a tenant gets for an id that another tenant holds: the same as for one that nobody holds, of every command.

The commands, and the fields of each that hold ids, come from the registry, so a new one is held to this as well; what
else it needs comes from its example (docs/wire/examples.json).
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from tests.integration.contract.conftest import NODE_ID

from reference import examples
from reference.examples import Body, Example
from tureen.bus import Bus
from tureen.bus.headers import CONTENT_TYPE, ERROR_CODE, JSON, parse
from tureen.contract import ids, subjects
from tureen.contract.registry import Audience, Command, all_commands
from tureen.contract.subjects import SYSTEM

HOLDER = "holder"
"""Has what the examples make, under their ids."""
ASKERS = ("asker", "stranger")
"""Have the same under names of their own. The first asks for the holder's ids, the second for ids that nobody has."""

_CLOSES = {
    "worker.close": "workerId",
    "webRtcServer.close": "webRtcServerId",
    "router.close": "routerId",
    "transport.close": "transportId",
    "producer.close": "producerId",
    "consumer.close": "consumerId",
    "dataProducer.close": "dataProducerId",
    "dataConsumer.close": "dataConsumerId",
    "rtpObserver.close": "rtpObserverId",
}
_ENDINGS = {*_CLOSES, "lease.end", "room.close"}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
_NOT_TENANTS = {"nodeId", "tenant", "after"}
"""Fields that hold names of the operator's, or where in an order a page begins."""


@dataclass(slots=True)
class Tenant:
    """A tenant that does what the examples do.

    Attributes:
        name: Its name.
        own: What it calls an id of the examples.
        pool: The worker that its routers are on.
        made: What services made for it, by the ids of the recorded run.
        held: An id of each kind that it holds, by the command that made it.
    """

    bus: Bus
    name: str
    pool: str
    own: Callable[[str], str]
    made: dict[str, Any] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)

    async def ask(self, command: Command, request: Body) -> tuple[Body, bool]:
        """Return the body of an answer, and whether it is an error."""
        if command.service == "node":
            subject = subjects.node_command(self.name, NODE_ID, command.object, command.method)
        else:
            subject = subjects.service_command(self.name, command.service, command.object, command.method)
        delivery = await self.bus.exchange(subject, json.dumps(request).encode(), {CONTENT_TYPE: JSON}, timeout=30.0)
        return json.loads(delivery.body), ERROR_CODE.lower() in parse(delivery.headers)

    def request(self, example: Example) -> Body:
        """Return an example's request as this tenant sends it; its routers are on a worker that all share."""
        request = self._named(example.request, id_fields(example.command))
        if example.command.name == "worker.createRouter":
            request["workerId"] = self.pool
        if example.command.name == "router.createWebRtcTransport":
            del request["webRtcServerId"]
        return request

    async def send(self, example: Example) -> None:
        """Do what an example does, and note what is held now."""
        request = self.request(example)
        answer, failed = await self.ask(example.command, request)
        assert not failed, (example.key, request, answer)
        self._learn(example.reply, answer)
        name = next((name for name in ("id", "ownerId", "roomId") if name in request), None)
        if name is not None:
            self.held.setdefault(example.command.name, request[name])
        if "grant" in answer:
            self.held |= {"grant": answer["grant"]["grantId"], "router of a room": answer["routerId"]}

    async def pull(self, example: Example) -> None:
        """Have a producer pulled from one of its room's routers to the other, and note what the agent made for that."""
        request = self._named(example.request, id_fields(example.command))
        await self.bus.command("node", "pipe.pull", request, tenant=SYSTEM, node_id=NODE_ID)
        dump, _ = await self.ask(_by_name("node", "router.dump"), {"routerId": request["routerId"]})
        self.held |= {f"of the agent's {number}": made for number, made in enumerate(dump["madeByAgent"])}

    def _named(self, request: Body, fields: list[str]) -> Body:
        named: Body = copy.deepcopy(request)
        for name in fields:
            if isinstance(value := named.get(name), str) and name not in _NOT_TENANTS:
                named[name] = self.made[value] if _UUID(value) else self.own(value)
        if "grant" in named:
            named["grant"] = self.made["grant"]
        return named

    def _learn(self, recorded: Any, answer: Any) -> None:
        """Note which ids of this run stand for those of the recorded one."""
        if isinstance(recorded, dict) and isinstance(answer, dict):
            if "grant" in answer:
                self.made["grant"] = answer["grant"]
            for key in recorded.keys() & answer.keys():
                self._learn(recorded[key], answer[key])
        elif isinstance(recorded, str) and isinstance(answer, str) and _UUID(recorded):
            self.made.setdefault(recorded, answer)


@cache
def _schema(command: Command) -> Body:
    schema: Body = command.request.model_json_schema(by_alias=True)
    return schema


def id_fields(command: Command) -> list[str]:
    """Return the fields of a command that hold an id, or several."""
    properties = _schema(command).get("properties", {})
    return [name for name, shape in properties.items() if ids.PATTERN in json.dumps(shape).replace("\\\\", "\\")]


def shown(value: Any, probed: str) -> Any:
    """Return a result with the id that was asked for made out, and of all else its type."""
    if isinstance(value, dict):
        return {key.replace(probed, "<asked for>"): shown(item, probed) for key, item in value.items()}
    if isinstance(value, list):
        # A worker tells what it has in an order of its own.
        return sorted((shown(item, probed) for item in value), key=repr)
    if isinstance(value, str):
        return value.replace(probed, "<asked for>") if probed in value else "a string"
    return value if isinstance(value, bool | None) else "a number"


def probes(command: Command, request: Body, held: list[str]) -> Iterator[tuple[str, Body]]:
    """Yield requests that name an id that somebody else holds, each with that id."""
    for name in id_fields(command):
        if name in _NOT_TENANTS:
            continue
        several = _schema(command)["properties"][name].get("type") == "array"
        chosen = held if (command.name, name) != ("mediasoup.createWorker", "id") else held[:2]
        for object_id in chosen:
            without = {key: value for key, value in request.items() if key != "id"}
            yield object_id, {**without, name: [object_id] if several else object_id}
            if name == "id":
                yield object_id, {**request, name: object_id, "reuse": True}


async def _told(tenant: Tenant, command: Command, request: Body, probed: str) -> Any:
    """Return all that an answer tells of an id: the whole of an error but its trace, and the shape of a result."""
    answer, failed = await tenant.ask(command, request)
    if not failed and "id" in answer:
        for name, field_name in _CLOSES.items():
            await tenant.ask(_by_name("node", name), {field_name: answer["id"]})
    if not failed:
        return shown(answer, probed)
    text = json.dumps({**answer, "traceId": ""}).replace(probed, "<asked for>")
    text = re.sub(r"\d+ ms ago", "some ms ago", text)
    for recorded, made in tenant.made.items():
        if isinstance(made, str):
            text = text.replace(made, recorded)
    return json.loads(text)


@cache
def _by_name(service: str, name: str) -> Command:
    return next(command for command in all_commands() if (command.service, command.name) == (service, name))


@pytest.mark.timeout(300)
async def test_what_others_hold_is_not_there(cluster: Bus) -> None:
    """Whatever a tenant asks for by an id of another's, the answer is the one for an id that nobody has."""
    workers = await cluster.command("placement", "worker.list", {}, tenant=HOLDER)
    pool = workers["workers"][0]["workerId"]
    holder = Tenant(cluster, HOLDER, pool, lambda name: name)
    asker, stranger = (Tenant(cluster, name, pool, lambda known: f"own-{known[::-1]}") for name in ASKERS)
    answered = [each for each in examples.load() if each.error is None and each.command.audience is Audience.TENANT]
    for example in answered:
        if example.command.name not in _ENDINGS:
            await holder.send(example)
            await asyncio.gather(asker.send(example), stranger.send(example))
    await holder.pull(next(each for each in examples.load() if each.key == "node.pipe.pull"))
    heard: list[str] = []
    await cluster.subscribe(subjects.events(HOLDER), lambda subject, _: heard.append(subject))
    held = list(dict.fromkeys(holder.held.values()))
    nobodys = [f"nobody-{number:03}" for number, _ in enumerate(held)]
    asked, found = set(), []
    for command, example in {example.command: example for example in answered}.items():
        asked.add(command)
        requests = zip(
            probes(command, asker.request(example), held),
            probes(command, stranger.request(example), nobodys),
            strict=True,
        )
        for (known, one), (unknown, other) in requests:
            answers = await asyncio.gather(_told(asker, command, one, known), _told(stranger, command, other, unknown))
            if answers[0] != answers[1]:
                found.append((command.name, one, *answers))
    assert found == []
    assert asked == {command for command in all_commands() if command.audience is Audience.TENANT}
    assert heard == []


async def test_nobody_waits_for_what_others_make(cluster: Bus) -> None:
    """While an object is made no other tenant's command that names its id waits for it."""
    nodes = (await cluster.command("placement", "node.list", {}, tenant=SYSTEM))["nodes"]
    worker = nodes[0]["workers"][0]
    holder, asker = (Tenant(cluster, name, worker["workerId"], str) for name in (HOLDER, ASKERS[0]))
    making = _by_name("node", "worker.createRouter")
    os.kill(worker["pid"], signal.SIGSTOP)
    try:
        under_way = asyncio.create_task(holder.ask(making, {"workerId": worker["workerId"], "id": "x"}))
        for example in {each.command: each for each in examples.load() if each.error is None}.values():
            fields = [name for name in id_fields(example.command) if name in example.request]
            if example.command.audience is Audience.TENANT and example.command.service == "node":
                request = {**example.request, **dict.fromkeys(fields, "x")}
                request.pop("grant", None)
                await asker.ask(example.command, request)
        assert not under_way.done()
    finally:
        os.kill(worker["pid"], signal.SIGCONT)
    answer, failed = await under_way
    assert not failed
    assert answer["id"] == "x"

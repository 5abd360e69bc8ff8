"""The pages for people: docs/wire.md, and one page an object in docs/wire/."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel

from reference import examples, schemas
from reference.examples import Example
from reference.tables import fields, type_name
from tureen.contract import errors, told
from tureen.contract.model import Announcement
from tureen.contract.registry import ANY_COMMAND, Audience, Command, all_commands
from tureen.contract.subjects import PREFIX, SYSTEM

DOCS = Path(__file__).parents[2] / "docs"
INTRODUCTION = DOCS / "wire.md"
FOLDER = DOCS / "wire"

LONG = 30
"""Lines of an answer beyond which it is folded."""

_MADE = "<!-- Made by scripts/wire_reference.py: change the contract or the examples instead. -->"

OBJECTS: Mapping[str, str] = {
    "mediasoup": "The module itself: workers of a tenant's own, and what mediasoup supports.",
    "worker": "mediasoup's Worker, `workerId`. Those of the pool are the node's: a tenant makes routers on them and "
    "reads what they use.",
    "webRtcServer": "mediasoup's WebRtcServer, `webRtcServerId`: ports that WebRtcTransports share.",
    "router": "mediasoup's Router, `routerId`.",
    "transport": "mediasoup's WebRtcTransport, PlainTransport, PipeTransport and DirectTransport, `transportId`.",
    "producer": "mediasoup's Producer, `producerId`.",
    "consumer": "mediasoup's Consumer, `consumerId`.",
    "dataProducer": "mediasoup's DataProducer, `dataProducerId`.",
    "dataConsumer": "mediasoup's DataConsumer, `dataConsumerId`.",
    "rtpObserver": "mediasoup's ActiveSpeakerObserver and AudioLevelObserver, `rtpObserverId`.",
    "lease": "An owner's lease on a node: what it made is closed when the lease ends.",
    "room": "Rooms: routers on several workers and hosts that are one to who is in it.",
    "node": "The nodes, for their operator.",
    "pipe": "What node agents say to each other, so that a router of a room gets what another one holds.",
    "inventory": "What a node holds; it is published, not answered.",
    "schema": "The contract as a program reads it; every service answers it.",
}
"""What there is to say of each object, in the order of the pages."""


def files() -> dict[Path, str]:
    """Return the pages, as they should be."""
    shown = examples.load()
    pages = {FOLDER / f"{object_}.md": _text(_object_page(object_, shown)) for object_ in _objects()}
    introduction = INTRODUCTION.read_text()
    for section, lines in (("errors", _errors()), ("pages", _contents())):
        introduction = _replace(introduction, section, "\n".join(lines))
    others = {FOLDER / "cluster.md": _text(_cluster_page()), FOLDER / "types.md": _text(_types_page())}
    return {INTRODUCTION: introduction, **pages, **others}


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _replace(page: str, section: str, text: str) -> str:
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    if begin not in page or end not in page:
        raise SystemExit(f"docs/wire.md lacks the marks of section {section}")
    return re.sub(f"{begin}.*?{end}", lambda _: f"{begin}\n{text}\n{end}", page, flags=re.DOTALL)


def _objects() -> list[str]:
    named = dict.fromkeys(command.object for command in all_commands())
    return [*(each for each in OBJECTS if each in named), *(each for each in named if each not in OBJECTS)]


# The introduction.


def _errors() -> Iterator[str]:
    yield "| code | type | what it means | nothing was done, for sure |"
    yield "| --- | --- | --- | --- |"
    for error in sorted(errors.BY_TYPE.values(), key=lambda error: error.code):
        done = "yes" if error.nothing_done else "no"
        yield f"| {error.code} | `{error.type}` | {schemas.summary(error)} | {done} |"
    common = ", ".join(f"`{error.type}`" for error in ANY_COMMAND)
    yield from ("", f"Every command may fail with {common}. What else one may fail with is on its page.")


def _contents() -> Iterator[str]:
    yield "| page | commands |"
    yield "| --- | --- |"
    for object_ in _objects():
        named = [(each.partition(".")[2], _anchor(each)) for each in _sections(object_)]
        links = ", ".join(f"[{method}](wire/{object_}.md#{anchor})" for method, anchor in named)
        yield f"| [{object_}](wire/{object_}.md) | {links} |"
    yield "| [cluster](wire/cluster.md) | heartbeats, inventories and events of the cluster |"
    yield "| [types](wire/types.md) | what several messages hold |"


def _anchor(heading: str) -> str:
    """Return what a heading can be linked to by."""
    return re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")


# An object's page.


def _commands(object_: str) -> list[Command]:
    return [command for command in all_commands() if command.object == object_]


def _sections(object_: str) -> dict[str, list[Command]]:
    """Return an object's commands by the headings of their sections; what several services answer alike is one."""
    sections: dict[str, list[Command]] = {}
    names = {command.name: command.request for command in _commands(object_) if command.audience is Audience.TENANT}
    for command in sorted(_commands(object_), key=lambda command: command.audience is Audience.SYSTEM):
        alike = names.get(command.name, command.request) is command.request
        sections.setdefault(command.name if alike else f"{command.name} (to a node)", []).append(command)
    return sections


def _object_page(object_: str, shown: list[Example]) -> Iterator[str]:
    yield from (f"# {object_}", "", _MADE, "", OBJECTS.get(object_, ""), "", "[All pages](../wire.md#pages)")
    for heading, commands in _sections(object_).items():
        yield from _command(heading, commands, shown)
    events = [each for each in told.OBJECT_EVENTS if each.object == object_]
    if events:
        yield from _events(object_, events)


def _command(heading: str, commands: list[Command], shown: list[Example]) -> Iterator[str]:
    """Yield a command's section; several services may answer it."""
    first = commands[0]
    yield from ("", f"## {heading}", "", first.about, "")
    for command in commands:
        who = "the operator's services" if command.audience is Audience.SYSTEM else "tenants"
        yield f"- `{_subject(command)}`, for {who}"
    yield "- asking again is safe" if first.retry else "- not to be asked again: sent twice it arrives twice"
    if first.errors:
        named = ", ".join(f"`{error.type}`" for error in first.errors)
        yield f"- may fail with {named}, and with what [every command](../wire.md#errors) may"
    yield from _message("Request", first.request)
    yield from _message("Answer", first.reply)
    for example in shown:
        if example.command is first:
            yield from _example(example)


def _subject(command: Command) -> str:
    tenant = SYSTEM if command.audience is Audience.SYSTEM else "<tenant>"
    node = "<nodeId>." if command.service == "node" else ""
    return f"{PREFIX}.{tenant}.{command.service}.{node}{command.name}"


def _message(title: str, model: type[BaseModel]) -> Iterator[str]:
    if not model.model_fields:
        yield from ("", f"{title}: an empty map.")
        return
    yield from ("", f"{title}:", "", *fields(model))


def _example(example: Example) -> Iterator[str]:
    note = f" {example.note}" if example.note else ""
    request = examples.packed(example.command, example.request)
    answer = examples.render(example.answer or {}).splitlines()
    yield from ("", f"Example.{note}", "", "```json", examples.render(example.request), "```", "")
    yield from ("In msgpack:", "", "```text", *_hexadecimal(request), "```", "")
    words = "It fails with" if example.error else "It is answered with"
    if len(answer) > LONG:
        yield from (f"<details><summary>{words} …</summary>", "", "```json", *answer, "```", "", "</details>")
    else:
        yield from (f"{words}:", "", "```json", *answer, "```")


def _hexadecimal(body: bytes) -> list[str]:
    return [body[start : start + 32].hex(" ") for start in range(0, len(body), 32)]


def _events(object_: str, events: list[told.Told]) -> Iterator[str]:
    subject = f"{PREFIX}.<tenant>.event.<roomId>.<routerId>.{object_}.<{object_}Id>.<event>"
    yield from (
        "",
        "## Events",
        "",
        f"`{subject}`, each a map of `startId`, `seq` and, where there is any, `data`.",
        "",
    )
    yield from ("| event | data | when |", "| --- | --- | --- |")
    for each in events:
        yield f"| `{each.name}` | {_data(each.message)} | {each.about} |"


def _data(message: type[Announcement]) -> str:
    field = message.model_fields.get("data")
    return type_name(field.annotation) if field is not None else ""


# What is told of the cluster, and what messages hold.


def _cluster_page() -> Iterator[str]:
    yield from (
        "# The cluster",
        "",
        _MADE,
        "",
        "What is told of nodes, workers and rooms; the operator's services hear it.",
    )
    yield from ("", "[All pages](../wire.md#pages)")
    for each in (*told.REPORTS, *told.SYSTEM_EVENTS):
        yield from ("", f"## {each.name}", "", each.about, "", f"`{each.subject}`, from {_service(each)}", "")
        yield from fields(each.message)


def _service(each: told.Told) -> str:
    return "the node's agent" if each.service == "node" else each.service


def _types_page() -> Iterator[str]:
    whole: list[type[BaseModel]] = [model for command in all_commands() for model in (command.request, command.reply)]
    whole += [each.message for each in told.ALL]
    yield from ("# Types", "", _MADE, "", "What several messages hold.", "", "[All pages](../wire.md#pages)")
    nested = schemas.nested(whole)
    for name, model in sorted(nested.items()):
        if model not in whole or _is_held(model, (*whole, *nested.values())):
            yield from ("", f"## {name}", "", " ".join(schemas.about(model).split()), "", *fields(model, ""))


def _is_held(model: type[BaseModel], by: Iterable[type[BaseModel]]) -> bool:
    """Tell whether a message is a part of another one as well."""
    return any(model in schemas.held(other) for other in by)

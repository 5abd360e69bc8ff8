"""The examples of the reference: what a test sends to real services, in this order, and what they answer.

docs/wire/examples.json holds them. To add one, write `command` and `request` there, where the objects that it names
exist, and run

    TUREEN_RECORD_EXAMPLES=1 .venv/bin/python -m pytest tests/integration/contract/test_examples.py
    .venv/bin/python scripts/wire_reference.py --write

The first fills in what is answered, the second the pages. Where a request names an id that a service has made, or a
port, take it from a recorded answer: the test puts the one of its own run in its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack

from tureen.contract.errors import TureenError
from tureen.contract.registry import Audience, Command, all_commands
from tureen.contract.subjects import DEFAULT_TENANT, SYSTEM

FILE = Path(__file__).parents[2] / "docs" / "wire" / "examples.json"
WIDTH = 110

COMMANDS: Mapping[str, Command] = {f"{command.service}.{command.name}": command for command in all_commands()}

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """One request and its answer, both as they are in JSON.

    Attributes:
        key: `<service>.<object>.<method>`.
        request: The payload.
        reply: The answer, where it is a result.
        error: The answer's body, where it is an error.
        note: A sentence for the reader.
    """

    key: str
    request: Body
    reply: Body | None = None
    error: Body | None = None
    note: str = ""

    @property
    def command(self) -> Command:
        """The registry's command."""
        return COMMANDS[self.key]

    @property
    def answer(self) -> Body | None:
        """The answer, whichever it is."""
        return self.error or self.reply

    @property
    def tenant(self) -> str:
        """Who asks."""
        return SYSTEM if self.command.audience is Audience.SYSTEM else DEFAULT_TENANT


def load() -> list[Example]:
    """Return the examples in the order in which they are sent."""
    return [
        Example(
            key=entry["command"],
            request=entry["request"],
            reply=entry.get("reply"),
            error=entry.get("error"),
            note=entry.get("note", ""),
        )
        for entry in json.loads(FILE.read_text())
    ]


def dump(examples: Iterable[Example]) -> str:
    """Return the file's text."""
    entries = []
    for example in examples:
        entry: Body = {"command": example.key, "note": example.note, "request": example.request}
        entry |= {"reply": example.reply} if example.error is None else {"error": example.error}
        entries.append({key: value for key, value in entry.items() if value not in ("", None)})
    return render(entries) + "\n"


def payload(command: Command, request: Body) -> Body:
    """Return what a request's JSON form is in msgpack: strings in base64 become bytes where the command wants bytes."""
    try:
        model = command.request.parse_json(json.dumps(request).encode())
    except TureenError:
        # An example of what is refused.
        return request
    return model.model_dump(by_alias=True, exclude_unset=True)


def packed(command: Command, request: Body) -> bytes:
    """Return a request in msgpack."""
    body: bytes = msgpack.packb(payload(command, request))
    return body


def render(value: Any, indent: int = 0) -> str:
    """Return JSON in which what fits into one line stays on it."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return line
    margin = " " * (indent + 1)
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {_item(item, indent + 1, len(key) + 4)}" for key, item in value.items()]
        opening, closing = "{}"
    else:
        items = [render(item, indent + 1) for item in value]
        opening, closing = "[]"
    lines = f",\n{margin}".join(items)
    return f"{opening}\n{margin}{lines}\n{' ' * indent}{closing}"


def _item(value: Any, indent: int, name: int) -> str:
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) + indent + name <= WIDTH else render(value, indent)

"""What is heard, a line each: columns on a terminal, JSON elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from rich.console import Console
from rich.text import Text

from tureen.cli.show.json_text import json_line, one_line, printable
from tureen.contract import subjects
from tureen.contract.errors import InvalidType

_SHORT_ID = 8
"""So much of an id tells one from another, as long as few are looked at."""
_WIDTHS = {"time": 12, "room": 12, "router": _SHORT_ID, "object": 21, "event": 18}
_STYLES = {"time": "dim", "room": "magenta", "router": "blue", "object": "cyan", "event": "bold"}
_ENVELOPE = ("startId", "seq", "data")


class Heard(NamedTuple):
    """One message: when it came, where it was told, and what."""

    at: datetime
    subject: str
    body: Mapping[str, Any]


def header(*, wide: bool) -> Text:
    """Return the names of the columns."""
    return Text(_columns({name: name.upper() for name in _WIDTHS}, wide=wide) + "DATA", "bold dim")


def line(heard: Heard, width: int, *, wide: bool) -> Text:
    """Return a message as a line for people; unless `wide`, ids are shortened and the end is cut."""
    cells, data = _cells(heard, wide=wide)
    text = Text()
    for name, cell in cells.items():
        text.append(_fitted(cell, _WIDTHS[name], wide=wide) + "  ", _STYLES[name])
    if data is not None:
        text.append_text(json_line(_without_bytes(data)))
    if not wide:
        text.truncate(width, overflow="ellipsis")
    return text


def as_json(heard: Heard) -> str:
    """Return a message as a line of JSON: the parts of its subject by name, and all that it says."""
    told: dict[str, Any] = {"time": heard.at.isoformat(timespec="milliseconds"), "subject": heard.subject}
    try:
        event = subjects.parse_event(heard.subject)
    except InvalidType:
        return one_line({**told, "data": heard.body})
    told |= {"tenant": event.tenant, "roomId": event.room_id, "routerId": event.router_id}
    told |= {"object": event.object, "objectId": event.object_id, "event": event.name}
    return one_line({**told, **heard.body})


def show(console: Console, heard: Heard, *, wide: bool) -> None:
    """Print a message for people."""
    console.print(line(heard, console.width, wide=wide), soft_wrap=True)


def _cells(heard: Heard, *, wide: bool) -> tuple[dict[str, str], Any]:
    """Return what stands in the columns, and the data."""
    time = f"{heard.at:%H:%M:%S}.{heard.at.microsecond // 1000:03}"
    try:
        event = subjects.parse_event(heard.subject)
    except InvalidType:
        *_, what, name = heard.subject.split(".")
        node = str(heard.body.get("nodeId", ""))
        shown = {"time": time, "room": str(heard.body.get("roomId", subjects.ABSENT)), "router": subjects.ABSENT}
        return {**shown, "object": f"node {node}" if node else "", "event": what if name == node else name}, heard.body
    known = {name: value for name, value in heard.body.items() if name not in _ENVELOPE}
    data = heard.body.get("data", known or None)
    object_ = f"{event.object} {event.object_id if wide else event.object_id[:_SHORT_ID]}"
    cells = {"time": time, "room": event.room_id, "router": event.router_id, "object": object_, "event": event.name}
    return cells, data


def _columns(cells: Mapping[str, str], *, wide: bool) -> str:
    return "".join(_fitted(cell, _WIDTHS[name], wide=wide) + "  " for name, cell in cells.items())


def _fitted(cell: str, width: int, *, wide: bool) -> str:
    cell = printable(cell)
    if not wide and len(cell) > width:
        # The first digits of a UUID name it; of other names the end is missed.
        cell = cell[:width] if width == _SHORT_ID else f"{cell[: width - 1]}…"
    return f"{cell:<{width}}"


def _without_bytes(value: Any) -> Any:
    """Return a value with the number of bytes in place of bytes."""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, dict):
        return {name: _without_bytes(item) for name, item in value.items()}
    return [_without_bytes(item) for item in value] if isinstance(value, list) else value

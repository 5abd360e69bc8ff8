"""JSON for people: as few lines as fit, values aligned, coloured; what is shown can be copied and sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

from rich.cells import cell_len
from rich.text import Text

_INDENT = 2
_WIDEST_KEYS = 32
"""Longer keys do not push the values of the others to the right."""


def one_line(value: Any) -> str:
    """Return a value as a line of JSON; bytes are base64, as the contract has them in JSON."""
    return json.dumps(value, default=_base64, ensure_ascii=False, separators=(",", ":"))


def json_text(value: Any, width: int) -> Text:
    """Return a value as coloured JSON, at most `width` wide where it can be broken."""
    return Text("\n").join(_lines(value, width))


def json_line(value: Any) -> Text:
    """Return a value as one coloured line of JSON."""
    text = Text()
    _append(text, value)
    return text


def printable(text: str) -> str:
    """Return a text with what could command a terminal escaped: it may come from anybody."""
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def _lines(value: Any, width: int, taken: int = 0) -> Iterator[Text]:
    """Return a value's lines, of which the first begins after what is `taken` of the width."""
    flat = json_line(value)
    if flat.cell_len <= width - taken or not isinstance(value, dict | list) or not value:
        yield flat
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield Text(opening, "json.brace")
    items = _of_map(value, width) if isinstance(value, dict) else _of_list(value, width)
    for number, lines in enumerate(items, 1):
        *others, last = (Text.assemble(" " * _INDENT, line) for line in lines)
        yield from others
        yield last if number == len(value) else last.append(",")
    yield Text(closing, "json.brace")


def _of_map(value: dict[str, Any], width: int) -> Iterator[Iterable[Text]]:
    keys = {key: json_line(key).plain + ":" for key in value}
    widest = max((len(key) for key in keys.values() if len(key) <= _WIDEST_KEYS), default=0)
    for name, item in value.items():
        aligned = f"{keys[name]:<{widest}} "
        first, *others = _lines(item, width - _INDENT - 1, cell_len(aligned))
        # A structure that has to be broken gains nothing from being far to the right.
        key = f"{keys[name]} " if others else aligned
        yield (Text.assemble((key, "json.key"), first), *others)


def _of_list(value: list[Any], width: int) -> Iterator[Iterable[Text]]:
    return (_lines(item, width - _INDENT - 1) for item in value)


def _append(text: Text, value: Any) -> None:
    if isinstance(value, dict):
        _append_all(text, "{}", ((json_line(key).plain, item) for key, item in value.items()))
    elif isinstance(value, list):
        _append_all(text, "[]", ((None, item) for item in value))
    else:
        text.append(printable(one_line(value)), _style(value))


def _append_all(text: Text, braces: str, items: Iterator[tuple[str | None, Any]]) -> None:
    text.append(braces[0], "json.brace")
    for number, (key, item) in enumerate(items):
        text.append(", " if number else "")
        if key is not None:
            text.append(key, "json.key").append(": ")
        _append(text, item)
    text.append(braces[1], "json.brace")


def _style(value: Any) -> str:
    if isinstance(value, bool):
        return "json.bool_true" if value else "json.bool_false"
    if value is None:
        return "json.null"
    return "json.number" if isinstance(value, int | float) else "json.str"


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no form in JSON")

"""Write requests that differ from one before in a few texts alone, such as ids.

Where a body holds texts and shared tables, and nothing else, a message is laid out by the lengths of the texts. So what
was written a few times becomes an example, which is copied and filled in. Where in it a text stands is seen by writing
it with two others of its length.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from .generate import make_function
from .parts import patch
from .shared import SharedTable

Encode: TypeAlias = Callable[[int, str, "Mapping[str, Any] | None"], bytearray]
"""encode(id, handler_id, body)"""

_Example: TypeAlias = Callable[[int, str, "Mapping[str, Any]"], "bytearray | None"]
"""The same, but None where the request is not like the example."""

_ENOUGH = 16
"""How often requests of one kind are written before there is an example: making one takes about a ms."""
_MAX_EXAMPLES = 4
"""How many there are of one method; they are tried one after the other."""
_MAX_KINDS = 256


class Examples:
    """Write the requests of one method by example."""

    def __init__(self, encode: Encode) -> None:
        """Take what encodes a request from nothing."""
        self._encode = encode
        self._examples: list[_Example] = []
        self._met: Counter[tuple[Any, ...]] = Counter()

    def encode(self, id_: int, handler_id: str, body: Mapping[str, Any]) -> bytearray | None:
        """Return a message with its length in front; None where there is no example for it.

        What is wrong with a request may make this fail; it is for others to say what that is.
        """
        for example in self._examples:
            message = example(id_, handler_id, body)
            if message is not None:
                return message
        return None

    def learn(self, handler_id: str, body: Mapping[str, Any]) -> None:
        """Take note of a request that was written without an example."""
        kind: list[Any] = [_size(handler_id)]
        for name, value in body.items():
            if value.__class__ is str:
                kind += name, _size(value)
            elif value.__class__ is SharedTable:
                kind += name, id(value)
            else:
                return
        self._met[key := tuple(kind)] += 1
        if self._met[key] == _ENOUGH:
            del self._examples[_MAX_EXAMPLES - 1 :]
            self._examples[:0] = self._make(handler_id, body)
        if len(self._met) >= _MAX_KINDS:
            self._met.clear()

    def _make(self, handler_id: str, body: Mapping[str, Any]) -> list[_Example]:
        """Return an example; none where a text is no text to the schema, but the name of something."""
        draft = _Draft(self._encode, handler_id, body)
        try:
            draft.text("handler", "handler_id", handler_id, lambda text: self._encode(0, text, body))
            for number, (name, value) in enumerate(body.items()):
                if value.__class__ is str:
                    draft.field(f"text{number}", name, value)
                else:
                    draft.table(f"table{number}", name, value)
            return [draft.example()]
        except TypeError:
            return []


class _Draft:
    """Collect the source of what fills an example in: first all that tells whether a request is like it."""

    def __init__(self, encode: Encode, handler_id: str, body: Mapping[str, Any]) -> None:
        self._encode = encode
        self._handler_id = handler_id
        self._body = body
        self._checks = [f"if len(body) != {len(body)}: return None"]
        self._writes = ["message = bytearray(example)"]
        self._namespace: dict[str, Any] = {"patch": patch}

    def text(self, variable: str, source: str, value: str, encode: Callable[[str], bytearray]) -> None:
        """Add a text; ``encode`` encodes the request with another one in its place."""
        size = _size(value)
        self._checks += f"{variable} = {source}.encode()", f"if len({variable}) != {size}: return None"
        if size:
            place = _first_difference(encode("a" * size), encode("b" * size))
            self._namespace[f"put_{variable}"] = struct.Struct(f"{size}s").pack_into
            self._writes.append(f"put_{variable}(message, {place}, {variable})")

    def field(self, variable: str, name: str, value: str) -> None:
        """Add a text of the body."""
        self._checks += f"value = body[{name!r}]", "if value.__class__ is not str: return None"
        self.text(variable, "value", value, lambda text: self._encode(0, self._handler_id, {**self._body, name: text}))

    def table(self, variable: str, name: str, table: SharedTable) -> None:
        """Add a table of the body: it has to be the same one."""
        self._namespace[variable] = table
        self._checks.append(f"if body[{name!r}] is not {variable}: return None")

    def example(self) -> _Example:
        """Return what writes requests alike; with a field that is missing it raises a KeyError."""
        one, other = (self._encode(id_, self._handler_id, self._body) for id_ in (1, 2))
        self._namespace["example"] = bytes(one)
        fill_in = [*self._writes, f"patch(message, {_first_difference(one, other)}, id_)", "return message"]
        function: _Example = make_function("write", "id_, handler_id, body", [*self._checks, *fill_in], self._namespace)
        return function


def _size(text: str) -> int:
    return len(text.encode())


def _first_difference(one: bytearray, other: bytearray) -> int:
    return next(place for place, (mine, theirs) in enumerate(zip(one, other, strict=True)) if mine != theirs)

"""The contract as a program reads it: `asyncapi.json`, whole or a part of it.

The file is made from the registry by `scripts/wire_reference.py`, because making it takes a second of CPU, in which an
agent would answer nobody.
"""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Any

from tureen.contract.errors import NotFound

FILE = "asyncapi.json"

Object = dict[str, Any]


@functools.cache
def whole() -> Object:
    """Return the document of all services; it is shared and must not be changed."""
    document: Object = json.loads(resources.files("tureen.contract").joinpath(FILE).read_text())
    return document


@functools.lru_cache(maxsize=256)
def part(service: str, name: str | None = None) -> Object:
    """Return the document of one service, or of one of its names, and what that refers to; not to be changed.

    Args:
        service: `node`, `placement`, `signaling` or `metrics`.
        name: `<object>.<method>` of a command, `<object>.<event>` of an event, or both where they are called alike; for
            what is told of the cluster `system.<what>`. None is all of the service.

    Raises:
        NotFound: The service has nothing of that name.
    """
    operations: Object = whole()["operations"]
    served = {key: each for key, each in operations.items() if each["x-service"] == service}
    chosen = {key: each for key, each in served.items() if name in (None, _name(key))}
    if not chosen:
        raise _unknown(str(name), {_name(key) for key in served})
    return _only(chosen)


def _name(key: str) -> str:
    """Return what an operation is asked for by: its key without the service, or without `event`."""
    return key if key.startswith("system.") else key.partition(".")[2]


def _unknown(name: str, names: Iterable[str]) -> NotFound:
    names = sorted(names)
    near = difflib.get_close_matches(name[:100], names, n=1)
    hint = f", did you mean {near[0]}?" if near else ""
    return NotFound(f"this service has nothing of the name {name[:100]}{hint}", details={"names": names})


def _only(operations: Object) -> Object:
    """Return the document with these operations alone, and what they lead to."""
    document = whole()
    wanted = _reachable(document, operations)
    channels = {
        key: each | {"messages": {name: each["messages"][name] for name in _below(wanted, "channels", key, "messages")}}
        for key, each in document["channels"].items()
        if ("channels", key) in wanted
    }
    components = {
        kind: {key: each for key, each in parts.items() if ("components", kind, key) in wanted}
        for kind, parts in document["components"].items()
    }
    return document | {"channels": channels, "operations": operations, "components": components}


def _below(wanted: set[tuple[str, ...]], *path: str) -> list[str]:
    return sorted(found[-1] for found in wanted if found[:-1] == path)


def _reachable(document: Object, start: Object) -> set[tuple[str, ...]]:
    """Return the paths of everything that is referred to, over however many steps.

    A channel's own messages do not count: all answers share one channel.
    """
    found: set[tuple[str, ...]] = set()
    waiting = list(_references(start))
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        target = document
        for step in path:
            target = target[step]
        waiting.extend(_references({**target, "messages": None} if len(path) == 2 else target))
    return found


def _references(value: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield tuple(reference.removeprefix("#/").split("/"))
        for item in value.values():
            yield from _references(item)

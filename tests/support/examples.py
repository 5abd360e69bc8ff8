"""Comparing what services answer with what the reference's examples say, and recording it."""

from __future__ import annotations

import re
from typing import Any

_MADE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
"""Ids that services make are random UUIDs; those of the examples' own are words."""

_PORTS = frozenset({"port", "localPort"})

_LATEST = frozenset({"grantId", "expiresAt"})
"""Fields that are others each time somebody asks; a request carries the latest."""

_RANDOM = "usernameFragment localIceUsernameFragment password keyBase64 ssrc mappedSsrc cname msid"
_GIVEN = "pid traceId"
_MEASURED = "seq cpu memory memoryTotal networkIn networkOut openFiles freePorts booked reserved score bufferedAmount"
_DECIDED = "decidedAt rule inputsDigest cost consumerCost reserve load generation incarnation"
_VARYING = frozenset(" ".join((_RANDOM, _GIVEN, _MEASURED, _DECIDED, "timestamp")).split())
"""Fields whose values differ from run to run."""


class Bindings:
    """Which ids and ports of this run stand for those of the recorded one."""

    def __init__(self) -> None:
        self._now: dict[Any, Any] = {}
        self._then: dict[Any, Any] = {}

    def current(self, value: Any, name: str = "") -> Any:
        """Return a recorded value with the ids and ports of this run."""
        if isinstance(value, dict):
            return {self._now.get(key, key): self.current(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.current(item, name) for item in value]
        if isinstance(value, str) or name in _PORTS | _LATEST:
            return self._now.get(value, value)
        return value

    def merge(self, recorded: Any, actual: Any, name: str = "") -> Any:
        """Return what is to be recorded: the recorded value where the actual one is alike, the actual one elsewhere."""
        if isinstance(actual, list):
            actual = self._in_order(actual, name)
        if self._alike(recorded, actual, name):
            return recorded
        if isinstance(recorded, dict) and isinstance(actual, dict):
            then = {key: self._then.get(key, key) for key in actual}
            return {then[key]: self.merge(recorded.get(then[key]), item, key) for key, item in actual.items()}
        if isinstance(recorded, list) and isinstance(actual, list) and len(recorded) == len(actual):
            return [self.merge(one, other, name) for one, other in zip(recorded, actual, strict=True)]
        return self._new(actual, name)

    def _alike(self, recorded: Any, actual: Any, name: str) -> bool:
        """Tell whether two values that are no map or list, or empty ones, say the same."""
        if isinstance(recorded, bool) or isinstance(actual, bool):
            return recorded is actual
        if name in _LATEST and _kind(recorded) == _kind(actual):
            self._now[recorded] = actual
            return True
        if _varies(name, recorded) and not isinstance(recorded, dict):
            return _kind(recorded) == _kind(actual)
        if (isinstance(recorded, str) and isinstance(actual, str) and _MADE(recorded) and _MADE(actual)) or (
            name in _PORTS and isinstance(recorded, int) and isinstance(actual, int)
        ):
            return self._bind(recorded, actual)
        if isinstance(recorded, dict | list) and recorded:
            return False
        return bool(recorded == actual)

    def _in_order(self, items: list[Any], name: str) -> list[Any]:
        """Return a list in an order that does not depend on ids made at random, where its order says nothing."""
        if all(isinstance(item, dict) and "key" in item for item in items):
            return sorted(items, key=lambda item: self._rank(item["key"]))
        if name.endswith("Ids") or name == "values":
            return sorted(items, key=self._rank)
        return items

    def _rank(self, id_: Any) -> tuple[bool, str]:
        return bool(_MADE(str(id_))), str(self._then.get(id_, id_))

    def _bind(self, recorded: Any, actual: Any) -> bool:
        """Let a value of this run stand for a recorded one, unless another does."""
        then, now = self._then.setdefault(actual, recorded), self._now.setdefault(recorded, actual)
        return bool((then, now) == (recorded, actual))

    def _new(self, value: Any, name: str) -> Any:
        """Return what was not recorded yet, with the ids and ports that were."""
        if isinstance(value, dict):
            return {self._then.get(key, key): self._new(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self._new(item, name) for item in value]
        if name in _PORTS or (isinstance(value, str) and _MADE(value)):
            self._bind(self._then.get(value, value), value)
            return self._then[value]
        return value


def _varies(name: str, value: Any) -> bool:
    """Tell whether a field differs from run to run; fingerprints are called `value`, as is much else."""
    return name in _VARYING or name.startswith("ru_") or (name == "value" and str(value).count(":") >= 15)


def _kind(value: Any) -> str:
    return "number" if isinstance(value, int | float) else type(value).__name__


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Return where two values differ, and how."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [found for key in one for found in differences(one[key], other[key], f"{path}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            found
            for index, pair in enumerate(zip(one, other, strict=True))
            for found in differences(*pair, f"{path}.{index}")
        ]
    return [] if one == other else [f"{path}: {one!r} is {other!r} now"]

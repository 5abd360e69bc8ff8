"""Which ids objects of a worker had until a moment ago."""

from __future__ import annotations

MANY = 4096
"""Closed objects after which no news of an earlier one is on its way: half a second of a busy worker."""


class Left:
    """The ids that owners have left: to another one who took such an id at once, late news would seem to be its own."""

    def __init__(self) -> None:
        """Begin with none."""
        self._new: dict[str, object] = {}
        self._old: dict[str, object] = {}
        """The `MANY` before those, so that none is forgotten too soon and it takes no time to forget."""

    def add(self, object_id: str, owner: object) -> None:
        """Remember who has left an id."""
        self._new[object_id] = owner
        if len(self._new) > MANY:
            self._old, self._new = self._new, {}

    def by_another(self, object_id: str, owner: object) -> bool:
        """Tell whether somebody else left an id lately."""
        return self._new.get(object_id, owner) is not owner or self._old.get(object_id, owner) is not owner

    def __len__(self) -> int:
        return len(self._new) + len(self._old)

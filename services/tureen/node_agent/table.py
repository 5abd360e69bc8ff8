"""Objects of one class by id, and who may see them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Generic, Protocol, TypeVar

from tureen.contract.errors import InvalidType, NotFound, Unauthorized
from tureen.contract.subjects import SYSTEM


class Owned(Protocol):
    """What a table holds."""

    @property
    def id(self) -> str:
        """Its id, unique among its tenant's objects on the node."""

    @property
    def tenant(self) -> str:
        """Whom it belongs to; `system` for what is the node's."""


Entry = TypeVar("Entry", bound=Owned)


class Table(Generic[Entry]):
    """The objects of one class, by id. To any tenant but its owner an object does not exist, nor is its id taken."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._entries: dict[str, Entry] = {}
        self._others: dict[tuple[str, str], Entry] = {}
        """By tenant and id, those whose id was taken already, by another tenant's."""

    def add(self, entry: Entry) -> None:
        """Enter an object under its id."""
        first = self._entries.get(entry.id)
        if first is None or first.tenant == entry.tenant:
            self._entries[entry.id] = entry
        else:
            self._others[entry.tenant, entry.id] = entry

    def discard(self, entry: Entry) -> None:
        """Take an object out, if it is there."""
        if self._entries.get(entry.id) is entry:
            del self._entries[entry.id]
        elif self._others.get((entry.tenant, entry.id)) is entry:
            del self._others[entry.tenant, entry.id]

    def find(self, object_id: str, tenant: str) -> Entry | None:
        """Return a tenant's object, or None. The operator gets the node's own, else the one that has this id.

        Raises:
            InvalidType: It is the operator who asks, and several tenants have one.
        """
        entry = self._entries.get(object_id)
        if entry is not None and tenant == entry.tenant:
            return entry
        if tenant == SYSTEM:
            return self._of_node(object_id) or self._only(object_id)
        return self._others.get((tenant, object_id)) if self._others else None

    def get(self, object_id: str, tenant: str) -> Entry:
        """Return a tenant's object.

        Raises:
            NotFound: There is none of that id, or it is another tenant's.
        """
        entry = self.find(object_id, tenant)
        if entry is None:
            raise self._not_found(object_id)
        return entry

    def named(self, object_id: str) -> list[Entry]:
        """Return every object of that id, whoever owns it."""
        entry = self._entries.get(object_id)
        others = [other for other in self._others.values() if other.id == object_id] if self._others else []
        return others if entry is None else [entry, *others]

    def shared(self, object_id: str, tenant: str) -> Entry:
        """Return an object that a tenant may use: its own, or one of the node's.

        Raises:
            NotFound: There is none of that id, or it is another tenant's.
        """
        return self.find(object_id, tenant) or self._of_node(object_id) or self.get(object_id, tenant)

    def of_node(self, object_id: str) -> Entry:
        """Return an object of the node's, whatever tenants call theirs.

        Raises:
            NotFound: The node has none of that id.
        """
        entry = self._of_node(object_id)
        if entry is None:
            raise self._not_found(object_id)
        return entry

    def forbid_shared(self, object_id: str, tenant: str) -> None:
        """Refuse a tenant what only the owner may do.

        Raises:
            Unauthorized: The object is the node's.
        """
        if tenant != SYSTEM and self.find(object_id, tenant) is None and self._of_node(object_id) is not None:
            raise Unauthorized(f"{self._noun} {object_id} is the node's: only its operator may do that")

    def all(self) -> Iterable[Entry]:
        """Return every object, whoever owns it."""
        return chain(self._entries.values(), self._others.values()) if self._others else self._entries.values()

    def _of_node(self, object_id: str) -> Entry | None:
        entry = self._entries.get(object_id)
        return entry if entry is not None and entry.tenant == SYSTEM else self._others.get((SYSTEM, object_id))

    def _only(self, object_id: str) -> Entry | None:
        entries = self.named(object_id)
        if len(entries) > 1:
            raise InvalidType(
                f"{len(entries)} tenants have a {self._noun} {object_id}: send this as the tenant whose it is",
                details={"id": object_id},
            )
        return entries[0] if entries else None

    def _not_found(self, object_id: str) -> NotFound:
        return NotFound(f"{self._noun} with id {object_id} not found", details={"id": object_id})

    def __len__(self) -> int:
        return len(self._entries) + len(self._others)

"""What a bucket holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """A record and its revision, which every change makes larger."""

    value: dict[str, Any]
    revision: int


OnChange = Callable[[str, Entry | None], None]
"""Is called with a key and its entry, or None where it is gone."""


def is_tombstone(headers: Mapping[str, str]) -> bool:
    """Tell whether a message says that its key is gone: deleted, purged or expired."""
    return headers.get("kv-operation") in ("DEL", "PURGE") or "nats-marker-reason" in headers

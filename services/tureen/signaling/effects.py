"""What follows from a change of a room's state; the shell carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tureen.signaling.room import Peer


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell a peer's browser."""

    peer: Peer
    method: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Close:
    """Close an object on its node, however long that takes.

    Attributes:
        kind: `transport`, `producer` or `consumer`.
    """

    room_id: str
    node_id: str
    router_id: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close a peer's WebSocket."""

    peer: Peer
    code: int
    reason: str


Effect = Notify | Close | Disconnect

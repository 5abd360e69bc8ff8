"""What placement is asked about rooms."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from tureen.client.errors import named
from tureen.client.session import Session
from tureen.contract.errors import TureenError
from tureen.contract.registry import commands_of

_COMMANDS = commands_of("placement")

Place = Mapping[str, Any]
"""`nodeId`, `workerId`, `routerId` and the `grant`."""


class Rooms:
    """Commands about rooms.

    Attributes:
        session: The connection.
        node_id: The node on which all transports go; None for any.

    Args:
        session: The connection.
        node_id: The node on which all transports go; None for any.
        policy: The rooms' policy, as `room.create` takes it.
    """

    def __init__(self, session: Session, node_id: str | None, policy: Mapping[str, Any]) -> None:
        self.session = session
        self.node_id = node_id
        self._policy = policy

    async def create(self, room_id: str, media_codecs: Sequence[Any]) -> dict[str, Any]:
        """Make a room, and return what placement says of it."""
        return await self._ask("create", roomId=room_id, mediaCodecs=list(media_codecs), policy=self._policy)

    async def get(self, room_id: str) -> dict[str, Any]:
        """Return what placement says of a room."""
        return await self._ask("get", roomId=room_id)

    async def place(self, room_id: str, exclude: Sequence[str]) -> Place:
        """Return where a new transport of a room goes; not on the workers to exclude."""
        wanted = {} if self.node_id is None else {"nodeId": self.node_id}
        return await self._ask("place", roomId=room_id, exclude=list(exclude), **wanted)

    async def any_workers(self) -> bool:
        """Tell whether there may be a worker left: one is heard of, or a node is not heard at the moment."""
        wanted: dict[str, Any] = {} if self.node_id is None else {"nodeId": self.node_id}
        try:
            page = await self.session.ask(None, _COMMANDS["worker.list"], {**wanted, "limit": 1})
        except TureenError as error:
            raise named(error) from None
        return bool(page["workers"] or page["silentNodes"])

    def update(self, room_id: str, media_codecs: Sequence[Any]) -> asyncio.Task[None]:
        """Replace a room's codecs; see to it that placement hears of it."""
        return self.session.tell(None, _COMMANDS["room.update"], {"roomId": room_id, "mediaCodecs": list(media_codecs)})

    def close(self, room_id: str) -> None:
        """Close a room; see to it that placement hears of it."""
        self.session.tell(None, _COMMANDS["room.close"], {"roomId": room_id})

    async def _ask(self, method: str, **payload: Any) -> dict[str, Any]:
        try:
            return await self.session.ask(None, _COMMANDS[f"room.{method}"], payload)
        except TureenError as error:
            raise named(error) from None

"""Every room that has peers on this replica: made with the first, closed a while after the last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from tureen.bus import Bus, Subscription
from tureen.contract import subjects
from tureen.contract.errors import NotFound, RateLimited, TureenError
from tureen.signaling.hall import Hall
from tureen.signaling.janitor import Janitor
from tureen.signaling.media import Media
from tureen.signaling.settings import SignalingSettings

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 5.0


class Halls:
    """The rooms by id."""

    def __init__(self, bus: Bus, settings: SignalingSettings, media: Media, janitor: Janitor) -> None:
        self._bus = bus
        self._settings = settings
        self._media = media
        self._janitor = janitor
        self._halls: dict[str, Hall] = {}
        self._graces: dict[str, asyncio.TimerHandle] = {}
        self._subscription: Subscription | None = None
        self._resyncs: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[Hall]:
        """Iterate over the rooms."""
        return iter(list(self._halls.values()))

    async def start(self) -> None:
        """Hear the rooms' events, before the first command is sent."""
        self._subscription = await self._bus.subscribe(subjects.events(self._settings.tenant), self._on_event)
        self._bus.on_reconnect(self._on_reconnect)

    async def close(self) -> None:
        """Stop hearing events and close every room that is empty by now."""
        if self._subscription is not None:
            await self._subscription.unsubscribe()
        for task in list(self._resyncs):
            task.cancel()
        await asyncio.gather(*self._resyncs, return_exceptions=True)
        for hall in self:
            await hall.close()
        for room_id in list(self._graces):
            self._graces.pop(room_id).cancel()
            self._janitor.start(self._close_if_empty(room_id))

    def use(self, node_id: str) -> bool:
        """Tell whether a browser has a transport on a node."""
        return any(hall.room.transports_on(node_id) for hall in self)

    def lose(self, node_id: str) -> None:
        """Take over that a node has closed the transports of all browsers there."""
        for hall in self:
            hall.lose_node(node_id)

    def enter(self, room_id: str) -> Hall:
        """Return a room for a peer that comes in.

        Raises:
            RateLimited: There are too many rooms.
        """
        hall = self._halls.get(room_id)
        if hall is None:
            if len(self._halls) >= self._settings.max_rooms:
                raise RateLimited("too many rooms are open here: try again later")
            hall = self._halls[room_id] = Hall(room_id, self._settings, self._media, self._janitor)
        grace = self._graces.pop(room_id, None)
        if grace is not None:
            grace.cancel()
        return hall

    def left(self, hall: Hall) -> None:
        """Note that a peer left: an empty room is closed after its grace."""
        if hall.room.peers or hall.id in self._graces or self._halls.get(hall.id) is not hall:
            return
        loop = asyncio.get_running_loop()
        self._graces[hall.id] = loop.call_later(self._settings.empty_room_grace, self._grace_over, hall.id)

    def _grace_over(self, room_id: str) -> None:
        del self._graces[room_id]
        self._janitor.start(self._close_if_empty(room_id))

    async def _close_if_empty(self, room_id: str) -> None:
        """Close a room in placement, as often as it takes, unless somebody comes in meanwhile."""
        hall = self._halls.get(room_id)
        pause = 0.5
        while hall is not None and not hall.room.peers and self._halls.get(room_id) is hall:
            if await self._is_closed(hall):
                if not hall.room.peers and self._halls.get(room_id) is hall:
                    del self._halls[room_id]
                    await hall.close()
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _is_closed(self, hall: Hall) -> bool:
        async with hall.opening:
            if hall.room.peers:
                return False
            if not hall.may_exist:
                return True
            # From here on nobody may rely on the room; who comes in now waits, and makes it again.
            hall.info = None
            try:
                await self._media.close_room(hall.id)
            except NotFound:
                pass
            except TureenError as error:
                log.warning("room %s is not closed yet: %s", hall.id, error)
                return False
            hall.may_exist = False
        log.info("room %s is closed: nobody was left in it", hall.id)
        return True

    def _on_event(self, subject: str, payload: Mapping[str, Any]) -> None:
        event = subjects.parse_event(subject)
        hall = self._halls.get(event.room_id)
        if hall is not None:
            hall.on_event(event.object, event.object_id, event.name, payload.get("data"))

    def _on_reconnect(self) -> None:
        """Look for what changed while the bus was away: events are sent once."""
        for hall in self:
            task = asyncio.create_task(hall.resync(), name=f"resync {hall.id}")
            self._resyncs.add(task)
            task.add_done_callback(self._resyncs.discard)

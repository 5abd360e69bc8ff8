"""Telling an app that a stream that its consumers have lost can be consumed anew: only the way to it is gone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tureen import mediasoup
from tureen.mediasoup.errors import MediasoupError

if TYPE_CHECKING:
    from tureen.client.scaled.room import Room

_PAUSE = 0.2
"""Seconds after which its other consumers that are lost as well are closed, and placement has heard of it."""


class Reaching:
    """Finds out, for a room, whether producers whose consumers were closed live on."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._asked: set[str] = set()

    def lost(self, producer: mediasoup.Producer | mediasoup.DataProducer) -> None:
        """A consumer was closed as if its producer were."""
        if producer.id not in self._asked:
            self._asked.add(producer.id)
            self._room.session.run(self._look(producer))

    async def _look(self, producer: mediasoup.Producer | mediasoup.DataProducer) -> None:
        """Ask its node for it: where nobody answers, it may be gone as well."""
        try:
            await asyncio.sleep(_PAUSE)
            await producer.dump()
        except MediasoupError:
            return
        finally:
            self._asked.discard(producer.id)
        if not producer.closed and not self._room.closed:
            kind = "producer" if isinstance(producer, mediasoup.Producer) else "dataproducer"
            self._room.safe_emit(f"{kind}reachable", producer)

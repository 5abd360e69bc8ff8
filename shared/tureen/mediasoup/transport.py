"""What all transports have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tureen.mediasoup.transport_data import DataMaker
from tureen.mediasoup.transport_media import MediaMaker
from tureen.mediasoup.types import TransportDump, TransportStat


class Transport(MediaMaker, DataMaker):
    """What connects an endpoint, another router or this process with a router (mediasoup's Transport).

    Media and messages come in through it and go out. Made by one of ``router.create_…_transport()``.
    """

    __slots__ = ()

    async def dump(self) -> TransportDump:
        """Return what the worker holds of it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        raise NotImplementedError

    async def get_stats(self) -> Sequence[TransportStat]:
        """Return statistics, in one entry.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        raise NotImplementedError

    async def connect(self, **parameters: Any) -> None:
        """Tell it of the other side; each class has its own parameters."""
        raise NotImplementedError

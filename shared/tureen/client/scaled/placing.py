"""Making something where placement says, and elsewhere if it is refused there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tureen.client.scaled.rooms import Place
from tureen.contract.errors import ANEW, ELSEWHERE
from tureen.mediasoup.errors import NotFoundError, WorkerClosedError

T = TypeVar("T")

log = logging.getLogger("tureen.client")

_ANEW = (*ANEW, NotFoundError, WorkerClosedError)
"""What this client finds out by itself has mediasoup's names alone."""
_PAUSE = 0.1
"""Seconds after which placement has heard of it, too."""


async def placed(
    place: Callable[[Sequence[str]], Awaitable[Place]], make: Callable[[Place], Awaitable[T]], timeout: float
) -> T:
    """Make something where placement says.

    Args:
        place: Asks placement; gets the workers that have refused.
        make: Makes it at a place.
        timeout: Seconds after which a refusal is final.

    Raises:
        MediasoupError: Placement knows no place, or the last one has refused.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + timeout
    exclude: list[str] = []
    while True:
        offered = await place(exclude)
        try:
            return await make(offered)
        except (*ELSEWHERE, *_ANEW) as refusal:
            log.info("worker %s of %s refused: %s", offered["workerId"], offered["nodeId"], refusal)
            if loop.time() >= until:
                raise
            if isinstance(refusal, ELSEWHERE):
                exclude.append(offered["workerId"])
                continue
        await asyncio.sleep(_PAUSE)

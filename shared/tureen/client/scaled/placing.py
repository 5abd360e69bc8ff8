"""Making something where placement says, and elsewhere if it is refused there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tureen.client.errors import named
from tureen.client.scaled.rooms import Place
from tureen.contract.errors import ANEW, ELSEWHERE, Timeout
from tureen.mediasoup.errors import MediasoupError, NotFoundError, WorkerClosedError

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
        timeout: Seconds for all of it; what is being made then is cancelled.

    Raises:
        MediasoupError: Placement knows no place, or the last one has refused and there was no time for another.
        RequestTimeoutError: The time is over, and no place has refused.
    """
    refusals: list[Exception] = []
    try:
        async with asyncio.timeout(timeout):
            return await _somewhere(place, make, refusals)
    except TimeoutError as error:
        if isinstance(error, MediasoupError):
            raise
        raise (refusals[-1] if refusals else named(Timeout(f"it was not made within {timeout:g} s"))) from None


async def _somewhere(
    place: Callable[[Sequence[str]], Awaitable[Place]],
    make: Callable[[Place], Awaitable[T]],
    refusals: list[Exception],
) -> T:
    """Make it where it is not refused; the refusals are those since something was last being made."""
    exclude: list[str] = []
    while True:
        offered = await place(exclude)
        refusals.clear()
        try:
            return await make(offered)
        except (*ELSEWHERE, *_ANEW) as refusal:
            log.info("worker %s of %s refused: %s", offered["workerId"], offered["nodeId"], refusal)
            refusals.append(refusal)
            if isinstance(refusal, ELSEWHERE):
                exclude.append(offered["workerId"])
                continue
        await asyncio.sleep(_PAUSE)

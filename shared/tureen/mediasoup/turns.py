"""Do what takes long in pieces, so that it does not hold up the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")


async def in_turns(work: Generator[None, None, Result]) -> Result:
    """Run a generator to its end and return its result; whenever it yields, others get their turn."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Result = end.value
            return result
        await asyncio.sleep(0)

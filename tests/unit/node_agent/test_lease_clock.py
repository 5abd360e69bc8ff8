from __future__ import annotations

import asyncio
import gc
import time

from tureen.node_agent.lease_clock import AT_ONCE, close_owned
from tureen.node_agent.leases import Lease, Leases


class Thing:
    """Something that a lease owns, and closes with what hangs on it."""

    def __init__(self, leases: Leases, id_: str, *children: Thing) -> None:
        self.id = id_
        self.closed = 0
        self._leases = leases
        self._children = children

    def close(self) -> None:
        """Close it, as an object of the agent closes."""
        if not self.closed:
            self.closed = 1
            for child in self._children:
                child.close()


def ended(leases: Leases, things: list[Thing]) -> Lease:
    """Return a lease that has ended and owned these."""
    lease = leases.renew("t", "me", 1.0, 0.0)
    for thing in things:
        assert leases.own(lease, thing)
    assert leases.end("t", "me") is lease
    return lease


async def test_all_is_closed_and_others_get_their_turn() -> None:
    """Parents close first, what one of them fails to close does not keep the rest open, and the loop goes on."""
    leases = Leases(1)
    children = [Thing(leases, f"child-{number}") for number in range(3 * AT_ONCE)]

    class Broken(Thing):
        def close(self) -> None:
            """Fail."""
            raise RuntimeError("this does not close")

    lease = ended(leases, [Thing(leases, "parent", *children[:AT_ONCE]), Broken(leases, "broken"), *children])
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count())
    await close_owned(lease)
    counting.cancel()
    assert all(child.closed for child in children)
    assert not lease.owned
    assert turns >= 2


async def test_it_takes_as_long_as_there_is_much() -> None:
    """Ten times as much takes about ten times as long to close, and not a hundred times."""

    async def took(count: int) -> float:
        leases = Leases(1)
        lease = ended(leases, [Thing(leases, str(number)) for number in range(count)])
        before = time.thread_time()
        await close_owned(lease)
        return time.thread_time() - before

    gc.disable()
    try:
        few, many = min([await took(3_000) for _ in range(3)]), min([await took(30_000) for _ in range(2)])
    finally:
        gc.enable()
    assert many < 40 * few

"""When messages are written, over a real pair of sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from tureen.mediasoup.outbox import Outbox

pytestmark = pytest.mark.each_loop


class Ends(NamedTuple):
    """An outbox, and the worker's end of it."""

    outbox: Outbox
    worker: socket.socket
    lost: asyncio.Event

    def written(self) -> bytes:
        """Return what has been written meanwhile."""
        try:
            return self.worker.recv(1 << 20)
        except BlockingIOError:
            return b""


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    """Connect an outbox."""
    ours, workers = socket.socketpair()
    loop, lost = asyncio.get_running_loop(), asyncio.Event()
    workers.setblocking(False)
    with workers:
        _, outbox = await loop.create_unix_connection(lambda: Outbox(loop, lost.set), sock=ours)
        yield Ends(outbox, workers, lost)
        outbox.abort()
        await lost.wait()


async def turn() -> None:
    """Wait until what was scheduled has been done."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_the_first_is_written_at_once(ends: Ends) -> None:
    """Who waits for a response need not wait for the turn's end; what follows goes together at its end, in order."""
    ends.outbox.send(bytearray(b"one "), "x", at_once=True)
    assert ends.written() == b"one "
    ends.outbox.send(bytearray(b"two "), "x", at_once=True)
    ends.outbox.send(bytearray(b"three "), "x", at_once=False)
    assert ends.written() == b""
    await turn()
    assert ends.written() == b"two three "
    ends.outbox.send(bytearray(b"four"), "x", at_once=True)
    assert ends.written() == b"four"


async def test_what_nobody_waits_for_can_wait(ends: Ends) -> None:
    """It goes together with what follows it, in order."""
    ends.outbox.send(bytearray(b"close "), "x", at_once=False)
    ends.outbox.send(bytearray(b"create"), "x", at_once=True)
    assert ends.written() == b""
    await turn()
    assert ends.written() == b"close create"


async def test_much_is_not_gathered(ends: Ends) -> None:
    """A long turn that sends much does not keep it all back."""
    for _ in range(3):
        ends.outbox.send(bytearray(40_000), "x", at_once=False)
    assert len(ends.written()) == 80_000
    await turn()
    assert len(ends.written()) == 40_000


async def test_closing_writes_the_rest(ends: Ends) -> None:
    """What was sent before it closes arrives."""
    ends.outbox.send(bytearray(b"rest"), "x", at_once=False)
    ends.outbox.close()
    await ends.lost.wait()
    assert ends.written() == b"rest"


async def test_aborting_drops_the_rest(ends: Ends) -> None:
    """Nobody will read it."""
    ends.outbox.send(bytearray(b"rest"), "x", at_once=False)
    ends.outbox.abort()
    await ends.lost.wait()
    await turn()
    assert ends.written() == b""

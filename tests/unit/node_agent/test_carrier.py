"""Messages that agents carry: in order, each once, and no more of them waiting than may be."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from tureen.bus import Bus
from tureen.contract.errors import NotFound, TureenError, Unavailable
from tureen.contract.pipes import PipeMessage, PipeMessages
from tureen.node_agent.pipes import carrier
from tureen.node_agent.pipes.carrier import Carrier
from tureen.node_agent.pipes.peers import Peers

NO_BUS = cast("Bus", None)
"""What an agent tells itself goes over no bus."""


class Puller:
    """Takes batches, or fails as the test says."""

    def __init__(self, *failures: TureenError) -> None:
        self.failures = list(failures)
        self.batches: list[PipeMessages] = []
        self.peers = Peers(NO_BUS, "node")
        self.peers.serve_locally({"pipe.messages": self._take})

    @property
    def texts(self) -> list[bytes]:
        """What was taken, in order."""
        return [message.message for batch in self.batches for message in batch.messages]

    async def until(self, count: int) -> None:
        """Wait until so many messages were taken."""
        async with asyncio.timeout(10):
            while len(self.texts) < count:
                await asyncio.sleep(0.001)

    async def _take(self, batch: Any) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.batches.append(batch)


def message(text: bytes) -> PipeMessage:
    """Return a message."""
    return PipeMessage(message=text, ppid=53)


async def test_in_order_whatever_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is sent again until it is answered, and what comes meanwhile waits for its turn."""
    monkeypatch.setattr(carrier, "PAUSE", 0.001)
    puller = Puller(Unavailable("away"), Unavailable("still"))
    carrying = Carrier(puller.peers, "node", "pull")
    sent = [str(number).encode() for number in range(50)]
    for number, text in enumerate(sent):
        carrying.put(message(text))
        if number % 7 == 0:
            await asyncio.sleep(0)
    await puller.until(50)
    assert puller.texts == sent
    assert [batch.seq for batch in puller.batches] == [
        sum(len(before.messages) for before in puller.batches[:number]) for number in range(len(puller.batches))
    ]


async def test_batches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is sent together as far as a batch goes; a message that is larger than that goes alone."""
    monkeypatch.setattr(carrier, "BATCH", 10)
    puller = Puller()
    carrying = Carrier(puller.peers, "node", "pull")
    for size in (4, 4, 4, 50, 1):
        carrying.put(message(bytes(size)))
    await puller.until(5)
    assert [[len(each.message) for each in batch.messages] for batch in puller.batches] == [[4, 4], [4], [50], [1]]


async def test_too_much_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit messages are dropped and counted; those that wait already are not."""
    monkeypatch.setattr(carrier, "MOST_WAITING", 10)
    puller = Puller()
    carrying = Carrier(puller.peers, "node", "pull")
    for _ in range(5):
        carrying.put(message(bytes(4)))
    assert carrying.dropped == 3
    await puller.until(2)
    carrying.put(message(bytes(4)))
    await puller.until(3)


async def test_a_pull_that_is_over_takes_nothing() -> None:
    """When the puller does not know the pull any more, and after the end, nothing is sent."""
    puller = Puller(NotFound("over"))
    carrying = Carrier(puller.peers, "node", "pull")
    for _ in range(3):
        carrying.put(message(b"late"))
        await asyncio.sleep(0.01)
    carrying.close()
    carrying.put(message(b"later"))
    await asyncio.sleep(0.01)
    assert puller.texts == []

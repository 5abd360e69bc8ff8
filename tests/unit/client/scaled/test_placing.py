"""Where something is made when places refuse it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tureen.client.scaled.placing import placed
from tureen.client.scaled.rooms import Place
from tureen.contract.errors import Conflict, Draining, NoCapacity, Stale, TureenError, Unavailable
from tureen.mediasoup.errors import NotFoundError, RequestTimeoutError, WorkerClosedError


class Places:
    """Placement that knows workers in order, and nodes that refuse what they are told to.

    Attributes:
        asked: The workers that were excluded, ask by ask.
    """

    def __init__(self, workers: Sequence[str], refusals: Sequence[Exception]) -> None:
        self.asked: list[list[str]] = []
        self._workers = workers
        self._refusals = list(refusals)

    async def place(self, exclude: Sequence[str]) -> Place:
        """Name the first worker that is not excluded."""
        self.asked.append(list(exclude))
        left = [worker for worker in self._workers if worker not in exclude]
        if not left:
            raise NoCapacity("all refuse")
        return {"nodeId": "node", "workerId": left[0], "routerId": f"router-{left[0]}"}

    async def make(self, place: Place) -> Any:
        """Refuse as often as there are refusals."""
        if self._refusals:
            raise self._refusals.pop(0)
        return place["workerId"]


@pytest.mark.parametrize("refusal", [NoCapacity("full"), Draining("leaves"), Unavailable("does not answer")])
async def test_elsewhere(refusal: TureenError) -> None:
    """A worker that cannot is left out the next time."""
    places = Places(["one", "two"], [refusal])
    assert await placed(places.place, places.make, 5) == "two"
    assert places.asked == [[], ["one"]]


@pytest.mark.parametrize("refusal", [NotFoundError("closed"), Stale("old"), WorkerClosedError("died")])
async def test_anew(refusal: Exception) -> None:
    """Where the picture has changed placement decides anew, with nobody left out."""
    places = Places(["one"], [refusal])
    assert await placed(places.place, places.make, 5) == "one"
    assert places.asked == [[], []]


async def test_nobody_can() -> None:
    """When all have refused, what placement says is raised."""
    places = Places(["one", "two"], [NoCapacity("full")] * 2)
    with pytest.raises(NoCapacity, match="all refuse"):
        await placed(places.place, places.make, 5)


async def test_time_is_up() -> None:
    """A refusal after the time is final."""
    places = Places(["one", "two"], [Stale("old")])
    with pytest.raises(Stale):
        await placed(places.place, places.make, 0)


async def test_a_place_that_hangs() -> None:
    """Where nobody has refused, but time is up while it is made, that is a timeout, and the making is cancelled."""
    places, cancelled = Places(["one"], []), asyncio.Event()

    async def hang(_: Place) -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(RequestTimeoutError, match=r"within 0\.01 s"):
        await placed(places.place, hang, 0.01)
    assert cancelled.is_set()


async def test_what_no_place_changes() -> None:
    """Any other error is the app's to hear at once."""
    places = Places(["one", "two"], [Conflict("no")])
    with pytest.raises(Conflict):
        await placed(places.place, places.make, 5)
    assert places.asked == [[]]

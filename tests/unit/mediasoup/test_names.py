"""What owners who share a worker hear of each other, against a worker's end that the test holds: nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.support.worker_stand_in import stand_in_worker

from tureen.mediasoup import Worker
from tureen.mediasoup.channel import Channel
from tureen.mediasoup.codec import Codec
from tureen.mediasoup.errors import NotFoundError
from tureen.mediasoup.left import MANY, Left
from tureen.mediasoup.names import NameSpace


def owners(channel: Channel) -> tuple[NameSpace, NameSpace]:
    """Return the name spaces of two owners of a worker."""
    worker = cast("Worker", SimpleNamespace(_channel=channel))
    left = Left()
    return NameSpace(worker, left), NameSpace(worker, left)


def ignore(_event: str, _body: Mapping[str, Any]) -> None:
    """Hear an event."""


async def test_late_news_is_not_for_who_has_the_id_next(codec: Codec) -> None:
    """What the worker told of an object before it was closed is not told of another owner's of that id."""
    async with stand_in_worker(codec) as (channel, worker):
        first, second = owners(channel)
        first.subscribe(first.in_worker("x"), ignore)
        first.unsubscribe("x")
        heard: asyncio.Queue[str] = asyncio.Queue()
        known_as = second.in_worker("x")
        second.subscribe("x", lambda event, _: heard.put_nowait(event))
        await worker.send(
            worker.encode("Notification", handlerId="x", event="CONSUMER_PRODUCER_PAUSE"),
            worker.encode("Notification", handlerId=known_as, event="CONSUMER_PRODUCER_CLOSE"),
        )
        assert await heard.get() == "CONSUMER_PRODUCER_CLOSE"
        assert first.in_worker("x") == "x"


async def test_errors_name_the_owners_id(codec: Codec) -> None:
    """An error of the worker's has the id by which its owner knows the object."""
    async with stand_in_worker(codec) as (channel, worker):
        first, second = owners(channel)
        first.subscribe(first.in_worker("x"), ignore)
        known_as = second.in_worker("x")
        second.subscribe("x", ignore)
        asked = asyncio.ensure_future(second.request("PRODUCER_PAUSE", "x"))
        request = await worker.request()
        assert request.handler_id == known_as != "x"
        await worker.send(worker.refused(request.id, "NotFoundError", f"no handler with ID {known_as}"))
        with pytest.raises(NotFoundError, match=r"^no handler with ID x$"):
            await asked


async def test_aliases_go_with_their_objects(codec: Codec) -> None:
    """However many objects had to be called something else, hardly more is kept than there are."""
    async with stand_in_worker(codec) as (channel, _):
        first, second = owners(channel)
        ids = [str(number) for number in range(500)]
        for object_id in ids:
            first.subscribe(first.in_worker(object_id), ignore)
            second.in_worker(object_id)
            second.subscribe(object_id, ignore)
        assert len(second._aliases) == 500
        for object_id in ids:
            second.unsubscribe(object_id)
        for _ in range(501):
            assert second.in_worker("free") == "free"
        assert not second._aliases
        assert not second._ids


async def test_a_large_dump_is_told_in_turns(codec: Codec) -> None:
    """What is told of very much has the owner's ids in it, and holds nobody up."""
    async with stand_in_worker(codec) as (channel, _):
        first, second = owners(channel)
        first.subscribe(first.in_worker("x"), ignore)
        alias = second.in_worker("x")
        dump = {"id": alias, "consumers": [{"id": alias, "paused": False}] * 1000, alias: {alias: [alias]}}
        turns, telling = 0, second.telling(dump)
        while True:
            try:
                next(telling)
            except StopIteration as end:
                told = end.value
                break
            turns += 1
        assert told == second.told(dump)
        assert told["consumers"][-1]["id"] == told["id"] == "x"
        assert turns == 1000 // 64


def test_ids_are_left_for_a_while() -> None:
    """Whoever left an id may have it again; another one when so much was closed since that no news can be so late."""
    left = Left()
    left.add("a", "me")
    assert not left.by_another("a", "me")
    for number in range(MANY):
        assert left.by_another("a", "you")
        left.add(str(number), "me")
    assert left.by_another("a", "you")
    for number in range(MANY + 1):
        left.add(f"more-{number}", "me")
    assert not left.by_another("a", "you")
    assert len(left) <= 2 * MANY + 1

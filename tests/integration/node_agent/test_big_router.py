"""A router with very many objects: its dump is of one moment, and nobody waits long for it."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import msgpack
from tests.integration.node_agent.conftest import Events, Node, Run
from tests.integration.node_agent.crowd import Crowd, crowd

from tureen.contract import subjects
from tureen.contract.media import RouterDumped
from tureen.contract.paging import merge
from tureen.contract.subjects import DEFAULT_TENANT

CONSUMERS = 3000
GROUP = 200


async def test_a_dump_is_of_one_moment(run_node: Run, events: Events) -> None:
    """Whatever happens while it is decoded is not in it, and has a higher sequence: who applies it after is right."""
    node = await run_node(hard_limit=100)
    many = await crowd(node, CONSUMERS)
    before, after, closed = (many.consumers[GROUP * n : GROUP * (n + 1)] for n in range(3))
    # Nobody waits for an answer here: all of it reaches the agent in this order, and one after the other.
    asked = [asyncio.create_task(node.ask("consumer.pause", timeout=30.0, consumerId=each)) for each in before]
    dumping = asyncio.create_task(_dump(node, many, events))
    asked += [asyncio.create_task(node.ask("consumer.pause", timeout=30.0, consumerId=each)) for each in after]
    asked += [asyncio.create_task(node.ask("consumer.close", timeout=30.0, consumerId=each)) for each in closed]
    await asyncio.gather(*asked)
    reply, heard = await dumping
    told = [(payload["seq"], subject.object_id, subject.name) for subject, payload in events.all]
    paused = {object_id for seq, object_id, name in told if name == "pause" and seq <= reply["seq"]}
    assert set(reply["paused"]) == paused
    assert set(before) <= paused < {*before, *after}
    there = {entry["key"] for entry in reply["dump"]["mapConsumerIdProducerId"]}
    # What is closed reaches the worker after what it was asked before.
    assert there >= set(many.consumers) - set(closed)
    assert reply["sourcePaused"] == []
    later = [seq for seq, *_ in told[:heard] if seq > reply["seq"]]
    assert later, "nothing happened between the dump and its answer: this shows nothing"
    assert RouterDumped.model_validate(reply).to_wire() == reply
    await _entries_agree(node, many)


async def test_nobody_waits_long_for_it(run_node: Run) -> None:
    """No turn of the event loop has more than a third of what a dump costs, of a large router or a large transport."""
    node = await run_node(hard_limit=100)
    many = await crowd(node, CONSUMERS)
    for name, target in (
        ("router.dump", {"routerId": many.router}),
        ("transport.dump", {"transportId": many.receiver}),
    ):
        shares = [await _longest_share(_raw_pages(node, name, target)) for _ in range(3)]
        assert min(shares) < 1 / 3, (name, shares)
    await _entries_agree(node, many)
    await node.ask("transport.close", transportId=many.receiver)
    await _entries_agree(node, many)


async def _dump(node: Node, many: Crowd, events: Events) -> tuple[dict[str, Any], int]:
    """Return a router's dump, and how many events were heard before its first page."""
    first = await node.ask("router.dump", timeout=30.0, routerId=many.router, page="first")
    heard = len(events.all)
    pages = [first]
    while "next" in pages[-1]:
        pages.append(await node.ask("router.dump", routerId=many.router, page=pages[-1]["next"]))
    whole = merge(pages)
    whole.pop("next", None)
    return whole, heard


async def _raw_pages(node: Node, name: str, target: dict[str, Any]) -> None:
    """Ask for all pages of an answer; this process is the agent's, so they are hardly looked at."""
    subject = subjects.node_command(DEFAULT_TENANT, node.id, *name.split("."))
    page: str | None = "first"
    while page is not None:
        answer = await node.bus.exchange(subject, msgpack.packb({**target, "page": page}), {}, timeout=30.0)
        # The last field of a page that is not the last.
        _, found, rest = answer.body.rpartition(b"\xa4next")
        page = msgpack.unpackb(rest) if found else None


async def _longest_share(work: Awaitable[None]) -> float:
    """Return the longest turn of the event loop while some work is done, as a share of all turns; in processor time."""
    turns: list[float] = []

    async def turn() -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            turns.append(now - before)
            before = now

    # A search of all that a run of tests has made would be the longest of all.
    gc.disable()
    ticking = asyncio.create_task(turn())
    try:
        await work
    finally:
        gc.enable()
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
    # Most turns do nothing, and there is no end of them.
    busy = [each for each in turns if each > 50e-6]
    return max(busy) / sum(busy)


async def _entries_agree(node: Node, many: Crowd) -> None:
    """What hangs on a router by its own account is what hangs on it by the tables of the node."""
    objects = node.agent.state.objects
    router = objects.routers.get(many.router, DEFAULT_TENANT)
    for name in ("transports", "producers", "consumers", "data_producers", "data_consumers", "rtp_observers"):
        by_table = {entry.id: entry for entry in getattr(objects, name).all() if entry.router is router}
        assert getattr(router.entries, name) == by_table

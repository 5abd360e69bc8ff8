from __future__ import annotations

import asyncio
import json
import random
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from tests.integration.bus.test_bucket import NAME, delete_stream
from tests.integration.conftest import Connect
from tests.support.nats_server import NatsServer

from tureen.bus import Bucket, Bus, Entry, Mirror, StoreLost
from tureen.contract.errors import TureenError

pytestmark = pytest.mark.each_loop

Change = tuple[str, Entry | None]


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def mirrored(bucket: Bucket) -> AsyncIterator[tuple[Mirror, list[Change]]]:
    """Mirror a bucket; yield the mirror and what it told."""
    told: list[Change] = []
    mirror = await bucket.mirror(lambda key, entry: told.append((key, entry)))
    try:
        yield mirror, told
    finally:
        await mirror.close()


async def consumers(bus: Bus) -> int:
    """Return how many consumers the bucket's stream has."""
    answer = await bus.exchange(f"$JS.API.STREAM.INFO.KV_{NAME}", b"", {}, timeout=5)
    return int(json.loads(answer.body)["state"]["consumer_count"])


@pytest.mark.parametrize("count", [0, 1, 50, 500])
async def test_a_mirror_is_complete_when_it_is_returned(bus: Bus, count: int) -> None:
    """The whole bucket is there at once, each time, and what was deleted is not."""
    bucket = await Bucket.open(bus, NAME)
    revisions = await asyncio.gather(*(bucket.create(f"k.{number}", {"n": number}) for number in range(count)))
    gone = await bucket.create("gone", {})
    await bucket.delete("gone", gone)
    expected = {f"k.{number}": Entry({"n": number}, revision) for number, revision in enumerate(revisions)}
    for _ in range(30):
        async with mirrored(bucket) as (mirror, told):
            assert mirror.entries == expected
            assert not told
            assert mirror.current
    await bus.barrier()
    await until_none(bus)


async def until_none(bus: Bus) -> None:
    """Wait until no consumer is left."""
    async with asyncio.timeout(5):
        while await consumers(bus):
            await asyncio.sleep(0.01)


async def test_a_mirror_follows(bus: Bus, connect: Connect) -> None:
    """Changes are told in order, with their revisions."""
    bucket = await Bucket.open(bus, NAME)
    writing = await Bucket.open(await connect(), NAME)
    async with mirrored(bucket) as (mirror, told):
        first = await writing.create("r", {"n": 1})
        await until(lambda: len(told) == 1)
        second = await writing.update("r", {"n": 2}, first)
        await until(lambda: len(told) == 2)
        await writing.delete("r", second)
        await until(lambda: len(told) == 3)
        third = await writing.create("r", {"n": 3})
        await until(lambda: len(told) == 4)
        assert told == [
            ("r", Entry({"n": 1}, first)),
            ("r", Entry({"n": 2}, second)),
            ("r", None),
            ("r", Entry({"n": 3}, third)),
        ]
        assert mirror.entries == {"r": Entry({"n": 3}, third)}
        assert mirror.rebuilds == 0
    await writing.create("later", {})
    await bus.barrier()
    assert len(told) == 4


async def test_mirrors_made_while_others_write(bus: Bus, connect: Connect) -> None:
    """A mirror that is made in the middle of writing misses nothing and ends up with the bucket's content."""
    bucket = await Bucket.open(bus, NAME)
    writing = await Bucket.open(await connect(), NAME)
    content: dict[str, Entry] = {}
    rng = random.Random(7)
    stop = asyncio.Event()

    async def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            key = f"k.{rng.randrange(40)}"
            known = content.pop(key, None)
            if known is None:
                content[key] = Entry({"n": number}, await writing.create(key, {"n": number}))
            elif rng.random() < 0.3:
                await writing.delete(key, known.revision)
            else:
                content[key] = Entry({"n": number}, await writing.update(key, {"n": number}, known.revision))

    mirrors: list[Mirror] = []
    replayed: list[dict[str, Entry]] = []
    task = asyncio.create_task(write())
    for _ in range(25):
        copy: dict[str, Entry] = {}
        mirror = await bucket.mirror(lambda key, entry, copy=copy: _apply(copy, key, entry))  # type: ignore[misc]
        # What the mirror begins with and what it tells afterwards make the whole.
        copy.update({key: entry for key, entry in mirror.entries.items() if key not in copy})
        mirrors.append(mirror)
        replayed.append(copy)
        await asyncio.sleep(0.01)
    stop.set()
    await task
    await until(lambda: all(mirror.entries == content for mirror in mirrors))
    assert all(copy == content for copy in replayed)
    assert sum(mirror.rebuilds for mirror in mirrors) == 0
    for mirror in mirrors:
        await mirror.close()


def _apply(copy: dict[str, Entry], key: str, entry: Entry | None) -> None:
    if entry is None:
        copy.pop(key, None)
    else:
        copy[key] = entry


async def test_what_is_always_there_is_always_seen(bus: Bus, connect: Connect) -> None:
    """A key that is only ever written over is in every new mirror, however much else is written meanwhile."""
    bucket = await Bucket.open(bus, NAME)
    writing = await Bucket.open(await connect(), NAME)
    kept = {f"kept.{number}": await bucket.create(f"kept.{number}", {}) for number in range(20)}
    stop = asyncio.Event()

    async def rewrite() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            fresh = [writing.create(f"new.{number}.{other}", {}) for other in range(5)]
            again = [writing.update(key, {"n": number}, revision) for key, revision in kept.items()]
            revisions = await asyncio.gather(*fresh, *again)
            kept.update(zip(kept, revisions[5:], strict=True))

    task = asyncio.create_task(rewrite())
    for _ in range(60):
        mirror = await bucket.mirror()
        seen = set(mirror.entries)
        await mirror.close()
        assert seen >= kept.keys()
    stop.set()
    await task


async def test_a_restart_of_the_server(nats_server: NatsServer, connect: Connect) -> None:
    """After a restart the mirror is right again within seconds, and tells what is different and nothing else."""
    bus, other = await connect(), await connect()
    bucket, writing = await Bucket.open(bus, NAME), await Bucket.open(other, NAME)
    kept = await bucket.create("kept", {"n": 0})
    changed = await bucket.create("changed", {"n": 0})
    async with mirrored(bucket) as (mirror, told):
        nats_server.kill()
        nats_server.start()
        await until(lambda: other.connected)
        changed = await retried(lambda: writing.update("changed", {"n": 1}, changed))
        new = await retried(lambda: writing.create("new", {"n": 2}))
        await until(lambda: "new" in mirror.entries)
        assert mirror.entries == {
            "kept": Entry({"n": 0}, kept),
            "changed": Entry({"n": 1}, changed),
            "new": Entry({"n": 2}, new),
        }
        assert "kept" not in dict(told)
        assert mirror.rebuilds >= 1


async def retried(write: Callable[[], object]) -> int:
    """Write until JetStream is ready again."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await write()  # type: ignore[misc, no-any-return]
            except TureenError:
                await asyncio.sleep(0.05)


async def test_a_message_that_got_lost(bus: Bus, connect: Connect) -> None:
    """A gap in what the consumer delivered is noticed and repaired."""
    bucket = await Bucket.open(bus, NAME)
    writing = await Bucket.open(await connect(), NAME)
    async with mirrored(bucket) as (mirror, _):
        feed = mirror._feed
        assert feed is not None
        # As if one message had been delivered that never came.
        feed._delivered -= 1
        await writing.create("r", {"n": 1})
        await until(lambda: mirror.rebuilds == 1 and mirror.current)
        assert mirror.entries["r"].value == {"n": 1}


async def test_a_gap_at_the_end_is_told_by_the_heartbeat(bus: Bus) -> None:
    """When the last message got lost the next heartbeat says so."""
    bucket = await Bucket.open(bus, NAME)
    await bucket.create("r", {"n": 1})
    async with mirrored(bucket) as (mirror, _):
        assert mirror._feed is not None
        mirror._feed._delivered -= 1
        await until(lambda: mirror.rebuilds == 1 and mirror.current)


async def test_a_consumer_that_is_gone(bus: Bus) -> None:
    """A consumer that the server dropped is noticed by its silence."""
    bucket = await Bucket.open(bus, NAME)
    async with mirrored(bucket) as (mirror, _):
        await bus.exchange(f"$JS.API.CONSUMER.DELETE.KV_{NAME}.{mirror._consumer}", b"", {}, timeout=5)
        revision = await bucket.create("r", {})
        await until(lambda: "r" in mirror.entries)
        assert mirror.entries["r"].revision == revision


async def test_a_lost_store(bus: Bus) -> None:
    """A stream that is gone is told once; the mirror follows the next one of that name."""
    bucket = await Bucket.open(bus, NAME)
    await bucket.create("old", {})
    lost: list[str] = []

    def broken() -> None:
        raise ValueError("a callback of the owner's")

    bucket.on_lost(broken)
    bucket.on_lost(lambda: lost.append(bucket.stream.created))
    async with mirrored(bucket) as (mirror, told):
        before = bucket.stream.created
        await delete_stream(bus)
        await until(lambda: bool(lost))
        with pytest.raises(StoreLost):
            await bucket.get("old")
        again = await Bucket.open(bus, NAME)
        revision = await again.create("new", {})
        await until(lambda: "new" in mirror.entries)
        assert mirror.entries == {"new": Entry({}, revision)}
        assert told == [("old", None), ("new", Entry({}, revision))]
        assert lost == [before]
        assert bucket.stream == again.stream


async def test_a_store_that_was_wiped(nats_server: NatsServer, connect: Connect) -> None:
    """A server that comes back with an empty disk is noticed, even if another replica was faster to make the bucket."""
    bus, other = await connect(), await connect()
    bucket = await Bucket.open(bus, NAME)
    await bucket.create("old", {})
    lost: list[int] = []
    bucket.on_lost(lambda: lost.append(1))
    async with mirrored(bucket) as (mirror, _):
        nats_server.kill()
        shutil.rmtree(nats_server.folder / "store")
        nats_server.start()
        await until(lambda: other.connected)
        await retried(lambda: _open_and_create(other))
        await until(lambda: "new" in mirror.entries)
        assert "old" not in mirror.entries
        assert lost == [1]


async def _open_and_create(bus: Bus) -> int:
    return await (await Bucket.open(bus, NAME)).create("new", {})


async def test_a_damaged_record(bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    """A record that nobody can read is logged and left out; the others are there."""
    bucket = await Bucket.open(bus, NAME)
    await bus.exchange(f"$KV.{NAME}.bad", b"\xc1", {}, timeout=5)
    await bucket.create("good", {})
    async with mirrored(bucket) as (mirror, _):
        assert mirror.entries.keys() == {"good"}
    assert "the record bad is damaged" in caplog.text


async def test_a_listener_that_fails(bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    """An error of the listener's is logged, and the mirror goes on."""
    bucket = await Bucket.open(bus, NAME)

    def listener(key: str, entry: Entry | None) -> None:
        raise ValueError("broken")

    mirror = await bucket.mirror(listener)
    await bucket.create("a", {})
    await bucket.create("b", {})
    await until(lambda: mirror.entries.keys() == {"a", "b"})
    await mirror.close()
    assert caplog.text.count("ValueError: broken") == 2


async def test_closing_while_the_server_is_away(nats_server: NatsServer, connect: Connect) -> None:
    """A mirror without a server closes at once."""
    bus = await connect()
    bucket = await Bucket.open(bus, NAME)
    mirror = await bucket.mirror()
    nats_server.kill()
    await until(lambda: not bus.connected)
    assert not mirror.current or bus.connected is False
    async with asyncio.timeout(2):
        await mirror.close()

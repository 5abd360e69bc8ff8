from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from typing import Any

import pytest
from tests.integration.conftest import Connect
from tests.support.nats_server import NatsServer

from tureen.bus import Bucket, Bus, StoreLost, headers
from tureen.contract.errors import Conflict, Internal, InvalidType, Timeout, TooLarge, Unauthorized, Unavailable

pytestmark = pytest.mark.each_loop

NAME = "tureen-test"


@pytest.fixture
async def bucket(bus: Bus) -> Bucket:
    """Give a new bucket."""
    return await Bucket.open(bus, NAME)


async def delete_stream(bus: Bus) -> None:
    """Lose the bucket, as an operator's mistake would."""
    answer = await bus.exchange(f"$JS.API.STREAM.DELETE.KV_{NAME}", b"", {}, timeout=5)
    assert json.loads(answer.body)["success"]


async def test_a_bucket_is_made_once(bus: Bus, connect: Connect) -> None:
    """Of many who open a bucket at once one makes it, and all see when that was."""
    replicas = [await connect() for _ in range(8)]
    before = time.time() * 1000
    opened = await asyncio.gather(*(Bucket.open(replica, NAME) for replica in replicas))
    assert Counter(bucket.made_now for bucket in opened) == {True: 1, False: 7}
    assert len({bucket.stream.created for bucket in opened}) == 1
    assert before - 1000 < opened[0].created_ms < time.time() * 1000 + 1000
    assert not (await Bucket.open(bus, NAME)).made_now


async def test_records(bucket: Bucket) -> None:
    """A record is created, read, changed and deleted, each change with a larger revision."""
    assert await bucket.get("acme.r1") is None
    first = await bucket.create("acme.r1", {"a": 1, "data": b"\xff"})
    entry = await bucket.get("acme.r1")
    assert entry is not None
    assert entry == ({"a": 1, "data": b"\xff"}, first)
    second = await bucket.update("acme.r1", {"a": 2}, first)
    assert second > first
    await bucket.delete("acme.r1", second)
    assert await bucket.get("acme.r1") is None
    third = await bucket.create("acme.r1", {"a": 3})
    assert third > second
    assert await bucket.get("acme.r1") == ({"a": 3}, third)


async def test_conflicts(bucket: Bucket) -> None:
    """Nobody writes over what he has not seen."""
    first = await bucket.create("r", {"a": 1})
    with pytest.raises(Conflict, match="is there already"):
        await bucket.create("r", {"a": 2})
    second = await bucket.update("r", {"a": 2}, first)
    for stale in (first, 0, second + 1):
        with pytest.raises(Conflict):
            await bucket.update("r", {"a": 9}, stale)
        with pytest.raises(Conflict):
            await bucket.delete("r", stale)
    assert await bucket.get("r") == ({"a": 2}, second)


async def test_records_that_other_clients_ended(bus: Bus, bucket: Bucket) -> None:
    """A key that another client purged, or that expired, is gone and can be created again."""
    for ended in ({"KV-Operation": "PURGE", "Nats-Rollup": "sub"}, {"Nats-Marker-Reason": "MaxAge"}):
        await bucket.create("r", {"a": 1})
        await bus.exchange(f"$KV.{NAME}.r", b"", ended, timeout=5)
        assert await bucket.get("r") is None
        revision = await bucket.create("r", {"a": 2})
        await bucket.delete("r", revision)


async def test_races(connect: Connect) -> None:
    """However many count at once, no count is lost; of many creators one wins."""
    replicas = [await Bucket.open(await connect(), NAME) for _ in range(4)]
    outcomes: Counter[str] = Counter()

    async def create(bucket: Bucket) -> None:
        try:
            await bucket.create("counter", {"n": 0})
            outcomes["created"] += 1
        except Conflict:
            outcomes["conflict"] += 1

    async def count(bucket: Bucket) -> None:
        for _ in range(25):
            while True:
                entry = await bucket.get("counter")
                assert entry is not None
                try:
                    await bucket.update("counter", {"n": entry.value["n"] + 1}, entry.revision)
                    break
                except Conflict:
                    outcomes["again"] += 1

    for _ in range(10):
        await asyncio.gather(*(create(bucket) for bucket in replicas))
        entry = await replicas[0].get("counter")
        assert entry is not None
        await replicas[0].delete("counter", entry.revision)
    assert (outcomes["created"], outcomes["conflict"]) == (10, 30)
    await replicas[0].create("counter", {"n": 0})
    await asyncio.gather(*(count(bucket) for bucket in replicas))
    entry = await replicas[0].get("counter")
    assert entry is not None
    assert entry.value == {"n": 100}
    assert outcomes["again"] > 0


@pytest.mark.parametrize("key", ["", ".", "a.", ".a", "a..b", "*", "a.>", "a b", "é", "a\r\n"])
async def test_keys(bucket: Bucket, key: str) -> None:
    """What is no key is refused before anything is sent."""
    for attempt in (bucket.get(key), bucket.create(key, {}), bucket.update(key, {}, 1), bucket.delete(key, 1)):
        with pytest.raises(InvalidType, match="is no key"):
            await attempt


async def test_a_record_that_is_too_large(bus: Bus, bucket: Bucket) -> None:
    """A record beyond the server's limit is TooLarge, and nothing is written."""
    with pytest.raises(TooLarge):
        await bucket.create("r", {"a": "x" * bus.max_payload})
    assert await bucket.get("r") is None


async def test_a_damaged_record(bus: Bus, bucket: Bucket) -> None:
    """What nobody can read is told as our failure."""
    await bus.exchange(f"$KV.{NAME}.r", b"\xc1", {}, timeout=5)
    with pytest.raises(Internal, match="damaged"):
        await bucket.get("r")


async def test_a_lost_store(bus: Bus, bucket: Bucket) -> None:
    """Once the stream is gone every operation says so; opened again it is another one."""
    revision = await bucket.create("r", {})
    await delete_stream(bus)
    for attempt in (bucket.get("r"), bucket.create("x", {}), bucket.update("r", {}, revision), bucket.mirror()):
        with pytest.raises(StoreLost, match="does not exist any more"):
            await attempt
    again = await Bucket.open(bus, NAME)
    assert again.made_now
    assert again.stream.created != bucket.stream.created
    assert again.created_ms >= bucket.created_ms


async def test_without_jetstream(tmp_path: Any) -> None:
    """A server without JetStream is told so in a sentence that helps."""
    from tureen.bus import BusSettings

    server = NatsServer(tmp_path, jetstream=False)
    server.start()
    try:
        bus = await Bus.connect(BusSettings(servers=[server.url]))
        with pytest.raises(Unavailable, match="is it enabled"):
            await Bucket.open(bus, NAME)
        await bus.close()
    finally:
        server.stop()


async def test_without_a_connection(nats_server: NatsServer, connect: Connect) -> None:
    """While there is no connection every operation is Unavailable, and records are there when it is back."""
    bus = await connect()
    bucket = await Bucket.open(bus, NAME)
    revision = await bucket.create("r", {"a": 1})
    nats_server.kill()
    while bus.connected:
        await asyncio.sleep(0.001)
    for attempt in (bucket.get("r"), bucket.update("r", {}, revision)):
        with pytest.raises(Unavailable) as raised:
            await attempt
        assert not isinstance(raised.value, StoreLost)
    nats_server.start()
    while not bus.connected:
        await asyncio.sleep(0.01)
    assert await bucket.get("r") == ({"a": 1}, revision)


async def test_a_write_whose_answer_is_lost(nats_server: NatsServer, connect: Connect) -> None:
    """A write that may have happened is a Timeout; who reads again knows."""
    bus = await connect()
    bucket = await Bucket.open(bus, NAME)
    writing = asyncio.create_task(bucket.create("r", {"a": 1}))
    await asyncio.sleep(0)
    nats_server.kill()
    try:
        await writing
    except Timeout:
        nats_server.start()
        while not bus.connected:
            await asyncio.sleep(0.01)
        if await bucket.get("r") is None:
            await bucket.create("r", {"a": 1})


async def test_who_may_not(nats_server: NatsServer, connect: Connect) -> None:
    """A user without the right to the bucket is told at once."""
    nats_server.reload("""
        authorization { users: [
          { user: sys, password: sys }
          { user: app, password: app, permissions: { publish: ["x"], subscribe: ["tureen.v1.acme.inbox.app.>"] } }
        ] }""")
    bucket = await Bucket.open(await connect(user="sys", password="sys"), NAME)
    revision = await bucket.create("r", {})
    app = await connect(tenant="acme", user="app", password="app")
    with pytest.raises(Unauthorized):
        await Bucket.open(app, NAME)
    for name, body in ((f"$KV.{NAME}.r", b""), (f"$JS.API.STREAM.DELETE.KV_{NAME}", b"")):
        with pytest.raises(Unauthorized):
            await app.exchange(name, body, {headers.TIMEOUT_MS: "1"}, timeout=30)
    entry = await bucket.get("r")
    assert entry is not None
    assert entry.revision == revision

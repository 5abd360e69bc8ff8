from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

from tests.support.nats_server import nats_cluster

from tureen.bus import Bucket, Bus, BusSettings
from tureen.contract.errors import Conflict, StateError, TureenError


async def leader(bus: Bus) -> int:
    """Return the index of the server that leads the bucket's stream."""
    answer = await bus.exchange("$JS.API.STREAM.INFO.KV_tureen-test", b"", {}, timeout=5)
    return int(json.loads(answer.body)["cluster"]["leader"].removeprefix("n"))


async def opened(bus: Bus) -> Bucket:
    """Open the bucket on three servers, as soon as they have agreed on who leads."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await Bucket.open(bus, "tureen-test", replicas=3, timeout=2)
            except TureenError:
                await asyncio.sleep(0.1)


async def test_the_loss_of_the_leader(tmp_path: Path) -> None:
    """When the leader of three dies, writes wait or fail for some seconds; no record and no store is lost."""
    lost: list[int] = []
    outcomes: Counter[str] = Counter()
    written: dict[int, int] = {}
    with nats_cluster(tmp_path, 3, jetstream=True) as servers:
        bus = await Bus.connect(BusSettings(servers=[server.url for server in servers]))
        try:
            bucket = await opened(bus)
            bucket.on_lost(lambda: lost.append(1))
            mirror = await bucket.mirror()
            for number in range(5):
                written[number] = await bucket.create(f"k.{number}", {"n": number})
            servers[await leader(bus)].kill()
            number = 5
            async with asyncio.timeout(40):
                while outcomes["written"] < 20:
                    try:
                        written[number] = await bucket.create(f"k.{number}", {"n": number})
                        outcomes["written"] += 1
                    except Conflict:
                        # Its answer was lost, not the write.
                        number += 1
                    except StateError as error:
                        outcomes[type(error).__name__] += 1
                        await asyncio.sleep(0.05)
                    else:
                        number += 1
                while len(mirror.entries) < number:
                    await asyncio.sleep(0.05)
            for key, revision in written.items():
                entry = await bucket.get(f"k.{key}")
                assert entry == ({"n": key}, revision)
                assert mirror.entries[f"k.{key}"] == entry
            assert outcomes.keys() <= {"written", "Timeout", "Unavailable"}
            assert lost == []
            await mirror.close()
        finally:
            await bus.close()

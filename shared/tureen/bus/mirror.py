"""A copy of a bucket that follows it.

A consumer that delivers the last message of each key, then every change, is made for an inbox that is subscribed to
already. Then the stream is asked which keys it has: when each of them was delivered, the copy is whole. (No number
says so while others write: a message that was counted can be replaced before it is delivered, and the server counts
it out before it counts its successor in.) Heartbeats each second, the consumer's sequence and the connection's life
tell when something was missed; then the copy is made anew and compared, and only differences are told.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from tureen.bus import jetstream
from tureen.bus.bus import Bus
from tureen.bus.connection import Subscription
from tureen.bus.feed import Feed
from tureen.bus.jetstream import JetStreamError, StoreLost
from tureen.bus.records import Entry, OnChange
from tureen.contract.errors import Timeout, TureenError

if TYPE_CHECKING:
    from tureen.bus.bucket import Bucket

log = logging.getLogger(__name__)

HEARTBEAT = 1.0
"""Seconds between two heartbeats of a consumer that has nothing to say."""
_SILENCE = 2.5 * HEARTBEAT
"""Seconds of silence after which the consumer is taken for lost."""
_FORGOTTEN_AFTER = 30.0
"""Seconds after which the server removes a consumer that nobody listens to."""
_RETRY = 0.5
_RETRY_MAX = 5.0


class Mirror:
    """A copy of a bucket that follows it; made by `Bucket.mirror`.

    Attributes:
        rebuilds: How often the copy was made anew because something was missed.
    """

    def __init__(self, bus: Bus, bucket: Bucket, on_change: OnChange | None, *, timeout: float) -> None:
        self._bus = bus
        self._bucket = bucket
        self._on_change = on_change
        self._timeout = timeout
        self._entries: dict[str, Entry] = {}
        self._feed: Feed | None = None
        self._subscription: Subscription | None = None
        self._consumer = ""
        self._keeper: asyncio.Task[None] | None = None
        self._reconnected = asyncio.Event()
        self._forget_reconnects = bus.on_reconnect(self._on_reconnect)
        self.rebuilds = 0

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The records, as far as they are known here."""
        return MappingProxyType(self._entries)

    @property
    def current(self) -> bool:
        """Whether nothing is known to be missing in the copy."""
        return self._feed is not None and not self._feed.broken.is_set()

    async def start(self) -> None:
        """Make the copy, and follow from then on."""
        try:
            await self._build()
        except BaseException:
            await self.close()
            raise
        self._keeper = asyncio.create_task(self._keep(), name=f"tureen.bus.mirror {self._bucket.name}")

    async def close(self) -> None:
        """Stop following."""
        self._forget_reconnects()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._end_feed()

    async def _keep(self) -> None:
        """Make the copy anew whenever something was missed."""
        retry = 0.0
        while True:
            if not retry:
                await self._until_broken()
            try:
                self.rebuilds += 1
                await self._build()
                retry = 0.0
            except StoreLost:
                self._bucket.found(None)
                retry = _next_retry(retry)
            except TureenError as error:
                log.info("the mirror of %s is not up to date: %s", self._bucket.name, error.message)
                retry = _next_retry(retry)
            if retry:
                await self._pause(retry)

    async def _pause(self, retry: float) -> None:
        """Wait before the next attempt, or for the connection where it is away."""
        # Many replicas that lost the same server must not come back at once.
        wait = random.uniform(retry / 2, retry)  # noqa: S311
        self._reconnected.clear()
        try:
            async with asyncio.timeout(wait if self._bus.connected else None):
                await self._reconnected.wait()
        except TimeoutError:
            return

    def _on_reconnect(self) -> None:
        """Take nothing for granted that happened before."""
        self._reconnected.set()
        if self._feed is not None:
            self._feed.broken.set()

    async def _until_broken(self) -> None:
        """Wait until the feed is silent, or has missed something."""
        feed = self._feed
        while feed is not None and not feed.broken.is_set():
            wait = feed.heard + _SILENCE - asyncio.get_running_loop().time()
            if wait <= 0:
                return
            try:
                async with asyncio.timeout(wait):
                    await feed.broken.wait()
            except TimeoutError:
                continue

    async def _build(self) -> None:
        """Make a consumer, wait for the whole of the bucket and take over what is different."""
        await self._end_feed()
        stream = await jetstream.stream_info(self._bus, f"KV_{self._bucket.name}", timeout=self._timeout)
        if stream is None:
            raise StoreLost(f"the bucket {self._bucket.name} does not exist any more")
        self._bucket.found(stream)
        feed = Feed(f"$KV.{self._bucket.name}.", lambda subject: self._bus.send(subject, b""))
        inbox = self._bus.new_inbox()
        self._subscription = await self._bus.listen(inbox, feed.on_message)
        await self._make_consumer(inbox)
        feed.expect(await self._keys())
        try:
            async with asyncio.timeout(self._timeout):
                await feed.complete.wait()
        except TimeoutError:
            raise Timeout(f"the bucket {self._bucket.name} did not arrive in time") from None
        self._feed = feed
        self._take_over(feed.take_over(self._apply))

    async def _keys(self) -> set[str]:
        """Return each key that the stream has, those of deleted records too."""
        prefix = f"$KV.{self._bucket.name}."
        subjects = await jetstream.stream_subjects(
            self._bus, f"KV_{self._bucket.name}", f"{prefix}>", timeout=self._timeout
        )
        return {subject.removeprefix(prefix) for subject in subjects}

    async def _make_consumer(self, inbox: str) -> None:
        stream = f"KV_{self._bucket.name}"
        config = {
            "deliver_subject": inbox,
            "deliver_policy": "last_per_subject",
            "ack_policy": "none",
            "max_deliver": 1,
            "filter_subject": f"$KV.{self._bucket.name}.>",
            "idle_heartbeat": int(HEARTBEAT * 1e9),
            "flow_control": True,
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": int(_FORGOTTEN_AFTER * 1e9),
            "replay_policy": "instant",
        }
        request = {"stream_name": stream, "config": config}
        try:
            made = await jetstream.api(self._bus, f"CONSUMER.CREATE.{stream}", request, timeout=self._timeout)
        except JetStreamError as error:
            if error.number == jetstream.STREAM_NOT_FOUND:
                raise StoreLost(f"the bucket {self._bucket.name} does not exist any more") from None
            raise
        self._consumer = made["name"]

    async def _end_feed(self) -> None:
        """Drop the consumer; the server forgets by itself one that cannot be dropped now."""
        self._feed = None
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await subscription.unsubscribe()
        consumer, self._consumer = self._consumer, ""
        if consumer and self._bus.connected:
            self._bus.send(f"$JS.API.CONSUMER.DELETE.KV_{self._bucket.name}.{consumer}", b"")

    def _take_over(self, snapshot: dict[str, Entry]) -> None:
        """Make a new copy the copy, telling what is different."""
        for key in self._entries.keys() - snapshot.keys():
            self._apply(key, None)
        for key, entry in snapshot.items():
            if self._entries.get(key) != entry:
                self._apply(key, entry)

    def _apply(self, key: str, entry: Entry | None) -> None:
        if entry is None:
            self._entries.pop(key, None)
        else:
            self._entries[key] = entry
        # The first copy is told to nobody: `mirror` has not returned yet.
        if self._on_change is not None and self._keeper is not None:
            try:
                self._on_change(key, entry)
            except Exception:
                log.exception("a listener of the bucket %s failed", self._bucket.name)


def _next_retry(retry: float) -> float:
    return min(retry * 2 or _RETRY, _RETRY_MAX)

"""One consumer of a bucket's stream: what it delivers, and whether something is missing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tureen.bus import headers, payload
from tureen.bus.parser import Delivery
from tureen.bus.records import Entry, OnChange, is_tombstone
from tureen.contract.errors import Malformed

log = logging.getLogger(__name__)


class Feed:
    """One consumer: what it delivered, and whether something is missing."""

    def __init__(self, prefix: str, reply: Callable[[str], Any]) -> None:
        self._prefix = prefix
        self._reply = reply
        self._delivered = 0
        self._snapshot: dict[str, Entry] = {}
        self._seen: set[str] = set()
        self._expected: set[str] | None = None
        self._apply: OnChange | None = None
        self.complete = asyncio.Event()
        self.broken = asyncio.Event()
        self.heard = asyncio.get_running_loop().time()

    def expect(self, keys: set[str]) -> None:
        """Be complete when each of these keys was delivered, be it that its record is deleted."""
        self._expected = keys - self._seen
        self._seen.clear()
        self._look_whether_complete()

    def take_over(self, apply: OnChange) -> dict[str, Entry]:
        """Return all that was delivered so far; what comes from now on is applied."""
        self._apply = apply
        return self._snapshot

    def on_message(self, delivery: Delivery) -> None:
        """Take what the consumer sent."""
        self.heard = asyncio.get_running_loop().time()
        parsed = headers.parse(delivery.headers)
        if headers.STATUS in parsed:
            self._on_status(parsed, delivery)
            return
        place = _place(delivery.reply)
        if place is None or place.delivered != self._delivered + 1:
            self.broken.set()
            return
        self._delivered = place.delivered
        key = delivery.subject.removeprefix(self._prefix)
        self._take(key, _entry(key, parsed, delivery.body, place.revision))
        if self._expected is None:
            self._seen.add(key)
        elif self._expected:
            self._expected.discard(key)
            self._look_whether_complete()

    def _look_whether_complete(self) -> None:
        if not self._expected:
            self.complete.set()

    def _on_status(self, parsed: Mapping[str, str], delivery: Delivery) -> None:
        """Answer flow control, and compare a heartbeat's count with ours."""
        if parsed[headers.STATUS] != "100":
            self.broken.set()
            return
        for subject in (delivery.reply, parsed.get("nats-consumer-stalled", "")):
            if subject.startswith("$JS.FC."):
                self._reply(subject)
        last = parsed.get("nats-last-consumer")
        if last is not None and last != str(self._delivered):
            self.broken.set()
        elif last is not None:
            # The consumer has nothing more to say: what is expected still is there no more.
            self.complete.set()

    def _take(self, key: str, entry: Entry | None) -> None:
        if self._apply is not None:
            self._apply(key, entry)
        elif entry is None:
            self._snapshot.pop(key, None)
        else:
            self._snapshot[key] = entry


class _Place(NamedTuple):
    """Where in the stream a message stands."""

    revision: int
    delivered: int


def _place(reply: str) -> _Place | None:
    """Read a message's acknowledgement subject, which is longer where JetStream has a domain."""
    tokens = reply.split(".")
    first = {9: 5, 11: 7, 12: 7}.get(len(tokens))
    if first is None or not reply.startswith("$JS.ACK."):
        return None
    try:
        return _Place(int(tokens[first]), int(tokens[first + 1]))
    except ValueError:
        return None


def _entry(key: str, parsed: Mapping[str, str], body: bytes, revision: int) -> Entry | None:
    if is_tombstone(parsed):
        return None
    try:
        return Entry(payload.decode(body), revision)
    except Malformed as error:
        log.error("the record %s is damaged: %s", key, error.message)
        return None

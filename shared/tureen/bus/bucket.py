"""A bucket of records: JetStream's key-value store, with compare-and-set that can be relied upon.

nats-py's own is not used: its `get` and `create` take expired keys for present ones, its listings and watchers race
with what they list, its writes ignore what the bucket is, and a watcher needs twenty seconds after a restart.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

from tureen.bus import headers, jetstream, payload
from tureen.bus.bus import Bus
from tureen.bus.jetstream import JetStreamError, StoreLost, Stream
from tureen.bus.mirror import Mirror
from tureen.bus.records import Entry, OnChange, is_tombstone
from tureen.contract.errors import Conflict, Internal, InvalidType, Malformed

log = logging.getLogger(__name__)

_KEY = re.compile(r"[A-Za-z0-9_=-]+(\.[A-Za-z0-9_=-]+)*").fullmatch
_EXPECTED = "Nats-Expected-Last-Subject-Sequence"
_DELETE = {"KV-Operation": "DEL"}


class _Last(NamedTuple):
    """The last message of a key: a record, or that there is none any more."""

    revision: int
    value: dict[str, Any] | None


class Bucket:
    """Records by key, each with a revision; made by `Bucket.open`.

    Attributes:
        name: The bucket's name.
        stream: Its stream, as it was when opened or last found by the mirror.
        made_now: Whether `open` made it: it was not there before.
    """

    def __init__(self, bus: Bus, name: str, stream: Stream, *, made_now: bool, timeout: float) -> None:
        self._bus = bus
        self._timeout = timeout
        self.name = name
        self.stream = stream
        self.made_now = made_now
        self._missing = False
        self._on_lost: list[Callable[[], None]] = []

    @classmethod
    async def open(cls, bus: Bus, name: str, *, replicas: int = 1, timeout: float = 5.0) -> Self:
        """Open a bucket, making it where there is none.

        Args:
            bus: Where it is.
            name: Its name, an id.
            replicas: On how many servers of the cluster it is kept, where it is made now.
            timeout: Seconds that each request to JetStream has, now and later.

        Raises:
            Unavailable: JetStream is not enabled, or has no leader at this moment.
            Timeout: JetStream does not answer.
        """
        stream, made_now = await jetstream.create_stream(bus, _config(name, replicas), timeout=timeout)
        return cls(bus, name, stream, made_now=made_now, timeout=timeout)

    @property
    def created_ms(self) -> int:
        """The wall clock when the bucket was made, in ms since 1970: what an incarnation begins with."""
        return self.stream.created_ms

    async def get(self, key: str) -> Entry | None:
        """Read a record from the stream's leader, so that what was written before is seen.

        Raises:
            StoreLost: The bucket does not exist any more.
            Unavailable: JetStream does not answer at this moment.
            Timeout: It did not answer in time.
        """
        last = await self._last(key)
        return Entry(last.value, last.revision) if last is not None and last.value is not None else None

    async def create(self, key: str, value: Mapping[str, Any]) -> int:
        """Write a record that must not be there, and return its revision.

        Raises:
            Conflict: It is there.
            StoreLost: The bucket does not exist any more.
            Unavailable: JetStream does not answer at this moment; nothing was written.
            Timeout: It did not answer in time; the record may have been written.
        """
        try:
            return await self.update(key, value, 0)
        except Conflict as conflict:
            # A key that was deleted, or has expired, has a last message that says so.
            last = await self._last(key)
            if last is None or last.value is not None:
                raise conflict from None
            return await self.update(key, value, last.revision)

    async def update(self, key: str, value: Mapping[str, Any], revision: int) -> int:
        """Write a record whose revision must still be this one, and return its new revision; errors as of `create`."""
        return await self._write(key, payload.encode(value), {_EXPECTED: str(revision)}, revision)

    async def delete(self, key: str, revision: int) -> None:
        """Delete a record whose revision must still be this one; errors as of `create`."""
        await self._write(key, b"", {_EXPECTED: str(revision), **_DELETE}, revision)

    def on_lost(self, callback: Callable[[], None]) -> None:
        """Call this when the mirror finds that the stream is gone, or is another one than before."""
        self._on_lost.append(callback)

    async def mirror(self, on_change: OnChange | None = None) -> Mirror:
        """Return a copy of the whole bucket that follows it; it is complete when this returns.

        Args:
            on_change: Called with a key and its entry, or None where it is gone, for each change from now on. Of
                changes that follow each other quickly only the last may be told.

        Raises:
            StoreLost: The bucket does not exist any more.
            Unavailable: JetStream does not answer at this moment.
            Timeout: It did not answer in time.
        """
        mirror = Mirror(self._bus, self, on_change, timeout=self._timeout)
        await mirror.start()
        return mirror

    def found(self, stream: Stream | None) -> None:
        """Take what the mirror found of the stream, and tell whoever must know when it is not the one that was."""
        known, missing = self.stream, self._missing
        self._missing = stream is None
        self.stream = stream or known
        if missing or (stream is not None and stream.created == known.created):
            return
        log.error("the bucket %s was lost%s", self.name, "; there is a new one" if stream else "")
        for callback in self._on_lost:
            try:
                callback()
            except Exception:
                log.exception("a callback of the bucket %s failed", self.name)

    async def _last(self, key: str) -> _Last | None:
        """Read a key's last message."""
        request = {"last_by_subj": self._subject(key)}
        try:
            answer = await jetstream.api(self._bus, f"STREAM.MSG.GET.KV_{self.name}", request, timeout=self._timeout)
        except JetStreamError as error:
            if error.number == jetstream.MESSAGE_NOT_FOUND:
                return None
            raise self._known(error) from None
        message = answer["message"]
        if is_tombstone(headers.parse(base64.b64decode(message.get("hdrs", "")))):
            return _Last(message["seq"], None)
        try:
            return _Last(message["seq"], payload.decode(base64.b64decode(message.get("data", ""))))
        except Malformed as error:
            raise Internal(f"the record {key} is damaged: {error.message}") from None

    async def _write(self, key: str, body: bytes, block: Mapping[str, str], revision: int) -> int:
        try:
            return await jetstream.store(
                self._bus, self._subject(key), body, block, stream=f"KV_{self.name}", timeout=self._timeout
            )
        except JetStreamError as error:
            if error.number in jetstream.WRONG_LAST_SEQUENCE:
                raise Conflict(
                    f"the record {key} is there already"
                    if not revision
                    else f"the record {key} has another revision than {revision}"
                ) from None
            raise self._known(error) from None

    def _subject(self, key: str) -> str:
        if not _KEY(key):
            raise InvalidType(f"{key!r} is no key: use A-Z a-z 0-9 _ - = only, and dots between")
        return f"$KV.{self.name}.{key}"

    def _known(self, error: JetStreamError) -> Exception:
        if error.number == jetstream.STREAM_NOT_FOUND:
            return StoreLost(f"the bucket {self.name} does not exist any more")
        return error


def _config(name: str, replicas: int) -> dict[str, Any]:
    """Return the stream's configuration, as other clients of key-value buckets expect it."""
    return {
        "name": f"KV_{name}",
        "subjects": [f"$KV.{name}.>"],
        "max_msgs_per_subject": 1,
        "discard": "new",
        "storage": "file",
        "retention": "limits",
        "num_replicas": replicas,
        "allow_rollup_hdrs": True,
        "deny_delete": True,
        "allow_direct": True,
    }

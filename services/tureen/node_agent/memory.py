"""What the agent remembers so that asking again is safe: creates under way, and ids that were closed."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec

from tureen.contract.errors import Conflict, InvalidType
from tureen.contract.model import Command
from tureen.contract.quick import as_read_quickly
from tureen.contract.structs import CommandStruct

Made = TypeVar("Made")

REMEMBERED = 120.0
"""Seconds for which a closed id may not be used again."""

UNREPEATABLE = b""
"""The mark of a create whose id the agent chose: like no fingerprint, so that asking for that id is a conflict."""

_NOT_OPTIONS = frozenset({"grant", "record", "incarnation", "generation", "reuse"})

_pack = msgspec.msgpack.Encoder().encode


def mark_of(command: Command, asked: str) -> bytes:
    """Return what makes two creates of one id the same create: who asks for what (`asked`), and the options.

    Raises:
        InvalidType: The options hold what cannot be compared.
    """
    quick = as_read_quickly(command)
    if isinstance(quick, CommandStruct):
        return _digest(_pack((asked, quick.without(_NOT_OPTIONS))))
    return fingerprint({**command.chosen(), "": asked})


def fingerprint(payload: Mapping[str, Any]) -> bytes:
    """Return what tells payloads apart: their options, grants and room records not among them.

    Raises:
        InvalidType: The payload holds what cannot be compared: JSON knows longer numbers and deeper nesting.
    """
    options = {key: value for key, value in sorted(payload.items()) if key not in _NOT_OPTIONS}
    try:
        packed = _pack(options)
    except (msgspec.MsgspecError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise InvalidType(f"the payload cannot be carried: {type(error).__name__}") from None
    return _digest(packed)


def _digest(packed: bytes) -> bytes:
    return hashlib.blake2b(packed, digest_size=16).digest()


class Tombstones:
    """Ids that were closed a short while ago."""

    def __init__(self) -> None:
        self._expiries: dict[str, float] = {}
        self._order: deque[tuple[float, str]] = deque()
        """The same, the oldest first: a dict takes the longer to find its first key the more were taken before it."""

    def add(self, object_id: str, now: float) -> None:
        """Remember an id from now on."""
        self._forget(now)
        expiry = self._expiries[object_id] = now + REMEMBERED
        self._order.append((expiry, object_id))

    def holds(self, object_id: str, now: float) -> bool:
        """Tell whether an id was closed within the remembered time."""
        return self._expiries.get(object_id, 0.0) > now

    def __len__(self) -> int:
        return len(self._expiries)

    def _forget(self, now: float) -> None:
        """Drop what is over, but for ids that were closed again since."""
        order = self._order
        while order and order[0][0] <= now:
            expiry, object_id = order.popleft()
            if self._expiries.get(object_id) == expiry:
                del self._expiries[object_id]


class Creates:
    """Makes each id of an owner once, however often and by how many askers it is asked for.

    What others make of the same id is not seen.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._under_way: dict[str, bytes] = {}
        """The marks of the creates under way, by owner and id."""
        self._ends: dict[str, asyncio.Future[Any]] = {}
        """What their ends are told to, where somebody waits for that, which is rare."""
        self._made: dict[str, tuple[bytes, Any]] = {}
        self.tombstones = Tombstones()

    async def once(
        self,
        object_id: str,
        mark: bytes,
        make: Callable[[], Awaitable[Made]],
        owner: str = "",
        *,
        reuse: bool = False,
    ) -> Made:
        """Return what `make` makes, or made when it was asked before with the same options.

        `make` runs up to its first wait before this coroutine waits, so the order of calls is kept. With `reuse` the
        owner knows that the id was closed a moment ago.

        Raises:
            Conflict: The id was made with other options, or was closed a moment ago.
        """
        key = f"{owner}/{object_id}"
        made, under_way = self._made.get(key), self._under_way.get(key)
        known = made[0] if made is not None else under_way
        if known is not None and known != mark:
            raise Conflict(f"{object_id} already exists with other options", details={"id": object_id})
        if made is not None:
            result: Made = made[1]
            return result
        if under_way is not None:
            joined: Made = await asyncio.shield(self._end(key))
            return joined
        if not reuse and self.tombstones.holds(key, self._clock()):
            raise Conflict(f"{object_id} was closed a moment ago: use a new id", details={"id": object_id})
        return await self._make(key, mark, make)

    async def _make(self, key: str, mark: bytes, make: Callable[[], Awaitable[Made]]) -> Made:
        self._under_way[key] = mark
        try:
            result = await make()
        except BaseException as error:
            if (end := self._ends.pop(key, None)) is None:
                raise
            if isinstance(error, Exception):
                end.set_exception(error)
                end.exception()
            else:
                end.cancel()
            raise
        else:
            if self._ends and (end := self._ends.pop(key, None)) is not None:
                end.set_result(result)
            self._made[key] = (mark, result)
            return result
        finally:
            del self._under_way[key]

    def _end(self, key: str) -> asyncio.Future[Any]:
        """Return what the end of a create under way is told to."""
        end = self._ends.get(key)
        if end is None:
            end = self._ends[key] = asyncio.get_running_loop().create_future()
        return end

    async def settled(self, object_id: str, owner: str = "") -> None:
        """Wait until no create of that id is under way, whatever becomes of it."""
        if (key := f"{owner}/{object_id}") in self._under_way:
            await asyncio.wait([self._end(key)])

    def owners(self, object_id: str) -> list[str]:
        """Return whose creates of that id are under way."""
        return [key.partition("/")[0] for key in self._under_way if key.endswith(f"/{object_id}")]

    def is_under_way(self, object_id: str, owner: str = "") -> bool:
        """Tell whether a create of that id is under way."""
        return bool(self._under_way) and f"{owner}/{object_id}" in self._under_way

    def forget(self, object_id: str, owner: str = "", *, closed: bool = True) -> None:
        """The object is gone; unless `closed` is false its owner may not use the id for a while."""
        self._made.pop(f"{owner}/{object_id}", None)
        if closed:
            self.bury(object_id, owner)

    def bury(self, object_id: str, owner: str) -> None:
        """Remember that an owner closed an id, whether or not there was anything of that id."""
        self.tombstones.add(f"{owner}/{object_id}", self._clock())

"""Answers that are too large for one message come in pages.

A dump or a list of statistics is taken once and cut up: its pages together are what one answer would have held.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from tureen.contract.ids import Id
from tureen.contract.model import Command, Message, Reply

FIRST = "first"
PAGE_BYTES = 240 * 1024
"""A page stays under 256 KiB, its envelope included."""
_PIECE_BYTES = 16 * 1024
_AT_ONCE = 32 * 1024
"""Bytes that are cut up until others get their turn."""
_MOST_VALUES = 512
"""What holds more values is not packed to find out its size, but cut."""
_MOST_ITEMS = 128
"""Items of a list that stay together."""

_pack = msgspec.msgpack.Encoder().encode

Item = TypeVar("Item", bound=Message)


class Pageable(Command):
    """What asks for an answer that may be large.

    Attributes:
        page: `first` for the first page, afterwards what the answer before called `next`; without it the answer is
            whole, or `TooLarge`.
    """

    page: Id | None = None


class Paged(Reply):
    """An answer that may come in pages.

    Attributes:
        pages: How many pages there are; absent where the answer is whole.
        next: What to send as `page` for the next one, within 30 seconds; absent on the last.
    """

    pages: int | None = None
    next: str | None = None


def split(value: dict[str, Any], limit: int = PAGE_BYTES) -> list[dict[str, Any]]:
    """Cut a structure up into at least one part of at most about `limit` bytes in msgpack; `merge` joins them.

    Lists are cut between their items. An item that is a map with a `key`, and too large itself, comes in several parts,
    each with its small fields: mediasoup's maps are lists of `{key, values}`. What cannot be cut stays whole, however
    large.
    """
    work = splitting(value, limit)
    while True:
        try:
            next(work)
        except StopIteration as end:
            parts: list[dict[str, Any]] = end.value
            return parts


def splitting(value: dict[str, Any], limit: int = PAGE_BYTES) -> Generator[None, None, list[dict[str, Any]]]:
    """Do as `split`, but yield now and then, so that others get their turn; the generator's result is the parts.

    Nobody may change the structure meanwhile.
    """
    parts: list[dict[str, Any]] = [{}]
    used = since = 0
    for piece, size in _pieces(value, min(_PIECE_BYTES, limit)):
        if used and used + size > limit:
            parts.append({})
            used = 0
        _join(parts[-1], piece)
        used += size
        since += size
        if since > _AT_ONCE:
            since = 0
            yield
    return parts


def merge(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Join what `split` cut up: maps by their keys, lists one after the other, parts of one `{key, values}` to one."""
    whole: dict[str, Any] = {}
    for part in parts:
        _join(whole, _copy(part))
    return whole


def fitting(items: Iterable[Item], limit: int = PAGE_BYTES) -> list[Item]:
    """Return the first items that fit a page together; at least one, where there is one."""
    taken: list[Item] = []
    used = 0
    for item in items:
        used += _size(item.to_wire())
        if taken and used > limit:
            break
        taken.append(item)
    return taken


def _pieces(value: dict[str, Any], limit: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield a map's fields, and those of large ones in pieces, each with its size."""
    for key, item in value.items():
        size = _measure(item, limit)
        if size is not None:
            yield {key: item}, size
        else:
            inner = _pieces(item, limit) if isinstance(item, dict) else _batches(item, limit)
            for piece, size in inner:
                yield {key: piece}, size


def _batches(items: list[Any], limit: int) -> Iterator[tuple[list[Any], int]]:
    """Yield a list's items with their size, so many at a time, or as fit when these are halved again and again."""
    size = _measure(items, limit) if len(items) <= _MOST_ITEMS else None
    if size is not None:
        yield items, size
    elif len(items) > _MOST_ITEMS:
        for start in range(0, len(items), _MOST_ITEMS):
            yield from _batches(items[start : start + _MOST_ITEMS], limit)
    elif len(items) > 1:
        middle = len(items) // 2
        yield from _batches(items[:middle], limit)
        yield from _batches(items[middle:], limit)
    elif _can_be_cut(items[0]):
        for part, size in _item_parts(items[0], limit):
            yield [part], size
    else:
        yield items, _size(items)


def _measure(item: Any, limit: int) -> int | None:
    """Return the size of what need not be cut: it is no map or list, or a small one."""
    if not isinstance(item, dict | list):
        return _size(item)
    if _count(item, _MOST_VALUES) >= _MOST_VALUES:
        return None
    size = _size(item)
    return size if size <= limit else None


def _count(item: dict[str, Any] | list[Any], most: int) -> int:
    """Return how many values there are in a map or list on all levels; counting ends at `most`."""
    count = len(item)
    for value in item.values() if isinstance(item, dict) else item:
        if count >= most:
            break
        if isinstance(value, dict | list):
            count += _count(value, most - count)
    return count


def _can_be_cut(item: Any) -> bool:
    """Tell whether the parts of an item could be told to belong together, and there is something in it to cut."""
    return isinstance(item, dict) and "key" in item and any(isinstance(field, dict | list) for field in item.values())


def _item_parts(item: dict[str, Any], limit: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield an item of a list in parts that all have its small fields, with their sizes."""
    small = {key: field for key, field in item.items() if not isinstance(field, dict | list)}
    room = _size(small)
    for piece, size in _pieces({key: field for key, field in item.items() if key not in small}, limit):
        yield {**small, **piece}, room + size


def _join(whole: dict[str, Any], part: dict[str, Any]) -> None:
    """Add a part to what came before it, which takes over what is in the part."""
    for key, item in part.items():
        known = whole.get(key)
        if isinstance(known, dict) and isinstance(item, dict):
            _join(known, item)
        elif isinstance(known, list) and isinstance(item, list):
            _append(known, item)
        else:
            whole[key] = item


def _append(known: list[Any], items: list[Any]) -> None:
    """Add items to a list; the first may be the rest of its last one."""
    if known and items and _continues(known[-1], items[0]):
        _join(known[-1], items[0])
        items = items[1:]
    known.extend(items)


def _continues(last: Any, first: Any) -> bool:
    """Tell whether two items are parts of one `{key, values}`."""
    return isinstance(last, dict) and _can_be_cut(first) and last.get("key") == first["key"]


def _copy(item: Any) -> Any:
    """Return a copy with maps and lists of its own."""
    if isinstance(item, dict):
        return {key: _copy(field) for key, field in item.items()}
    return [_copy(each) for each in item] if isinstance(item, list) else item


def _size(value: Any) -> int:
    return len(_pack(value))

"""What rooms, logical workers and logical WebRtcServers hold, put together from what their parts say. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

from tureen.mediasoup.types import RouterDump

_TO_MANY = ("mapProducerIdConsumerIds", "mapProducerIdObserverIds", "mapDataProducerIdDataConsumerIds")
_TO_ONE = ("mapConsumerIdProducerId", "mapDataConsumerIdDataProducerId")

Part = tuple[Mapping[str, str], Mapping[str, Any]]
"""Where a router is, and the answer to its `router.dump`."""


def merged_router_dump(room_id: str, parts: Iterable[Part], observers: Mapping[str, Collection[str]]) -> RouterDump:
    """Return the dump of a room.

    Args:
        room_id: The room.
        parts: The dumps of its routers.
        observers: Its RTP observers, and of which real ones each is made up.
    """
    parts = list(parts)
    dumps = [reply["dump"] for _, reply in parts]
    merged: dict[str, Any] = {"id": room_id}
    merged["transportIds"] = [id_ for dump in dumps for id_ in dump["transportIds"]]
    logical = {real: id_ for id_, reals in observers.items() for real in reals}
    others = [id_ for dump in dumps for id_ in dump["rtpObserverIds"] if id_ not in logical]
    merged["rtpObserverIds"] = [*observers, *others]
    for key in _TO_MANY:
        merged[key] = _together(dump[key] for dump in dumps)
    for entry in merged["mapProducerIdObserverIds"]:
        entry["values"] = list(dict.fromkeys(logical.get(id_, id_) for id_ in entry["values"]))
    for key in _TO_ONE:
        merged[key] = [entry for dump in dumps for entry in dump[key]]
    merged["routers"] = [dict(place) for place, _ in parts]
    return cast("RouterDump", merged)


def summed_usage(parts: Sequence[tuple[Mapping[str, str], Mapping[str, int]]]) -> dict[str, Any]:
    """Return what workers have used, as a sum, with a list of the ``workers``."""
    keys = list(dict.fromkeys(key for _, usage in parts for key in usage))
    total: dict[str, Any] = {key: sum(usage[key] for _, usage in parts) for key in keys}
    total["workers"] = [{**place, "usage": dict(usage)} for place, usage in parts]
    return total


def _together(lists: Iterable[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return one entry a key, with all the values that it has in any list."""
    values: dict[str, dict[str, None]] = {}
    for entries in lists:
        for entry in entries:
            values.setdefault(entry["key"], {}).update(dict.fromkeys(entry["values"]))
    return [{"key": key, "values": list(found)} for key, found in values.items()]

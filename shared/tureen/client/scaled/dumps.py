"""What rooms, logical workers and logical WebRtcServers hold, put together from what their parts say. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from typing import Any, cast

from tureen.client.scaled.types import LogicalWorkerResourceUsage, RoomDump
from tureen.mediasoup.types import WorkerResourceUsage

_TO_MANY = ("mapProducerIdConsumerIds", "mapProducerIdObserverIds", "mapDataProducerIdDataConsumerIds")
_TO_ONE = ("mapConsumerIdProducerId", "mapDataConsumerIdDataProducerId")

Part = tuple[Mapping[str, str], Mapping[str, Any]]
"""Where a router is, and the answer to its `router.dump`."""


def merged_router_dump(room_id: str, parts: Iterable[Part], observers: Mapping[str, Collection[str]]) -> RoomDump:
    """Return the dump of a room.

    What agents made to bring producers from one router to another is told with the ``routers`` alone: a producer has
    its consumers of all routers, as if there were one.

    Args:
        room_id: The room.
        parts: The dumps of its routers.
        observers: Its RTP observers, and of which real ones each is made up.
    """
    parts = list(parts)
    dumps = [_without(reply["dump"], _agents(reply)) for _, reply in parts]
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
    merged["routers"] = [{**place, **_piped(reply["dump"], _agents(reply))} for place, reply in parts]
    return cast("RoomDump", merged)


def _without(dump: Mapping[str, Any], agents: Set[str]) -> dict[str, Any]:
    """Return what is on a router beside what its agent made; a pulled producer is listed where it lives."""
    consumers = {key: [item for item in dump[key] if item["key"] not in agents] for key in _TO_ONE}
    fed = {
        key: [
            {"key": item["key"], "values": [value for value in item["values"] if value not in agents]}
            for item in dump[key]
        ]
        for key in _TO_MANY
    }
    transports = [item for item in dump["transportIds"] if item not in agents]
    return {"transportIds": transports, "rtpObserverIds": dump["rtpObserverIds"], **fed, **consumers}


def _agents(reply: Mapping[str, Any]) -> Set[str]:
    """Return what an agent made by itself; one of an older version does not tell."""
    return frozenset(reply.get("madeByAgent", ()))


def _piped(dump: Mapping[str, Any], agents: Set[str]) -> dict[str, list[str]]:
    """Return what a router has pulled from others, and through which pipes it does that and serves them."""
    return {
        "pipeTransportIds": [item for item in dump["transportIds"] if item in agents],
        "pulledProducerIds": [item["key"] for item in dump["mapProducerIdConsumerIds"] if item["key"] in agents],
        "pulledDataProducerIds": [
            item["key"] for item in dump["mapDataProducerIdDataConsumerIds"] if item["key"] in agents
        ],
    }


def summed_usage(parts: Sequence[tuple[Mapping[str, str], Mapping[str, int]]]) -> LogicalWorkerResourceUsage:
    """Return what workers have used, as a sum, with a list of the ``workers``."""
    total: dict[str, Any] = {
        key: sum(usage.get(key, 0) for _, usage in parts) for key in WorkerResourceUsage.__annotations__
    }
    total["workers"] = [{**place, "usage": dict(usage)} for place, usage in parts]
    return cast("LogicalWorkerResourceUsage", total)


def _together(lists: Iterable[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return one entry a key, with all the values that it has in any list."""
    values: dict[str, dict[str, None]] = {}
    for entries in lists:
        for entry in entries:
            values.setdefault(entry["key"], {}).update(dict.fromkeys(entry["values"]))
    return [{"key": key, "values": list(found)} for key, found in values.items()]

"""Dumps of rooms, put together from those of their routers."""

from __future__ import annotations

from typing import Any

from tureen.client.scaled.dumps import merged_router_dump, summed_usage
from tureen.mediasoup.types import WorkerResourceUsage


def dump(**lists: Any) -> dict[str, Any]:
    """Return the dump of a router that holds no more than this."""
    keys = (
        "transportIds",
        "rtpObserverIds",
        "mapProducerIdConsumerIds",
        "mapConsumerIdProducerId",
        "mapProducerIdObserverIds",
        "mapDataProducerIdDataConsumerIds",
        "mapDataConsumerIdDataProducerId",
    )
    return {"id": "router", **{key: lists.get(key, []) for key in keys}}


def test_a_producer_that_was_pulled() -> None:
    """A producer has its consumers of all routers; pipes, and what came through them, are told with the routers."""
    origin = dump(
        transportIds=["sending", "pipe-out"],
        mapProducerIdConsumerIds=[{"key": "producer", "values": ["here", "piped"]}],
        mapConsumerIdProducerId=[{"key": "here", "value": "producer"}, {"key": "piped", "value": "producer"}],
    )
    other = dump(
        transportIds=["receiving", "pipe-in"],
        mapProducerIdConsumerIds=[{"key": "producer", "values": ["there"]}],
        mapConsumerIdProducerId=[{"key": "there", "value": "producer"}],
        mapDataProducerIdDataConsumerIds=[{"key": "chat", "values": []}],
    )
    merged = merged_router_dump(
        "room",
        [
            ({"routerId": "one"}, {"dump": origin, "madeByAgent": ["pipe-out", "piped"]}),
            ({"routerId": "two"}, {"dump": other, "madeByAgent": ["pipe-in", "producer", "chat"]}),
        ],
        {},
    )
    assert merged == {
        "id": "room",
        "transportIds": ["sending", "receiving"],
        "rtpObserverIds": [],
        "mapProducerIdConsumerIds": [{"key": "producer", "values": ["here", "there"]}],
        "mapConsumerIdProducerId": [{"key": "here", "value": "producer"}, {"key": "there", "value": "producer"}],
        "mapProducerIdObserverIds": [],
        "mapDataProducerIdDataConsumerIds": [{"key": "chat", "values": []}],
        "mapDataConsumerIdDataProducerId": [],
        "routers": [
            {
                "routerId": "one",
                "pipeTransportIds": ["pipe-out"],
                "pulledProducerIds": [],
                "pulledDataProducerIds": [],
            },
            {
                "routerId": "two",
                "pipeTransportIds": ["pipe-in"],
                "pulledProducerIds": ["producer"],
                "pulledDataProducerIds": ["chat"],
            },
        ],
    }


def test_usage() -> None:
    """What workers used is summed, and told of each."""
    parts = [
        ({"workerId": "one"}, {"ru_utime": 1, "ru_maxrss": 10}),
        ({"workerId": "two"}, {"ru_utime": 2, "ru_maxrss": 20}),
    ]
    nothing = dict.fromkeys(WorkerResourceUsage.__annotations__, 0)
    assert summed_usage(parts) == {
        **nothing,
        "ru_utime": 3,
        "ru_maxrss": 30,
        "workers": [
            {"workerId": "one", "usage": {"ru_utime": 1, "ru_maxrss": 10}},
            {"workerId": "two", "usage": {"ru_utime": 2, "ru_maxrss": 20}},
        ],
    }
    assert summed_usage([]) == {**nothing, "workers": []}

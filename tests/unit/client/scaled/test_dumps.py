"""Dumps of rooms, put together from those of their routers."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

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


WATCHING = st.dictionaries(
    st.sampled_from([f"producer-{number}" for number in range(4)]),
    st.tuples(st.integers(0, 2), st.lists(st.integers(0, 2), max_size=4)),
)
"""Producers, each with the router where it lives and those of its consumers."""


@given(WATCHING)
def test_any_room_reads_as_one_router(room: dict[str, tuple[int, list[int]]]) -> None:
    """Wherever producers and consumers are, each producer has its consumers, and nothing of the agents' shows."""
    parts = []
    for router in range(3):
        fed, consumers, agents = [], [], []
        for producer, (home, watchers) in room.items():
            own = [f"{producer}-at-{index}" for index, place in enumerate(watchers) if place == router]
            piped = [f"{producer}-to-{place}" for place in set(watchers) - {home}] if router == home else []
            if router == home or own:
                fed.append({"key": producer, "values": [*own, *piped]})
            consumers += [{"key": consumer, "value": producer} for consumer in (*own, *piped)]
            agents += [*piped, *([producer] if own and router != home else [])]
        told = dump(mapProducerIdConsumerIds=fed, mapConsumerIdProducerId=consumers)
        parts.append(({"routerId": str(router)}, {"dump": told, "madeByAgent": agents}))
    merged = merged_router_dump("room", parts, {})
    assert {item["key"]: sorted(item["values"]) for item in merged["mapProducerIdConsumerIds"]} == {
        producer: sorted(f"{producer}-at-{index}" for index in range(len(watchers)))
        for producer, (_, watchers) in room.items()
    }
    assert len(merged["mapConsumerIdProducerId"]) == sum(len(watchers) for _, watchers in room.values())
    for router, part in enumerate(merged["routers"]):
        pulled = {name for name, (home, watchers) in room.items() if router in watchers and router != home}
        assert set(part["pulledProducerIds"]) == pulled


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

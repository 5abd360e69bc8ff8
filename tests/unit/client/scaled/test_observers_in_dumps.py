from __future__ import annotations

from typing import Any

from tureen.client.scaled.dumps import merged_router_dump

PLACE = {"routerId": "r", "nodeId": "n", "workerId": "w"}


def part(observers: list[str], watched: dict[str, list[str]]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return what one router of a room answers."""
    watching = [{"key": producer, "values": ids} for producer, ids in watched.items()]
    empty = ("mapProducerIdConsumerIds", "mapConsumerIdProducerId", "mapDataProducerIdDataConsumerIds")
    dump = {
        "transportIds": [],
        "rtpObserverIds": observers,
        "mapProducerIdObserverIds": watching,
        "mapDataConsumerIdDataProducerId": [],
        **{key: [] for key in empty},
    }
    return PLACE, {"dump": dump}


def test_real_observers_are_told_as_the_ones_that_they_make_up() -> None:
    """A room has its own RTP observers, also one without a real one, and those that others made; each once."""
    parts = [part(["real-1", "others"], {"p": ["real-1", "others"]}), part(["real-2"], {"p": ["real-2"], "q": []})]
    dump = merged_router_dump("room", parts, {"mine": ["real-1", "real-2"], "unused": []})
    assert dump["rtpObserverIds"] == ["mine", "unused", "others"]
    assert dump["mapProducerIdObserverIds"] == [
        {"key": "p", "values": ["mine", "others"]},
        {"key": "q", "values": []},
    ]

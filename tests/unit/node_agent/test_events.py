from __future__ import annotations

from typing import Any

import pytest

from tureen.mediasoup import Producer
from tureen.node_agent.events import data_of


@pytest.mark.parametrize(
    ("arguments", "data"),
    [
        ((), None),
        ((None,), None),
        (("connected",), "connected"),
        ((b"\x80",), b"\x80"),
        (({"spatialLayer": 1},), {"spatialLayer": 1}),
        (([{"score": 10}],), [{"score": 10}]),
        ((b"hello", 51), {"message": b"hello", "ppid": 51}),
        ((RuntimeError("gone"),), {"message": "gone"}),
    ],
)
def test_what_travels(arguments: tuple[Any, ...], data: Any) -> None:
    """Structures and bytes travel as they are, a message with its identifier, an error as its text."""
    assert data_of(arguments) == data


def test_producers_travel_as_their_ids() -> None:
    """A producer, alone or in what observers tell, is its id."""
    producer = Producer.__new__(Producer)
    producer._id = "p"
    assert data_of((producer,)) == {"producerId": "p"}
    assert data_of(({"producer": producer},)) == {"producerId": "p"}
    assert data_of(([{"producer": producer, "volume": -10}],)) == [{"producerId": "p", "volume": -10}]

"""Long vectors read in pieces."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tureen.mediasoup.codec import Codec, Packed
from tureen.mediasoup.codec.later import PIECE, later
from tureen.mediasoup.codec.messages import Response
from tureen.mediasoup.errors import ChannelError

LENGTHS = st.sampled_from([0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 1])
few = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ids(name: str, count: int) -> list[str]:
    """Return ids, one of which is no ASCII."""
    return [f"{name}-{number}" for number in range(count - 1)] + ["é" * count][: min(count, 1)]


def message(codec: Codec, **lists: list[Any]) -> bytes:
    """Return a worker's answer with a router's dump in it."""
    names = [
        *("transportIds", "rtpObserverIds", "mapProducerIdConsumerIds", "mapConsumerIdProducerId"),
        *("mapProducerIdObserverIds", "mapDataProducerIdDataConsumerIds", "mapDataConsumerIdDataProducerId"),
    ]
    dump: dict[str, Any] = {"id": "router", **{name: lists.get(name, []) for name in names}}
    answer = {"id": 1, "accepted": True, "bodyType": "Router_DumpResponse", "body": dump}
    return bytes(codec.table("FBS.Message.Message").encode({"dataType": "Response", "data": answer}))


def body_of(codec: Codec, buffer: bytes) -> Packed:
    """Return an answer's body, not decoded yet."""
    answer = codec.decode(buffer)
    assert isinstance(answer, Response)
    assert answer.body is not None
    return answer.body


class Ran(NamedTuple):
    """What a generator came to, and how often it has yielded."""

    result: Any
    yields: int


def run(work: Generator[None, None, Any]) -> Ran:
    """Run a generator to its end."""
    yields = 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            return Ran(end.value, yields)
        # What others decode meanwhile is decoded at once.
        assert later() is None
        yields += 1


@few
@given(transports=LENGTHS, consumers=LENGTHS, producers=st.lists(LENGTHS, max_size=3))
def test_the_same_comes_out(codec: Codec, transports: int, consumers: int, producers: list[int]) -> None:
    """However long a dump's lists are, and those in their elements, in pieces it is what it is at once."""
    buffer = message(
        codec,
        transportIds=ids("transport", transports),
        mapConsumerIdProducerId=[{"key": key, "value": "producer"} for key in ids("consumer", consumers)],
        mapProducerIdConsumerIds=[{"key": str(n), "values": ids(f"{n}", n)} for n in producers],
    )
    whole = body_of(codec, buffer).unpack()
    ran = run(body_of(codec, buffer).unpacking())
    assert ran.result == whole
    assert len(whole["mapConsumerIdProducerId"]) == consumers
    pieces = [-(-count // PIECE) for count in (transports, consumers, *producers) if count > PIECE]
    assert ran.yields == (sum(pieces) + 1 if pieces else 0)


def test_long_vectors_in_the_elements_of_one(codec: Codec) -> None:
    """What is read later may leave something for later itself."""
    buffer = message(
        codec,
        mapProducerIdConsumerIds=[
            {"key": str(n), "values": ids(f"{n}", PIECE + 1 if n == PIECE else 1)} for n in range(PIECE + 2)
        ],
    )
    ran = run(body_of(codec, buffer).unpacking())
    assert ran.result == body_of(codec, buffer).unpack()
    assert ran.yields == 2 + 2 + 1


def test_what_is_malformed_late(codec: Codec) -> None:
    """An error in a piece is told as any other, and nothing goes on being read later."""
    buffer = message(codec, transportIds=ids("transport", 2 * PIECE))
    broken = buffer.replace(b"transport-1000\x00", b"transport-1000x")
    assert broken != buffer
    with pytest.raises(ChannelError, match="a string has no end"):
        run(body_of(codec, broken).unpacking())
    assert later() is None

from __future__ import annotations

from typing import Any

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from tureen.contract.model import Reply
from tureen.contract.paging import fitting, merge, split, splitting

LIMIT = 400


def size(value: Any) -> int:
    """Return what a value takes on the wire."""
    return len(msgpack.packb(value))


ids = st.text("abcdef0123456789", min_size=1, max_size=36)
entries = st.one_of(
    ids,
    st.integers(0, 2**32),
    st.fixed_dictionaries({"key": ids, "value": ids}),
    st.fixed_dictionaries({"type": ids, "byteCount": st.integers(0, 2**40)}),
    st.tuples(st.integers(0, 9), ids).map(list),
)
structures = st.recursive(
    st.lists(entries, max_size=60) | ids | st.booleans() | st.none(),
    lambda inner: st.dictionaries(ids, inner, max_size=4),
    max_leaves=8,
)
maps = st.lists(st.tuples(ids, st.lists(ids, max_size=60)), max_size=12, unique_by=lambda entry: entry[0]).map(
    lambda found: [{"key": key, "values": values} for key, values in found]
)


@given(st.dictionaries(ids, structures | maps, max_size=6))
def test_pages_together_are_the_whole(value: dict[str, Any]) -> None:
    """Whatever is cut up is the same when it is joined, and no page is much larger than it may be."""
    parts = split(value, LIMIT)
    assert merge(parts) == value
    assert all(size(part) <= 2 * LIMIT for part in parts)
    assert len(parts) <= 1 + 4 * size(value) / LIMIT


def test_entries_of_one_key_stay_two() -> None:
    """Only what was cut is joined: two entries that happen to have the same key are two."""
    value = {"map": [{"key": "a", "value": str(number) * 40} for number in range(10)]}
    parts = split(value, LIMIT)
    assert len(parts) > 1
    assert merge(parts) == value


def test_what_fits_is_one_page() -> None:
    """A small structure is not cut, and an empty one has one page."""
    value = {"id": "x", "ids": ["a", "b"], "map": [{"key": "a", "values": ["b"]}], "empty": [], "none": None}
    assert split(value) == [value]
    assert split({}) == [{}]


def test_others_get_their_turn() -> None:
    """A large structure is cut up with yields in between, each after little work; a small one without any."""
    consumers = [f"00000000-0000-4000-8000-{number:012}" for number in range(20_000)]
    value = {
        "dump": {
            "mapProducerIdConsumerIds": [{"key": "p", "values": consumers}],
            "mapConsumerIdProducerId": [{"key": consumer, "value": "p"} for consumer in consumers],
        }
    }
    work = splitting(value)
    yields = 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            parts = end.value
            break
        yields += 1
    assert merge(parts) == value
    assert all(size(part) < 256 * 1024 for part in parts)
    assert yields >= size(value) / (100 * 1024)
    assert list(splitting({"a": consumers[:100]})) == []


def test_a_long_entry_is_continued() -> None:
    """The consumers of one producer span pages, each of which names the producer."""
    value = {"mapProducerIdConsumerIds": [{"key": "p", "values": [f"consumer-{n}" for n in range(100)]}]}
    parts = split(value, LIMIT)
    assert len(parts) >= 3
    assert {part["mapProducerIdConsumerIds"][0]["key"] for part in parts} == {"p"}
    assert merge(parts) == value


def test_an_entry_that_cannot_be_continued_stays_whole() -> None:
    """A large item that no key names is neither cut into several nor lost: codecs, and streams with a long rid."""
    codec = {"mimeType": "audio/opus", "parameters": {"x": "y" * LIMIT}, "rtcpFeedback": [{"type": "nack"}] * 40}
    value = {"codecs": [codec, {"mimeType": "video/VP8"}], "stats": [{"rid": "x" * LIMIT}, {"rid": "l"}]}
    value["map"] = [{"key": "x" * LIMIT, "value": "y" * LIMIT}, {"key": "a", "value": "b"}]
    parts = split(value, LIMIT)
    assert len(parts) > 1
    assert merge(parts) == value


def test_cutting_changes_nothing() -> None:
    """Neither what is cut nor its parts change when parts are joined."""
    value = {"ids": [f"id-{n}" for n in range(200)], "map": [{"key": "a", "values": ["b"] * 200}]}
    parts = split(value, LIMIT)
    before = msgpack.packb([value, parts])
    merge(parts)
    assert msgpack.packb([value, parts]) == before


class Item(Reply):
    """Something in a list."""

    text: str


def test_a_list_ends_where_the_page_does() -> None:
    """As many items as fit, and one that is too large by itself all the same."""
    items = [Item(text="x" * 100) for _ in range(10)]
    assert len(fitting(items, LIMIT)) == 3
    assert fitting(items[:2], LIMIT) == items[:2]
    assert len(fitting([Item(text="x" * 1000), *items], LIMIT)) == 1
    assert fitting([], LIMIT) == []

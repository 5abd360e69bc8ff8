from __future__ import annotations

import msgpack
from hypothesis import given, settings
from hypothesis import strategies as st

from tureen.contract.cluster import ProducerEntry, RouterEntry
from tureen.node_agent.inventory import split


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3000), max_size=4))
def test_pages_hold_everything_and_fit(producers: list[int]) -> None:
    """However many producers the routers have, each is in one page, and no page is larger than 256 KiB."""
    routers = [
        RouterEntry(
            router_id=f"r{number}",
            worker_id="w",
            tenant="default",
            producers=[ProducerEntry(producer_id=f"{number:08}-{each:027}", kind="video") for each in range(count)],
        )
        for number, count in enumerate(producers)
    ]
    pages = split(routers)
    assert all(len(msgpack.packb([part.to_wire() for part in page])) < 256 * 1024 for page in pages)
    for router in routers:
        parts = [part for page in pages for part in page if part.router_id == router.router_id]
        assert [entry for part in parts for entry in part.producers] == router.producers

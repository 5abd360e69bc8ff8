from __future__ import annotations

from typing import Any, cast

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tureen.contract.cluster import Inventory as Page
from tureen.contract.cluster import ProducerEntry, PulledFrom
from tureen.contract.cluster import RouterEntry as Entry
from tureen.contract.rooms import RoomRouter
from tureen.mediasoup import Producer
from tureen.node_agent.inventory import Inventory, upstream_of
from tureen.node_agent.objects import HeldProducer, Objects, RouterEntry, WorkerEntry

ELSEWHERE = RoomRouter(router_id="origin", node_id="other", worker_id="another")


class Node:
    """The objects of a node, without a worker behind them."""

    def __init__(self) -> None:
        self.objects = Objects()
        self.worker = WorkerEntry("w", 1, cast("Any", None))
        self.version = 0

    def router(self, name: str, producers: int = 0) -> RouterEntry:
        """Make a router with so many producers, every other one of them pulled."""
        router = RouterEntry(name, "default", cast("Any", None), self.worker, "node")
        self.objects.routers.add(router)
        for number in range(producers):
            self.hold(router, f"{name}-{number:030}", pulled=number % 2 == 1)
        return router

    def hold(self, router: RouterEntry, producer_id: str, *, pulled: bool = False) -> None:
        """Let a router hold a producer, as the agent's state does."""
        producer = Producer.__new__(Producer)
        producer._kind = "video"
        path = (ELSEWHERE, router.place) if pulled else (router.place,)
        router.producers[producer_id] = HeldProducer(producer, path, "pull" if pulled else None)
        self.changed(router)

    def drop(self, router: RouterEntry) -> None:
        """Let a router lose its first producer."""
        router.producers.pop(next(iter(router.producers)), None)
        self.changed(router)

    def changed(self, router: RouterEntry) -> None:
        """Count a change."""
        router.changes += 1
        self.version += 1

    def finish(self, made: Inventory) -> list[bytes]:
        """Return an inventory's pages as of now."""
        return made.finish("node", "run", self.version)

    def check(self, pages: list[bytes]) -> None:
        """Check that pages list what there is at this moment, each producer once."""
        read = [Page.model_validate(msgpack.unpackb(page)) for page in pages]
        assert [(page.page, page.pages, page.version) for page in read] == [
            (number, len(read), self.version) for number in range(len(read))
        ]
        fields = {field.alias for field in Entry.model_fields.values()} - {"record"}
        listed: dict[str, list[ProducerEntry]] = {}
        for page, body in zip(read, pages, strict=True):
            assert all(entry.keys() == fields for entry in msgpack.unpackb(body)["routers"])
            for entry in page.routers:
                listed.setdefault(entry.router_id, []).extend(entry.producers)
        assert listed == {
            router.id: [
                ProducerEntry(producer_id=producer_id, kind=held.kind, upstream=upstream_of(held))
                for producer_id, held in router.producers.items()
            ]
            for router in self.objects.routers.all()
        }


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=4))
def test_pages_hold_everything_and_fit(producers: list[int]) -> None:
    """However many producers the routers have, each is in one page, and no page is larger than 256 KiB."""
    node = Node()
    for number, count in enumerate(producers):
        node.router(f"r{number}", count)
    made = Inventory(node.objects)
    turns = sum(1 for _ in made.prepare())
    assert turns >= sum(producers) // 600
    pages = node.finish(made)
    assert all(len(page) < 256 * 1024 for page in pages)
    node.check(pages)


CHANGES = st.tuples(st.sampled_from(["hold", "drop", "open", "close", "record"]), st.integers(0, 9))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 900), min_size=1, max_size=4), st.lists(st.lists(CHANGES, max_size=3), max_size=12))
def test_it_is_of_its_last_moment(producers: list[int], between: list[list[tuple[str, int]]]) -> None:
    """Whatever changes while it is made in turns, it lists what there is when it is finished."""
    node = Node()
    for number, count in enumerate(producers):
        node.router(f"r{number}", count)
    made = Inventory(node.objects)
    turns = iter(between)
    for number, _ in enumerate(made.prepare()):
        for what, which in next(turns, []):
            routers = list(node.objects.routers.all())
            if what == "open" or not routers:
                node.router(f"new-{number}-{which}", which)
            elif what == "hold":
                node.hold(routers[which % len(routers)], f"held-{number}-{which}", pulled=which % 2 == 1)
            elif what == "drop":
                node.drop(routers[which % len(routers)])
            else:
                node.objects.routers.discard(routers[which % len(routers)])
    node.check(node.finish(made))


def test_a_room_has_its_newest_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that came meanwhile is listed, though the router's producers are the same."""
    node = Node()
    node.router("r", 3)
    records = iter([_Record("old"), _Record("new")])
    record = next(records)
    monkeypatch.setattr(Objects, "record_of", lambda *_: record)
    made = Inventory(node.objects)
    assert list(made.prepare()) == []
    record = next(records)
    (page,) = node.finish(made)
    assert msgpack.unpackb(page)["routers"][0]["record"] == {"roomId": "new"}


def test_what_is_pulled_names_its_source() -> None:
    """A producer that lives on a router names none, one that was pulled the router before on its way."""
    node = Node()
    router = node.router("r", 2)
    here, pulled = router.producers.values()
    assert upstream_of(here) is None
    assert upstream_of(pulled) == PulledFrom(router_id="origin", node_id="other")


class _Record:
    """Stands for a room's record."""

    def __init__(self, room_id: str) -> None:
        self._room_id = room_id

    def to_wire(self) -> dict[str, str]:
        return {"roomId": self._room_id}

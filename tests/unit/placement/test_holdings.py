"""What agents hold, from inventories and events that may be lost or late."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.placement.fixed import record

from tureen.contract.cluster import (
    Inventory,
    PipeEvent,
    ProducerEntry,
    ProducerEvent,
    PulledFrom,
    RouterEntry,
    RouterEvent,
    RouterLoad,
    WorkerEvent,
)
from tureen.contract.subjects import ABSENT
from tureen.placement.picture import Holdings

RUN: dict[str, Any] = {"node_id": "a", "start_id": "run"}


def _entry(router_id: str, *producers: str, worker_id: str = "a-1", **fields: Any) -> RouterEntry:
    entries = [ProducerEntry(producer_id=producer_id, kind="audio") for producer_id in producers]
    return RouterEntry(router_id=router_id, worker_id=worker_id, tenant="default", producers=entries, **fields)


def _of_room(router_id: str, *producers: str) -> RouterEntry:
    return _entry(router_id, *producers, record=record("a-1"))


def _page(version: int, *entries: RouterEntry, page: int = 0, pages: int = 1, start_id: str = "run") -> Inventory:
    return Inventory(node_id="a", start_id=start_id, version=version, page=page, pages=pages, routers=list(entries))


def _producer(version: int, producer_id: str, router_id: str = "r", source: str | None = None) -> ProducerEvent:
    upstream = PulledFrom(router_id=source, node_id="b") if source is not None else None
    return ProducerEvent(
        **RUN,
        inventory_version=version,
        room_id="room",
        router_id=router_id,
        producer_id=producer_id,
        upstream=upstream,
    )


@pytest.fixture
def holdings() -> Holdings:
    """Give what is known after an inventory of version 4: one router with one producer of its own."""
    held = Holdings()
    assert held.take_page(_page(4, _entry("r", "p", record=record("a-1"), transports=2))) is not None
    return held


def test_an_inventory_replaces_what_was_known(holdings: Holdings) -> None:
    """What a newer inventory does not list is gone."""
    holdings.take_page(_page(5, _of_room("s", "q")))
    assert holdings.router("r") is None
    assert holdings.holders("p") == {}
    assert holdings.holders("q") == {"s": None}
    assert [router.id for router in holdings.routers_of("a")] == ["s"]


def test_an_older_inventory_is_ignored(holdings: Holdings) -> None:
    """An inventory that was overtaken by events does not bring back what is gone."""
    assert holdings.take_event("producerClosed", _producer(5, "p"))
    assert holdings.take_page(_page(4, _entry("r", "p"))) is None
    assert holdings.holders("p") == {}


def test_pages_belong_together(holdings: Holdings) -> None:
    """An inventory counts once all its pages are there, in whatever order; a router may span several."""
    assert holdings.take_page(_page(6, _of_room("r", "q2"), page=1, pages=2)) is None
    assert holdings.holders("p") == {"r": None}
    assert holdings.take_page(_page(6, _of_room("r", "q1"), page=0, pages=2)) is not None
    router = holdings.router("r")
    assert router is not None
    assert (set(router.producers), router.origins) == ({"q1", "q2"}, 2)


def test_pages_of_an_interrupted_inventory_are_dropped(holdings: Holdings) -> None:
    """Pages of two versions are never mixed."""
    holdings.take_page(_page(6, _of_room("x"), page=0, pages=2))
    assert holdings.take_page(_page(7, _of_room("y"), page=1, pages=2)) is None
    assert holdings.take_page(_page(7, _of_room("z"), page=0, pages=2)) is not None
    assert {router.id for router in holdings.routers()} == {"y", "z"}


def test_events_in_order(holdings: Holdings) -> None:
    """Events change what is known, one version after the other."""
    assert holdings.take_event("producerOpened", _producer(5, "q", source="elsewhere"))
    assert holdings.holders("q") == {"r": "elsewhere"}
    assert holdings.take_event("producerClosed", _producer(6, "p"))
    assert holdings.holders("p") == {}
    assert holdings.is_complete("a", "run", 6)
    assert not holdings.is_complete("a", "run", 7)


def test_a_gap_is_noticed(holdings: Holdings) -> None:
    """An event after one that was lost is not taken: the inventory has to be asked for."""
    assert not holdings.take_event("producerOpened", _producer(6, "q"))
    assert holdings.holders("q") == {}
    assert not holdings.is_complete("a", "run", 6)


def test_repeated_events_are_harmless(holdings: Holdings) -> None:
    """An event that an inventory included already changes nothing."""
    assert holdings.take_event("producerOpened", _producer(3, "old"))
    assert holdings.holders("old") == {}


def test_events_of_another_run_are_not_taken(holdings: Holdings) -> None:
    """What an unknown run says cannot be judged without its inventory."""
    event = RouterEvent(node_id="a", start_id="another", inventory_version=5, room_id="room", router_id="r")
    assert not holdings.take_event("routerClosed", event)
    assert holdings.router("r") is not None


def test_a_new_run_forgets_the_old(holdings: Holdings) -> None:
    """An inventory of a new run leaves nothing of the old one."""
    holdings.take_page(_page(0, start_id="another"))
    assert list(holdings.routers()) == []
    assert holdings.is_complete("a", "another", 0)


def test_routers_come_and_go(holdings: Holdings) -> None:
    """Events of routers and workers enter and remove routers with their producers."""
    opened = RouterEvent(**RUN, inventory_version=5, room_id="room", router_id="s", worker_id="a-2")
    assert holdings.take_event("routerOpened", opened)
    router = holdings.router("s")
    assert router is not None
    assert router.worker_id == "a-2"
    assert holdings.take_event("workerDied", WorkerEvent(**RUN, inventory_version=6, worker_id="a-1", router_ids=["r"]))
    assert holdings.router("r") is None
    assert holdings.holders("p") == {}
    assert holdings.take_event("routerClosed", RouterEvent(**RUN, inventory_version=7, room_id="room", router_id="s"))
    assert list(holdings.routers()) == []


def test_events_without_a_version_change_no_version(holdings: Holdings) -> None:
    """Pipes are no part of the inventory's version."""
    event = PipeEvent(**RUN, room_id="room", from_router_id="r", to_router_id="s")
    assert holdings.take_event("pipeOpened", event)
    assert holdings.is_complete("a", "run", 4)


def test_counts_tell_what_is_new(holdings: Holdings) -> None:
    """Counts are taken from the router's own node, and what they have more than before is told."""
    holdings.take_loads("a", [RouterLoad(router_id="r", transports=2)])
    ((router, more),) = holdings.take_loads("a", [RouterLoad(router_id="r", transports=5, consumers=7)])
    assert (router.id, more, router.transports, router.consumers) == ("r", 3, 5, 7)
    assert holdings.take_loads("b", [RouterLoad(router_id="r", transports=50)]) == []
    assert holdings.take_loads("a", [RouterLoad(router_id="r", transports=1), RouterLoad(router_id="x")]) == []
    assert router.transports == 1


def test_what_agents_answer_is_learned(holdings: Holdings) -> None:
    """What an agent says when asked corrects what was known."""
    holdings.learn_producer("r", "q", "elsewhere")
    holdings.learn_producer("unknown", "q", None)
    assert holdings.holders("q") == {"r": "elsewhere"}
    holdings.forget_producer("r", "q")
    holdings.forget_producer("unknown", "q")
    assert holdings.holders("q") == {}
    holdings.learn_router("s", "a", "a-2")
    holdings.learn_router("t", "unknown", "x-2")
    assert holdings.router("t") is None
    assert [router.id for router in holdings.forget_worker("a-2")] == ["s"]


def test_a_lost_node_is_forgotten(holdings: Holdings) -> None:
    """Nothing of a node that is gone is left."""
    holdings.forget_node("a")
    holdings.forget_node("a")
    assert list(holdings.routers()) == []
    assert holdings.holders("p") == {}
    assert holdings.routers_of("a") == []


def test_what_came_and_went_between_two_heartbeats_counts(holdings: Holdings) -> None:
    """A transport that no heartbeat shows settles its offer as well: a router counts all that it ever opened."""
    ((_, first),) = holdings.take_loads("a", [RouterLoad(router_id="r", transports=1, opened=4)])
    ((_, then),) = holdings.take_loads("a", [RouterLoad(router_id="r", transports=0, opened=5)])
    assert (first, then) == (4, 1)
    assert holdings.take_loads("a", [RouterLoad(router_id="r", transports=0, opened=5)]) == []


def test_routers_outside_of_rooms_are_not_looked_at(holdings: Holdings) -> None:
    """A tenant may give its own router, worker or producer the ids of what rooms have: nothing of these changes."""
    run: dict[str, Any] = {"node_id": "b", "start_id": "other"}
    assert holdings.take_page(Inventory(**run, version=0, routers=[_entry("r", "p", "q", worker_id="b-1")])) == []
    outside: dict[str, Any] = {**run, "room_id": ABSENT, "router_id": "r"}
    events = (
        ("routerOpened", RouterEvent(**outside, inventory_version=1, worker_id="b-1")),
        ("producerOpened", ProducerEvent(**outside, inventory_version=2, producer_id="q")),
        ("producerClosed", ProducerEvent(**outside, inventory_version=3, producer_id="p")),
        ("routerClosed", RouterEvent(**outside, inventory_version=4, worker_id="b-1")),
        ("workerDied", WorkerEvent(**run, inventory_version=5, worker_id="a-1", router_ids=["r"])),
        ("workerDied", WorkerEvent(**run, inventory_version=6, worker_id="a-1", tenant="b", router_ids=["r"])),
    )
    for what, event in events:
        assert holdings.take_event(what, event)
        assert holdings.holders("p") == {"r": None}
        assert holdings.holders("q") == {}
    known = holdings.router("r")
    assert known is not None
    assert (known.node_id, known.worker_id) == ("a", "a-1")
    own = WorkerEvent(**RUN, inventory_version=5, worker_id="a-1", tenant="b", router_ids=["r"])
    assert holdings.take_event("workerDied", own)
    assert holdings.router("r") is known

from __future__ import annotations

from tureen.contract.cluster import Heartbeat, HostLoad
from tureen.metrics.fleet import Fleet


def beat(node_id: str, seq: int, start_id: str = "run") -> Heartbeat:
    """Return a heartbeat of a node without workers."""
    return Heartbeat(
        node_id=node_id, start_id=start_id, seq=seq, mediasoup_version="3", host=HostLoad(cores=seq), workers=[]
    )


def test_the_newest_heartbeat_counts() -> None:
    """What was overtaken is left out, a new run starts counting anew."""
    fleet = Fleet(stale_after=10)
    fleet.see(beat("a", 2), 0)
    fleet.see(beat("a", 1), 1)
    (sighting,) = fleet.present(1)
    assert (sighting.heartbeat.seq, sighting.received, sighting.count) == (2, 0, 1)
    fleet.see(beat("a", 1, start_id="next"), 2)
    (sighting,) = fleet.present(2)
    assert (sighting.heartbeat.start_id, sighting.count) == ("next", 2)


def test_nodes_come_in_order() -> None:
    """Nodes are sorted by id, so that two scrapes are alike."""
    fleet = Fleet(stale_after=10)
    for node_id in ("b", "c", "a"):
        fleet.see(beat(node_id, 1), 0)
    assert [sighting.heartbeat.node_id for sighting in fleet.present(0)] == ["a", "b", "c"]


def test_who_is_not_heard_of_disappears() -> None:
    """After `stale_after` seconds without a heartbeat a node is forgotten."""
    fleet = Fleet(stale_after=10)
    fleet.see(beat("a", 1), 0)
    fleet.see(beat("b", 1), 5)
    assert len(list(fleet.present(10))) == 2
    assert [sighting.heartbeat.node_id for sighting in fleet.present(10.5)] == ["b"]

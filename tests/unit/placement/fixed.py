"""Named nodes and rooms, and the few ways to make others."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from tureen.contract.cluster import GrantedEvent, Heartbeat, HostLoad, WorkerLoad
from tureen.contract.rooms import RoomPlace, RoomPolicy, RoomRecord, RoomRouter
from tureen.placement import engine
from tureen.placement.engine import Groups
from tureen.placement.engine.room import view
from tureen.placement.picture import Picture

VERSION = "3.27.1"


def worker(worker_id: str, cpu: float = 0.0, **load: Any) -> WorkerLoad:
    """Return a worker as a heartbeat tells it."""
    return WorkerLoad(worker_id=worker_id, cpu=cpu, **load)


def heartbeat(node_id: str, *workers: WorkerLoad, **fields: Any) -> Heartbeat:
    """Return a node's heartbeat."""
    given = {
        "start_id": f"{node_id}-run",
        "seq": 1,
        "mediasoup_version": VERSION,
        "region": "eu",
        "host": HostLoad(cores=4, ports=1000, free_ports=900, open_files=10, open_files_limit=1000),
        **fields,
    }
    return Heartbeat(node_id=node_id, workers=list(workers), **given)


NODE_IDLE = heartbeat("idle", worker("idle-1"), worker("idle-2"))
NODE_BUSY = heartbeat("busy", worker("busy-1", 50), worker("busy-2", 58))
NODE_FULL = heartbeat("full", worker("full-1", 95), worker("full-2", 91))
NODE_DRAINING = heartbeat("draining", worker("draining-1"), draining=True)
NODE_STALE = heartbeat("stale", worker("stale-1"), worker("stale-2"))
NODE_FAR = heartbeat("far", worker("far-1"), worker("far-2"), region="us")
NODE_OTHER_VERSION = heartbeat("newer", worker("newer-1"), mediasoup_version="3.28.0")
NODE_NO_PORTS = heartbeat("portless", worker("portless-1"), host=HostLoad(ports=10, free_ports=0))
NODE_NO_FILES = heartbeat("fileless", worker("fileless-1"), host=HostLoad(open_files=99, open_files_limit=100))
NODE_OVERLOADED = heartbeat("overloaded", worker("overloaded-1"), host=HostLoad(cpu=99.0, cores=4))
NODE_TENANTS = heartbeat("tenants", worker("tenants-1", tenant="acme"))


def picture(*nodes: Heartbeat) -> Picture:
    """Return a picture of these nodes; the stale one has been silent for long enough to be suspect."""
    seen = Picture()
    for node in nodes:
        seen.hear(node, -10.0 if node is NODE_STALE else 0.0)
    if NODE_STALE in nodes:
        for node in nodes:
            if node is not NODE_STALE:
                seen.hear(node, 0.0)
        seen.cluster.check(0.0)
    return seen


def record(*worker_ids: str, room_id: str = "room", **policy: Any) -> RoomRecord:
    """Return a room with a router on each of these workers, which are named `<node>-<number>`."""
    routers = [
        RoomRouter(router_id=f"{room_id}-on-{worker_id}", node_id=worker_id.rpartition("-")[0], worker_id=worker_id)
        for worker_id in worker_ids
    ]
    return RoomRecord(
        room_id=room_id,
        tenant="default",
        incarnation=1,
        generation=1,
        mediasoup_version=VERSION,
        media_codecs=[],
        rtp_capabilities={},
        policy=RoomPolicy(**policy),
        routers=routers,
    )


def decide(seen: Picture, room: RoomRecord, seed: int = 0, groups: Groups = (), **request: Any) -> engine.Decision:
    """Decide where a transport of a room goes."""
    asked = RoomPlace(room_id=room.room_id, **request)
    return engine.place(seen.cluster, view(seen, room), asked, 1_000, Random(seed), groups=groups)


def chosen(decision: engine.Decision) -> str | None:
    """Return the worker that was chosen, if one was."""
    return decision.place.worker_id if decision.place is not None else None


def grant(
    worker_id: str, router_id: str, grant_id: str, cost: float = 1.0, reserve: float = 0.0, consumers: int = 0
) -> GrantedEvent:
    """Return a grant that holds until second 10."""
    return GrantedEvent(
        replica_id="another",
        node_id=worker_id.rpartition("-")[0],
        worker_id=worker_id,
        router_id=router_id,
        grant_id=grant_id,
        cost=cost,
        reserve=reserve,
        consumers=consumers,
        expires_at=10_000,
    )


def book(seen: Picture, *grants: GrantedEvent) -> None:
    """Enter grants at second 0."""
    for granted in grants:
        seen.book(granted, 0.0)


def book_decision(seen: Picture, decision: engine.Decision, grant_id: str, new_router_id: str) -> None:
    """Enter the grant that a decision leads to, as the shell does."""
    place, demand = decision.place, decision.demand
    assert place is not None
    book(
        seen,
        grant(
            place.worker_id,
            place.router_id or new_router_id,
            grant_id,
            demand.cost,
            demand.reserve,
            demand.consumers,
        ),
    )


def node_ids(workers: Sequence[str]) -> set[str]:
    """Return the nodes of workers that are named `<node>-<number>`."""
    return {worker_id.rpartition("-")[0] for worker_id in workers}

"""The last word on what a worker takes: pure but for the bookings it enters."""

from __future__ import annotations

from tureen.contract.errors import Conflict, NoCapacity
from tureen.contract.rooms import Grant, RoomRecord
from tureen.node_agent.bookings import Booked
from tureen.node_agent.objects import RouterEntry

UNGRANTED_COST = 1.0
"""Percent of a core that a transport without a grant is booked at."""


def book(
    router: RouterEntry,
    record: RoomRecord | None,
    transport_id: str,
    grant: Grant | None,
    limit: float,
    now: float,
    *,
    counts: bool = True,
) -> None:
    """Book a transport's place on its worker.

    Args:
        router: Where it is to be.
        record: The record of the router's room, if it belongs to one.
        transport_id: The transport.
        grant: The place that it was offered, if it was.
        limit: Percent of a core above which the worker takes nothing more.
        now: The agent's clock, seconds.
        counts: Whether it counts among the transports of the room: pipes do not.

    Raises:
        Conflict: The grant is for another worker or room.
        NoCapacity: The worker is above its hard limit, or the room has its share of it; `details` holds the load.
    """
    worker = router.worker
    if grant is not None and not _is_for(grant, router):
        raise Conflict(f"the grant is for worker {grant.worker_id} and room {grant.room_id}", details={"path": "grant"})
    cost = grant.cost if grant is not None else UNGRANTED_COST
    reserve = grant.reserve if grant is not None else 0.0
    hard_limit = min(limit, record.policy.hard_limit) if record is not None else limit
    load = worker.cpu + worker.bookings.unseen(now)
    if load + cost > hard_limit:
        raise NoCapacity(
            f"Worker {worker.id} is at {load:.0f} % of a core, its limit is {hard_limit:.0f} %",
            details={"workerId": worker.id, "load": load, "hardLimit": hard_limit},
        )
    most = record.policy.max_transports_per_worker if record is not None else None
    if counts and most is not None and len(router.booked) >= most:
        raise NoCapacity(
            f"Worker {worker.id} holds {most} transports of room {router.room_id}, which is its share",
            details={"workerId": worker.id, "transports": len(router.booked), "maxTransportsPerWorker": most},
        )
    worker.bookings.book(
        router.booking(transport_id),
        cost,
        reserve,
        now,
        covered=grant.consumers if grant is not None else 0,
        consumer_cost=grant.consumer_cost if grant is not None else 0.0,
        grant_id=grant.grant_id if grant is not None else None,
    )
    if counts:
        router.booked.add(transport_id)


def release(router: RouterEntry, transport_id: str) -> None:
    """Give a transport's place back: it is closed, or was never made."""
    router.worker.bookings.release(router.booking(transport_id))
    router.booked.discard(transport_id)


def _is_for(grant: Grant, router: RouterEntry) -> bool:
    """Tell whether a place was offered on this router's worker, and for its room where it belongs to one."""
    return grant.worker_id == router.worker.id and router.room_id in {grant.room_id, None}


def admit_consumer(router: RouterEntry, record: RoomRecord | None, transport_id: str, limit: float, now: float) -> None:
    """Book one consumer more on a transport.

    What its grant did not foresee costs now, so that a burst of consumers is counted before heartbeats show it.

    Raises:
        NoCapacity: The worker is above its hard limit, or the room has its share of it; `details` holds the load.
    """
    worker = router.worker
    hard_limit = min(limit, record.policy.hard_limit) if record is not None else limit
    load = worker.cpu + worker.bookings.unseen(now)
    booking = router.booking(transport_id)
    if load + worker.bookings.next_consumer(booking) > hard_limit:
        raise NoCapacity(
            f"Worker {worker.id} is at {load:.0f} % of a core, its limit is {hard_limit:.0f} %",
            details={"workerId": worker.id, "load": load, "hardLimit": hard_limit},
        )
    most = record.policy.max_consumers_per_worker if record is not None else None
    if most is not None and router.consumers >= most:
        raise NoCapacity(
            f"Worker {worker.id} holds {most} consumers of room {router.room_id}, which is its share",
            details={"workerId": worker.id, "consumers": router.consumers, "maxConsumersPerWorker": most},
        )
    worker.bookings.add_consumer(booking, now)


def consumer_gone(router: RouterEntry, transport_id: str) -> None:
    """A transport has a consumer less: it is closed, or was never made."""
    router.worker.bookings.remove_consumer(router.booking(transport_id))


def booked(router: RouterEntry, transport_id: str) -> Booked:
    """Return what a transport has booked on its worker."""
    return router.worker.bookings.booked(router.booking(transport_id))


def takes_lowest_layers(router: RouterEntry, record: RoomRecord | None, now: float) -> bool:
    """Tell whether a new consumer begins with the lowest layers: its room degrades and its worker is above the mark."""
    if record is None or record.policy.limit != "degrade":
        return False
    worker = router.worker
    return worker.cpu + worker.reserved + worker.bookings.unseen(now) > record.policy.watermark

"""Decisions a second on one core, with their reasons spelled out, as placement makes and books them."""

from __future__ import annotations

import gc
import statistics
import time
from random import Random
from typing import NamedTuple

from rows import Row, row

from placement_tables import Options
from placement_tables.cluster import GROUPS, Invented, invent
from tureen.contract.rooms import RoomPlace
from tureen.placement import engine
from tureen.placement.engine.room import view
from tureen.placement.picture.bookings import Booking

COUNT = 20_000
KEPT = 500
"""How many decisions are booked before they are withdrawn again."""
GOAL_RATE = 20_000.0
GOAL_P99 = 1_000.0


class Measured(NamedTuple):
    """One round.

    Attributes:
        rate: Decisions a second of processor time, their bookings included.
        p50: Microseconds of processor time: other work on the machine does not count.
        p99: As well.
    """

    rate: float
    p50: float
    p99: float


def measure(invented: Invented, count: int, *, reasons: bool) -> Measured:
    """Decide so many times, each time for another room: once for the rate, once more to time each decision."""
    rate = count / sum(_decide(invented, count, reasons=reasons, each=False))
    quantiles = statistics.quantiles(_decide(invented, count, reasons=reasons, each=True), n=100)
    return Measured(rate, quantiles[49] * 1e6, quantiles[98] * 1e6)


def _decide(invented: Invented, count: int, *, reasons: bool, each: bool) -> list[float]:
    """Decide and book; return what each decision took, or all and their bookings, in seconds of processor time."""
    picture, rooms = invented
    rng = Random(7)
    requests = [
        RoomPlace(room_id="room", direction="send"),
        RoomPlace(room_id="room", direction="recv"),
        RoomPlace(room_id="room", direction="both"),
    ]
    took, booked = [], []
    started, apart = time.thread_time(), 0.0
    for number in range(count):
        record, request = rooms[number % len(rooms)], requests[number % 3]
        before = time.thread_time() if each else 0.0
        decision = engine.place(picture.cluster, view(picture, record), request, number, rng, groups=GROUPS)
        if reasons:
            decision.reason.to_wire()
        if each:
            took.append(time.thread_time() - before)
        booked.extend(_book(invented, decision, number))
        if len(booked) == KEPT:
            apart += _withdraw(invented, booked)
    apart += _withdraw(invented, booked)
    return took if each else [time.thread_time() - started - apart]


def _book(invented: Invented, decision: engine.Decision, number: int) -> list[tuple[str, str]]:
    """Book a decision, and return by which worker and grant it is withdrawn, if something was found."""
    if decision.place is None:
        return []
    needed = decision.demand
    worker_id, grant_id = decision.place.worker_id, f"g{number}"
    router_id = decision.place.router_id or "new"
    invented.picture.cluster.book(
        Booking(grant_id, worker_id, router_id, needed.cost, needed.reserve, needed.consumers, 10.0)
    )
    return [(worker_id, grant_id)]


def _withdraw(invented: Invented, booked: list[tuple[str, str]]) -> float:
    """Withdraw what was booked, so that the cluster stays as full as it is; return the seconds that this took.

    In a service that is what heartbeats do, whose cost has a table of its own.
    """
    started = time.thread_time()
    for worker_id, grant_id in booked:
        invented.picture.cluster.unbook(worker_id, grant_id)
    booked.clear()
    return time.thread_time() - started


def rows(options: Options) -> list[Row]:
    """Measure the large cluster, then what the cluster's size and the room's size change."""
    large = invent(1000, 16, 10_000, 2)
    gc.collect()
    gc.freeze()
    try:
        measured = [measure(large, COUNT, reasons=True) for _ in range(options.rounds)]
        bare = [measure(large, COUNT, reasons=False) for _ in range(options.rounds)]
        small = [measure(invent(10, 16, 1000, 2), COUNT // 4, reasons=True) for _ in range(options.rounds)]
        wide = [measure(invent(1000, 16, 1000, 32), COUNT // 10, reasons=True) for _ in range(options.rounds)]
        new = [measure(invent(1000, 16, 1000, 0), COUNT // 4, reasons=True) for _ in range(options.rounds)]
    finally:
        gc.unfreeze()
    goal = [GOAL_RATE] * options.rounds
    rates = [entry.rate for entry in measured]
    name = "1,000 nodes of 16 workers, 10,000 rooms of 2 routers"
    return [
        row(f"{name}: with reasons", rates, goal, "/s", "higher"),
        row(f"{name}: p50", [entry.p50 for entry in measured], [GOAL_P99] * options.rounds, "µs", "lower"),
        row(f"{name}: p99", [entry.p99 for entry in measured], [GOAL_P99] * options.rounds, "µs", "lower"),
        row(f"{name}: reasons not spelled out", [entry.rate for entry in bare], goal, "/s", "higher"),
        row("rooms without a router yet", [entry.rate for entry in new], goal, "/s", "higher"),
        row("10 nodes, beside 1,000", [entry.rate for entry in small], rates, "/s", "higher"),
        row("rooms of 32 routers, beside 2", [entry.rate for entry in wide], rates, "/s", "higher"),
    ]

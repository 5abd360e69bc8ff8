"""What a transport is expected to cost a worker, now and later."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from tureen.contract.rooms import RoomPlace, RoomPolicy


class Costs(NamedTuple):
    """Starting numbers, in percent of a core, until the cluster's own measurements replace them.

    Measured on a slow core with 1,100-byte packets at 1,000 to 2,000 a second: a packet in costs about 15 µs of CPU,
    each SRTP copy of it 10 to 12 µs, each plain copy 6 to 8 µs, a hop over a pipe 20 to 40 µs in all; at 500 packets a
    second two to three times that, because every packet is a wake-up of its own. A producer here is the mean of one
    audio stream (50 packets a second) and one camera (about 100).

        what              packets a second   µs a packet   percent of a core
        a producer                      80     15 × 2                   0.25
        a consumer                      80     11 × 1.7                 0.15
        a transport        STUN, RTCP, timers                           0.05

    Attributes:
        ingest: What a producer costs.
        copy: What a consumer costs.
        transport: What a transport costs by itself.
        producers_per_peer: How many producers a sending transport gets, where the room's policy does not say.
        fewest_consumers: What a receiving transport may come to hold at least: the first one in a room sees it empty.
    """

    ingest: float = 0.25
    copy: float = 0.15
    transport: float = 0.05
    producers_per_peer: float = 2.0
    fewest_consumers: int = 4


COSTS = Costs()

LOWEST_SHARE = 0.3
"""What a consumer of the lowest layers is taken to cost, as a share of what others do: fewer packets, smaller ones."""


class Demand(Struct, frozen=True, gc=False):
    """What a transport needs.

    Attributes:
        cost: Percent of a core now.
        reserve: Percent of a core that it may grow to beyond that.
        consumers: How many consumers it is expected to hold soon; the cost is for them.
        consumer_cost: Percent of a core that each further one takes.
    """

    cost: float
    reserve: float
    consumers: int
    consumer_cost: float = 0.0


def demand(request: RoomPlace, policy: RoomPolicy, producers: int, costs: Costs = COSTS) -> Demand:
    """Estimate what a transport needs in a room that has so many producers.

    The whole never exceeds the watermark: what is too much for an idle worker would fit nowhere, and the agents refuse
    what turns out to be too much.
    """
    cost = costs.transport
    reserve = 0.0
    consumers = 0
    direction, watermark = request.direction, policy.watermark
    if direction != "recv":
        cost += costs.ingest * (policy.expected_producers_per_peer or costs.producers_per_peer)
    if direction != "send":
        later = _consumers_later(request, policy, producers, costs)
        consumers = min(producers, later)
        cost += costs.copy * consumers
        reserve = costs.copy * (later - consumers)
    cost = min(cost, watermark)
    return Demand(cost, min(reserve, watermark - cost), consumers, costs.copy)


def lowest(needed: Demand, costs: Costs = COSTS) -> Demand:
    """Return what is needed where consumers get the lowest layers alone, and nothing is kept for growth."""
    saved = min(needed.cost, costs.copy * needed.consumers) * (1 - LOWEST_SHARE)
    return Demand(needed.cost - saved, 0.0, needed.consumers, costs.copy * LOWEST_SHARE)


def _consumers_later(request: RoomPlace, policy: RoomPolicy, producers: int, costs: Costs) -> int:
    """Return how many consumers a receiving transport may come to hold: as asked, as known, else twice the room now."""
    if request.expected_consumers is not None:
        return request.expected_consumers
    if policy.max_peers is not None:
        return round(policy.max_peers * (policy.expected_producers_per_peer or costs.producers_per_peer))
    return max(2 * producers, costs.fewest_consumers)

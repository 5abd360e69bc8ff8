"""What ends and what is refused: decisions about pulls, without doing anything. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tureen.contract.errors import Conflict, NoCapacity, TureenError
from tureen.contract.rooms import RoomRouter


def refusal(
    path: Sequence[RoomRouter], asker: str, *, fan_out: int, max_fan_out: int, max_depth: int
) -> TureenError | None:
    """Return why a router does not send a producer to another one; None where it does.

    Args:
        path: The routers from the one where the producer lives to the one that is asked.
        asker: The router that wants it.
        fan_out: To how many routers the one that is asked sends it already.
        max_fan_out: To how many it may.
        max_depth: Over how many hops a producer may travel.
    """
    source = path[-1].router_id
    if any(hop.router_id == asker for hop in path):
        return Conflict(f"Router {asker} is on the way from the origin to {source}")
    if fan_out >= max_fan_out:
        return NoCapacity(f"Router {source} sends it to {fan_out} routers already")
    if len(path) > max_depth:
        return NoCapacity(f"Router {source} has it over {len(path) - 1} hops already")
    return None


@dataclass(frozen=True, slots=True)
class Differences:
    """What two agents do not agree upon.

    Attributes:
        ended: Pulls of ours that the source serves no more: what was pulled ends.
        unserved: What we serve and the puller has no more: it ends.
        to_release: What the source serves us and we do not have: it is told.
        to_close: What the puller takes from us and we do not serve: it is told.
    """

    ended: frozenset[str]
    unserved: frozenset[str]
    to_release: frozenset[str]
    to_close: frozenset[str]


@dataclass(frozen=True, slots=True)
class Side:
    """An agent's pulls with another one, by their ids.

    Attributes:
        served: What it serves to the other.
        pulled: What it takes from the other, or is about to.
        making: Of these, what is not there yet: whether the other serves it cannot be known.
    """

    served: frozenset[str]
    pulled: frozenset[str]
    making: frozenset[str] = frozenset()


def compare(before: Side, now: Side, theirs: Side) -> Differences:
    """Compare the two ends of the pulls between two agents.

    What was begun, or ended, while the other's list was on its way proves nothing.

    Args:
        before: Our pulls when we asked.
        now: Our pulls when the answer was there.
        theirs: The other's.
    """
    return Differences(
        ended=((before.pulled - before.making) & now.pulled) - theirs.served,
        unserved=(before.served & now.served) - theirs.pulled,
        to_release=theirs.served - now.pulled - before.pulled,
        to_close=(theirs.pulled - theirs.making) - now.served - before.served,
    )

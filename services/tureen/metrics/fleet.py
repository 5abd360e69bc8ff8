"""The nodes as their last heartbeats show them. Pure: time is passed in, seconds of a clock that never goes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tureen.contract.cluster import Heartbeat


@dataclass(slots=True)
class Sighting:
    """A node's last heartbeat, when it came, and how many came before it."""

    heartbeat: Heartbeat
    received: float
    count: int = 1


@dataclass(slots=True)
class Fleet:
    """The nodes by id.

    Attributes:
        stale_after: Seconds without a heartbeat after which a node is not part of the fleet any more.
    """

    stale_after: float
    _sightings: dict[str, Sighting] = field(default_factory=dict)

    def see(self, heartbeat: Heartbeat, now: float) -> None:
        """Take a heartbeat; one that was overtaken by a newer one of the same run is left out."""
        known = self._sightings.get(heartbeat.node_id)
        if known is None:
            self._sightings[heartbeat.node_id] = Sighting(heartbeat, now)
            return
        is_same_run = known.heartbeat.start_id == heartbeat.start_id
        if is_same_run and heartbeat.seq <= known.heartbeat.seq:
            return
        known.heartbeat, known.received, known.count = heartbeat, now, known.count + 1

    def present(self, now: float) -> Iterator[Sighting]:
        """Iterate over the nodes that are heard of, by id; the others are forgotten."""
        for node_id in sorted(self._sightings):
            sighting = self._sightings[node_id]
            if now - sighting.received > self.stale_after:
                del self._sightings[node_id]
            else:
                yield sighting

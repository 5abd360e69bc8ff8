"""Which regions a transport may go to, and how far each is from where it belongs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from enum import IntEnum

from tureen.contract.rooms import RoomPlace, RoomPolicy

Groups = Sequence[Collection[str]]
"""Regions that are close to each other, group by group."""


class Distance(IntEnum):
    """How far a region is from where a transport belongs."""

    HOME = 0
    GROUP = 1
    BEYOND = 2


class Distances:
    """Home is the region that the caller wants, else those where the room is; for a new room every region is.

    Args:
        request: What is asked.
        room_regions: Where the room is.
        groups: Regions that are close to each other.
    """

    def __init__(self, request: RoomPlace, room_regions: AbstractSet[str], groups: Groups) -> None:
        self._home = {request.region} if request.region is not None else room_regions
        self._groups = groups

    def of(self, region: str) -> Distance:
        """Return how far a region is."""
        if not self._home or region in self._home:
            return Distance.HOME
        near = any(region in group and not self._home.isdisjoint(group) for group in self._groups)
        return Distance.GROUP if near else Distance.BEYOND


def allowed(region: str, policy: RoomPolicy, *, anywhere: bool) -> bool:
    """Tell whether a room may be carried in a region; `anywhere` is for `spill`, which goes past the room's regions."""
    return anywhere or not policy.regions or region in policy.regions

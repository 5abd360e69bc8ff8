"""Which regions a transport may go to, and how far each is from where it belongs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from enum import IntEnum

from msgspec import Struct

from tureen.contract.rooms import RoomPolicy

Groups = Sequence[Collection[str]]
"""Regions that are close to each other, group by group."""


class Distance(IntEnum):
    """How far a region is from where a transport belongs."""

    HOME = 0
    GROUP = 1
    BEYOND = 2


# Looking a member up in its class takes Python 3.11 longer than telling how far a region is.
HOME, GROUP, BEYOND = Distance


class Distances(Struct, frozen=True):
    """How far regions are from home: from the one that the caller wants, else from those where the room is.

    Attributes:
        home: These; a new room has none, and every region is home.
        groups: Regions that are close to each other.
    """

    home: AbstractSet[str]
    groups: Groups

    def of(self, region: str) -> Distance:
        """Return how far a region is."""
        home = self.home
        if not home or region in home:
            return HOME
        near = any(region in group and not home.isdisjoint(group) for group in self.groups)
        return GROUP if near else BEYOND


def allowed(region: str, policy: RoomPolicy, *, anywhere: bool) -> bool:
    """Tell whether a room may be carried in a region; `anywhere` is for `spill`, which goes past the room's regions."""
    return anywhere or not policy.regions or region in policy.regions

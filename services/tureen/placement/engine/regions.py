"""Which regions a transport may go to, and which it should."""

from __future__ import annotations

from collections.abc import Collection

from tureen.contract.rooms import RoomPlace, RoomPolicy


def allowed(region: str, policy: RoomPolicy, *, anywhere: bool) -> bool:
    """Tell whether a room may be carried in a region; `anywhere` is for `spill`, which goes past the room's regions."""
    return anywhere or not policy.regions or region in policy.regions


def is_home(region: str, request: RoomPlace, room_regions: Collection[str]) -> bool:
    """Tell whether a region is where the transport belongs: where the caller wants it, else where the room is."""
    if request.region is not None:
        return region == request.region
    return not room_regions or region in room_regions

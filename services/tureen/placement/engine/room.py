"""A room as the engine sees it."""

from __future__ import annotations

from msgspec import Struct

from tureen.contract.rooms import RoomRecord, RoomRouter
from tureen.placement.picture import Picture


class RouterView(Struct, frozen=True):
    """One of the room's routers and what the room has there, places on offer included."""

    router: RoomRouter
    transports: int = 0
    consumers: int = 0


class RoomView(Struct, frozen=True):
    """The room's record, with what is known of its routers.

    Attributes:
        producers: How many producers live in the room.
    """

    record: RoomRecord
    routers: tuple[RouterView, ...] = ()
    producers: int = 0


def view(picture: Picture, record: RoomRecord) -> RoomView:
    """Look at a room; what that costs grows with its own routers alone."""
    expected, known = picture.cluster.bookings.expected, picture.holdings.router
    routers = []
    producers = 0
    for router in record.routers:
        held = known(router.router_id)
        transports, consumers = expected(router.router_id)
        if held is not None:
            transports += held.transports
            consumers += held.consumers
            producers += held.origins
        routers.append(RouterView(router, transports, consumers))
    return RoomView(record, tuple(routers), producers)

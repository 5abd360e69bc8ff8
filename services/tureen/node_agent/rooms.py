"""The agent's copies of the rooms' records, and their fence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from tureen.contract.errors import Stale
from tureen.contract.rooms import RoomRecord
from tureen.mediasoup.types import RouterRtpCodecCapability
from tureen.node_agent.objects import Objects, RouterEntry


def accept(objects: Objects, record: RoomRecord) -> None:
    """Keep a record, if none newer is known; this node's routers of the room get its codecs, however it came here.

    Raises:
        Stale: A newer one is known: the sender must read it again and decide anew.
    """
    key = (record.tenant, record.room_id)
    known = objects.rooms.get(key)
    if known is not None and known.version > record.version:
        raise Stale(
            f"Room {record.room_id} is at generation {known.generation} here, {record.generation} is older",
            details={"incarnation": known.incarnation, "generation": known.generation},
        )
    objects.rooms[key] = record
    if known is not None and known.media_codecs != record.media_codecs:
        for router in _routers_of(objects, record):
            give_codecs(router, record)


def give_codecs(router: RouterEntry, record: RoomRecord) -> None:
    """Let a router have the codecs of its room."""
    router.router.update_media_codecs(cast("list[RouterRtpCodecCapability]", record.media_codecs))


def unlisted(objects: Objects, record: RoomRecord) -> Iterable[RouterEntry]:
    """Return this node's routers of a room that its record does not list any more."""
    listed = {router.router_id for router in record.routers}
    return [router for router in _routers_of(objects, record) if router.id not in listed]


def forget_unused(objects: Objects, tenant: str, room_id: str, node_id: str) -> None:
    """Drop the copy of a room's record when no router of this node belongs to it any more.

    One that the record lists may just be being made, and will need it.
    """
    record = objects.rooms.get((tenant, room_id))
    if record is None or any(router.node_id == node_id for router in record.routers):
        return
    if not any(_routers_of(objects, record)):
        objects.rooms.pop((tenant, room_id), None)


def _routers_of(objects: Objects, record: RoomRecord) -> Iterator[RouterEntry]:
    """Yield this node's routers of a room."""
    room = (record.tenant, record.room_id)
    return (router for router in objects.routers.all() if (router.tenant, router.room_id) == room)

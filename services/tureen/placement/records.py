"""How a room's record changes: pure transitions, each with the next generation."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from tureen.contract.rooms import RoomInfo, RoomPolicy, RoomRecord, RoomRouter


def new(
    *,
    tenant: str,
    room_id: str,
    incarnation: int,
    generation: int,
    mediasoup_version: str,
    media_codecs: list[dict[str, Any]],
    rtp_capabilities: dict[str, Any],
    policy: RoomPolicy,
) -> RoomRecord:
    """Return the record of a new room, without routers."""
    return RoomRecord(
        room_id=room_id,
        tenant=tenant,
        incarnation=incarnation,
        generation=generation,
        mediasoup_version=mediasoup_version,
        media_codecs=media_codecs,
        rtp_capabilities=rtp_capabilities,
        policy=policy,
        routers=[],
    )


def first_generation(incarnation: int, wall_ms: int) -> int:
    """Return the generation of a new room: milliseconds of the bucket's life.

    Agents may still know the record of a room that had the same id and was closed. Changes are rarer than milliseconds,
    so its generations were smaller.
    """
    return max(1, wall_ms - incarnation)


def with_router(record: RoomRecord, router: RoomRouter) -> RoomRecord | None:
    """Return the record with a router more; None where there is one of that id, or another on that worker."""
    for known in record.routers:
        if router.worker_id == known.worker_id or router.router_id == known.router_id:
            return None
    return _changed(record, routers=[*record.routers, router])


def reborn(copy: RoomRecord, incarnation: int, routers: list[RoomRouter]) -> RoomRecord:
    """Return the record of a room in a store that was lost, from the newest copy of it and the routers announced.

    Its incarnation is larger than the copy's, or the agents would take it for an older one.
    """
    return copy.model_copy(update={"incarnation": max(incarnation, copy.incarnation + 1), "routers": routers})


def readmitted(record: RoomRecord, copy: RoomRecord, routers: Iterable[RoomRouter]) -> RoomRecord | None:
    """Return the record with the routers of a node that was away while the store was lost; None where nothing changes.

    `copy` is that node's record, of another incarnation: the answer's is larger, or the node would refuse it.
    """
    missing = [router for router in routers if record.router(router.router_id) is None]
    incarnation = max(record.incarnation, copy.incarnation + 1)
    if not missing and incarnation == record.incarnation:
        return None
    return _changed(record, routers=[*record.routers, *missing], incarnation=incarnation)


def merged(known: RoomRecord, found: RoomRecord) -> RoomRecord | None:
    """Return what two replicas that rebuild a store at once make of a room; None where nothing is missing."""
    newer = found if known.version < found.version else known
    routers = list({router.router_id: router for router in [*known.routers, *found.routers]}.values())
    if newer is known and len(routers) == len(known.routers):
        return None
    return _changed(newer, routers=routers)


def without_routers(record: RoomRecord, router_ids: Collection[str]) -> RoomRecord | None:
    """Return the record without some routers; None where it lists none of them."""
    left = [router for router in record.routers if router.router_id not in router_ids]
    return _changed(record, routers=left) if len(left) < len(record.routers) else None


def updated(
    record: RoomRecord,
    *,
    media_codecs: list[dict[str, Any]] | None = None,
    rtp_capabilities: dict[str, Any] | None = None,
    policy: RoomPolicy | None = None,
) -> RoomRecord | None:
    """Return the record with other codecs or another policy; None where nothing is different."""
    changes: dict[str, Any] = {}
    if media_codecs is not None and media_codecs != record.media_codecs:
        changes["media_codecs"] = media_codecs
        changes["rtp_capabilities"] = rtp_capabilities
    if policy is not None and policy != record.policy:
        changes["policy"] = policy
    return _changed(record, **changes) if changes else None


def closed(record: RoomRecord) -> RoomRecord:
    """Return what agents are told of a room that is no more: the next generation, without routers."""
    return _changed(record, routers=[])


def long_closed(copy: RoomRecord, wall_ms: int) -> RoomRecord:
    """Return the same for a room of which only an agent's copy is left, newer than any record that there was of it."""
    generation = max(copy.generation + 1, first_generation(copy.incarnation, wall_ms))
    return copy.model_copy(update={"generation": generation, "routers": []})


def past(record: RoomRecord, generation: int) -> RoomRecord | None:
    """Return the record beyond a generation that an agent knows; None where the agent knows nothing newer.

    An agent can know a newer one than the store where a room was closed and made anew within a moment.
    """
    if record.generation >= generation:
        return None
    return record.model_copy(update={"generation": generation + 1})


def info(record: RoomRecord) -> RoomInfo:
    """Return the room as its owner sees it."""
    return RoomInfo(
        room_id=record.room_id,
        incarnation=record.incarnation,
        generation=record.generation,
        mediasoup_version=record.mediasoup_version,
        media_codecs=record.media_codecs,
        rtp_capabilities=record.rtp_capabilities,
        policy=record.policy,
        routers=record.routers,
    )


def _changed(record: RoomRecord, **changes: Any) -> RoomRecord:
    return record.model_copy(update={**changes, "generation": record.generation + 1})

"""Decisions of placement's, as they are told and asked for (docs/wire.md, «Decisions»)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from tureen.contract.ids import Id
from tureen.contract.model import Announcement, Command, Message, Reply
from tureen.contract.rooms import PlacementReason


class DecidedEvent(Announcement):
    """`decided`: a replica decided where a transport goes, or that it goes nowhere, and why.

    Attributes:
        decided_at: Wall clock, ms since 1970.
        trace_id: The trace of the request.
        grant_id: The offer; absent where nothing was found.
        cost: Percent of a core that the transport is expected to cost now.
        reserve: Percent of a core that it may grow to beyond that.
    """

    replica_id: str
    decided_at: int
    trace_id: str
    tenant: str
    room_id: str
    direction: str
    node_id: str | None = None
    worker_id: str | None = None
    router_id: str | None = None
    grant_id: str | None = None
    cost: float = 0
    reserve: float = 0
    why: PlacementReason


class MoveWantedEvent(Announcement):
    """`moveWanted`: a worker has had too much to do for a while; whoever can move peers may move some away from it.

    New transports go elsewhere by themselves. A peer is moved by making its transports anew where `room.place` says,
    with this worker in `exclude`.

    Attributes:
        transports: How many of the room's transports on that worker should go.
        load: The worker's CPU, percent of a core.
        reason: Why, for people.
    """

    replica_id: str
    tenant: str
    room_id: str
    node_id: str
    worker_id: str
    router_id: str
    transports: int
    load: float
    reason: str


class ScaleWantedEvent(Announcement):
    """`scaleWanted`: a worker has had too much to do for a while, and no other takes what it has: add nodes."""

    replica_id: str
    worker_id: str
    region: str = ""
    reason: str


class RoomWhy(Command):
    """Ask why transports of a room are where they are, or why one is.

    Attributes:
        room_id: The room; may be left out where a transport is named.
        transport_id: The transport.
        tenant: Whose; for the operator alone, default: `default`.
        limit: The newest so many decisions.
        inputs: Answer with what each was made from as well, so that it can be made again.
    """

    room_id: Id | None = None
    transport_id: Id | None = None
    tenant: Id | None = None
    limit: Annotated[int, Field(gt=0, le=50)] = 10
    inputs: bool = False


class Decided(Message):
    """A decision; `inputs` is there where it was asked for and the replica that answers made the decision itself."""

    decision: DecidedEvent
    inputs: dict[str, Any] | None = None


class RoomWhyAnswer(Reply):
    """What is known, the newest first; replicas keep the last few thousand decisions.

    Attributes:
        transport: Where the transport is now, and what it has booked, where one was named.
    """

    decisions: list[Decided]
    transport: TransportPlace | None = None


class TransportFind(Command):
    """Ask an agent whether it holds a transport.

    Attributes:
        tenant: Whose transport; two tenants may use the same id.
    """

    transport_id: Id
    tenant: str


class TransportPlace(Reply):
    """Where a transport is, and what it has booked.

    Attributes:
        room_id: Absent for one outside of rooms.
        grant_id: The offer that it was made with; absent without one.
        consumers: How many consumers it has.
        reserve: What is kept for its growth by now, percent of a core.
    """

    transport_id: str
    tenant: str
    room_id: str | None = None
    node_id: str
    worker_id: str
    router_id: str
    grant_id: str | None = None
    consumers: int = 0
    reserve: float = 0


RoomWhyAnswer.model_rebuild()

"""Rooms: their record, their policy, and the commands on them (docs/wire/room.md)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from tureen.contract.ids import Id
from tureen.contract.model import Command, Message, Reply

Direction = Literal["send", "recv", "both"]
Limit = Literal["deny", "queue", "spill", "degrade"]


class Version(NamedTuple):
    """The fence of a room: compared in this order, the larger is the newer."""

    incarnation: int
    generation: int


class RoomPolicy(Command):
    """How a room is spread, and what happens when there is no room for more of it.

    Attributes:
        watermark: Percent of a core that packing fills on a worker before it spills over.
        hard_limit: Percent of a core above which a worker takes nothing more.
        max_consumers_per_worker: Most consumers of this room on one worker; unset is no limit.
        max_transports_per_worker: Most transports (pipes apart) of this room on one worker; unset is no limit.
        max_peers: How many peers the room may come to hold, where that is known.
        expected_producers_per_peer: How many producers each of them will have, where that is known.
        limit: What a request beyond the limits gets: `deny` refuses it at once, `queue` lets it wait until its
            deadline, `spill` goes past the watermark and the room's regions, never past the hard limit and the counts.
            `degrade` goes past the watermark too, with the lowest layers alone: consumers of a worker above the
            watermark begin with them, and an app may ask for more.
        regions: Regions that may carry the room; empty is all.
        first_node_id: The node of the room's first worker, where the app wants to choose it.
        empty_timeout: Seconds after which placement closes a room that nobody is in; unset is never.
    """

    watermark: Annotated[float, Field(gt=0, le=100)] = 60
    hard_limit: Annotated[float, Field(gt=0, le=100)] = 90
    max_consumers_per_worker: Annotated[int, Field(gt=0)] | None = None
    max_transports_per_worker: Annotated[int, Field(gt=0)] | None = None
    max_peers: Annotated[int, Field(gt=0)] | None = None
    expected_producers_per_peer: Annotated[float, Field(gt=0)] | None = None
    limit: Limit = "deny"
    regions: list[str] = Field(default_factory=list)
    first_node_id: Id | None = None
    empty_timeout: Annotated[float, Field(gt=0)] | None = None


class RoomRouter(Command):
    """One of the routers that make a room."""

    router_id: Id
    node_id: Id
    worker_id: Id


class RoomRecord(Command):
    """What a room is: one value in the bucket, and its copies with the agents.

    Attributes:
        incarnation: Which life of the bucket the record belongs to, wall clock in ms.
        generation: Counts the record's changes.
    """

    room_id: Id
    tenant: Id
    incarnation: Annotated[int, Field(ge=0)]
    generation: Annotated[int, Field(ge=0)]
    mediasoup_version: str
    media_codecs: list[dict[str, Any]]
    rtp_capabilities: dict[str, Any]
    policy: RoomPolicy
    routers: list[RoomRouter]

    @property
    def version(self) -> Version:
        """The record's fence."""
        return Version(self.incarnation, self.generation)

    def router(self, router_id: str) -> RoomRouter | None:
        """Return the room's router of that id, if it has one."""
        return next((router for router in self.routers if router.router_id == router_id), None)


class RoomCreate(Command):
    """Make a room; asked again with the same options it is the same room."""

    room_id: Id | None = None
    media_codecs: list[dict[str, Any]] | None = None
    """The router's mediaCodecs; unset is opus, VP8, VP9, H264 and AV1 as the service is configured."""
    policy: RoomPolicy = Field(default_factory=RoomPolicy)


class RoomRef(Command):
    """Name a room."""

    room_id: Id


class RoomUpdate(Command):
    """Change a room's codecs or policy; what is left out stays."""

    room_id: Id
    media_codecs: list[dict[str, Any]] | None = None
    policy: RoomPolicy | None = None


class RoomList(Command):
    """List rooms, a page at a time."""

    after: Id | None = None
    """The last room of the page before."""
    limit: Annotated[int, Field(gt=0, le=1000)] = 100


class RoomInfo(Reply):
    """A room as its owner sees it."""

    room_id: str
    incarnation: int
    generation: int
    mediasoup_version: str
    media_codecs: list[dict[str, Any]]
    rtp_capabilities: dict[str, Any]
    policy: RoomPolicy
    routers: list[RoomRouter]


class RoomPage(Reply):
    """A page of rooms."""

    rooms: list[RoomInfo]
    next: str | None = None
    """What to send as `after` for the next page; absent on the last."""


class RoomPlace(Command):
    """Ask where a new transport of a room goes.

    Attributes:
        expected_consumers: How many consumers a receiving transport is expected to hold.
        exclude: Workers that refused already.
        why: Answer with the reason as well.
    """

    room_id: Id
    direction: Direction = "both"
    expected_consumers: Annotated[int, Field(ge=0)] | None = None
    region: str | None = None
    node_id: Id | None = None
    exclude: list[Id] = Field(default_factory=list)
    why: bool = False


class Grant(Command):
    """An offer of a place for one transport; the create command carries it, the agent books it.

    Attributes:
        cost: Percent of a core that the transport is expected to cost now.
        reserve: Percent of a core that it may grow to beyond that.
        consumers: How many consumers the cost is for.
        consumer_cost: Percent of a core that each further one takes, of the reserve as long as that lasts.
        expires_at: When the offer ends, ms, on the clock of the worker's agent (`clock` in its heartbeats): the wall
            clocks of hosts differ.
    """

    grant_id: Id
    worker_id: Id
    room_id: Id
    cost: Annotated[float, Field(ge=0)] = 0
    reserve: Annotated[float, Field(ge=0, le=100)] = 0
    consumers: Annotated[int, Field(ge=0)] = 0
    consumer_cost: Annotated[float, Field(ge=0, le=100)] = 0
    expires_at: Annotated[int, Field(ge=0)]


class Candidate(Message):
    """A worker that was weighed, and what came of it."""

    node_id: str
    worker_id: str
    score: float
    """Percent of a core in use or booked; the best place packs, so higher is better below the watermark."""
    refusal: str | None = None
    """Why it was not taken, where it was not."""


class PlacementReason(Message):
    """Why a transport goes where it goes.

    Attributes:
        rule: The rule that decided: `pack`, `spill-worker`, `spill-node`, `spill-group`, `spill-region` or `first`;
            `spill` or `degrade` where the room's policy let it go past the watermark; `last-resort` where only nodes
            were left that failed within the last minute; empty where nothing fits.
        inputs_digest: SHA-256 over the decision's inputs, hexadecimal: same inputs, same decision.
        candidates: The eight best workers in order.
        refusals: How many workers were refused, by cause.
    """

    rule: str
    inputs_digest: str
    candidates: list[Candidate]
    refusals: dict[str, int]


class RoomPlaced(Reply):
    """Where a new transport goes."""

    node_id: str
    worker_id: str
    router_id: str
    grant: Grant
    why: PlacementReason | None = None


class RoomRoute(Command):
    """Ask by which path a router of a room gets a producer."""

    room_id: Id
    router_id: Id
    producer_id: Id
    exclude: list[Id] = Field(default_factory=list)
    """Routers that refused already."""


class RoomPath(Reply):
    """The routers from the one where the producer lives to the asker."""

    path: list[RoomRouter]


class WorkerPlace(Command):
    """Ask for a node that can start a worker of the caller's own."""

    region: str | None = None
    exclude: list[Id] = Field(default_factory=list)


class WorkerPlaced(Reply):
    """A node for a worker of the caller's own."""

    node_id: str

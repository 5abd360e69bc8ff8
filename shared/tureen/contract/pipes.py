"""What node agents say to each other: pipes between the routers of a room (docs/wire.md, «Pipes»)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from tureen.contract.ids import Id
from tureen.contract.model import Command, Reply
from tureen.contract.rooms import RoomRouter


class PipeEndpoint(Command):
    """One end of a pipe: where its RTP arrives, and its SRTP key where it is encrypted.

    The key is in these commands alone: in no event, log, trace or record.
    """

    ip: str
    port: Annotated[int, Field(gt=0, lt=65536)]
    srtp_parameters: dict[str, Any] | None = None


class PipePull(Command):
    """Bring a producer to a router of yours, from the router named: one hop."""

    room_id: Id
    producer_id: Id
    router_id: Id
    from_router_id: Id
    from_node_id: Id


class PipePulled(Reply):
    """The producer is there; `path` leads back to where it lives."""

    path: list[RoomRouter]


class PipeServe(Command):
    """Let a router of mine have a producer that a router of yours holds.

    Attributes:
        pull_id: Chosen by the puller, so that asking again is safe.
        pipe_id: The pair of PipeTransports, chosen by the puller; the first pull on it opens it.
        router_id: The router that holds the producer.
        for_router_id: The router that wants it.
        for_node_id: The node of that router, to which states are sent.
        endpoint: The puller's end of the pipe.
    """

    pull_id: Id
    pipe_id: Id
    room_id: Id
    producer_id: Id
    router_id: Id
    for_router_id: Id
    for_node_id: Id
    endpoint: PipeEndpoint


class PipeServed(Reply):
    """What the puller needs to produce it: the pipe consumer's parameters and state, and the way back to the origin."""

    endpoint: PipeEndpoint
    kind: str
    rtp_parameters: dict[str, Any]
    paused: bool
    path: list[RoomRouter]
    app_data: dict[str, Any] = Field(default_factory=dict)


class PipeState(Command):
    """The whole state of what is served, from source to puller; only the newest counts.

    Attributes:
        seq: Counts the states of this pull; an older one is ignored.
    """

    pull_id: Id
    seq: Annotated[int, Field(ge=0)]
    paused: bool
    closed: bool
    score: Annotated[int, Field(ge=0, le=10)] = 10


class PipeRelease(Command):
    """The pull ended or was given up, from puller to source."""

    pull_id: Id


class PipeList(Command):
    """List the pulls between an agent and the asker."""

    node_id: Id


class PipeEntry(Reply):
    """One pull, as one end sees it."""

    pull_id: str
    producer_id: str
    from_router_id: str
    to_router_id: str


class PipePage(Reply):
    """The pulls that an agent serves to, and takes from, the asker."""

    served: list[PipeEntry]
    pulled: list[PipeEntry]


class PipeFind(Command):
    """Ask an agent which of its routers hold a producer."""

    producer_id: Id


class PipeHolder(Reply):
    """A router that holds a producer; `upstream_router_id` is absent where it lives there."""

    router_id: str
    room_id: str | None = None
    upstream_router_id: str | None = None
    upstream_node_id: str | None = None


class PipeFound(Reply):
    """The routers that hold the producer, and by which hop each got it."""

    holders: list[PipeHolder]

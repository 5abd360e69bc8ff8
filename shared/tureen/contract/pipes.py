"""What node agents say to each other: pipes between the routers of a room (docs/wire/pipe.md)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from tureen.contract.data import Subchannel
from tureen.contract.ids import Id
from tureen.contract.media import UInt32
from tureen.contract.model import Command, Reply
from tureen.contract.rooms import RoomRouter


class PipeEndpoint(Command):
    """One end of a pipe: where its RTP arrives, and its SRTP key where it is encrypted.

    The key is in these commands alone: in no event, log, trace or record.

    Attributes:
        sctp: Whether it takes messages of data producers, which mediasoup does not encrypt on a pipe: so only inside a
            host, and between hosts that both declare a private link.
    """

    ip: str
    port: Annotated[int, Field(gt=0, lt=65536)]
    srtp_parameters: dict[str, Any] | None = None
    sctp: bool = False


class PipePull(Command):
    """Bring a producer to a router of yours, from the router named: one hop.

    Attributes:
        data: Whether it is a data producer.
    """

    room_id: Id
    producer_id: Id
    router_id: Id
    from_router_id: Id
    from_node_id: Id
    data: bool = False


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
        endpoint: The puller's end of the pipe; absent where a data producer can be carried over the bus alone.
        data: Whether it is a data producer.
    """

    pull_id: Id
    pipe_id: Id
    room_id: Id
    producer_id: Id
    router_id: Id
    for_router_id: Id
    for_node_id: Id
    endpoint: PipeEndpoint | None = None
    data: bool = False


class DataServed(Reply):
    """How the messages of a data producer come.

    Attributes:
        carried: In `pipe.messages`, rather than through the pipe's SCTP association.
        associated: Whether the source's end of that association is up; ask again, and the answer waits for it.
        sctp_stream_parameters: The stream on the pipe; where it is carried, that of the origin, if it has one.
    """

    carried: bool
    associated: bool = True
    label: str
    protocol: str
    sctp_stream_parameters: dict[str, Any] | None = None


class PipeServed(Reply):
    """What the puller needs to produce it: the pipe consumer's parameters and state, and the way back to the origin.

    Attributes:
        start_id: The run of the source's agent.
        endpoint: The source's end of the pipe; absent where messages are carried over the bus.
        kind: `audio`, `video` or `data`.
        rtp_parameters: Absent for data.
        scores: The origin's, as in `pipe.state`.
    """

    start_id: str
    endpoint: PipeEndpoint | None = None
    kind: str
    rtp_parameters: dict[str, Any] | None = None
    data: DataServed | None = None
    paused: bool
    scores: list[int] = Field(default_factory=list)
    path: list[RoomRouter]
    app_data: dict[str, Any] = Field(default_factory=dict)


class PipeState(Command):
    """The whole state of what is served, from source to puller; only the newest counts.

    Attributes:
        seq: Counts the states of this pull; an older one is ignored.
        scores: The origin's, 0 to 10, by encoding, or those of a hop before where they are worse: a pipe consumer's own
            is always 10. An encoding that is not listed is 10.
    """

    pull_id: Id
    seq: Annotated[int, Field(ge=0)]
    paused: bool
    closed: bool
    scores: list[Annotated[int, Field(ge=0, le=10)]] = Field(default_factory=list)


class PipeMessage(Command):
    """A data producer's message on its way to another router, with all that decides who hears it."""

    message: bytes
    ppid: UInt32
    subchannels: list[Subchannel] = Field(default_factory=list)
    required_subchannel: Subchannel | None = None
    ignored_subchannel: Subchannel | None = None


class PipeMessages(Command):
    """Messages of a pull that is carried over the bus, from source to puller, in order.

    Attributes:
        seq: The number of the first one among the pull's messages, from 0: what was taken already is ignored, so that
            asking again is safe.
    """

    pull_id: Id
    seq: Annotated[int, Field(ge=0)]
    messages: list[PipeMessage]


class PipeRelease(Command):
    """The pull ended or was given up, from puller to source."""

    pull_id: Id


class PipeList(Command):
    """List the pulls between an agent and the asker, a page at a time.

    Attributes:
        node_id: The asker.
        after: The last pull of the page before.
    """

    node_id: Id
    after: Id | None = None
    limit: Annotated[int, Field(gt=0, le=1000)] = 1000


class PipeEntry(Reply):
    """One pull, as one end sees it; `making` where its puller does not have it yet."""

    pull_id: str
    producer_id: str
    from_router_id: str
    to_router_id: str
    making: bool = False


class PipePage(Reply):
    """The pulls that an agent serves to, and takes from, the asker, those that are being made included.

    Attributes:
        start_id: The agent's run.
        next: What to send as `after` for the next page; absent on the last.
    """

    start_id: str
    served: list[PipeEntry]
    pulled: list[PipeEntry]
    next: str | None = None


class PipeFind(Command):
    """Ask an agent which of its routers hold a producer."""

    producer_id: Id


class PipeHolder(Reply):
    """A router that holds a producer; `upstream_router_id` is absent where it lives there."""

    router_id: str
    room_id: str | None = None
    kind: str = ""
    upstream_router_id: str | None = None
    upstream_node_id: str | None = None


class PipeFound(Reply):
    """The routers that hold the producer, and by which hop each got it."""

    holders: list[PipeHolder]

"""What a workload file may say (docs/scaling.md has an example of each part)."""

from __future__ import annotations

import tomllib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tureen.contract.rooms import RoomPolicy
from tureen.placement.engine import COSTS, Costs

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]


class WrongWorkloadError(ValueError):
    """A workload file is not what it should be; the message says where and why."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Nodes(_Part):
    """Hosts that are alike.

    Attributes:
        count: How many of them.
        workers: mediasoup workers on each.
        region: Where they are.
        joins: Seconds after which they are there.
    """

    count: Annotated[int, Field(ge=1, le=2000)] = 1
    workers: Annotated[int, Field(ge=1, le=256)] = 4
    region: str = ""
    joins: Seconds = 0.0


class Rooms(_Part):
    """Rooms that are alike.

    Attributes:
        name: What they are called; a number is added where there are several.
        count: How many of them.
        begins: Seconds until the first is made.
        every: Seconds from one to the next.
        peers: Peers of each that send.
        viewers: Peers of each that only receive; they come after the others.
        producers: How many producers each sending peer has.
        join_every: Seconds from one peer to the next.
        stay: Seconds that a peer stays: the shortest and the longest, drawn between them; unset is to the end.
        expected_consumers: As in `room.place`, for each peer's receiving transport; unset leaves it to placement.
        watch: Whom a peer watches: `all`, or so many others, drawn among those who are there.
        policy: The room's policy, as in `room.create`.
    """

    name: str = "room"
    count: Annotated[int, Field(ge=1)] = 1
    begins: Seconds = 0.0
    every: Seconds = 1.0
    peers: Count = 4
    viewers: Count = 0
    producers: Annotated[int, Field(ge=1)] = 2
    join_every: Seconds = 1.0
    stay: tuple[Seconds, Seconds] | None = None
    expected_consumers: Count | None = None
    watch: Literal["all"] | Count = "all"
    policy: RoomPolicy = Field(default_factory=RoomPolicy)


class Event(_Part):
    """Something that happens to a node, named `<group>-<number>`, both from 1.

    Attributes:
        at: Seconds.
        what: `lose` ends it with all that it carries, `drain` and `undrain` are the operator's, `silence` stops its
            heartbeats and `speak` lets them go on.
    """

    at: Seconds
    what: Literal["lose", "drain", "undrain", "silence", "speak"]
    node: str


class CostFigures(_Part):
    """What things cost in percent of a core; the defaults are placement's own."""

    ingest: float = COSTS.ingest
    copy_: Annotated[float, Field(alias="copy")] = COSTS.copy
    transport: float = COSTS.transport

    def costs(self) -> Costs:
        """Return them as the engine takes them."""
        return COSTS._replace(ingest=self.ingest, copy=self.copy_, transport=self.transport)


class Workload(_Part):
    """A whole file.

    Attributes:
        duration: Seconds to simulate.
        sample: Seconds between two looks at the loads.
        seed: What is drawn is drawn from it.
        consumers_per_worker: Most consumers on a worker, those of pipes included; unset is the hard limit of CPU alone.
        receiving_transports: Most receiving transports of a peer.
        fan_out: To how many routers one router sends the same producer.
        depth: Over how many hops a producer travels at most.
        costs: What a producer, a consumer and a transport cost.
    """

    duration: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    sample: Annotated[float, Field(gt=0)] = 1.0
    seed: int = 1
    consumers_per_worker: Annotated[int, Field(gt=0)] | None = None
    receiving_transports: Annotated[int, Field(ge=1)] = 16
    fan_out: Annotated[int, Field(ge=1)] = 8
    depth: Annotated[int, Field(ge=1)] = 4
    costs: CostFigures = Field(default_factory=CostFigures)
    nodes: Annotated[list[Nodes], Field(min_length=1)]
    rooms: Annotated[list[Rooms], Field(min_length=1)]
    events: list[Event] = Field(default_factory=list)


def parse(text: str) -> Workload:
    """Read a workload file (TOML).

    Raises:
        WrongWorkloadError: It is not TOML, or says something that a workload cannot.
    """
    try:
        return Workload.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise WrongWorkloadError(f"This is not TOML: {error}") from None
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise WrongWorkloadError(f"{where or 'the file'}: {wrong['msg']}") from None

"""What a decision was made from, as it was: enough to explain it, and to make it again."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from msgspec import Struct, msgpack
from msgspec.structs import astuple

from tureen.contract.rooms import RoomPlace, RoomRecord, RoomRouter
from tureen.placement.engine.costs import Costs
from tureen.placement.engine.regions import Groups
from tureen.placement.engine.room import RoomView, RouterView
from tureen.placement.picture import Worker

_ENCODER = msgpack.Encoder()


class Looked(Struct, frozen=True, array_like=True, gc=False):
    """A worker that was looked at, and its node, as they were.

    Attributes:
        indexed_load: The load by which its node is found.
    """

    worker_id: str
    node_id: str
    region: str
    mediasoup_version: str
    node_refusal: str | None
    failed: bool
    reluctant: bool
    indexed_load: float
    load: float
    hard_load: float

    @classmethod
    def at(cls, worker: Worker) -> Looked:
        """Copy what a decision takes into account; loads go on changing."""
        node = worker.node
        return Looked(
            worker.id,
            node.id,
            node.region,
            node.mediasoup_version,
            node.refusal,
            node.failed,
            node.reluctant,
            node.indexed_load,
            worker.load,
            worker.hard_load,
        )


class Rest(Struct, frozen=True, array_like=True):
    """The workers that were not looked at one by one, counted; only a decision that found nothing needs them.

    Attributes:
        refusing: By the cause that keeps their nodes from taking anything.
        accepting: Region, mediasoup version and how many there are on nodes that take something.
    """

    refusing: tuple[tuple[str, int], ...] = ()
    accepting: tuple[tuple[str, str, int], ...] = ()


class Inputs(Struct, frozen=True):
    """All that a decision was made from.

    Attributes:
        now: Wall clock, ms since 1970.
        draw: The random number, in [0, 1).
        groups: Regions that are close to each other.
        workers: What was looked at, in that order.
    """

    now: int
    draw: float
    costs: Costs
    groups: Groups
    request: RoomPlace
    room: RoomView
    workers: tuple[Looked, ...]
    rest: Rest

    @property
    def digest(self) -> str:
        """SHA-256, hexadecimal; the clock is left out: it sets when the grant expires, not where it leads."""
        record, request = self.room.record, self.request
        told = (
            (record.tenant, record.room_id, record.incarnation, record.generation, self.room.producers),
            (request.direction, request.expected_consumers, request.region, request.node_id, *request.exclude),
            [(view.transports, view.consumers) for view in self.room.routers],
            self.workers,
            self.rest,
            self.costs,
            [sorted(group) for group in self.groups],
            self.draw,
        )
        return sha256(_ENCODER.encode(told)).hexdigest()

    def to_wire(self) -> dict[str, Any]:
        """Return them as plain values, for msgpack or JSON; the room's codecs have no part in it."""
        record = self.room.record.model_copy(update={"media_codecs": [], "rtp_capabilities": {}})
        return {
            "now": self.now,
            "draw": self.draw,
            "costs": self.costs._asdict(),
            "regionGroups": [sorted(group) for group in self.groups],
            "request": self.request.to_wire(),
            "record": record.to_wire(),
            "producers": self.room.producers,
            "routers": [[view.transports, view.consumers] for view in self.room.routers],
            "workers": [list(astuple(looked)) for looked in self.workers],
            "refusing": [list(counted) for counted in self.rest.refusing],
            "accepting": [list(counted) for counted in self.rest.accepting],
        }

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> Inputs:
        """Read what `to_wire` wrote."""
        record = RoomRecord.model_validate(wire["record"])
        return cls(
            wire["now"],
            wire["draw"],
            Costs(**wire["costs"]),
            tuple(frozenset(group) for group in wire["regionGroups"]),
            RoomPlace.model_validate(wire["request"]),
            RoomView(record, _views(record.routers, wire["routers"]), wire["producers"]),
            tuple(Looked(*looked) for looked in wire["workers"]),
            Rest(
                tuple((cause, count) for cause, count in wire["refusing"]),
                tuple((region, version, count) for region, version, count in wire["accepting"]),
            ),
        )


def _views(routers: list[RoomRouter], counts: list[list[int]]) -> tuple[RouterView, ...]:
    return tuple(
        RouterView(router, transports, consumers)
        for router, (transports, consumers) in zip(routers, counts, strict=True)
    )

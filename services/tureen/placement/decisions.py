"""The last decisions, of this replica and of the others, for whoever asks why."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from tureen.contract.cluster import GrantedEvent
from tureen.contract.decisions import Decided, DecidedEvent
from tureen.contract.rooms import RoomRecord
from tureen.placement import engine
from tureen.placement.engine import Inputs
from tureen.telemetry import current_trace

MOST = 4_000
"""Decisions that are kept: about 20 MB."""
MOST_OF_A_ROOM = 50


def describe(
    decision: engine.Decision, record: RoomRecord, direction: str, granted: GrantedEvent | None, replica_id: str
) -> dict[str, Any]:
    """Return a decision as it is told: the values of a `DecidedEvent`, by their names on the wire.

    Args:
        decision: The decision.
        record: The room's record that it was made from.
        direction: Of the transport.
        granted: The offer that came of it; None where nothing was found.
        replica_id: Who made it.
    """
    trace = current_trace()
    told = {
        "replicaId": replica_id,
        "decidedAt": decision.reason.inputs.now,
        "traceId": trace.trace_id if trace is not None else "",
        "tenant": record.tenant,
        "roomId": record.room_id,
        "direction": direction,
        "cost": decision.demand.cost,
        "reserve": decision.demand.reserve,
        "why": decision.reason.to_wire(),
    }
    if granted is not None:
        told |= {
            "nodeId": granted.node_id,
            "workerId": granted.worker_id,
            "routerId": granted.router_id,
            "grantId": granted.grant_id,
        }
    return told


class Kept(NamedTuple):
    """A decision as it was told; what it was made from is known where this replica made it."""

    told: dict[str, Any]
    inputs: Inputs | None = None

    def tell(self, *, inputs: bool) -> Decided:
        """Return it as it travels."""
        return Decided(
            decision=DecidedEvent.model_validate(self.told),
            inputs=self.inputs.to_wire() if inputs and self.inputs is not None else None,
        )


class DecisionLog:
    """Decisions by room and by grant; the oldest go first."""

    def __init__(self, most: int = MOST, most_of_a_room: int = MOST_OF_A_ROOM) -> None:
        self._most = most
        self._most_of_a_room = most_of_a_room
        self._all: OrderedDict[int, Kept] = OrderedDict()
        self._rooms: dict[tuple[str, str], deque[int]] = {}
        self._grants: dict[str, int] = {}
        self._count = 0

    def add(self, kept: Kept) -> None:
        """Keep a decision."""
        self._count += 1
        number = self._count
        self._all[number] = kept
        of_room = self._rooms.setdefault(_room(kept), deque())
        of_room.append(number)
        grant_id = kept.told.get("grantId")
        if grant_id is not None:
            self._grants[grant_id] = number
        if len(of_room) > self._most_of_a_room:
            self._drop(of_room[0])
        elif len(self._all) > self._most:
            self._drop(next(iter(self._all)))

    def of_room(self, tenant: str, room_id: str) -> Iterator[Kept]:
        """Yield a room's decisions, the newest first."""
        for number in reversed(self._rooms.get((tenant, room_id), ())):
            yield self._all[number]

    def of_grant(self, tenant: str, grant_id: str) -> Kept | None:
        """Return the decision that an offer to a tenant came from, if it is still kept.

        A create may carry any grant: that of another tenant's is not explained.
        """
        number = self._grants.get(grant_id)
        kept = self._all[number] if number is not None else None
        return kept if kept is not None and kept.told["tenant"] == tenant else None

    def _drop(self, number: int) -> None:
        kept = self._all.pop(number)
        of_room = self._rooms[_room(kept)]
        # The oldest of all is the oldest of its room.
        of_room.popleft()
        if not of_room:
            del self._rooms[_room(kept)]
        self._grants.pop(kept.told.get("grantId", ""), None)

    def __len__(self) -> int:
        return len(self._all)


def _room(kept: Kept) -> tuple[str, str]:
    return kept.told["tenant"], kept.told["roomId"]

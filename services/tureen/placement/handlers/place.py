"""`room.place` and `worker.place`."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from tureen.bus import Call
from tureen.contract.cluster import GrantedEvent
from tureen.contract.errors import Conflict, Internal, NoCapacity, Stale, Timeout, TureenError, Unavailable
from tureen.contract.ids import new_id
from tureen.contract.rooms import Grant, RoomPlace, RoomPlaced, RoomRecord, RoomRouter, WorkerPlace, WorkerPlaced
from tureen.placement import engine
from tureen.placement.decisions import Kept, describe
from tureen.placement.handlers.function import Function
from tureen.placement.state import PlacementState
from tureen.placement.store import Known

log = logging.getLogger(__name__)

MARGIN = 0.1
"""Seconds before the caller's deadline at which waiting ends, so that the answer still reaches it."""

EAGER_TRIES = 3
"""How often a decision that others overtook is made anew at once: of five hundred who join together, each needs two."""

FIRST_PAUSE = 0.01
LONGEST_PAUSE = 0.25
"""Seconds between the decisions after that, doubling: a node that never agrees is not to be flooded."""

LONGEST_WAIT = 1.0
"""Seconds after which a request that is queued is tried again even if nothing seems to have changed."""


async def place(state: PlacementState, call: Call, command: RoomPlace) -> RoomPlaced:
    """Say where a new transport of a room goes, with its router ready there."""
    state.store.require_ready()
    return await _Placing(state, call, command).run()


async def place_worker(state: PlacementState, _call: Call, command: WorkerPlace) -> WorkerPlaced:
    """Say which node can start a worker of the caller's own."""
    node = engine.place_worker(state.picture.cluster, command)
    if node is None:
        raise NoCapacity("No node takes a worker", details={"nodes": len(state.picture.cluster.nodes)})
    return WorkerPlaced(node_id=node.id)


@dataclass(slots=True)
class _Placing:
    """One request on its way: decided as often as needed until the caller's deadline.

    Attributes:
        failed: Workers that did not make the router; they are left out as those are that the caller names.
        failure: What the last of them said.
        tries: How many decisions did not hold.
    """

    state: PlacementState
    call: Call
    command: RoomPlace
    failed: list[str] = field(default_factory=list)
    failure: TureenError | None = None
    tries: int = 0

    async def run(self) -> RoomPlaced:
        """Decide until a place holds."""
        while True:
            known = await self.state.store.get(self.call.tenant, self.command.room_id)
            self._check_offers()
            decision = self._decide(known.record)
            if decision.place is None:
                await self._wait_or_refuse(known.record, decision)
                continue
            placed = await self._try(known, decision, decision.place)
            if placed is not None:
                return placed
            if self.call.remaining() <= MARGIN:
                raise self.failure or Timeout(f"No place in room {self.command.room_id} was found in time")
            await self._pause()

    def _check_offers(self) -> None:
        state = self.state
        state.offers.check(self.call.tenant, state.picture.cluster.bookings.holds, state.now())

    async def _pause(self) -> None:
        """Leave others some time before the next decision, the more of it the more did not hold."""
        self.tries += 1
        late = self.tries - EAGER_TRIES
        if late > 0:
            await asyncio.sleep(min(FIRST_PAUSE * 2 ** min(late, 10), LONGEST_PAUSE))

    def _decide(self, record: RoomRecord) -> engine.Decision:
        request = self.command
        if self.failed:
            request = request.model_copy(update={"exclude": [*request.exclude, *self.failed]})
        return self.state.decide(record, request)

    async def _wait_or_refuse(self, record: RoomRecord, decision: engine.Decision) -> None:
        """Nothing fits: wait for a change where the room's policy says so, else refuse."""
        left = self.call.remaining() - MARGIN
        if record.policy.limit == "queue" and left > 0:
            await self.state.changed.wait(min(left, LONGEST_WAIT))
            return
        young = self.state.young()
        if young and left > 0:
            await self.state.changed.wait(min(left, young))
            return
        self._tell(record, decision, None)
        if self.failure is not None:
            raise self.failure
        raise _no_capacity(record, decision, why=self.command.why)

    async def _try(self, known: Known, decision: engine.Decision, chosen: engine.Place) -> RoomPlaced | None:
        """Book a place and have its router made; None where it has to be decided anew."""
        state = self.state
        router = RoomRouter(router_id=chosen.router_id or new_id(), node_id=chosen.node_id, worker_id=chosen.worker_id)
        granted = self._book(decision, router)
        try:
            enlisted = chosen.router_id is None
            if enlisted:
                known = await state.routers.enlist(known, router)
            timeout = max(0.0, self.call.remaining() - MARGIN)
            await state.routers.ensure(known.record, router, timeout, enlisted=enlisted)
        except (Conflict, Stale) as error:
            # Somebody else changed the room: what he did may be all that is needed.
            log.debug("room %s changed meanwhile: %s", known.record.room_id, error)
            self._unbook(granted)
            return None
        except TureenError as error:
            self._unbook(granted)
            self._note_failure(router, error)
            return None
        except BaseException:
            self._unbook(granted)
            raise
        state.announce("granted", granted)
        self._tell(known.record, decision, granted)
        return self._placed(router, granted, decision)

    def _tell(self, record: RoomRecord, decision: engine.Decision, granted: GrantedEvent | None) -> None:
        """Keep a decision, and tell it to the other replicas and whoever else wants to know."""
        state, reason = self.state, decision.reason
        told = describe(decision, record, self.command.direction, granted, state.settings.replica_id)
        state.decisions.add(Kept(told, reason.inputs))
        state.publish("decided", told)
        # Where the room is already, the next transport is no news.
        level = logging.DEBUG if reason.rule == "pack" else logging.INFO
        where = f"on {granted.worker_id} of {granted.node_id}" if granted is not None else "nowhere"
        refusals = ", ".join(f"{workers} {cause}" for cause, workers in sorted(reason.refusals.items()))
        log.log(
            level,
            "room %s: %s %s (%s; inputs %.12s; refused: %s)",
            record.room_id,
            self.command.direction,
            where,
            reason.rule or "no place",
            told["why"]["inputsDigest"],
            refusals or "none",
        )

    def _note_failure(self, router: RoomRouter, error: TureenError) -> None:
        self.failed.append(router.worker_id)
        self.failure = error
        if isinstance(error, (Timeout, Unavailable, Internal)):
            self.state.picture.cluster.fail(router.node_id, self.state.now())

    def _book(self, decision: engine.Decision, router: RoomRouter) -> GrantedEvent:
        """Count the place as taken from this moment: whoever is decided next must see it."""
        state = self.state
        granted = GrantedEvent(
            replica_id=state.settings.replica_id,
            node_id=router.node_id,
            worker_id=router.worker_id,
            router_id=router.router_id,
            grant_id=new_id(),
            cost=decision.demand.cost,
            reserve=decision.demand.reserve,
            consumers=decision.demand.consumers,
            expires_at=state.picture.expiry(router.node_id, decision.expires_at - state.wall_ms(), state.now()),
        )
        state.picture.book(granted, state.now())
        state.offers.add(self.call.tenant, granted.worker_id, granted.grant_id)
        return granted

    def _unbook(self, granted: GrantedEvent) -> None:
        self.state.picture.cluster.unbook(granted.worker_id, granted.grant_id)
        self.state.offers.withdraw(self.call.tenant, granted.grant_id)

    def _placed(self, router: RoomRouter, granted: GrantedEvent, decision: engine.Decision) -> RoomPlaced:
        return RoomPlaced(
            node_id=router.node_id,
            worker_id=router.worker_id,
            router_id=router.router_id,
            grant=Grant(
                grant_id=granted.grant_id,
                worker_id=granted.worker_id,
                room_id=self.command.room_id,
                cost=granted.cost,
                reserve=granted.reserve,
                consumers=granted.consumers,
                consumer_cost=decision.demand.consumer_cost,
                expires_at=granted.expires_at,
            ),
            why=decision.reason.to_contract() if self.command.why else None,
        )


def _no_capacity(record: RoomRecord, decision: engine.Decision, *, why: bool) -> NoCapacity:
    refusals = dict(decision.reason.refusals)
    causes = ", ".join(f"{workers} {cause}" for cause, workers in sorted(refusals.items())) or "there is no worker"
    details: dict[str, object] = {"refusals": refusals}
    if why:
        details["why"] = decision.reason.to_wire()
    return NoCapacity(f"No worker takes another transport of room {record.room_id}: {causes}", details=details)


HANDLERS: dict[str, Function] = {
    "room.place": place,
    "worker.place": place_worker,
}

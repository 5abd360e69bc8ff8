"""Offering the load of overloaded workers to who can move it."""

from __future__ import annotations

import asyncio
import logging

from tureen.contract.decisions import MoveWantedEvent, ScaleWantedEvent
from tureen.contract.rooms import RoomPlace, RoomRecord
from tureen.placement.picture import HeldRouter
from tureen.placement.rebalance import Limits, Offer, Overload
from tureen.placement.state import PlacementState

log = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds between two looks, about: replicas that look at different moments hear of each other's offers in time."""


class Rebalancer:
    """Looks once a second; what it wants is an event, and whoever can move peers decides."""

    def __init__(self, state: PlacementState) -> None:
        settings = state.settings
        self._state = state
        self.overload = Overload(
            Limits(
                settings.rebalance_above, settings.rebalance_below, settings.rebalance_after, settings.rebalance_pause
            )
        )

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL * self._state.rng.uniform(0.75, 1.25))
            if self._state.bus.connected:
                self.look()

    def heard(self, worker_id: str) -> None:
        """Another replica has made an offer for a worker."""
        self.overload.heard(worker_id, self._state.now())

    def look(self) -> None:
        """Offer what should move now."""
        state = self._state
        nodes = state.picture.cluster.nodes.values()
        for offer in self.overload.look(nodes, self._routers_of, state.learner.costs, state.now()):
            self._make(offer)

    def _routers_of(self, worker_id: str) -> list[HeldRouter]:
        """Return the routers of rooms on a worker; one whose room is not known cannot be moved."""
        held = self._state.picture.holdings.routers()
        return [
            router
            for router in held
            if router.worker_id == worker_id and self._state.store.room_of(router.id) is not None
        ]

    def _make(self, offer: Offer) -> None:
        state = self._state
        record = state.store.room_of(offer.router.id)
        if record is None:
            return
        reason = (
            f"worker {offer.worker.id} has been above {self.overload.limits.above:.0f} % of a core "
            f"for {offer.seconds:.0f} s and is at {offer.load:.0f} %"
        )
        if self._fits_elsewhere(record, offer):
            log.warning("%s: %d transports of room %s should move", reason, offer.transports, record.room_id)
            state.announce("moveWanted", self._wanted(record, offer, reason))
            return
        log.warning("%s, and no other worker takes what room %s has there", reason, record.room_id)
        region = offer.worker.node.region
        state.announce(
            "scaleWanted",
            ScaleWantedEvent(
                replica_id=state.settings.replica_id, worker_id=offer.worker.id, region=region, reason=reason
            ),
        )

    def _fits_elsewhere(self, record: RoomRecord, offer: Offer) -> bool:
        """Tell whether another worker would take a transport of the room: nobody is moved into nowhere."""
        request = RoomPlace(room_id=record.room_id, direction="recv", exclude=[offer.worker.id])
        return self._state.decide(record, request).place is not None

    def _wanted(self, record: RoomRecord, offer: Offer, reason: str) -> MoveWantedEvent:
        return MoveWantedEvent(
            replica_id=self._state.settings.replica_id,
            tenant=record.tenant,
            room_id=record.room_id,
            node_id=offer.worker.node.id,
            worker_id=offer.worker.id,
            router_id=offer.router.id,
            transports=offer.transports,
            load=offer.load,
            reason=reason,
        )

"""What the handlers share: one object a replica."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tureen.bus import Bus
from tureen.contract import subjects
from tureen.contract.cluster import NodeEvent, RoomEvent
from tureen.contract.model import Announcement
from tureen.contract.rooms import RoomPlace, RoomRecord
from tureen.placement import engine
from tureen.placement.decisions import DecisionLog
from tureen.placement.engine import CostLearner
from tureen.placement.engine.room import view
from tureen.placement.offers import Offers
from tureen.placement.picture import Node, Picture
from tureen.placement.pulse import Pulse
from tureen.placement.routers import RoomRouters
from tureen.placement.routes import Plans
from tureen.placement.settings import PlacementSettings
from tureen.placement.store import RoomStore
from tureen.placement.updates import RecordUpdates, nodes_of


@dataclass(slots=True, eq=False)
class PlacementState:
    """A replica's state: nothing in it that could not be found out again.

    Attributes:
        picture: What the agents say.
        decisions: The last ones, for whoever asks why.
        learner: What producers and consumers cost here.
        plans: Paths that were answered a moment ago.
        heard_since: Since when nodes are listened to, monotonic seconds.
        changed: Beats whenever the picture changes.
        rng: Spreads what would else be equal.
    """

    settings: PlacementSettings
    bus: Bus
    picture: Picture = field(default_factory=Picture)
    decisions: DecisionLog = field(default_factory=DecisionLog)
    learner: CostLearner = field(default_factory=CostLearner)
    plans: Plans = field(default_factory=Plans)
    heard_since: float = 0.0
    changed: Pulse = field(default_factory=Pulse)
    rng: Random = field(default_factory=Random)
    offers: Offers = field(init=False)
    store: RoomStore = field(init=False)
    updates: RecordUpdates = field(init=False)
    routers: RoomRouters = field(init=False)

    def __post_init__(self) -> None:
        cluster = self.picture.cluster
        self.offers = Offers(self.settings.max_open_offers_per_tenant)
        self.store = RoomStore(self._written, cluster.set_drained)
        self.updates = RecordUpdates(self.bus, lambda node_id: node_id in cluster.nodes, self.store.overtake)
        self.routers = RoomRouters(self.store, self.bus, self.picture.holdings, self.settings.create_router_timeout)

    def now(self) -> float:
        """Return the monotonic clock, seconds."""
        return asyncio.get_running_loop().time()

    def wall_ms(self) -> int:
        """Return the wall clock, ms since 1970."""
        return time.time_ns() // 1_000_000

    def young(self) -> float:
        """Return for how many seconds more a replica that has just started may not have heard of every node."""
        return max(0.0, self.heard_since + self.settings.listen - self.now())

    def decide(self, record: RoomRecord, request: RoomPlace) -> engine.Decision:
        """Return where a transport of the room would go, by all that this replica knows now."""
        return engine.place(
            self.picture.cluster,
            view(self.picture, record),
            request,
            self.wall_ms(),
            self.rng,
            self.learner.costs,
            self.settings.region_groups,
        )

    def announce(self, what: str, event: Announcement) -> None:
        """Publish an event of the cluster."""
        self.publish(what, event.to_wire())

    def publish(self, what: str, told: dict[str, Any]) -> None:
        """Publish an event that is spelled out already."""
        self.bus.publish(subjects.system_event(what), told)

    def announce_node(self, what: str, node: Node, reason: str = "", start_id: str = "") -> None:
        """Publish that a node joined, is suspect or is gone."""
        self.announce(what, NodeEvent(node_id=node.id, start_id=start_id or node.start_id, reason=reason))

    async def close(self) -> None:
        """Give up what is under way and leave the store."""
        await self.routers.close()
        await self.updates.close()
        await self.store.close()

    def _written(self, old: RoomRecord | None, new: RoomRecord, closed: bool) -> None:
        """A room's record was written: tell its agents, the old and the new ones, and everybody who listens."""
        self.updates.tell(new, nodes_of(old, new))
        self.announce_room(new, closed=closed)

    def announce_room(self, record: RoomRecord, *, closed: bool = False) -> None:
        """Publish that a room's record was written."""
        self.announce(
            "roomChanged",
            RoomEvent(
                room_id=record.room_id,
                tenant=record.tenant,
                incarnation=record.incarnation,
                generation=record.generation,
                closed=closed,
            ),
        )

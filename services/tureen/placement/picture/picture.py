"""Cluster and holdings together: what concerns both."""

from __future__ import annotations

from collections.abc import Iterable

from tureen.contract.cluster import GrantedEvent, Heartbeat, Inventory, RouterEntry, RouterLoad
from tureen.placement.picture.bookings import Booking
from tureen.placement.picture.cluster import Cluster, Joined, Replaced
from tureen.placement.picture.holdings import Holdings


class Picture:
    """All that a replica knows of the agents; nothing in it waits. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.holdings = Holdings()

    def hear(self, heartbeat: Heartbeat, now: float) -> list[Joined | Replaced]:
        """Take over a heartbeat, and return what it changed beyond loads."""
        self._take_loads(heartbeat.node_id, heartbeat.routers)
        changes = self.cluster.hear(heartbeat, now)
        for change in changes:
            if isinstance(change, Replaced):
                self.holdings.forget_node(change.node.id)
        return changes

    def take_page(self, page: Inventory) -> list[RouterEntry] | None:
        """Take over one page of an inventory; return all its routers when the last one is there."""
        entries = self.holdings.take_page(page)
        if entries is not None:
            loads = (
                RouterLoad(
                    router_id=entry.router_id,
                    transports=entry.transports,
                    opened=entry.opened,
                    consumers=entry.consumers,
                )
                for entry in entries
            )
            self._take_loads(page.node_id, loads)
        return entries

    def book(self, granted: GrantedEvent, now: float) -> None:
        """Enter a grant, of ours or of another replica's; one that has expired, or is for a lost node, is ignored."""
        node = self.cluster.nodes.get(granted.node_id)
        left = (granted.expires_at - node.clock(now)) / 1000 if node is not None else 0
        if left <= 0:
            return
        self.cluster.book(
            Booking(
                grant_id=granted.grant_id,
                worker_id=granted.worker_id,
                router_id=granted.router_id,
                cost=granted.cost,
                reserve=granted.reserve,
                consumers=granted.consumers,
                expires_at=now + left,
            )
        )

    def expiry(self, node_id: str, left_ms: int, now: float) -> int:
        """Return when an offer that holds for so long ends, ms, on the clock of the agent that will look at it."""
        node = self.cluster.nodes.get(node_id)
        # With a node that has gone meanwhile there is nothing on offer.
        return node.clock(now) + left_ms if node is not None else 0

    def is_complete(self, node_id: str) -> bool:
        """Tell whether everything that a node's last heartbeat spoke of is known."""
        node = self.cluster.nodes.get(node_id)
        return node is not None and self.holdings.is_complete(node_id, node.start_id, node.inventory_version)

    def forget_node(self, node_id: str) -> None:
        """A node is gone, and all that it held."""
        self.cluster.remove(node_id)
        self.holdings.forget_node(node_id)

    def forget_worker(self, worker_id: str) -> None:
        """A worker died, and its routers with it."""
        self.cluster.remove_worker(worker_id)
        self.holdings.forget_worker(worker_id)

    def _take_loads(self, node_id: str, loads: Iterable[RouterLoad]) -> None:
        """Transports that show for the first time settle the offers that they came from."""
        for router, transports in self.holdings.take_loads(node_id, loads):
            self.cluster.bookings.settle(router.id, transports)

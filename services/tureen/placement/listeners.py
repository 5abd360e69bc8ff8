"""What agents and other replicas publish, taken over into the picture."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from tureen.bus.parser import Delivery
from tureen.contract import subjects
from tureen.contract.cluster import (
    GrantedEvent,
    Heartbeat,
    Inventory,
    InventoryEvent,
    NodeEvent,
    PipeEvent,
    ProducerEvent,
    RouterEvent,
    WorkerEvent,
)
from tureen.contract.decisions import DecidedEvent, MoveWantedEvent
from tureen.contract.errors import TureenError
from tureen.contract.quick import decode_heartbeat
from tureen.placement.decisions import Kept
from tureen.placement.inventories import Inventories
from tureen.placement.picture import Joined, Replaced
from tureen.placement.reconcile import Reconciler
from tureen.placement.state import PlacementState

log = logging.getLogger(__name__)

NEW_RUN = 3
"""Heartbeats of a run after which hearing of a node for the first time means that we are new, not the node."""

_OF_NODES: Mapping[str, type[InventoryEvent]] = {
    "producerOpened": ProducerEvent,
    "producerClosed": ProducerEvent,
    "pipeOpened": PipeEvent,
    "pipeClosed": PipeEvent,
    "routerOpened": RouterEvent,
    "routerClosed": RouterEvent,
    "workerDied": WorkerEvent,
}


class Listeners:
    """Hears heartbeats, inventories and the events of the cluster."""

    def __init__(self, state: PlacementState, reconciler: Reconciler, on_move_wanted: Callable[[str], None]) -> None:
        self._state = state
        self._reconciler = reconciler
        self._on_move_wanted = on_move_wanted
        self.inventories = Inventories(state)

    async def start(self) -> None:
        """Begin to listen."""
        bus = self._state.bus
        await bus.subscribe(subjects.SYSTEM_EVENTS, self.on_event)
        await bus.subscribe(subjects.INVENTORIES, self.on_inventory)
        await bus.listen(subjects.HEARTBEATS, self.on_heartbeat)

    async def close(self) -> None:
        """Ask nobody anything any more; the bus ends the subscriptions."""
        await self.inventories.close()

    def on_heartbeat(self, delivery: Delivery) -> None:
        """A node is alive, and this is its load; what is no heartbeat is nobody's sign of life."""
        try:
            heartbeat = decode_heartbeat(delivery.body)
            if _is_own(delivery.subject, heartbeat.node_id):
                self._heard(heartbeat)
        except TureenError as error:
            log.warning("a message on %s was dropped: %s", delivery.subject, error)
        except Exception:
            log.exception("a heartbeat on %s could not be taken over", delivery.subject)

    def _heard(self, heartbeat: Heartbeat) -> None:
        state = self._state
        for change in state.picture.hear(heartbeat, state.now()):
            self._on_change(change, heartbeat)
        state.learner.hear(heartbeat, state.now())
        if not state.picture.is_complete(heartbeat.node_id):
            self.inventories.ask(heartbeat.node_id)
        state.changed.beat()

    def on_inventory(self, subject: str, payload: dict[str, Any]) -> None:
        """A page of what a node holds."""
        page = Inventory.model_validate(payload)
        if not _is_own(subject, page.node_id):
            return
        entries = self._state.picture.take_page(page)
        if entries is not None:
            self._reconciler.announced(page.node_id, entries)
            self._state.changed.beat()

    def on_event(self, subject: str, payload: dict[str, Any]) -> None:
        """Something happened at a node, or another replica did something."""
        what = subject.rpartition(".")[2]
        model = _OF_NODES.get(what)
        if model is not None:
            self._on_node_event(what, model.model_validate(payload))
        elif what == "granted":
            self._on_granted(GrantedEvent.model_validate(payload))
        elif what == "decided":
            self._on_decided(DecidedEvent.model_validate(payload))
        elif what == "moveWanted":
            # Whoever offered, ourselves or another: for a while that is enough.
            self._on_move_wanted(MoveWantedEvent.model_validate(payload).worker_id)
        elif what == "nodeGone":
            self._on_node_gone(NodeEvent.model_validate(payload))

    def _on_change(self, change: Joined | Replaced, heartbeat: Heartbeat) -> None:
        state = self._state
        if isinstance(change, Replaced):
            log.warning("node %s was started anew; what its old run held is gone", change.node.id)
            state.announce_node("nodeGone", change.node, "restarted", change.old_start_id)
            self._reconciler.lost_workers(change.old_worker_ids)
        elif change.returned:
            log.info("node %s is back", change.node.id)
            state.announce_node("nodeJoined", change.node, "returned")
        else:
            log.info("node %s: %d workers", change.node.id, len(heartbeat.workers))
            if heartbeat.seq <= NEW_RUN:
                state.announce_node("nodeJoined", change.node)

    def _on_node_event(self, what: str, event: InventoryEvent) -> None:
        state = self._state
        if not state.picture.holdings.take_event(what, event):
            self.inventories.ask(event.node_id)
        if isinstance(event, ProducerEvent) and event.room_id != subjects.ABSENT:
            state.plans.forget(event.producer_id, event.router_id)
        elif isinstance(event, WorkerEvent):
            log.warning("worker %s of node %s died", event.worker_id, event.node_id)
            self._on_worker_died(event)
        elif isinstance(event, RouterEvent) and what == "routerClosed" and event.room_id != subjects.ABSENT:
            self._reconciler.lost_router(event.router_id)
        state.changed.beat()

    def _on_worker_died(self, event: WorkerEvent) -> None:
        """A worker of a tenant's own carries no rooms, and its id, which the tenant chose, may be another's."""
        if event.tenant is None:
            self._state.picture.forget_worker(event.worker_id)
            self._reconciler.lost_workers([event.worker_id])

    def _on_granted(self, event: GrantedEvent) -> None:
        state = self._state
        if event.replica_id != state.settings.replica_id:
            state.picture.book(event, state.now())

    def _on_decided(self, event: DecidedEvent) -> None:
        if event.replica_id != self._state.settings.replica_id:
            self._state.decisions.add(Kept(event.to_wire()))

    def _on_node_gone(self, event: NodeEvent) -> None:
        """A node says that it leaves, or a replica has a witness; news of a run that we replaced ourselves is old."""
        state = self._state
        node = state.picture.cluster.nodes.get(event.node_id)
        if node is not None and node.start_id == event.start_id:
            log.info("node %s is gone: %s", node.id, event.reason or "no reason told")
            worker_ids = list(node.workers)
            state.picture.forget_node(node.id)
            self._reconciler.lost_workers(worker_ids)
            state.changed.beat()


def _is_own(subject: str, node_id: str) -> bool:
    """Tell whether a node speaks for itself: the server checks the subject that it publishes, not what is inside."""
    own = subject.rpartition(".")[2] == node_id
    if not own:
        log.warning("a message on %s was dropped: it speaks for node %s", subject, node_id)
    return own

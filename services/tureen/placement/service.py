"""The shell of placement: the bus, the listeners, the tasks that go on by themselves."""

from __future__ import annotations

import asyncio
import logging

from tureen.bundle import MEDIASOUP_VERSION
from tureen.bus import Bus, Service
from tureen.contract import subjects
from tureen.contract.registry import commands_of
from tureen.placement.clock import Clock
from tureen.placement.handlers import handlers
from tureen.placement.handlers.rooms import capabilities
from tureen.placement.janitor import Janitor
from tureen.placement.listeners import Listeners
from tureen.placement.rebalancer import Rebalancer
from tureen.placement.reconcile import Reconciler
from tureen.placement.recovery import Recovery
from tureen.placement.settings import PlacementSettings
from tureen.placement.state import PlacementState

log = logging.getLogger(__name__)


class Placement:
    """One replica."""

    def __init__(self, settings: PlacementSettings, bus: Bus) -> None:
        # A wrong codec in the settings must be told to the operator, not to the first who makes a room.
        capabilities(settings.media_codecs)
        self.state = PlacementState(settings, bus)
        self.reconciler = Reconciler(self.state)
        self.rebalancer = Rebalancer(self.state)
        self.listeners = Listeners(self.state, self.reconciler, self.rebalancer.heard)
        self.recovery = Recovery(self.state)
        self.janitor = Janitor(self.state, self.reconciler)
        self.clock = Clock(self.state)
        self._service = Service(
            bus,
            name="placement",
            version=MEDIASOUP_VERSION,
            commands=commands_of("placement"),
            handlers=handlers(self.state),
            subject=subjects.service_commands("placement"),
            queue="placement",
            metadata={"replicaId": settings.replica_id},
        )
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen, make the store ready, then answer."""
        await self.listeners.start()
        self.state.heard_since = self.state.now()
        self._tasks.append(asyncio.create_task(self.clock.run(), name="clock"))
        await self.recovery.run()
        await self._service.start()
        self._tasks.append(asyncio.create_task(self.janitor.run(), name="janitor"))
        self._tasks.append(asyncio.create_task(self.rebalancer.run(), name="rebalancer"))
        log.info("placement is ready: %d nodes, %d rooms", len(self.state.picture.cluster.nodes), len(self.state.store))

    async def close(self) -> None:
        """Answer what is under way, then end everything; what was not finished is found by the next replica."""
        await self._service.drain()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.listeners.close()
        await self.recovery.close()
        await self.reconciler.close()
        await self.state.close()


async def serve(settings: PlacementSettings, stop: asyncio.Event, ready: asyncio.Event | None = None) -> None:
    """Run a replica until `stop` is set.

    Args:
        settings: Its settings.
        stop: Ends it, in order.
        ready: Set once it answers.

    Raises:
        TureenError: The bus cannot be reached, or a codec in the settings is wrong.
    """
    bus = await Bus.connect(settings.nats)
    try:
        placement = Placement(settings, bus)
        try:
            await _start_unless(placement, stop)
            if ready is not None and not stop.is_set():
                ready.set()
            await stop.wait()
        finally:
            await placement.close()
    finally:
        await bus.close()


async def _start_unless(placement: Placement, stop: asyncio.Event) -> None:
    """Start, but do not wait for a store that does not come once it should stop."""
    starting = asyncio.create_task(placement.start())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
    finally:
        for task in (starting, stopping):
            task.cancel()
        await asyncio.gather(starting, stopping, return_exceptions=True)

"""The shell of a node agent: the bus, the workers, heartbeats and inventories."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any

import tureen.mediasoup
from tureen.bus import Bus, Service
from tureen.contract import subjects
from tureen.contract.cluster import HEARTBEAT_INTERVAL, Heartbeat
from tureen.contract.ids import new_id
from tureen.contract.registry import commands_of
from tureen.contract.rooms import RoomPath, RoomRoute
from tureen.mediasoup.turns import in_turns
from tureen.node_agent import commands, streams
from tureen.node_agent.events import EventPublisher
from tureen.node_agent.inventory import Inventory
from tureen.node_agent.kernel import short_buffers
from tureen.node_agent.lease_clock import LeaseClock
from tureen.node_agent.leases import Leases
from tureen.node_agent.load import LoadMeter, RouterChanges
from tureen.node_agent.memory import Creates
from tureen.node_agent.objects import Objects, RouterEntry
from tureen.node_agent.pipes.comparer import Comparer
from tureen.node_agent.pipes.ends import DirectEnds
from tureen.node_agent.pipes.incoming import LINGER as PIPE_LINGER
from tureen.node_agent.pipes.incoming import IncomingPipes
from tureen.node_agent.pipes.peers import Peers
from tureen.node_agent.pipes.puller import Puller, PullerHooks
from tureen.node_agent.pipes.server import PipeServer, ServerLimits
from tureen.node_agent.pipes.transports import SOCKET_BUFFER, PipeTransports, enter_pipe
from tureen.node_agent.pipes.walker import Walker
from tureen.node_agent.settings import NodeAgentSettings
from tureen.node_agent.state import AgentState
from tureen.node_agent.workers import WorkerPool

log = logging.getLogger(__name__)

_DONE = object()


class NodeAgent:
    """Owns the mediasoup workers of one host and answers for every object in them."""

    def __init__(self, settings: NodeAgentSettings, bus: Bus) -> None:
        self._settings = settings
        self._bus = bus
        loop = asyncio.get_running_loop()
        start_id = new_id()
        self.state = AgentState(
            settings=settings,
            start_id=start_id,
            objects=Objects(),
            events=EventPublisher(bus, start_id),
            creates=Creates(loop.time),
            leases=Leases(settings.max_leases_per_tenant),
            publish_inventory=self._publish_inventory,
            now=loop.time,
        )
        self._lease_clock = LeaseClock(bus, self.state.leases)
        self._peers = Peers(bus, settings.node_id)
        self._meter = LoadMeter(settings)
        self._changes = RouterChanges()
        self._pool = self.state.pool = WorkerPool(self.state, self._meter.forget)
        self._link_pipes()
        self._service = Service(
            bus,
            name="node-agent",
            version=tureen.mediasoup.version,
            commands=commands_of("node"),
            handlers=commands.handlers(self.state),
            subject=subjects.node_commands(settings.node_id),
            metadata={"nodeId": settings.node_id, "startId": start_id, "region": settings.region},
        )
        self._beats = 0
        self._running: list[asyncio.Task[None]] = []
        self._inventory: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the workers, then answer and announce."""
        for warning in short_buffers(SOCKET_BUFFER):
            log.warning(warning)
        await self._pool.start()
        await self._service.start()
        self._bus.on_reconnect(self._announce)
        self._bus.on_reconnect(self._comparer.soon)
        self._announce()
        self._running = [
            asyncio.create_task(self._beat(), name="heartbeats"),
            asyncio.create_task(self._comparer.run(), name="comparing pulls"),
        ]
        self._lease_clock.start()
        log.info("node %s is ready with %d workers", self._settings.node_id, self._settings.workers)

    async def close(self) -> None:
        """Answer what is under way, then end everything."""
        running = [*self._running, *([self._inventory] if self._inventory is not None else [])]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._service.drain()
        await self._lease_clock.close()
        await self.state.puller.close()
        self.state.server.close()
        self._direct.close()
        await self._peers.close()
        await self._pool.close()
        # What closed while the workers ended may have told other agents so.
        await self._peers.close()

    def facts(self) -> dict[str, Any]:
        """Return what a supervisor is told when the agent is ready."""
        workers = sorted(self.state.objects.workers.all(), key=lambda entry: entry.index)
        return {"nodeId": self._settings.node_id, "workers": [entry.id for entry in workers]}

    def _link_pipes(self) -> None:
        settings, state, peers = self._settings, self.state, self._peers
        transports = PipeTransports(settings, state.objects)
        direct = DirectEnds(partial(enter_pipe, state.objects), PIPE_LINGER, self._bus.max_payload)
        state.puller = Puller(
            state.objects,
            peers,
            IncomingPipes(transports, state.pipe_opened, state.pipe_closed),
            direct,
            PullerHooks(state.producer_opened, state.producer_closed, partial(streams.scored, state)),
            node_id=settings.node_id,
            private_link=settings.private_link,
        )
        limits = ServerLimits(settings.max_pipe_fan_out, settings.max_pipe_depth, settings.private_link)
        state.server = PipeServer(
            state.objects, peers, transports, direct, limits, state.start_id, state.puller.unwatched
        )
        state.walker = Walker(peers, self._route)
        self._direct = direct
        self._comparer = Comparer(peers, state.puller, state.server, settings.node_id)
        peers.serve_locally(
            {
                "pipe.pull": lambda command: state.puller.pull(command, settings.request_timeout),
                "pipe.serve": lambda command: state.server.serve(command, settings.request_timeout),
                "pipe.state": state.puller.state,
                "pipe.messages": _at_once(state.puller.messages),
                "pipe.release": _at_once(state.server.release),
            }
        )

    async def _route(self, router: RouterEntry, producer_id: str, exclude: list[str], timeout: float) -> RoomPath:
        """Ask placement by which path a router gets a producer."""
        command = RoomRoute(room_id=router.room_id or "", router_id=router.id, producer_id=producer_id, exclude=exclude)
        body = await self._bus.command(
            "placement", "room.route", command.to_wire(), tenant=router.tenant, timeout=max(timeout, 0.0)
        )
        return RoomPath.model_validate(body)

    def _announce(self) -> None:
        self._publish_heartbeat()
        self._publish_inventory()

    def _publish_inventory(self) -> None:
        """Publish what the agent holds: at once where that is little, else in a moment."""
        if self._inventory is not None:
            # It will be of a moment that is yet to come.
            return
        made = Inventory(self.state.objects)
        work = made.prepare()
        if next(work, _DONE) is _DONE:
            self._send_inventory(made)
        else:
            self._inventory = asyncio.create_task(self._publish_in_turns(made, work), name="inventory")

    async def _publish_in_turns(self, made: Inventory, work: Generator[None, None, None]) -> None:
        try:
            await in_turns(work)
            self._send_inventory(made)
        except Exception:
            log.exception("an inventory failed")
        finally:
            self._inventory = None

    def _send_inventory(self, made: Inventory) -> None:
        state, node_id = self.state, self._settings.node_id
        for page in made.finish(node_id, state.start_id, state.inventory_version):
            self._bus.send(subjects.inventory(node_id), page)

    def _publish_heartbeat(self) -> None:
        self._bus.publish(subjects.heartbeat(self._settings.node_id), self._heartbeat().to_wire())

    def _heartbeat(self) -> Heartbeat:
        state = self.state
        now = state.now()
        workers = sorted(state.objects.workers.all(), key=lambda entry: entry.index)
        self._beats += 1
        return Heartbeat(
            node_id=self._settings.node_id,
            start_id=state.start_id,
            seq=self._beats,
            clock=round(now * 1000),
            mediasoup_version=tureen.mediasoup.version,
            region=self._settings.region,
            addresses=[address.label for address in self._settings.addresses],
            inventory_version=state.inventory_version,
            host=self._meter.host(workers, now),
            workers=[self._meter.worker(entry, now) for entry in workers],
            routers=self._changes.of(state.objects.routers.all()),
        )

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL)
            try:
                self._publish_heartbeat()
            except Exception:
                log.exception("a heartbeat failed")


def _at_once(handler: Callable[[Any], None]) -> Callable[[Any], Awaitable[None]]:
    """Return a handler that waits for nothing as one that may be awaited."""

    async def handle(command: Any) -> None:
        handler(command)

    return handle

"""The way from where a producer lives to a router of this agent's: asked of placement, made hop by hop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import pairwise

from tureen.contract.errors import Conflict, NoCapacity, NotFound, Timeout, TureenError, Unavailable, WorkerClosed
from tureen.contract.pipes import PipePull, PipePulled
from tureen.contract.rooms import RoomPath, RoomRouter
from tureen.node_agent.objects import HeldProducer, RouterEntry
from tureen.node_agent.pipes.peers import Peers

log = logging.getLogger(__name__)

Route = Callable[[RouterEntry, str, list[str], float], Awaitable[RoomPath]]
"""Asks placement for a path: the router, the producer, the routers to leave out, seconds."""

SHORTEST_HOP = 1.0
"""Seconds that a hop has at least; else half of what is left, so that there is time for another way."""

PAUSE = 0.2
"""Seconds before the way is asked for again where leaving out who refused leads nowhere else."""

_REFUSALS = (Conflict, NoCapacity, NotFound, Timeout, Unavailable, WorkerClosed)


class Walker:
    """Brings producers to this agent's routers, over as many hops as placement says."""

    def __init__(self, peers: Peers, route: Route) -> None:
        self._peers = peers
        self._route = route

    async def ensure(self, router: RouterEntry, producer_id: str, deadline: float, *, data: bool) -> HeldProducer:
        """Bring a producer to a router.

        After a refusal the way is asked for again without the router that refused, until the deadline (loop time).

        Raises:
            NotFound: No router of the room holds the producer.
            Unavailable: There is no way to it now.
            Timeout: None was found in time.
        """
        exclude: list[str] = []
        loop = asyncio.get_running_loop()
        while producer_id not in router.producers:
            if loop.time() >= deadline:
                raise Timeout(f"No way to producer {producer_id} was found in time", details={"refusers": exclude})
            path = (await self._route(router, producer_id, exclude, deadline - loop.time())).path
            refuser = await self._walk(path, producer_id, router, deadline, data=data)
            if refuser is None:
                break
            if refuser in exclude:
                # It stands in the middle of every way that is known, and may be found to be gone in a moment.
                await asyncio.sleep(PAUSE)
            else:
                exclude.append(refuser)
        held = router.producers.get(producer_id)
        if held is None:
            raise NotFound(f"Producer with id {producer_id} not found", details={"id": producer_id})
        return held

    async def _walk(
        self, path: list[RoomRouter], producer_id: str, router: RouterEntry, deadline: float, *, data: bool
    ) -> str | None:
        """Make every hop of a path in order; return the router that refused, or None."""
        loop = asyncio.get_running_loop()
        for source, to in pairwise(path):
            command = PipePull(
                room_id=router.room_id or "",
                producer_id=producer_id,
                router_id=to.router_id,
                from_router_id=source.router_id,
                from_node_id=source.node_id,
                data=data,
            )
            left = deadline - loop.time()
            try:
                await self._peers.ask(
                    to.node_id, "pipe.pull", command, PipePulled, max(left / 2, min(SHORTEST_HOP, left))
                )
            except _REFUSALS as error:
                log.info("hop %s -> %s of %s: %s", source.router_id, to.router_id, producer_id, error)
                return self._refuser(error, to, router)
        return None

    def _refuser(self, error: TureenError, to: RoomRouter, router: RouterEntry) -> str:
        """Return which router is in the way: the one that the error names, else the one that the hop leads to."""
        refuser = str(error.details.get("refuser", to.router_id))
        if refuser == router.id:
            raise error
        return refuser

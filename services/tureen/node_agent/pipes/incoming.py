"""This node's ends of pipes into its routers: it chooses their ids, opens them and decides when they go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tureen.contract.errors import Unavailable
from tureen.contract.ids import new_id
from tureen.contract.pipes import PipeEndpoint
from tureen.node_agent.objects import RouterEntry
from tureen.node_agent.pipes.ends import PipeEnd, finished
from tureen.node_agent.pipes.transports import PipeTransports

LINGER = 10.0
"""Seconds for which a pipe stays after its last pull."""


class PipeLost(Unavailable):
    """The source answers with another end than before: the pipe's is gone."""


@dataclass(slots=True, eq=False)
class IncomingPipe(PipeEnd):
    """An end of a pipe into a router.

    Attributes:
        from_router_id: The router at the other end.
        remote: The other end, once it is known.
    """

    pipe_id: str = field(kw_only=True)
    from_router_id: str = field(kw_only=True)
    remote: PipeEndpoint | None = None
    connecting: asyncio.Lock = field(default_factory=asyncio.Lock)


class IncomingPipes:
    """One pipe for each ordered pair of routers, shared by all producers on that way."""

    def __init__(
        self,
        transports: PipeTransports,
        linked: Callable[[RouterEntry, str], None],
        unlinked: Callable[[RouterEntry, str], None],
    ) -> None:
        self._transports = transports
        self._linked = linked
        self._unlinked = unlinked
        self._pipes: dict[tuple[str, str], asyncio.Future[IncomingPipe]] = {}

    async def get(self, router: RouterEntry, from_router_id: str, *, encrypted: bool, sctp: bool) -> IncomingPipe:
        """Return the pipe from a router to one of this node's, opening it once however many ask."""
        key = (from_router_id, router.id)
        making = self._pipes.get(key)
        if making is None:
            making = asyncio.ensure_future(self._open(router, from_router_id, encrypted=encrypted, sctp=sctp))
            self._pipes[key] = making
        try:
            return await asyncio.shield(making)
        except Exception:
            self._pipes.pop(key, None)
            raise

    async def connect(self, pipe: IncomingPipe, remote: PipeEndpoint | None) -> None:
        """Connect this end, once.

        Raises:
            PipeLost: The source answers with another end than before.
        """
        async with pipe.connecting:
            if pipe.remote is None and remote is not None:
                await self._transports.connect(pipe.transport, remote)
                pipe.remote = remote
        if pipe.remote != remote:
            pipe.transport.close()
            raise PipeLost("The source lost its end of the pipe; ask again")

    def unlisted(self, router: RouterEntry, listed: frozenset[str]) -> None:
        """Close the pipes into a router from those that its room's record does not list any more."""
        for (from_router_id, to), making in list(self._pipes.items()):
            if to == router.id and from_router_id not in listed:
                for pipe in finished([making]):
                    pipe.transport.close()

    def close(self) -> None:
        """Stop every timer."""
        for pipe in finished(self._pipes.values()):
            pipe.rest()

    async def _open(self, router: RouterEntry, from_router_id: str, *, encrypted: bool, sctp: bool) -> IncomingPipe:
        transport, endpoint = await self._transports.open(router, encrypted=encrypted, sctp=sctp)
        pipe = IncomingPipe(transport, LINGER, endpoint=endpoint, pipe_id=new_id(), from_router_id=from_router_id)
        transport.observer.once("close", lambda: self._closed(router, pipe))
        self._linked(router, from_router_id)
        return pipe

    def _closed(self, router: RouterEntry, pipe: IncomingPipe) -> None:
        pipe.rest()
        self._pipes.pop((pipe.from_router_id, router.id), None)
        self._unlinked(router, pipe.from_router_id)

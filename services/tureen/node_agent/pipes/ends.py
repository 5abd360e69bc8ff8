"""This node's ends of the ways between routers: open while something uses them, and for a while after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from tureen.contract.pipes import PipeEndpoint
from tureen.mediasoup import DirectTransport, PipeTransport
from tureen.node_agent.objects import RouterEntry

Made = TypeVar("Made")


@dataclass(slots=True, eq=False)
class End:
    """One end.

    Attributes:
        linger: Seconds for which it stays after its last user left.
        users: The pulls that use it.
    """

    transport: PipeTransport | DirectTransport
    linger: float
    users: set[str] = field(default_factory=set)
    _timer: asyncio.TimerHandle | None = None

    def hold(self, user: str) -> None:
        """Use it."""
        self.users.add(user)
        self.rest()

    def drop(self, user: str) -> None:
        """Use it no more; without users it closes after a while."""
        self.users.discard(user)
        if not self.users and self._timer is None and not self.transport.closed:
            self._timer = asyncio.get_running_loop().call_later(self.linger, self.transport.close)

    def rest(self) -> None:
        """Stop the timer, if it runs."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


@dataclass(slots=True, eq=False)
class PipeEnd(End):
    """An end of a pipe: its PipeTransport, and what the other end is told of it."""

    transport: PipeTransport
    endpoint: PipeEndpoint = field(kw_only=True)


class DirectEnds:
    """A DirectTransport for each router whose messages this agent carries itself."""

    def __init__(self, opened: Callable[[RouterEntry, DirectTransport], None], linger: float, largest: int) -> None:
        self._opened = opened
        self._linger = linger
        self._largest = largest
        self._ends: dict[str, asyncio.Future[End]] = {}

    async def get(self, router: RouterEntry) -> End:
        """Return a router's, opening it once however many ask."""
        making = self._ends.get(router.id)
        if making is None:
            making = self._ends[router.id] = asyncio.ensure_future(self._open(router))
        try:
            return await asyncio.shield(making)
        except Exception:
            self._ends.pop(router.id, None)
            raise

    def close(self) -> None:
        """Stop every timer."""
        for end in finished(self._ends.values()):
            end.rest()

    async def _open(self, router: RouterEntry) -> End:
        transport = await router.router.create_direct_transport(
            max_send_message_size=self._largest, max_receive_message_size=self._largest
        )
        end = End(transport, self._linger)
        transport.observer.once("close", lambda: self._closed(router, end))
        self._opened(router, transport)
        return end

    def _closed(self, router: RouterEntry, end: End) -> None:
        end.rest()
        self._ends.pop(router.id, None)


def finished(makings: Iterable[asyncio.Future[Made]]) -> Iterator[Made]:
    """Yield what was made already."""
    for making in makings:
        if making.done() and not making.cancelled() and making.exception() is None:
            yield making.result()

"""Pulls compared between the two ends, so that none is left at one of them whatever messages were lost."""

from __future__ import annotations

import asyncio
import logging

from tureen.contract.errors import TureenError
from tureen.contract.pipes import PipeEntry, PipeList, PipePage, PipeRelease, PipeState
from tureen.node_agent.pipes.peers import Peers
from tureen.node_agent.pipes.puller import Puller
from tureen.node_agent.pipes.rules import Side, compare
from tureen.node_agent.pipes.server import PipeServer

log = logging.getLogger(__name__)

INTERVAL = 15.0
"""Seconds between two comparisons with every agent that has pulls with this one."""
TIMEOUT = 2.0
"""Seconds that an agent has for a page of its list."""
_LAST_SEQ = 2**32
"""Newer than any state that was told of a pull that its source does not know."""


class Comparer:
    """Compares with the other agents after each reconnect, and now and then."""

    def __init__(self, peers: Peers, puller: Puller, server: PipeServer, node_id: str) -> None:
        self._peers = peers
        self._puller = puller
        self._server = server
        self._node_id = node_id
        self._now = asyncio.Event()

    def soon(self) -> None:
        """Compare at once: something may have been missed."""
        self._now.set()

    async def run(self) -> None:
        """Compare until cancelled."""
        while True:
            try:
                async with asyncio.timeout(INTERVAL):
                    await self._now.wait()
            except TimeoutError:
                pass
            self._now.clear()
            nodes = (self._puller.nodes() | self._server.nodes()) - {self._node_id}
            for result in await asyncio.gather(*map(self.compare, nodes), return_exceptions=True):
                if isinstance(result, Exception) and not isinstance(result, TureenError):
                    log.error("a comparison failed", exc_info=result)

    async def compare(self, node_id: str) -> None:
        """Compare with one agent; who does not answer is asked the next time.

        Raises:
            TureenError: It did not answer.
        """
        before = self._side(node_id)
        theirs, start_id = await self._ask(node_id)
        for pull_id in self._puller.of_other_run(node_id, start_id):
            self._puller.end(pull_id)
        found = compare(before, self._side(node_id), theirs)
        for pull_id in found.ended:
            log.info("pull %s is over: node %s does not serve it any more", pull_id, node_id)
            self._puller.end(pull_id)
        for pull_id in found.unserved:
            log.info("pull %s is over: node %s does not have it any more", pull_id, node_id)
            self._server.end(pull_id)
        for pull_id in found.to_release:
            self._peers.tell(node_id, "pipe.release", PipeRelease(pull_id=pull_id))
        for pull_id in found.to_close:
            over = PipeState(pull_id=pull_id, seq=_LAST_SEQ, paused=False, closed=True)
            self._peers.tell(node_id, "pipe.state", over)

    def _side(self, node_id: str) -> Side:
        return _side(self._server.entries(node_id), self._puller.entries(node_id))

    async def _ask(self, node_id: str) -> tuple[Side, str]:
        served: list[PipeEntry] = []
        pulled: list[PipeEntry] = []
        after: str | None = None
        while True:
            command = PipeList(node_id=self._node_id, after=after)
            page = await self._peers.ask(node_id, "pipe.list", command, PipePage, TIMEOUT)
            assert isinstance(page, PipePage)  # noqa: S101 - what `ask` was told to return.
            served += page.served
            pulled += page.pulled
            after = page.next
            if after is None:
                return _side(served, pulled), page.start_id


def _side(served: list[PipeEntry], pulled: list[PipeEntry]) -> Side:
    return Side(
        served=frozenset(entry.pull_id for entry in served),
        pulled=frozenset(entry.pull_id for entry in pulled),
        making=frozenset(entry.pull_id for entry in pulled if entry.making),
    )

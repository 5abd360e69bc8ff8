"""Messages of data producers that agents carry themselves, because no pipe may or can.

mediasoup does not encrypt SCTP on a pipe, so between hosts messages go over the bus; and what an app sends into a
DirectTransport may name subchannels, which SCTP has no place for. They arrive in order, each once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress

from tureen.contract.errors import NotFound, StateError, TureenError
from tureen.contract.model import Reply
from tureen.contract.pipes import PipeMessage, PipeMessages
from tureen.mediasoup import DataProducer
from tureen.mediasoup.errors import MediasoupError
from tureen.node_agent.objects import HeldProducer
from tureen.node_agent.pipes.peers import Peers

log = logging.getLogger(__name__)

MOST_WAITING = 4 * 1024 * 1024
"""Bytes of one pull that may wait: what comes beyond is lost, as with a full send buffer of SCTP."""
BATCH = 256 * 1024
"""Bytes after which a batch takes no further message."""
PATIENCE = 2.0
"""Seconds that a batch has to be answered before it is sent again."""
PAUSE = 0.2
"""Seconds between two tries."""


class Carrier:
    """Carries the messages of one pull to its puller: one batch at a time, each until it is answered."""

    def __init__(self, peers: Peers, node_id: str, pull_id: str) -> None:
        self._peers = peers
        self._node_id = node_id
        self._pull_id = pull_id
        self._waiting: deque[PipeMessage] = deque()
        self._bytes = 0
        self._sent = 0
        self._closed = False
        self._sending: asyncio.Task[None] | None = None
        self.dropped = 0

    def put(self, message: PipeMessage) -> None:
        """Send a message when its turn comes."""
        if self._closed:
            return
        if self._bytes + len(message.message) > MOST_WAITING:
            if not self.dropped:
                log.warning("messages of pull %s are dropped: %s does not keep up", self._pull_id, self._node_id)
            self.dropped += 1
            return
        self._waiting.append(message)
        self._bytes += len(message.message)
        if self._sending is None:
            self._sending = asyncio.create_task(self._run(), name=f"messages of {self._pull_id}")

    def close(self) -> None:
        """Carry nothing more."""
        self._closed = True
        self._waiting.clear()
        if self._sending is not None:
            self._sending.cancel()

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = self._take()
                await self._deliver(batch)
        finally:
            self._sending = None

    def _take(self) -> PipeMessages:
        messages: list[PipeMessage] = []
        size = 0
        while self._waiting and (not messages or size + len(self._waiting[0].message) <= BATCH):
            messages.append(self._waiting.popleft())
            size += len(messages[-1].message)
        self._bytes -= size
        batch = PipeMessages(pull_id=self._pull_id, seq=self._sent, messages=messages)
        self._sent += len(messages)
        return batch

    async def _deliver(self, batch: PipeMessages) -> None:
        while not self._closed:
            try:
                await self._peers.ask(self._node_id, "pipe.messages", batch, Reply, PATIENCE)
            except NotFound:
                # The puller has ended the pull, and says so itself.
                self.close()
            except StateError as error:
                log.debug("messages of pull %s are sent again: %s", self._pull_id, error)
                await asyncio.sleep(PAUSE)
            except TureenError as error:
                log.warning("%d messages of pull %s were lost: %s", len(batch.messages), self._pull_id, error)
                return
            else:
                return


def pass_on(held: HeldProducer, message: PipeMessage) -> None:
    """Send a message into a router that holds its data producer, and on to those who pull it from there."""
    data_producer = held.producer
    if isinstance(data_producer, DataProducer):
        with suppress(MediasoupError):
            send(held, data_producer, message)


def send(held: HeldProducer, data_producer: DataProducer, message: PipeMessage) -> None:
    """Send a message into a router, and on to those who pull it from there.

    Raises:
        MediasoupError: The data producer is closed.
    """
    data_producer.send(
        message.message,
        message.ppid,
        message.subchannels,
        message.required_subchannel,
        message.ignored_subchannel,
    )
    if not data_producer.paused:
        for tap in list(held.taps):
            tap(message)

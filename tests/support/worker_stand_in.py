"""The worker's end of a channel, in the test's own hands: it answers what, and when, the test says."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tureen.mediasoup.channel import Channel
from tureen.mediasoup.codec import Codec, Message, Notification, Request
from tureen.mediasoup.framing import MessageStream


class WorkerStandIn:
    """Hold the two sockets that a worker has as descriptors 3 and 4."""

    def __init__(self, codec: Codec, reads: socket.socket, writes: socket.socket) -> None:
        self._codec = codec
        self._message_table = codec.table("FBS.Message.Message")
        self._stream = MessageStream()
        self._received: list[Message] = []
        self.reads = reads
        self.writes = writes

    async def request(self) -> Request:
        """Wait for the next message, which has to be a request."""
        message = await self._message()
        assert isinstance(message, Request)
        return message

    async def notification(self) -> Notification:
        """Wait for the next message, which has to be a notification."""
        message = await self._message()
        assert isinstance(message, Notification)
        return message

    async def _message(self) -> Message:
        while not self._received:
            data = await asyncio.get_running_loop().sock_recv(self.reads, 1 << 20)
            assert data, "the channel is closed"
            self._received += map(self._codec.decode, self._stream.feed(data))
        return self._received.pop(0)

    def encode(self, kind: str, **values: Any) -> bytes:
        """Return a message with its length in front."""
        return bytes(self._message_table.encode({"dataType": kind, "data": values}))

    def accepted(self, id_: int, body_type: str | None = None, body: Mapping[str, Any] | None = None) -> bytes:
        """Return the response of a request that has been carried out."""
        return self.encode("Response", id=id_, accepted=True, bodyType=body_type, body=body)

    def refused(self, id_: int, error: str, reason: str | None) -> bytes:
        """Return the response of a request that has been refused."""
        return self.encode("Response", id=id_, accepted=False, error=error, reason=reason)

    async def send(self, *messages: bytes) -> None:
        """Write messages, together."""
        await asyncio.get_running_loop().sock_sendall(self.writes, b"".join(messages))

    def hang_up(self) -> None:
        """Close both sockets, as the end of a worker does."""
        self.reads.close()
        self.writes.close()


@asynccontextmanager
async def stand_in_worker(codec: Codec, **options: Any) -> AsyncIterator[tuple[Channel, WorkerStandIn]]:
    """Give a channel and the worker's end of it; close both afterwards."""
    producer, reads = socket.socketpair()
    consumer, writes = socket.socketpair()
    reads.setblocking(False)
    writes.setblocking(False)
    channel = Channel(codec, **options)
    await channel.attach(producer, consumer)
    worker = WorkerStandIn(codec, reads, writes)
    try:
        yield channel, worker
    finally:
        channel.abort()
        worker.hang_up()

"""Who asks in wire.py: a NATS client so thin that what it costs hides little of what the answering side does."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
import uuid
from typing import Any, NamedTuple, cast

import msgpack

_INBOX = "_INBOX.wire"
TENANT = "default"


class Took(NamedTuple):
    """What a round took: seconds in all, and seconds of each create."""

    seconds: float
    creates: list[float]


class Requester(asyncio.Protocol):
    """One connection to NATS. Commands carry no headers, as those of any plain client, but for traced ones."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._outbox: list[bytes] = []
        self._numbers = itertools.count(1)
        self._waiting: dict[bytes, asyncio.Future[dict[str, Any]]] = {}
        self._transport: asyncio.Transport

    @classmethod
    async def connect(cls, port: int) -> Requester:
        """Connect to the server on this machine."""
        _, requester = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return requester

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce oneself and listen for answers."""
        self._transport = cast("asyncio.Transport", transport)
        options = (
            b'{"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"lang":"python","version":"1"}'
        )
        self._transport.write(b"CONNECT %b\r\nSUB %b.* 1\r\n" % (options, _INBOX.encode()))

    def close(self) -> None:
        """Leave."""
        self._transport.close()

    async def ask(self, node: str, name: str, payload: dict[str, Any], timeout: float = 10.0) -> dict[str, Any]:
        """Send a command to a node and return the answer."""
        async with asyncio.timeout(timeout):
            return await self._send(f"tureen.v1.{TENANT}.node.{node}.{name}", payload)

    async def create(self, node: str, options: dict[str, Any], *, traced: bool = False) -> dict[str, Any]:
        """Create a WebRtcTransport."""
        if "grant" in options:
            # Each is for one transport.
            options = {**options, "grant": {**options["grant"], "grantId": f"grant-{next(self._numbers)}"}}
        return await self._send(f"tureen.v1.{TENANT}.node.{node}.router.createWebRtcTransport", options, traced=traced)

    async def close_transport(self, node: str, transport_id: str, *, traced: bool = False) -> None:
        """Close a transport."""
        subject = f"tureen.v1.{TENANT}.node.{node}.transport.close"
        await self._send(subject, {"transportId": transport_id}, traced=traced)

    def _send(self, subject: str, payload: dict[str, Any], *, traced: bool = False) -> asyncio.Future[dict[str, Any]]:
        number = str(next(self._numbers))
        body = msgpack.packb(payload)
        answered: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._waiting[number.encode()] = answered
        if not self._outbox:
            self._loop.call_soon(self._flush)
        line = f"{subject} {_INBOX}.{number}"
        if traced:
            head = _trace_headers()
            self._outbox += f"HPUB {line} {len(head)} {len(head) + len(body)}\r\n".encode(), head, body, b"\r\n"
        else:
            self._outbox += f"PUB {line} {len(body)}\r\n".encode(), body, b"\r\n"
        return answered

    def _flush(self) -> None:
        self._transport.write(b"".join(self._outbox))
        self._outbox.clear()

    def data_received(self, data: bytes) -> None:
        """Take what the server sends."""
        buffer = self._buffer + data
        position = 0
        while (end := buffer.find(b"\r\n", position)) >= 0:
            words = buffer[position:end].split()
            position, start = end + 2, position
            if words[0] not in (b"MSG", b"HMSG"):
                if words[0] == b"PING":
                    self._transport.write(b"PONG\r\n")
                continue
            head, size = int(words[3]) if words[0] == b"HMSG" else 0, int(words[-1])
            if len(buffer) < position + size + 2:
                position = start
                break
            self._answered(words[1], buffer[position : position + head], buffer[position + head : position + size])
            position += size + 2
        self._buffer = buffer[position:]

    def _answered(self, subject: bytes, headers: bytes, body: bytes) -> None:
        future = self._waiting.pop(subject.rpartition(b".")[2])
        if b"Nats-Service-Error" in headers or headers.startswith(b"NATS/1.0 "):
            future.set_exception(RuntimeError(f"{headers.decode()} {body!r}"))
        elif not future.done():
            future.set_result(msgpack.unpackb(body))


def _trace_headers() -> bytes:
    """Return what Tureen's own clients send: a trace, and how long they wait."""
    trace = f"{random.getrandbits(192) | 1:048x}"
    return f"NATS/1.0\r\ntraceparent: 00-{trace[:32]}-{trace[32:]}-00\r\nTureen-Timeout-Ms: 5000\r\n\r\n".encode()


async def pairs(
    requester: Requester, node: str, options: dict[str, Any], count: int, in_flight: int, *, as_clients: bool = False
) -> Took:
    """Create and close so many transports, so many at a time.

    Args:
        requester: Who asks.
        node: Who answers.
        options: Of each create.
        count: How many pairs.
        in_flight: How many at a time.
        as_clients: Whether to do as Tureen's own clients: each create names its id, and all carry a trace.
    """
    left = itertools.repeat(None, count)
    creates: list[float] = []

    async def run() -> None:
        for _ in left:
            started = time.perf_counter()
            named = {**options, "id": str(uuid.uuid4())} if as_clients else options
            made = await requester.create(node, named, traced=as_clients)
            creates.append(time.perf_counter() - started)
            await requester.close_transport(node, made["id"], traced=as_clients)

    started = time.perf_counter()
    await asyncio.gather(*(run() for _ in range(in_flight)))
    return Took(time.perf_counter() - started, creates)

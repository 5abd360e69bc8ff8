"""One connection to one NATS server, on nats-py.

nats-py does the handshake, TLS, authentication and pinging. What it does with messages is replaced, because of what was
found in 2.16: one handler at a time per subscription, a parser that a client can break from afar, `flush()` writing its
PING before the commands that it is to flush, a buffer that sends commands long after their callers gave up, and
connections that are given up for good. A `Client` therefore lives for one connection, never reconnects, and tells its
owner once when it is lost; `connection.Connection` makes the next one. This is the only module that touches nats-py's
private names.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable
from typing import Any

import nats.errors
from nats.aio.client import Client as NatsClient
from nats.aio.client import Srv

from tureen.bus.parser import Delivery, Parser, ProtocolError
from tureen.contract.errors import InvalidType

log = logging.getLogger(__name__)

Listener = Callable[[Delivery], None]

_DENIED = re.compile(r"permissions violation for (publish|subscription) to \"([^\"]*)\"", re.IGNORECASE)
_CLOSE_TIMEOUT = 2.0


class Client(NatsClient):
    """One connection to one NATS server.

    Args:
        on_lost: Called once when the connection is gone, with the reason; never after `close`.
        on_denied: Called when the server denies a `publish` or `subscription`, with that word and the subject.

    Attributes:
        server: Its URL, once `open` was called.
        congested: Whether the server does not keep up with what is sent.
        payload_limit: The most bytes that headers and body may have together, as the server says.
    """

    payload_limit = 1024 * 1024

    def __init__(self, on_lost: Callable[[str], None], on_denied: Callable[[str, str], None]) -> None:
        super().__init__()
        self._receiver = _Receiver(self)
        self._on_lost = on_lost
        self._on_denied = on_denied
        self._listeners: dict[int, Listener] = {}
        # Asking for the running loop asks the kernel for the process's id each time.
        self._loop = asyncio.get_running_loop()
        self._outbox: list[bytes] = []
        self._lost = False
        self.congested = False
        self._failed: asyncio.Future[Exception | str] = self._loop.create_future()
        self.server = ""

    # What the connection offers.

    async def open(self, server: str, **options: Any) -> None:
        """Connect to one server, once."""
        self.server = server
        await self.connect(server, allow_reconnect=False, error_cb=self._ignore, **options)
        self.payload_limit = self.max_payload

    def listen(self, subject: str, queue: str, listener: Listener) -> int:
        """Subscribe; the listener is called in the order of arrival and may not wait."""
        _check(subject)
        self._sid += 1
        self._listeners[self._sid] = listener
        self._write(f"SUB {subject} {queue} {self._sid}\r\n".encode())
        return int(self._sid)

    def unlisten(self, sid: int) -> None:
        """Tell the server to send no more; what is on its way still reaches the listener, until `forget`."""
        self._write(f"UNSUB {sid}\r\n".encode())

    def forget(self, sid: int) -> None:
        """Call a subscription's listener no more."""
        self._listeners.pop(sid, None)

    def send(self, subject: str, reply: str, headers: bytes, body: bytes) -> None:
        """Publish; what is sent in one turn of the loop is written at once."""
        _check(subject)
        if headers:
            size = len(headers)
            line = f"HPUB {subject} {reply} {size} {size + len(body)}\r\n"
        else:
            line = f"PUB {subject} {reply} {len(body)}\r\n"
        self._write(b"".join((line.encode(), headers, body, b"\r\n")))

    async def barrier(self) -> bool:
        """Wait until the server has taken everything sent so far; tell whether it did."""
        if self._lost:
            return False
        self._flush_outbox()
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._pongs.append(answered)
        # On a connection that has ended already the answer comes with the news of that.
        if not self._stream.is_closing():
            self._stream.write(b"PING\r\n")
        return await answered

    @property
    def waiting(self) -> int:
        """Bytes that the server has not taken yet; they are few where it is not `congested`."""
        return int(self._stream.get_write_buffer_size())

    @property
    def server_info(self) -> dict[str, Any]:
        """What the server says of itself."""
        return dict(self._server_info)

    async def close(self) -> None:
        """Close in order; the owner is not told."""
        self._on_lost = _nothing
        self._flush_outbox()
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await super().close()
        except TimeoutError:
            self.abort()
        tasks = (self._reading_task, self._ping_interval_task, self._flusher_task)
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)

    def abort(self) -> None:
        """Drop the connection at once, with what was not sent."""
        if self._transport:
            self._stream.abort()

    # What nats-py calls.

    async def _select_next_server(self) -> None:
        """Try the one server there is; nats-py would try for ever."""
        server: Srv = self._server_pool[0]
        await self._connect_to_server(server)
        self._current_server = server

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        """Insist on TLS where the URL does; nats-py would go on, and send the password, without it."""
        server: Any = self._current_server
        if server.uri.scheme == "tls" and not info.get("tls_required"):
            if not info.get("tls_available"):
                raise nats.errors.Error("the server offers no TLS, but its URL says tls://")
            info["tls_required"] = True
        await super()._process_info(info, initial_connection)

    async def _process_err(self, err_msg: str) -> None:
        """Close for an error; nats-py reads the texts in lower case."""
        await super()._process_err(err_msg.lower())

    async def _read_loop(self) -> None:
        """Take what arrives straight from the socket: nats-py's stream costs a task's turn for every read."""
        try:
            await self._receiver.take_over(self._transport)
            failure = await self._failed
            if isinstance(failure, str):
                await self._process_err(failure)
            else:
                await self._process_op_err(failure)
        except asyncio.CancelledError:
            # nats-py closes.
            return

    async def _process_op_err(self, e: Exception) -> None:
        self._err = e
        # A peer that reads no more would hold up an orderly close for as long as TCP tries again.
        self.abort()
        await super()._process_op_err(e)

    async def _close(self, status: int, do_cbs: bool = True) -> None:
        # What nats-py has not sent would raise on a broken connection, and what is late must not be sent.
        self._pending.clear()
        self._pending_data_size = 0
        self._end()
        await super()._close(status, do_cbs)

    def _end(self) -> None:
        if self._lost:
            return
        self._lost = True
        self._outbox.clear()
        for answered in self._pongs:
            if not answered.done():
                answered.set_result(False)
        self._pongs = []
        self._on_lost(str(self._err or "the connection was closed"))

    # What the parser calls.

    def on_message(self, sid: int, delivery: Delivery) -> None:
        """Hand a message to its listener."""
        listener = self._listeners.get(sid)
        if listener is None:
            return
        try:
            listener(delivery)
        except Exception:
            log.exception("a listener failed on %s", delivery.subject)

    def on_ping(self) -> None:
        """Answer the server's PING."""
        self._write(b"PONG\r\n")

    def on_pong(self) -> None:
        """Take the answer to the oldest PING; who waited for it may have gone."""
        self._pings_outstanding = 0
        if self._pongs and not (answered := self._pongs.pop(0)).done():
            answered.set_result(True)

    def on_info(self, text: bytes) -> None:
        """Take over what the server changed while it runs."""
        info = json.loads(text)
        self._server_info.update(info)
        self.payload_limit = info.get("max_payload", self.payload_limit)

    def on_error(self, text: str) -> None:
        """Take an -ERR: a denial is its publisher's or subscriber's matter, anything else ends the connection."""
        if denied := _DENIED.search(text):
            self._on_denied(denied[1].lower(), denied[2])
        elif "permissions violation" in text.lower():
            log.warning("NATS says: %s", text)
        else:
            self.fail(text)

    def fail(self, failure: Exception | str) -> None:
        """End the connection: the socket failed, or the server said why."""
        if not self._failed.done():
            self._failed.set_result(failure)

    # Writing.

    @property
    def _stream(self) -> asyncio.Transport:
        transport: Any = self._transport
        stream: asyncio.Transport = transport._io_writer.transport
        return stream

    def _write(self, command: bytes) -> None:
        if self._lost:
            return
        if not self._outbox:
            self._loop.call_soon(self._flush_outbox)
        self._outbox.append(command)

    def _flush_outbox(self) -> None:
        if self._outbox and not self._lost and not self._stream.is_closing():
            self._stream.write(b"".join(self._outbox))
        self._outbox.clear()

    async def _ignore(self, error: Exception) -> None:
        log.debug("NATS: %s", error)


class _Receiver(asyncio.Protocol):
    """Takes the place of the socket's stream once nats-py has shaken hands."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._parser = Parser(client)
        self._stream: asyncio.StreamReaderProtocol | None = None

    async def take_over(self, nats_transport: Any) -> None:
        """Receive from now on, beginning with what the stream has read already."""
        reader, transport = nats_transport._io_reader, nats_transport._io_writer.transport
        ended = reader._eof or transport.is_closing()
        self._stream = transport.get_protocol()
        transport.set_protocol(self)
        if not ended:
            reader.feed_eof()
        self.data_received(await reader.read())
        if ended:
            self.eof_received()

    def data_received(self, data: bytes) -> None:
        """Take what was read."""
        try:
            self._parser.feed(data)
        except (ProtocolError, ValueError) as error:
            self._client.fail(nats.errors.ProtocolError(str(error)))
            # Nothing more can be read from where the parser stands.
            self._client.abort()

    def eof_received(self) -> None:
        """The server has hung up."""
        self._client.fail(nats.errors.UnexpectedEOF())

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed; who waits for that waits at the stream."""
        self._client.fail(exc or nats.errors.UnexpectedEOF())
        if self._stream is not None:
            self._stream.connection_lost(exc)

    def pause_writing(self) -> None:
        """The server does not keep up."""
        self._client.congested = True
        if self._stream is not None:
            self._stream.pause_writing()

    def resume_writing(self) -> None:
        """The server has caught up."""
        self._client.congested = False
        if self._stream is not None:
            self._stream.resume_writing()


def _check(subject: str) -> None:
    """Refuse a subject that would end the line it stands in."""
    if not subject or not subject.isprintable() or " " in subject:
        raise InvalidType(f"{subject[:200]!r} is no subject")


def _nothing(_: str) -> None:
    """Do nothing."""

"""NATS's protocol as a server speaks it, without any I/O.

nats-py splits its lines at every kind of white space and decodes subjects as UTF-8. A server passes on whatever a
client publishes, so that one message to a subject with a vertical tab or a stray byte in it ends the connection of
everybody who hears it. This parser splits where the server does, and takes any byte in a subject.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

_CRLF = b"\r\n"
_LONGEST_LINE = 1 << 20
"""INFO lists every server of a cluster; nothing comes near this but something that is no NATS server."""
_LARGEST_MESSAGE = 1 << 27


class ProtocolError(Exception):
    """The other side does not speak NATS."""


class Delivery(NamedTuple):
    """One message, as it came; `headers` is the whole block of them, empty where there is none."""

    subject: str
    reply: str
    headers: bytes
    body: bytes


class Sink(Protocol):
    """What takes the parsed messages; none of these may raise or wait."""

    def on_message(self, sid: int, delivery: Delivery) -> None:
        """Take a message of a subscription."""

    def on_ping(self) -> None:
        """Answer the server's PING."""

    def on_pong(self) -> None:
        """Take the answer to the oldest PING."""

    def on_info(self, text: bytes) -> None:
        """Take the server's news about itself, JSON."""

    def on_error(self, text: str) -> None:
        """Take the text of an -ERR, without its quotes."""


class Parser:
    """Takes bytes as they arrive and tells a sink what they say."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._chunks: list[bytes] = []
        self._size = 0
        self._needed = 1
        self._operations: dict[bytes, Callable[[bytes], None]] = {
            b"PING": lambda _: sink.on_ping(),
            b"PONG": lambda _: sink.on_pong(),
            b"INFO": sink.on_info,
            b"-ERR": lambda text: sink.on_error(_text(text.strip().strip(b"'"))),
            b"+OK": lambda _: None,
        }

    def feed(self, data: bytes) -> None:
        """Take what was read.

        Raises:
            ProtocolError: It is not NATS; nothing more can be read from this connection.
        """
        self._chunks.append(data)
        self._size += len(data)
        if self._size < self._needed:
            return
        buffer = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        position = self._consume(buffer)
        rest = buffer[position:]
        self._chunks = [rest] if rest else []
        self._size = len(rest)

    def _consume(self, buffer: bytes) -> int:
        """Parse as many operations as are complete; return where the first incomplete one begins."""
        position, size = 0, len(buffer)
        self._needed = 1
        while position < size:
            end = buffer.find(_CRLF, position)
            if end < 0:
                if size - position > _LONGEST_LINE:
                    raise ProtocolError("a line without an end")
                break
            if buffer.startswith((b"MSG ", b"HMSG "), position):
                after = self._message(buffer, position, end)
                if after > size:
                    self._needed = after - position
                    break
                position = after
            else:
                self._control(buffer[position:end])
                position = end + 2
        return position

    def _message(self, buffer: bytes, position: int, end: int) -> int:
        """Deliver the message that begins here if it is complete; return where it ends."""
        operation, *arguments = buffer[position:end].split(b" ")
        try:
            total_size = int(arguments.pop())
            header_size = int(arguments.pop()) if operation == b"HMSG" else 0
            reply = arguments.pop() if len(arguments) == 3 else b""
            subject, sid = arguments
            number = int(sid)
            if not 0 <= header_size <= total_size <= _LARGEST_MESSAGE:
                raise ValueError
        except (IndexError, ValueError):
            raise ProtocolError(f"a malformed {_text(operation)}") from None
        start = end + 2
        body, after = start + header_size, start + total_size
        if len(buffer) >= after + 2:
            addresses = subject.decode("utf-8", "backslashreplace"), reply.decode("utf-8", "backslashreplace")
            # As Delivery(…), without a call in Python: this is done with every message.
            delivery = tuple.__new__(Delivery, (*addresses, buffer[start:body], buffer[body:after]))
            self._sink.on_message(number, delivery)
        return after + 2

    def _control(self, line: bytes) -> None:
        operation, _, rest = line.partition(b" ")
        handler = self._operations.get(operation.upper())
        if handler is None:
            raise ProtocolError("an unknown operation")
        handler(rest)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")

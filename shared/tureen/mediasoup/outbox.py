"""Send messages to a worker over the socket that it reads from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from tureen.mediasoup.errors import ChannelError, MediasoupError
from tureen.mediasoup.framing import MESSAGE_MAX_LENGTH

UNSENT_MAX_LENGTH = 8 * MESSAGE_MAX_LENGTH
"""How many bytes may wait for a worker that does not read, before messages are refused."""

# What is sent in one turn of the event loop is gathered up to this many bytes.
_BATCH_LENGTH = 65_536


class Outbox(asyncio.Protocol):
    """Write messages, in the order in which they come.

    Every system call wakes the worker up, so that what is sent in one turn of the event loop is written together.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_lost: Callable[[], None]) -> None:
        """Make the protocol of the socket; ``on_lost`` is called when the worker has closed its end."""
        self._loop = loop
        self._on_lost = on_lost
        self._transport: asyncio.WriteTransport | None = None
        self._congested = False
        self._batch: list[bytearray] = []
        self._batch_length = 0
        self._batching = False

    def send(self, message: bytearray, name: str, *, at_once: bool) -> None:
        """Write a message, at the latest when this turn of the event loop ends.

        Args:
            message: The message with its length in front.
            name: Its method or event.
            at_once: Whether to write it now if it is the turn's first: somebody waits for the response, and the worker
                can start while what follows is still being made.

        Raises:
            ChannelError: So much waits for the worker to read it already that this cannot be sent.
            MediasoupError: The message is too big.
        """
        if len(message) > MESSAGE_MAX_LENGTH:
            raise MediasoupError(f"message too big [method or event:{name}, bytes:{len(message)}]")
        transport = self._transport
        if transport is None:
            raise ChannelError(f"not connected, cannot send [method or event:{name}]")
        if self._congested and transport.get_write_buffer_size() > UNSENT_MAX_LENGTH:
            raise ChannelError(f"the worker does not read, cannot send [method or event:{name}]")
        if not self._batching:
            self._batching = True
            self._loop.call_soon(self._end_batch)
            if at_once:
                transport.write(message)
                return
        self._batch.append(message)
        self._batch_length += len(message)
        if self._batch_length > _BATCH_LENGTH:
            self._write_batch()

    def _end_batch(self) -> None:
        self._batching = False
        self._write_batch()

    def _write_batch(self) -> None:
        batch = self._batch
        if batch and self._transport is not None:
            self._batch = []
            self._batch_length = 0
            self._transport.writelines(batch)

    def close(self) -> None:
        """Close the socket after what has been sent already."""
        self._write_batch()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close the socket, and drop what has not been written yet."""
        self._batch = []
        if self._transport is not None:
            self._transport.abort()

    # What the event loop says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102 (asyncio's)
        self._transport = cast("asyncio.WriteTransport", transport)

    def pause_writing(self) -> None:  # noqa: D102 (asyncio's)
        self._congested = True

    def resume_writing(self) -> None:  # noqa: D102 (asyncio's)
        self._congested = False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102 (asyncio's)
        self._on_lost()

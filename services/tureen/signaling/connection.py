"""One browser's WebSocket: what goes out is queued, what comes in is counted, and requests go both ways."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from tureen.contract.errors import Timeout, Unavailable
from tureen.signaling import protoo

log = logging.getLogger(__name__)

MAX_QUEUED = 4 * 1024 * 1024
"""Characters that may wait for a browser that reads slowly; beyond, it is disconnected."""
CLOSE_TIMEOUT = 2.0
"""Seconds for what is queued to go out when we close."""
MAX_REASON = 123
"""Bytes of a close frame's reason (RFC 6455, section 5.5)."""


class RejectedError(Exception):
    """The browser answered a request of ours with an error."""


class Connection:
    """A WebSocket that was accepted.

    Nothing here waits for the browser but `request()` and `run()`; `notify()`, `answer()` and `close()` only queue.
    """

    def __init__(self, websocket: WebSocket, on_frame: Callable[[str | None], None]) -> None:
        """Take over a WebSocket.

        Args:
            websocket: It was accepted with the subprotocol `protoo`.
            on_frame: Called with each text frame, and with None for a binary one.
        """
        self._websocket = websocket
        self._on_frame = on_frame
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._queued = 0
        self._closing: tuple[int, str] | None = None
        self._ended = asyncio.Event()
        self._deadline: asyncio.TimerHandle | None = None
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}

    @property
    def is_open(self) -> bool:
        """Whether what is sent now may still arrive."""
        return self._closing is None and not self._ended.is_set()

    def notify(self, method: str, data: Mapping[str, Any]) -> None:
        """Tell the browser."""
        self.send(protoo.notification(method, data))

    def send(self, frame: str) -> None:
        """Queue a frame; what the browser does not read in time costs it its connection."""
        if not self.is_open:
            return
        self._queued += len(frame)
        if self._queued > MAX_QUEUED:
            while not self._queue.empty():
                self._queue.get_nowait()
            self.close(protoo.CLOSE_POLICY, "this client reads too slowly")
            return
        self._queue.put_nowait(frame)

    async def request(self, method: str, data: Mapping[str, Any], timeout: float) -> Any:
        """Ask the browser and return its answer.

        Raises:
            RejectedError: It answered with an error.
            Timeout: It did not answer within `timeout` seconds.
            Unavailable: The connection closed meanwhile.
        """
        if not self.is_open:
            raise Unavailable("the connection is closed")
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self.send(protoo.request(number, method, data))
        try:
            async with asyncio.timeout(timeout):
                return await answer
        except TimeoutError:
            raise Timeout(f"{method} was not answered in {timeout:g} s") from None
        finally:
            del self._asked[number]

    def answered(self, answer: protoo.Success | protoo.Failure) -> bool:
        """Take an answer of the browser; tell whether it was asked."""
        future = self._asked.get(answer.id)
        if future is None or future.done():
            return False
        if isinstance(answer, protoo.Success):
            future.set_result(answer.data)
        else:
            future.set_exception(RejectedError(f"{answer.code} {answer.reason}"))
        return True

    def close(self, code: int, reason: str) -> None:
        """Send what is queued, then close; a browser that does not read gets `CLOSE_TIMEOUT` seconds."""
        if self.is_open:
            self._closing = (code, reason.encode()[:MAX_REASON].decode(errors="ignore"))
            self._queue.put_nowait(None)
            self._deadline = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, self._ended.set)

    async def run(self) -> tuple[int, str]:
        """Serve the connection until either side closes it; return the code and the reason."""
        reading = asyncio.create_task(self._read(), name="websocket read")
        writing = asyncio.create_task(self._write(), name="websocket write")
        slow = asyncio.create_task(self._ended.wait(), name="websocket ended")
        tasks = {reading, writing, slow}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return reading.result() if reading.done() else self._closing or (1006, "")
        finally:
            self._ended.set()
            if self._deadline is not None:
                self._deadline.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for future in self._asked.values():
                if not future.done():
                    future.set_exception(Unavailable("the connection closed"))

    async def _read(self) -> tuple[int, str]:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return message.get("code") or 1005, message.get("reason") or ""
            if self._closing is None:
                self._on_frame(message.get("text"))

    async def _write(self) -> None:
        with suppress(WebSocketDisconnect, WebSocketDisconnected, RuntimeError, OSError):
            while (frame := await self._queue.get()) is not None:
                self._queued -= len(frame)
                await self._websocket.send_text(frame)
            if self._closing is not None:
                await self._websocket.close(*self._closing)

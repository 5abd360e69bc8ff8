"""uvicorn as a part of a service: the service owns the loop, the signals, the port and the end."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

_SHUTDOWN_TIMEOUT = 3
"""Seconds for requests under way when the server stops."""


class HttpServer:
    """A server that is listening.

    Attributes:
        host: The address it was told to listen on.
        port: The port, even if it was to be a free one.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port

    @property
    def url(self) -> str:
        """An `http://` origin at which this machine reaches it."""
        reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{reachable}]' if ':' in reachable else reachable}:{self.port}"


@asynccontextmanager
async def listen(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    max_message_bytes: int = 1024 * 1024,
    ping_interval: float = 20.0,
) -> AsyncIterator[HttpServer]:
    """Serve an application until the block ends.

    Args:
        app: What answers.
        host: The address to listen on.
        port: The port; 0 is a free one.
        max_message_bytes: Largest WebSocket message; a larger one closes the connection with 1009.
        ping_interval: Seconds between WebSocket pings, and for the answer to one.

    Raises:
        OSError: The address cannot be listened on.
    """
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_is_true)
    try:
        listening = _bind(host, port)
    except OSError as error:
        raise OSError(error.errno, f"cannot listen on {host} port {port}: {error.strerror}") from None
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_max_size=max_message_bytes,
        ws_ping_interval=ping_interval,
        ws_ping_timeout=ping_interval,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.run_until_told(listening), name="http server")
    try:
        started = asyncio.create_task(server.has_started.wait(), name="http server start")
        await asyncio.wait({serving, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if serving.done():
            serving.result()
        yield HttpServer(host, listening.getsockname()[1])
    finally:
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """uvicorn without its hands on the process's signals."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = asyncio.Event()

    async def run_until_told(self, listening: socket.socket) -> None:
        """Serve until `should_exit` is set."""
        try:
            await self._serve([listening])
        finally:
            listening.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.has_started.set()


def _is_true(record: logging.LogRecord) -> bool:
    """Drop what uvicorn says of every WebSocket that was refused with a response of ours: the handshake is complete."""
    return record.msg != "ASGI callable returned without completing handshake."


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening

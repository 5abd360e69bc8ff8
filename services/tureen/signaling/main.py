"""Running the signaling service, in a process of its own or inside another."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tureen.bus import Bus, run, stop_requested
from tureen.config import SettingsError
from tureen.config.command_line import service_parser
from tureen.config.ready import report_ready
from tureen.contract.errors import TureenError
from tureen.http import HttpServer, listen
from tureen.signaling import page
from tureen.signaling.server import application
from tureen.signaling.service import SignalingService
from tureen.signaling.settings import SignalingSettings
from tureen.telemetry import setup_logging

log = logging.getLogger(__name__)

ENV_PREFIX = "TUREEN_SIGNALING_"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the signaling service as a process, until SIGINT or SIGTERM."""
    parser = service_parser("signaling", "The service browsers talk to.", SignalingSettings, ENV_PREFIX)
    parser.add_argument("--host", help="the address to listen on")
    parser.add_argument("--port", type=int, help="the port to listen on; 0 is a free one")
    flags = vars(parser.parse_args(arguments))
    try:
        settings = SignalingSettings.load(flags, ENV_PREFIX, flags.pop("config"))
        setup_logging("signaling", settings.log_level)
        run(_until_stopped(settings))
    except (SettingsError, TureenError, OSError) as error:
        sys.exit(f"signaling cannot run: {error}")


async def _until_stopped(settings: SignalingSettings) -> None:
    await serve(settings, stop_requested(), _tell)


def _tell(server: HttpServer) -> None:
    report_ready({"url": server.url})


async def serve(
    settings: SignalingSettings, stop: asyncio.Event, ready: Callable[[HttpServer], None] | None = None
) -> None:
    """Run the signaling service until `stop` is set.

    Args:
        settings: Its settings.
        stop: Ends it, in order.
        ready: Called once browsers can connect.

    Raises:
        OSError: The address cannot be listened on.
        TureenError: The bus cannot be reached.
    """
    bus = await Bus.connect(settings.nats)
    try:
        service = SignalingService(bus, settings)
        try:
            await service.start()
            async with listen(
                application(service, _page()),
                settings.host,
                settings.port,
                max_message_bytes=settings.max_message_bytes,
                ping_interval=settings.ping_interval,
            ) as server:
                log.info("browsers connect to %s", server.url)
                if ready is not None:
                    ready(server)
                try:
                    await stop.wait()
                finally:
                    # Browsers are told to come back while they can still be told.
                    await service.close()
        finally:
            await service.close()
    finally:
        await bus.close()


def _page() -> Path | None:
    """Return the demo page's folder, where it is built; browsers with a page of their own do without."""
    try:
        return page.locate()
    except page.PageNotBuiltError as error:
        log.warning("%s", error)
        return None

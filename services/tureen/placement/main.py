"""Running placement, in a process of its own or inside another."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from tureen.bus import run, stop_requested
from tureen.config import SettingsError
from tureen.config.command_line import service_parser
from tureen.config.ready import report_ready
from tureen.contract.errors import TureenError
from tureen.placement.service import serve
from tureen.placement.settings import PlacementSettings
from tureen.telemetry import setup_logging

ENV_PREFIX = "TUREEN_PLACEMENT_"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a replica of placement as a process, until SIGINT or SIGTERM."""
    parser = service_parser("placement", "Decides which workers carry which rooms.", PlacementSettings, ENV_PREFIX)
    parser.add_argument("--replica-id", help="this replica's name; default: a random one")
    flags = vars(parser.parse_args(arguments))
    try:
        settings = PlacementSettings.load(flags, ENV_PREFIX, flags.pop("config"))
        setup_logging("placement", settings.log_level)
        run(_until_stopped(settings))
    except (SettingsError, TureenError, OSError) as error:
        sys.exit(f"placement cannot run: {error}")


async def _until_stopped(settings: PlacementSettings) -> None:
    ready = asyncio.Event()
    telling = asyncio.create_task(_tell(ready, settings))
    try:
        await serve(settings, stop_requested(), ready)
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _tell(ready: asyncio.Event, settings: PlacementSettings) -> None:
    await ready.wait()
    report_ready({"replicaId": settings.replica_id})

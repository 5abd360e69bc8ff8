"""Running the metrics service, in a process of its own or inside another."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tureen.bus import Bus, Service, run, stop_requested
from tureen.config import SettingsError
from tureen.config.command_line import service_parser
from tureen.config.ready import report_ready
from tureen.contract import subjects
from tureen.contract.cluster import Heartbeat
from tureen.contract.errors import TureenError
from tureen.contract.registry import commands_of
from tureen.http import HttpServer, listen
from tureen.metrics.exposition import FleetCollector
from tureen.metrics.fleet import Fleet
from tureen.metrics.settings import MetricsSettings
from tureen.telemetry import setup_logging

log = logging.getLogger(__name__)

ENV_PREFIX = "TUREEN_METRICS_"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the metrics service as a process, until SIGINT or SIGTERM."""
    parser = service_parser("metrics", "The cluster's metrics, over HTTP.", MetricsSettings, ENV_PREFIX)
    parser.add_argument("--host", help="the address to listen on")
    parser.add_argument("--port", type=int, help="the port to listen on; 0 is a free one")
    flags = vars(parser.parse_args(arguments))
    try:
        settings = MetricsSettings.load(flags, ENV_PREFIX, flags.pop("config"))
        setup_logging("metrics", settings.log_level)
        run(_until_stopped(settings))
    except (SettingsError, TureenError, OSError) as error:
        sys.exit(f"metrics cannot run: {error}")


async def _until_stopped(settings: MetricsSettings) -> None:
    await serve(settings, stop_requested(), _tell)


def _tell(server: HttpServer) -> None:
    report_ready({"url": server.url})


async def serve(
    settings: MetricsSettings, stop: asyncio.Event, ready: Callable[[HttpServer], None] | None = None
) -> None:
    """Run the metrics service until `stop` is set.

    Args:
        settings: Its settings.
        stop: Ends it, in order.
        ready: Called once it can be scraped.

    Raises:
        OSError: The address cannot be listened on.
        TureenError: The bus cannot be reached.
    """
    now = asyncio.get_running_loop().time
    fleet = Fleet(settings.stale_after)
    bus = await Bus.connect(settings.nats)
    try:

        def on_heartbeat(_subject: str, payload: dict[str, Any]) -> None:
            fleet.see(Heartbeat.model_validate(payload), now())

        await bus.subscribe(subjects.HEARTBEATS, on_heartbeat)
        service = _service(bus)
        await service.start()
        registry = CollectorRegistry()
        registry.register(FleetCollector(fleet, now, lambda: bus.connected))
        async with listen(_application(registry, bus), settings.host, settings.port) as server:
            log.info("metrics are at %s/metrics", server.url)
            if ready is not None:
                ready(server)
            await stop.wait()
        await service.drain()
    finally:
        await bus.close()


def _service(bus: Bus) -> Service:
    """Return what operators find this service by; its only command is `schema.get`."""
    return Service(
        bus,
        name="metrics",
        version=metadata.version("tureen"),
        commands=commands_of("metrics"),
        handlers={},
        subject=subjects.service_commands("metrics"),
        queue="metrics",
    )


def _application(registry: CollectorRegistry, bus: Bus) -> Starlette:
    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def health(_request: Request) -> Response:
        return JSONResponse({"connected": bus.connected}, status_code=200 if bus.connected else 503)

    async def index(_request: Request) -> Response:
        return PlainTextResponse("Prometheus finds its metrics at /metrics.\n")

    return Starlette(routes=[Route("/", index), Route("/metrics", metrics), Route("/health", health)])

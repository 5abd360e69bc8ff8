"""Running a node agent, in a process of its own or inside another."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence

from tureen.bundle import BundleError
from tureen.bus import Bus, run, spare_what_started, stop_requested
from tureen.config import SettingsError
from tureen.config.command_line import service_parser
from tureen.config.ready import report_ready
from tureen.contract.errors import TureenError
from tureen.mediasoup.errors import MediasoupError
from tureen.node_agent.agent import NodeAgent
from tureen.node_agent.settings import NodeAgentSettings
from tureen.telemetry import setup_logging

log = logging.getLogger(__name__)

ENV_PREFIX = "TUREEN_NODE_AGENT_"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a node agent as a process, until SIGINT or SIGTERM."""
    parser = service_parser("node_agent", "Owns the mediasoup workers of one host.", NodeAgentSettings, ENV_PREFIX)
    parser.add_argument("--node-id", help="the node's name, unique in the cluster; default: the host's name")
    parser.add_argument("--workers", type=int, help="how many mediasoup workers to run; default: one a core")
    flags = vars(parser.parse_args(arguments))
    try:
        settings = NodeAgentSettings.load(flags, ENV_PREFIX, flags.pop("config"))
        setup_logging(settings.node_id, settings.log_level)
        run(_until_stopped(settings))
    except (BundleError, MediasoupError, SettingsError, TureenError, OSError) as error:
        sys.exit(f"the node agent cannot run: {error}")


async def _until_stopped(settings: NodeAgentSettings) -> None:
    await serve(settings, stop_requested(), _tell)


def _tell(agent: NodeAgent) -> None:
    spare_what_started()
    report_ready(agent.facts())


async def serve(
    settings: NodeAgentSettings, stop: asyncio.Event, ready: Callable[[NodeAgent], None] | None = None
) -> None:
    """Run a node agent until `stop` is set.

    Args:
        settings: Its settings.
        stop: Ends it, in order.
        ready: Called once it answers.

    Raises:
        BundleError: The worker is not installed.
        MediasoupError: A worker cannot be started.
        TureenError: The bus cannot be reached.
    """
    bus = await Bus.connect(settings.nats)
    try:
        agent = NodeAgent(settings, bus)
        try:
            await agent.start()
            if ready is not None:
                ready(agent)
            await stop.wait()
        finally:
            await agent.close()
    finally:
        await bus.close()

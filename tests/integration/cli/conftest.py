"""What the command line is tried on: real node agents and placement in this process, on a real nats-server."""

from __future__ import annotations

import asyncio

from tests.integration.node_agent.conftest import run_node
from tests.integration.permissions.conftest import guarded_server, sign_in
from tests.integration.placement.conftest import start_replica

from tureen.bus import Bus
from tureen.cli.wire import finding

__all__ = ["guarded_server", "run_node", "sign_in", "start_replica", "until_listed"]


async def until_listed(bus: Bus, *nodes: str) -> None:
    """Wait until placement lists exactly these nodes."""
    async with asyncio.timeout(30):
        while await finding.listed(bus, 5) != list(nodes):
            await asyncio.sleep(0.02)

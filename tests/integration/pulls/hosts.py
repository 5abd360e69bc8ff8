"""A cluster of two hosts: placement and NATS on this machine, and a node agent on each host, with its address alone."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.integration.placement.conftest import QUICK, until
from tests.support.nats_server import NatsServer
from tests.support.network_namespaces import Host
from tests.support.rtp import RtpSocket

from tureen.bus import Bus, BusSettings
from tureen.placement.service import Placement
from tureen.placement.settings import PlacementSettings

NODE_IDS = ("a", "b")


@asynccontextmanager
async def host_cluster(hosts: tuple[Host, Host], folder: Path) -> AsyncIterator[str]:
    """Run a cluster whose nodes are called as `NODE_IDS` says; give the URL of its NATS."""
    server = NatsServer(folder / "nats", host=hosts[0].outside)
    server.start()
    async with AsyncExitStack() as stack:
        stack.callback(server.stop)
        bus = await Bus.connect(BusSettings(servers=[server.url], name="placement"))
        stack.push_async_callback(bus.close)
        placement = Placement(PlacementSettings(**QUICK), bus)
        stack.push_async_callback(placement.close)
        await placement.start()
        for host, node_id in zip(hosts, NODE_IDS, strict=True):
            await stack.enter_async_context(_running_agent(host, node_id, server.url, folder / f"{node_id}.log"))
        await until(lambda: all(placement.state.picture.is_complete(node_id) for node_id in NODE_IDS), 30)
        yield server.url


@asynccontextmanager
async def _running_agent(host: Host, node_id: str, nats_url: str, log: Path) -> AsyncIterator[None]:
    """Run a node agent on a host, with that host's address alone."""
    environment = {
        "TUREEN_NODE_AGENT_NATS__SERVERS": nats_url,
        "TUREEN_NODE_AGENT_NODE_ID": node_id,
        "TUREEN_NODE_AGENT_WORKERS": "1",
        "TUREEN_NODE_AGENT_ADDRESSES": json.dumps([{"label": "media", "ip": host.address}]),
        # Both hosts use the same ports, so that a mixed up address would not be noticed by its port.
        "TUREEN_NODE_AGENT_MIN_PORT": "40000",
        "TUREEN_NODE_AGENT_MAX_PORT": "40050",
    }
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            *host.command(sys.executable, "-m", "tureen.node_agent"),
            env={**os.environ, **environment},
            stdout=stream,
            stderr=stream,
        )
        try:
            yield
        finally:
            process.terminate()
            async with asyncio.timeout(20):
                await process.wait()


@asynccontextmanager
async def rtp_on(host: Host) -> AsyncIterator[RtpSocket]:
    """Open a socket for RTP on a host."""
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(RtpSocket, sock=host.udp())
    try:
        yield protocol
    finally:
        transport.close()

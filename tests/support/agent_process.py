"""A node agent as a process of its own, which can be stopped and killed."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any


async def start_agent(
    url: str, node_id: str = "node-1", *, workers: int = 2
) -> tuple[asyncio.subprocess.Process, dict[str, Any]]:
    """Run an agent with so many workers; return its process, and what it says when it is ready."""
    read_end, write_end = os.pipe()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tureen.node_agent",
        env={
            **os.environ,
            "TUREEN_READY_FD": str(write_end),
            "TUREEN_NODE_AGENT_NATS__SERVERS": url,
            "TUREEN_NODE_AGENT_NODE_ID": node_id,
            "TUREEN_NODE_AGENT_WORKERS": str(workers),
        },
        pass_fds=[write_end],
    )
    os.close(write_end)
    with os.fdopen(read_end) as stream:
        line = await asyncio.to_thread(stream.readline)
    facts: dict[str, Any] = json.loads(line)
    return process, facts

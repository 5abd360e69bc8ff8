"""A whole local cluster, as `tureen up --json` runs it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
import nats
from nats.aio.client import Client

READY_WITHIN = 60.0
STOPPED_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class LocalCluster:
    """A running cluster and a connection to its bus, as any program in any language would have it."""

    facts: Mapping[str, Any]
    process: asyncio.subprocess.Process
    client: Client

    @property
    def url(self) -> str:
        """The page's origin."""
        return str(self.facts["signalingUrl"])

    async def placement(self, name: str, tenant: str = "default", **payload: Any) -> dict[str, Any]:
        """Send placement a command."""
        return await self._request(f"tureen.v1.{tenant}.placement.{name}", payload)

    async def node(self, node_id: str, name: str, **payload: Any) -> dict[str, Any]:
        """Send a node agent a command."""
        return await self._request(f"tureen.v1.default.node.{node_id}.{name}", payload)

    async def _request(self, subject: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self.client.request(subject, msgpack.packb(payload), timeout=10)
        body: dict[str, Any] = msgpack.unpackb(answer.data)
        assert "Nats-Service-Error-Code" not in (answer.headers or {}), f"{subject}: {body}"
        return body


@asynccontextmanager
async def local_cluster(
    *arguments: str, log: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[LocalCluster]:
    """Run `tureen up --json` with these arguments; its log goes to a file, and it must end with status 0."""
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from tureen.cli.main import main; main()",
            "up",
            "--json",
            "--port",
            "0",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=stream,
            env={**os.environ, "NO_COLOR": "1", **(environment or {})},
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(READY_WITHIN):
                line = await process.stdout.readline()
            assert line, f"tureen up ended before it was ready:\n{log.read_text()}"
            facts = json.loads(line)
            client = await nats.connect(facts["natsUrl"], allow_reconnect=False)
            try:
                yield LocalCluster(facts, process, client)
            finally:
                await client.close()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(STOPPED_WITHIN):
                await process.communicate()
        assert process.returncode == 0, log.read_text()
